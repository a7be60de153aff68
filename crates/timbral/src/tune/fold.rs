//! Training and scoring of the parameters of one point on one inner split.

use serde_json::Value as Json;
use timbral_boost::{BoostParams, Dataset, Model, Training};
use timbral_core::{Monitor, Progress};
use timbral_data::{FeatureTable, Split};

use super::Point;
use crate::error::{Error, Result};
use crate::experiment::fingerprint::Fingerprint;
use crate::experiment::parts::Experiment;
use crate::experiment::results::{ResultKey, ResultKind, Results};
use crate::recipes::boosted::{labels, objective};
use crate::recipes::recipe::Recipe;

/// The parameters of a point for a number of steps, `rounds = ceil(steps / learning_rate)`.
pub(super) fn params(base: &BoostParams, point: &Point, steps: usize) -> Result<BoostParams> {
    let wrong = |error: serde_json::Error| Error::Point {
        point: point.to_string(),
        reason: error.to_string(),
    };
    let mut params = serde_json::to_value(base).map_err(wrong)?;
    let drawn = serde_json::to_value(point).map_err(wrong)?;
    if let (Json::Object(params), Json::Object(drawn)) = (&mut params, drawn) {
        params.extend(drawn);
    }
    let mut params: BoostParams = serde_json::from_value(params).map_err(wrong)?;
    // A learning rate out of range is refused by the training.
    params.n_rounds = (steps as f32 / params.learning_rate).ceil() as usize;
    Ok(params)
}

/// The rows of one inner split, and what they are called in the log.
pub(super) struct Fold {
    experiment: Experiment,
    split: Fingerprint,
}

impl Fold {
    pub(super) fn new(table: &FeatureTable, split: &Split) -> Result<Self> {
        Ok(Self {
            experiment: Experiment::new(table, split)?,
            split: Fingerprint::of_split(split),
        })
    }
}

/// Where scores are looked up and kept.
pub(super) struct ScoreLog<'a> {
    pub(super) results: &'a Results,
    /// Of the table that the inner splits are of.
    pub(super) table: Fingerprint,
}

impl ScoreLog<'_> {
    /// The number of correct test rows of a fold, and the number of its test rows. A model that has
    /// fewer rounds is trained further; if its training diverges, no row is correct.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; parameters out of range.
    pub(super) fn score(
        &self,
        params: &BoostParams,
        fold: &Fold,
        model: &mut Option<Model>,
        monitor: &mut dyn Monitor,
    ) -> Result<(usize, usize)> {
        let key = ResultKey {
            kind: ResultKind::Score,
            table: &self.table,
            split: &fold.split,
            seed: params.seed,
            model: &params.name(),
            parameters: &params.parameters(),
        };
        let Experiment { train, test, .. } = &fold.experiment;
        self.results.recall(
            &key,
            |_| true,
            || {
                let trained = match fit(params, train, model.as_ref(), monitor) {
                    // Nothing is classified, and the search goes on.
                    Err(Error::Boost(timbral_boost::Error::Diverged { .. })) => {
                        return Ok((0, test.n_rows()));
                    }
                    trained => trained?,
                };
                let predicted = trained.compile().classes(test.features())?;
                let pairs = test.labels().unwrap_or_default().iter().zip(predicted);
                let n_correct = pairs.filter(|(label, class)| *label == class).count();
                *model = Some(trained);
                Ok((n_correct, test.n_rows()))
            },
        )
    }
}

/// Trains to `n_rounds`, from a model that has some of them.
///
/// # Errors
///
/// [`Error::Stopped`] on `Break`; parameters out of range, a table without labels.
pub(super) fn fit(
    params: &BoostParams,
    table: &FeatureTable,
    start: Option<&Model>,
    monitor: &mut dyn Monitor,
) -> Result<Model> {
    let labels = labels(table)?;
    let total = params.n_rounds;
    let before = start.map_or(0, Model::n_rounds).min(total);
    let params = BoostParams {
        objective: objective(table.classes().len()),
        n_rounds: total - before,
        ..params.clone()
    };
    let data = Dataset::new(table.features(), &labels)?;
    let (mut stopped, mut done) = (false, before);
    let training = Training::new(&params, &data).on_round(|_| {
        done += 1;
        let flow = monitor.report(&Progress::new(done, total, "rounds"));
        stopped = flow.is_break();
        flow
    });
    let training = match start {
        Some(model) => training.continue_from(model),
        None => training,
    };
    let model = training.run()?.model;
    match stopped {
        true => Err(Error::Stopped),
        false => Ok(model),
    }
}
