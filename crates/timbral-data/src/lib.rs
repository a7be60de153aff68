//! Tables of features: made row by row, whole or not at all.
//!
//! A [`TableJournal`] collects the rows of a table beside it, survives a kill and can be resumed;
//! [`write_whole`] writes any file by way of a temporary one; [`SynthCorpus`] makes synthetic
//! recordings in ten genres to try the tools on.

#[cfg(feature = "download")]
mod archive;
mod duplicates;
mod error;
pub mod gtzan;
mod journal;
mod leak;
mod neighbours;
mod recording;
mod scale;
mod schema;
mod split;
#[cfg(feature = "synth")]
mod synth;
mod table;
mod table_csv;
mod table_file;
#[cfg(feature = "npy")]
mod table_npz;
#[cfg(feature = "parquet")]
mod table_parquet;
mod text;

pub use duplicates::{duplicate_files, duplicate_rows};
pub use error::{Error, Place, Result};
pub use journal::{TableJournal, write_whole};
pub use leak::LeakReport;
pub use neighbours::{KNearest, KNearestModel};
pub use recording::recording_of;
pub use scale::{Scaler, ScalerParams, Scaling};
pub use schema::TableSchema;
pub use split::{Split, SplitMethod};
#[cfg(feature = "synth")]
pub use synth::{SynthCorpus, SynthParams, SynthRecording};
pub use table::FeatureTable;
