//! Training and test rows, evaluations of models, and comparisons of them.

pub(crate) mod comparison;
pub(crate) mod evaluation;
pub(crate) mod nearest;
pub(crate) mod parts;
pub(crate) mod probabilities;
pub(crate) mod spread;
