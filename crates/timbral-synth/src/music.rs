//! The notes: the ten genres, and songs drawn from them.

mod genres;
mod harmony;
mod song;
mod style;

pub(crate) use genres::STYLES;
pub(crate) use song::render;
