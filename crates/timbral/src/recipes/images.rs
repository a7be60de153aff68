//! Networks on spectrograms.

pub(crate) mod params;
pub(crate) mod recipe;
