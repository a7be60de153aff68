//! Test rows that a model can recognise: shared groups, repeats, nearest neighbours.

mod duplicates;
mod near_copies;
mod neighbours;
mod report;

#[cfg(feature = "download")]
pub(crate) use duplicates::sha256;
pub use duplicates::{duplicate_files, duplicate_rows, groups_without_copies};
pub use near_copies::near_copies;
pub use neighbours::{KNearestModel, KNearestParams};
pub use report::LeakReport;
