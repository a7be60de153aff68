//! Tables of features, their file formats, and the journal that collects their rows.

mod cell;
mod class_order;
#[cfg(feature = "parquet")]
mod column_cells;
mod csv;
mod feature_table;
mod format;
mod group_by;
mod journal;
mod notice;
#[cfg(feature = "npy")]
pub(crate) mod npy;
#[cfg(feature = "npy")]
mod npz;
mod origin;
mod other_formats;
mod packed_rows;
#[cfg(feature = "parquet")]
mod page_header;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_columns;
#[cfg(feature = "parquet")]
mod parquet_input;
#[cfg(feature = "parquet")]
mod parquet_values;
mod reader;
mod recording;
mod roles;
mod schema;
mod separator;
#[cfg(feature = "parquet")]
mod shards;
mod sound_name;
mod stored;
mod utf16;

pub use class_order::sort_classes;
pub use feature_table::FeatureTable;
pub use group_by::GroupBy;
pub(crate) use group_by::{joined, words};
pub use journal::TableJournal;
pub use notice::Notice;
pub use recording::recording_of;
pub use schema::TableSchema;
#[cfg(feature = "parquet")]
pub use shards::TableShards;
pub use sound_name::is_sound_extension;
