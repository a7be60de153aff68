//! Training and test rows, fits of recipes and their evaluation, results that are kept, and comparisons.

pub(crate) mod comparison;
pub(crate) mod evaluation;
pub(crate) mod fingerprint;
pub(crate) mod fit;
pub(crate) mod folds;
pub(crate) mod nearest;
pub(crate) mod parts;
pub(crate) mod probabilities;
pub(crate) mod results;
pub(crate) mod runner;
pub(crate) mod spread;
