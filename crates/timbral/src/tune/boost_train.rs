//! Training and scoring of one point of a search.

use std::ops::ControlFlow;

use ndarray::ArrayView2;
use serde_json::Value as Json;
use timbral_boost::{BoostParams, Dataset, Model, Training};
use timbral_data::FeatureTable;

use super::Point;
use crate::error::{Error, Result};
use crate::experiment::parts::Experiment;
use crate::recipes::boosted::{labels, objective};

/// The parameters of a point, for so many steps.
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
    // At a rate out of range training says so.
    params.n_rounds = (steps as f32 / params.learning_rate).ceil() as usize;
    Ok(params)
}

/// Called after each round of boosting; training ends with the first `Break`.
pub(super) type GoOn<'a> = &'a (dyn Fn() -> ControlFlow<()> + Sync);

/// A model that was trained, with the rows it classifies right.
pub(super) type Scored = Option<(Model, usize)>;

/// The share of the test rows that models of these parameters classify right. A model that has
/// fewer rounds is trained further.
pub(super) fn accuracy<'a>(
    params: &BoostParams,
    folds: impl Iterator<Item = (&'a Experiment, &'a mut Scored)>,
    go_on: GoOn<'_>,
) -> Result<ControlFlow<(), f64>> {
    let (mut right, mut n_rows) = (0, 0);
    for (
        Experiment {
            train: rows, test, ..
        },
        scored,
    ) in folds
    {
        n_rows += test.n_rows();
        if let Some((_, hits)) = scored
            .as_ref()
            .filter(|s| s.0.n_rounds() >= params.n_rounds)
        {
            right += hits;
            continue;
        }
        let start = scored.as_ref().map(|(model, _)| model);
        let ControlFlow::Continue(model) = train(params, rows, start, go_on)? else {
            return Ok(ControlFlow::Break(()));
        };
        let labels = test.labels().unwrap_or_default().iter();
        let hits = labels.zip(classes(&model, test.features())?);
        let hits = hits.filter(|(label, class)| *label == class).count();
        right += hits;
        *scored = Some((model, hits));
    }
    Ok(ControlFlow::Continue(right as f64 / n_rows as f64))
}

fn classes(model: &Model, features: ArrayView2<'_, f32>) -> Result<Vec<usize>> {
    Ok(model.compile().classes(features)?)
}

/// Trains to `n_rounds`, from a model that has some of them.
pub(super) fn train(
    params: &BoostParams,
    table: &FeatureTable,
    start: Option<&Model>,
    go_on: GoOn<'_>,
) -> Result<ControlFlow<(), Model>> {
    let labels = labels(table)?;
    let n_rounds = params.n_rounds - start.map_or(0, Model::n_rounds).min(params.n_rounds);
    let params = BoostParams {
        objective: objective(table.classes().len()),
        n_rounds,
        ..params.clone()
    };
    let data = Dataset::new(table.features(), &labels)?;
    let mut stopped = false;
    let training = Training::new(&params, &data).on_round(|_| {
        let flow = go_on();
        stopped = flow.is_break();
        flow
    });
    let training = match start {
        Some(model) => training.continue_from(model),
        None => training,
    };
    let model = training.run()?.model;
    Ok(match stopped {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(model),
    })
}
