//! Tests that need more than the public API.

#[cfg(feature = "candle")]
mod candle_agreement;
mod golden;
mod gradients;
mod reference;
mod winograd;
