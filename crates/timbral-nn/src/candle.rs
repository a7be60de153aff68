//! The same networks on the devices of the crate candle.

pub(crate) mod engine;
pub(crate) mod graph;
pub(crate) mod ops;
