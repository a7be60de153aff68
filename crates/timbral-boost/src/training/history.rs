use crate::model::Model;

/// One finished round, as [`Training::on_round`](crate::Training::on_round) passes it on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Round<'a> {
    /// Index of the round, from 0. The rounds of a continued model are counted, too.
    pub round: usize,
    /// The number of rounds after which training ends at the latest. The rounds of a continued model are
    /// counted, too.
    pub n_rounds: usize,
    /// The scores so far.
    pub history: &'a History,
}

/// The score of each evaluated set after each round. A lower score is better, except for the metrics of ranking
/// ([`Metric::rises`](crate::Metric::rises)).
///
/// ```
/// use timbral_boost::{BoostParams, Dataset, Training};
/// let features = ndarray::array![[0.0], [1.0], [2.0], [3.0]];
/// let data = Dataset::new(features.view(), &[0.0, 0.0, 1.0, 1.0])?;
/// let params = BoostParams { n_rounds: 5, ..Default::default() };
/// let trained = Training::new(&params, &data).evaluate("train", &data).validate(&data).run()?;
/// let history = trained.history;
/// assert_eq!(history.metric, "rmse");
/// assert_eq!(history.sets[0].0, "train");
/// assert_eq!(history.scores("validation").map(<[f64]>::len), Some(5));
/// assert_eq!(history.last_score(), Some(history.sets[1].1[4]));
/// # Ok::<(), timbral_boost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct History {
    /// XGBoost's name of the metric, for example `mlogloss`.
    pub metric: String,
    /// The name of each set, and its score after each round of this run. The sets of
    /// [`Training::evaluate`](crate::Training::evaluate) are in the order of the calls; the validation rows
    /// follow under the name `validation`. The last set decides on early stopping.
    pub sets: Vec<(String, Vec<f64>)>,
}

impl History {
    /// The scores of the set with this name, one per round; `None` if there is no such set. If several sets
    /// have this name, those of the last one.
    pub fn scores(&self, name: &str) -> Option<&[f64]> {
        let mut sets = self.sets.iter().rev();
        sets.find(|(other, _)| other == name)
            .map(|(_, scores)| &scores[..])
    }

    /// The latest score of the set that decides on early stopping; `None` without sets or rounds.
    pub fn last_score(&self) -> Option<f64> {
        self.sets
            .last()
            .and_then(|(_, scores)| scores.last().copied())
    }
}

/// The result of a training run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Trained {
    /// The model. After early stopping, [`Model::best_iteration`] is the best round, and predictions use the
    /// rounds up to that one.
    pub model: Model,
    /// The scores of the evaluated sets.
    pub history: History,
    /// The round with the best score of the set that decides on early stopping, from 0. The rounds of a
    /// continued model are counted, too. `None` without such a set, or if all scores are NaN.
    pub best_round: Option<usize>,
}
