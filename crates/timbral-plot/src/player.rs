//! A page with players of recordings and values over their time.

mod builder;
mod page;

pub use builder::SoundPage;
