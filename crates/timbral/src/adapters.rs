//! Models and data sets of other crates.

#[cfg(feature = "linfa")]
pub(crate) mod linfa;
#[cfg(feature = "linfa")]
pub(crate) mod linfa_dataset;
#[cfg(feature = "smartcore")]
pub(crate) mod smartcore;
