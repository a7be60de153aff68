//! Training: trees equal to XGBoost's node for node, the same bits with any number of threads, and a
//! defined result for every table.

#![allow(clippy::unwrap_used)]

mod binned;
mod categories;
mod golden;
mod interactions;
mod limits;
mod quantiles;
mod ranking;
mod robust;
mod vectors;
