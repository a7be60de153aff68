//! Why a model predicts what it does: SHAP values and importances.

mod importance;
mod permutation;
mod shap;

pub use importance::ImportanceKind;
pub use permutation::{PermutationImportance, PermutationImportanceParams, permutation_importance};
