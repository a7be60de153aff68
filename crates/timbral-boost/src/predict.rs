//! Prediction of many rows at once, and of one row at a time.

mod columns;
mod full;
mod layout;
mod predictor;

pub use predictor::Predictor;
