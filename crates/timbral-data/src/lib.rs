//! Tables of features: made row by row, whole or not at all.
//!
//! A [`TableJournal`] collects the rows of a table beside it, survives a kill and can be resumed;
//! [`write_whole`] writes any file by way of a temporary one; [`demo_clips`] makes sound to try
//! the tools on.

mod demo;
mod error;
mod journal;
mod recording;
mod table;

pub use demo::demo_clips;
pub use error::{Error, Place, Result};
pub use journal::{TableJournal, write_whole};
pub use recording::recording_of;
pub use table::FeatureTable;
