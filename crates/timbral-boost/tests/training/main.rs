//! Training: trees equal to XGBoost's node for node, the same bits on any number of threads,
//! and a clear answer to every table.

#![allow(clippy::unwrap_used)]

mod golden;
mod robust;
