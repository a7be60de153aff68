//! Scalers fitted to training rows.

mod params;
mod scaler;

pub use params::{ScalerParams, Scaling};
pub use scaler::Scaler;
