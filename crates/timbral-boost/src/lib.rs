//! Gradient-boosted trees with XGBoost's semantics and models.
//!
//! [`BoostParams`] train a [`Model`] on a [`Dataset`]; [`Training`] adds evaluation sets, early
//! stopping, warm starts, callbacks and losses of one's own. A model is saved as XGBoost saves it,
//! predicts through a [`Predictor`], and explains itself by [`Model::shap_values`],
//! [`Model::importance`] and [`permutation_importance`].
//!
//! From a table to a model, to XGBoost's file, to probabilities; XGBoost 3.2 with
//! `tree_method="hist"` gives these same probabilities:
//!
//! ```
//! use ndarray::{Array2, array};
//! use timbral_boost::{BoostParams, Dataset, Model, Objective};
//! let features = Array2::from_shape_fn((90, 2), |(row, j)| [row, row * 7 % 10][j] as f32);
//! let labels: Vec<f32> = (0..90).map(|row| (row / 30) as f32).collect();
//! let params = BoostParams {
//!     objective: Objective::Softprob { n_classes: 3 },
//!     n_rounds: 10,
//!     ..Default::default()
//! };
//! let model = params.fit(&Dataset::new(features.view(), &labels)?)?;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("genres.ubj"); // or .json; xgboost.Booster loads either
//! model.save(&path)?;
//! let predictor = Model::load(&path)?.compile();
//!
//! let rows = array![[45.0, 3.0], [29.0, f32::NAN]];
//! let probabilities = predictor.probabilities(rows.view())?;
//! let expected = array![[0.025347, 0.949306, 0.025347], [0.946761, 0.028151, 0.025088]];
//! assert!((probabilities - expected).iter().all(|difference| difference.abs() < 1e-6));
//! assert_eq!(predictor.classes(rows.view())?, [1, 0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Objectives and metrics
//!
//! | [`Objective`] | XGBoost's name | labels | watched by default |
//! |---|---|---|---|
//! | `SquaredError` | `reg:squarederror` | numbers | `rmse` |
//! | `PseudoHuber` | `reg:pseudohubererror` | numbers | `mphe` |
//! | `Logistic` | `binary:logistic` | 0, 1 | `logloss` |
//! | `Softprob` | `multi:softprob` | 0 to `num_class` - 1 | `mlogloss` |
//! | `Softmax` | `multi:softmax` | 0 to `num_class` - 1 | `mlogloss` |
//!
//! | [`Metric`] | XGBoost's name | for |
//! |---|---|---|
//! | `Rmse`, `Mae` | `rmse`, `mae` | one number; of `binary:logistic` the probability |
//! | `PseudoHuber` | `mphe` | the same |
//! | `LogLoss`, `Error` | `logloss`, `error` | `binary:logistic` |
//! | `MultiLogLoss`, `MultiError` | `mlogloss`, `merror` | `multi:softprob`, `multi:softmax` |
//!
//! Any other loss is boosted through [`Loss`]. A model file with any other objective is read as
//! [`Objective::Other`] and predicts margins.
//!
//! # What equals XGBoost
//!
//! Measured against XGBoost 3.2 on the CPU:
//!
//! - Training is `tree_method="hist"`: the same cuts, splits, default directions and pruning. The
//!   tests compare trees node by node. Gradients are added in another order, so numbers differ in
//!   their last bits, and between two splits of equal gain but for those bits the choice may differ.
//! - Margins of a model are equal to the last bit.
//! - Model files are equal byte for byte; those of XGBoost 1.7 to 3.2 are read.
//! - SHAP values are computed in f64 and equal XGBoost's to its f32 rounding.
//!
//! # What does not
//!
//! - Random draws (`subsample`, `colsample_*`) come from a generator of this crate: alike in
//!   distribution, not row for row. Rows are drawn one by one, so their number varies about its mean.
//! - Categorical splits, trees with vectors for leaves and `gblinear` are refused
//!   ([`Error::Unsupported`]). `dart` models are read but not trained.
//! - There are no ranking or survival objectives to train, no interaction constraints, no other
//!   `tree_method`, no GPU, no distributed training.
//! - `scale_pos_weight` is [`BoostParams::class_weights`], for any number of classes.
//!
//! A seed gives the same model at any number of threads.
//!
//! # Other crates
//!
//! Parameters are read and written with serde, see [`BoostParams`]. The feature `linfa` implements
//! linfa's `Fit` and `PredictInplace`, the feature `smartcore` implements smartcore's
//! `SupervisedEstimator` and `Predictor`; both train `BoostedTrees`, whose traits' documentation has
//! examples. Both are off by default.

#[cfg(any(feature = "linfa", feature = "smartcore"))]
mod adapter;
mod bins;
mod dataset;
mod error;
mod format;
mod gradient;
mod grow;
mod histogram;
mod importance;
#[cfg(feature = "linfa")]
mod linfa;
mod math;
mod metric;
mod model;
mod objective;
mod params;
mod partition;
mod permutation;
mod predict;
mod queue;
mod random;
#[cfg(test)]
mod random_model;
mod search;
mod shap;
mod sketch;
#[cfg(feature = "smartcore")]
mod smartcore;
mod split;
mod train;
mod tree;

#[cfg(any(feature = "linfa", feature = "smartcore"))]
pub use adapter::{BoostedTrees, Target};
pub use dataset::Dataset;
pub use error::{Error, Result};
pub use gradient::Loss;
pub use importance::ImportanceKind;
pub use metric::Metric;
pub use model::Model;
pub use objective::Objective;
pub use params::{BoostParams, GrowPolicy};
pub use permutation::{PermutationImportance, PermutationImportanceParams, permutation_importance};
pub use predict::Predictor;
pub use train::{History, Round, Trained, Training};
pub use tree::{Children, Node, Tree};
