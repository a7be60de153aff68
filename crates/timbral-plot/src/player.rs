//! A page with a player of one recording and what was found over its time.

mod builder;
mod page;

pub use builder::SoundPage;
