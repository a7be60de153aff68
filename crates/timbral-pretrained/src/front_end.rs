pub(crate) mod frames;
mod log_mel;
pub(crate) mod window_cutter;

pub(crate) use log_mel::LogMel;
pub use log_mel::{Compression, LogMelParams};
