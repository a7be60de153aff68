//! Tests that need more than the public API.

#[cfg(feature = "candle")]
mod candle_agreement;
#[cfg(feature = "candle")]
mod candle_modules;
mod golden;
mod gradients;
mod reference;
mod winograd;
