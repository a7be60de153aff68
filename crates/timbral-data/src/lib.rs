//! Tables of features: made row by row, whole or not at all.
//!
//! A [`FeatureTable`] is read from and written to CSV, Parquet and NumPy files, value for value; a
//! [`TableSchema`] says which column is what. A [`Scaler`] is fitted to the training rows of a
//! table and to no others:
//!
//! ```
//! use timbral_data::{ScalerParams, TableSchema};
//!
//! let text = "filename,length,tempo,label
//! blues.00000.0.wav,66149,100,blues
//! blues.00000.1.wav,66149,120,blues
//! rock.00000.0.wav,66149,150,rock
//! ";
//! let table = TableSchema::default().read_csv_from(text.as_bytes(), "features.csv")?;
//! assert_eq!(table.group_names(), ["blues.00000", "rock.00000"]);
//! let scaled = ScalerParams::default().fit(&table, &[0, 1])?.transform(&table)?;
//! assert_eq!(scaled.features(), ndarray::array![[-1.0], [1.0], [4.0]]);
//! # Ok::<(), timbral_data::Error>(())
//! ```
//!
//! A [`TableJournal`] collects the rows of a table beside it, survives a kill and can be resumed;
//! [`write_whole`] writes any file by way of a temporary one, [`write_json`] a value as JSON;
//! [`SynthCorpus`] makes synthetic recordings in ten genres to try the tools on.
//!
//! [`Spectrograms`] keeps images of recordings as a table keeps their features.
//!
//! [`gtzan`] knows the clips of that data set; a [`Split`] parts the rows of a table, a
//! [`LeakReport`] tells what it gives away, [`KNearest`] is the classifier that leaks show in best.

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
#[cfg(feature = "npy")]
mod spectrograms;
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
pub use journal::{TableJournal, write_json, write_whole};
pub use leak::LeakReport;
pub use neighbours::{KNearest, KNearestModel};
pub use recording::recording_of;
pub use scale::{Scaler, ScalerParams, Scaling};
pub use schema::TableSchema;
#[cfg(feature = "npy")]
pub use spectrograms::Spectrograms;
pub use split::{Split, SplitMethod};
#[cfg(feature = "synth")]
pub use synth::{SynthCorpus, SynthParams, SynthRecording};
pub use table::FeatureTable;
