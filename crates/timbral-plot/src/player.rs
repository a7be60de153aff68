//! A page with players of recordings and what was found over their time.

mod builder;
mod page;

pub use builder::SoundPage;
