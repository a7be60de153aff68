//! From parameters and rows to a model.

mod boosting;
mod builder;
mod checks;
mod draw;
mod history;
mod params;
mod round;
mod rows;
mod vectors;

pub use builder::Training;
pub use history::{History, Round, Trained};
pub use params::BoostParams;
