//! Kinds of models with their parameters, and how one is fitted.

pub(crate) mod boosted;
pub(crate) mod dense;
pub(crate) mod ensemble;
pub(crate) mod images;
pub(crate) mod kind;
pub(crate) mod recipe;
#[cfg(feature = "parquet")]
pub(crate) mod shards;
pub(crate) mod table_model;
pub(crate) mod table_recipe;
pub(crate) mod training_rows;
