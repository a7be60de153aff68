//! Tables of features, their file formats, and the journal that collects their rows.

mod csv;
mod feature_table;
mod format;
mod journal;
#[cfg(feature = "npy")]
pub(crate) mod npy;
#[cfg(feature = "npy")]
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod recording;
mod schema;
mod stored;

pub use feature_table::FeatureTable;
pub use journal::TableJournal;
pub use recording::recording_of;
pub use schema::TableSchema;
