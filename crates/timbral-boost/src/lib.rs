//! Gradient-boosted trees that equal those of XGBoost, and read and write its model files.
//!
//! [`BoostParams::fit`] trains a [`Model`] on a [`Dataset`]. [`Training`] adds validation rows and early
//! stopping, further evaluated sets, a model to continue, progress reports, and custom losses.
//!
//! A model is saved in XGBoost's formats. [`Model::compile`] makes a [`Predictor`] of it.
//! [`Model::shap_values`], [`Model::importance`] and [`permutation_importance`] explain it.
//!
//! The example trains a model, saves it in a file that XGBoost can load, reads the file, and predicts
//! probabilities. XGBoost 3.4 with `tree_method="hist"` gives the same probabilities:
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
//! | [`Objective`] | XGBoost's name | labels | default metric |
//! |---|---|---|---|
//! | `SquaredError` | `reg:squarederror` | numbers | `rmse` |
//! | `PseudoHuber` | `reg:pseudohubererror` | numbers | `mphe` |
//! | `AbsoluteError` | `reg:absoluteerror` | numbers | `mae` |
//! | `Quantile` | `reg:quantileerror` | numbers; each fraction is an output | `quantile` |
//! | `Expectile` | `reg:expectileerror` | the same | `expectile` |
//! | `Poisson` | `count:poisson` | numbers from 0 | `poisson-nloglik` |
//! | `Gamma` | `reg:gamma` | numbers above 0 | `gamma-deviance` |
//! | `Tweedie` | `reg:tweedie` | numbers from 0 | `tweedie-nloglik` |
//! | `Logistic` | `binary:logistic` | 0, 1 | `logloss` |
//! | `Softprob` | `multi:softprob` | 0 to `num_class` - 1 | `mlogloss` |
//! | `Softmax` | `multi:softmax` | 0 to `num_class` - 1 | `mlogloss` |
//! | `RankPairwise` | `rank:pairwise` | numbers; for the metric 0 to 31 | `ndcg@32` |
//! | `RankNdcg` | `rank:ndcg` | 0 to 31 | `ndcg@32` |
//! | `RankMap` | `rank:map` | 0, 1 | `map@32` |
//!
//! | [`Metric`] | XGBoost's name | for |
//! |---|---|---|
//! | `Rmse`, `Mae` | `rmse`, `mae` | one number; for `binary:logistic` the probability |
//! | `PseudoHuber` | `mphe` | the same |
//! | `Quantile`, `Expectile` | `quantile`, `expectile` | the same |
//! | `Poisson`, `GammaDeviance`, `Tweedie` | `poisson-nloglik`, `gamma-deviance`, `tweedie-nloglik` | the same |
//! | `LogLoss`, `Error` | `logloss`, `error` | `binary:logistic` |
//! | `MultiLogLoss`, `MultiError` | `mlogloss`, `merror` | `multi:softprob`, `multi:softmax` |
//! | `Ndcg`, `Map`, `Precision` | `ndcg`, `map`, `pre`, with `@k` for the first rows | one number; groups of rows |
//!
//! Any other loss is trained through [`Loss`]. A model file with another objective is read as
//! [`Objective::Other`] and predicts margins.
//!
//! # What equals XGBoost
//!
//! Compared with XGBoost 3.4 on the CPU:
//!
//! - Training equals `tree_method="hist"`: it has the same cuts, splits, sets of categories, default
//!   directions, pruning, interaction constraints and gradients of ranking. The tests compare trees node by
//!   node.
//! - Gradients are added in another order than in XGBoost, so numbers differ in their last bits. Where the
//!   gains of two splits differ in these bits only, the other split may be chosen.
//! - Margins of the same model are equal to the last bit.
//! - Model files are equal byte for byte. Files of XGBoost 1.7 to 3.4 are read.
//! - SHAP values are computed in f64, and equal XGBoost's up to its rounding in f32.
//!
//! # What differs from XGBoost
//!
//! - Random draws (`subsample`, `colsample_*`, the pairs of [`PairMethod::Mean`]) come from a generator of this
//!   crate. They have the same distribution, but select other rows, columns and pairs. Each row is drawn
//!   independently, so the number of rows varies around its mean.
//! - Categories are numbers: rows hold the code of a category, not its name, also for models of data frames
//!   (see [`CategoryValues`]). Training refuses categories from 65535 on, and numbers that are not whole.
//! - `gblinear` is refused with [`Error::Unsupported`]. `dart` models are read but not trained.
//! - Models of survival objectives predict margins but cannot be trained. There is no other `tree_method`, no
//!   GPU and no distributed training.
//! - The metrics `ndcg`, `map` and `pre` without a number count all rows of a group; XGBoost counts the first
//!   32.
//! - [`BoostParams::class_weights`] takes the place of `scale_pos_weight`, for any number of classes.
//!
//! # Threads and seeds
//!
//! Training, prediction and explanation run in the rayon pool in which they are called (`ThreadPool::install`).
//! A seed gives the same model with any number of threads.
//!
//! # Other crates
//!
//! Parameters are read and written with serde, see [`BoostParams`]. [`ndarray`] is re-exported.
//!
//! The feature `linfa` implements linfa's `Fit` and `PredictInplace`. The feature `smartcore` implements
//! smartcore's `SupervisedEstimator` and `Predictor`. Both train `BoostedTrees`; the documentation of the
//! implementations has examples. Both features are off by default.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

#[cfg(any(feature = "linfa", feature = "smartcore"))]
mod adapters;
mod data;
mod error;
mod explain;
mod growing;
mod loss;
mod math;
mod model;
mod predict;
mod random;
mod simd;
#[cfg(test)]
mod tests;
mod training;

#[cfg(any(feature = "linfa", feature = "smartcore"))]
pub use adapters::{BoostedTrees, Target};
pub use data::{BinnedRows, Dataset, FeatureType, RowSource};
pub use error::{Error, Result};
pub use explain::{
    ImportanceKind, PermutationImportance, PermutationImportanceParams, permutation_importance,
};
pub use growing::{GrowPolicy, MultiStrategy};
pub use loss::{LambdaRankParams, Loss, Metric, Objective, PairMethod, PositionBias};
pub use model::{CategoryValues, Children, Model, Node, Tree};
pub use ndarray;
pub use predict::Predictor;
pub use timbral_core::{InvalidParameter, Monitor, Progress};
pub use training::{BoostParams, History, Round, Trained, Training};

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
