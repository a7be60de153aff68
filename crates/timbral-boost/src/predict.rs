//! Prediction of many rows at once, and of one row at a time.

mod columns;
mod full;
mod layout;
mod predictor;
mod vectors;

pub use predictor::Predictor;
