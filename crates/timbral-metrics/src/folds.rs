//! Training and test rows for cross-validation.

mod fold;
mod group_fold;
mod k_fold;
mod stratified_group;
mod train_test;

pub use fold::{Fold, FoldParams};
pub use group_fold::{group_k_fold, leave_one_group_out, predefined_split};
pub use k_fold::{k_fold, stratified_k_fold};
pub use stratified_group::stratified_group_k_fold;
pub use train_test::{TrainTestParams, stratified_train_test_split, train_test_split};
