//! Feature tables and data sets for music genre classification.
//!
//! A [`FeatureTable`] is read from and written to CSV, Parquet and NumPy files without loss; a
//! [`TableSchema`] gives the columns their roles. A [`Scaler`] is fitted to the training rows of a table
//! only:
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
//! - Tables: [`FeatureTable`], [`TableSchema`], [`recording_of`], [`is_sound_extension`]; [`TableJournal`] collects the rows of a
//!   table in a log while they are computed, and continues after the process was killed.
//! - Splits: [`SplitMethod`] and [`Split`] divide the rows into training, validation and test rows; [`GroupBy`]
//!   chooses the groups of rows that they never divide.
//! - Leaks: [`LeakReport`] counts the test rows that a model can recognise instead of classify;
//!   [`duplicate_rows`], [`groups_without_copies`], [`near_copies`] and [`duplicate_files`] find repeats;
//!   [`KNearestParams`] is the classifier that profits most from them.
//! - Scaling: [`ScalerParams`] and [`Scaler`], equal to scikit-learn's scalers.
//! - Images: `Spectrograms` (feature `npy`) stores spectrograms with their labels.
//! - [`gtzan`]: the clips of that data set, their artists, the fault-filtered partition, the archive.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

mod error;
pub mod gtzan;
mod leak;
mod scaling;
#[cfg(feature = "npy")]
mod spectrograms;
mod split;
mod table;
mod text_file;

pub use error::{Error, Place, Result};
pub use leak::{
    KNearestModel, KNearestParams, LeakReport, duplicate_files, duplicate_rows,
    groups_without_copies, near_copies,
};
pub use ndarray;
pub use scaling::{Scaler, ScalerParams, Scaling};
#[cfg(feature = "npy")]
pub use spectrograms::Spectrograms;
pub use split::{Split, SplitMethod};
#[cfg(feature = "parquet")]
pub use table::TableShards;
pub use table::{
    FeatureTable, GroupBy, Notice, TableJournal, TableSchema, is_sound_extension, recording_of,
    sort_classes,
};
pub use timbral_core::{InvalidParameter, Monitor, Progress};
