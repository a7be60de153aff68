//! The same networks on the devices of the crate candle, and as modules of candle-nn.

pub(crate) mod engine;
pub(crate) mod graph;
pub(crate) mod modules;
pub(crate) mod ops;
