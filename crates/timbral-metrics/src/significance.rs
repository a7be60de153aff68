//! Confidence intervals and tests of the difference between two models.

mod bootstrap;
mod mcnemar;
mod permutation;

pub use bootstrap::{
    BootstrapMethod, BootstrapParams, BootstrapResult, bootstrap, bootstrap_by_group,
};
pub use mcnemar::{McNemarResult, mcnemar};
pub use permutation::{
    Alternative, PermutationParams, PermutationResult, mean_difference, permutation_test,
};
