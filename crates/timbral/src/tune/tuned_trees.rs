use ndarray::Array2;
use serde::Serialize;
use serde_json::{Value, json};
use timbral_core::Monitor;
use timbral_data::{FeatureTable, Split, SplitMethod};

use super::{BoostEnsemble, BoostSearch, Trial, group_folds};
use crate::error::Result;
use crate::experiment::parts::{Experiment, select_features};
use crate::experiment::results::Results;
use crate::recipes::recipe::{FittedModel, Recipe};

/// Where parameters are scored, within the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InnerSplits {
    /// On the validation rows of the split or, where it has none, on a fifth of the training rows, drawn
    /// in this way ([`hold_out`](crate::tune::hold_out)).
    HoldOut(SplitMethod),
    /// In this number of folds of recordings ([`group_folds`]).
    GroupFolds(usize),
}

/// Boosted trees whose parameters are searched on the training rows: [`BoostSearch`] as a recipe.
///
/// The scores of trials are kept in [`Results`], so that a fit that was stopped or killed continues. The
/// details of a fit have the score of the best trial, `held_out`, and its `point`.
///
/// ```
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::tune::{BoostSearch, InnerSplits, Search, Strategy, TunedTrees};
/// use timbral::{Results, Runner};
///
/// let ids = (0..90).map(|row| row.to_string()).collect();
/// let x = ndarray::Array2::from_shape_fn((90, 1), |(row, _)| (row % 3) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..90).map(|row| ["jazz", "pop", "rock"][row % 3]))?;
/// let search = BoostSearch {
///     strategy: Strategy::Search(Search { n_trials: 2, ..Default::default() }),
///     n_steps: 2,
///     ..Default::default()
/// };
/// let results = Results::new();
/// let recipe = TunedTrees::new(search, InnerSplits::HoldOut(SplitMethod::Grouped), &results);
/// let runs = Runner::new(&table).recipe(&recipe).results(&results).run(&mut ())?;
/// assert_eq!(runs[0].details["held_out"], 1.0);
/// assert_eq!(runs[0].evaluate()?.by_row.value, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TunedTrees {
    search: BoostSearch,
    inner: InnerSplits,
    results: Results,
}

impl TunedTrees {
    /// A recipe from a search, whose scores are kept in `results`. The random seed is that of the fit; the seed of
    /// `search` has no effect.
    pub fn new(search: BoostSearch, inner: InnerSplits, results: &Results) -> Self {
        Self {
            search,
            inner,
            results: results.clone(),
        }
    }

    /// The inner splits; row numbers are those of the training rows.
    fn inner_splits(&self, experiment: &Experiment, seed: u64) -> Result<Vec<Split>> {
        let train = &experiment.train;
        match self.inner {
            InnerSplits::HoldOut(method) => Ok(vec![match experiment.inner_split() {
                Some(own) => own,
                None => method.split(train, seed)?,
            }]),
            InnerSplits::GroupFolds(n_splits) => {
                let all = Split {
                    train: (0..train.n_rows()).collect(),
                    ..Split::default()
                };
                group_folds(train, &all, n_splits, seed)
            }
        }
    }
}

impl Recipe for TunedTrees {
    fn name(&self) -> String {
        "tuned-trees".to_owned()
    }

    fn parameters(&self) -> Value {
        let inner = match self.inner {
            InnerSplits::HoldOut(method) => json!({ "hold_out": method.to_string() }),
            InnerSplits::GroupFolds(n) => json!({ "group_folds": n }),
        };
        json!({ "search": self.search.clone().with_seed(0), "inner": inner })
    }

    fn fit(
        &self,
        experiment: &Experiment,
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<Box<dyn FittedModel + '_>> {
        let search = self.search.clone().with_seed(seed);
        let train = &experiment.train;
        let inner = self.inner_splits(experiment, seed)?;
        let trials = search.run(train, &inner, &self.results, monitor)?;
        let ensemble = search.fit(&trials, train, monitor)?;
        Ok(Box::new(FittedTunedTrees {
            feature_names: train.feature_names().to_vec(),
            details: Details::new(&search, &trials),
            ensemble,
        }))
    }
}

/// What a record keeps of a search.
#[derive(Serialize)]
struct Details {
    parameters: BoostSearch,
    /// The score of the best trial.
    held_out: f64,
    /// Its point, for a person to read.
    point: String,
    /// All trials, best first.
    trials: Vec<Trial>,
}

impl Details {
    fn new(search: &BoostSearch, trials: &[Trial]) -> Self {
        let best = trials.first();
        Self {
            parameters: search.clone(),
            held_out: best.map_or(f64::NAN, Trial::score),
            point: best.map_or(String::new(), |trial| trial.point.to_string()),
            trials: trials.to_vec(),
        }
    }
}

/// A fitted [`TunedTrees`].
struct FittedTunedTrees {
    feature_names: Vec<String>,
    ensemble: BoostEnsemble,
    details: Details,
}

impl FittedModel for FittedTunedTrees {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        match rows.feature_names() == self.feature_names {
            true => self.ensemble.probabilities(rows.features()),
            false => {
                let features = select_features(rows, &self.feature_names)?;
                self.ensemble.probabilities(features.view())
            }
        }
    }

    fn details(&self) -> Value {
        json!(self.details)
    }

    fn summary(&self) -> String {
        let Details {
            held_out, point, ..
        } = &self.details;
        format!("held out {held_out:.4}: {point}")
    }
}
