//! Features and genres of many recordings in SQL, by [DataFusion](https://datafusion.apache.org) in one process or
//! [Ballista](https://datafusion.apache.org/ballista) on many machines.
//!
//! - [`Functions`]: `audio_features`, `audio_segments`, `predict_genre` and `predict_features` in SQL, for any session of
//!   DataFusion.
//! - [`ManifestParams`] lists a folder or bucket in a manifest; [`ExtractParams`] computes the features of a manifest
//!   in Parquet files (shards), and in a second run only what is missing.
//! - [`TrainParams`] trains boosted trees on shards; `predict_features` predicts with them.
//! - [`Session`]: queries in this process or on a cluster; [`SchedulerParams`] and [`ExecutorParams`]: the processes of
//!   a cluster.
//!
//! All of them take files, folders and buckets ([`Location`]).

mod computed;
mod error;
mod extract;
mod functions;
mod location;
mod manifest;
mod manifest_part;
mod nested_calls;
mod nodes;
mod parquet_bytes;
mod repeated_lists;
mod session;
mod shard_table;
mod stores;
mod tracks;
mod train;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use datafusion;
pub use error::{Error, Result};
pub use extract::{ExtractParams, ExtractReport};
pub use functions::Functions;
pub use location::Location;
pub use manifest::{ManifestParams, ManifestReport};
pub use nodes::{ExecutorParams, SchedulerParams};
pub use session::Session;
pub use shard_table::feature_struct;
pub use timbral;
pub use tracks::use_threads;
pub use train::TrainParams;
