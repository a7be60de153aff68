use std::ops::ControlFlow;

use timbral_core::parallel;
use timbral_core::{Progress, check};

use super::builder::Training;
use super::checks::base_score;
use super::history::{History, Round, Trained};
use super::params::BoostParams;
use super::round::{Targets, add, grow_round};
use super::rows::{Rows, groups, margins};
use super::vectors::grow_vectors;
use crate::data::{AnyBins, Bin, Binned, BinnedRows, Cuts, Dataset, FeatureType, check_n_rows};
use crate::error::{Error, Result};
use crate::growing::{Grower, Histograms, MultiStrategy, VectorGrower};
use crate::loss::{
    Boosted, Evaluated, Gradients, Groups, Metric, Objective, Outputs, Ranking, Shares,
};
use crate::model::{Model, Tree};
use crate::random::{Key, Stream};

/// The name of the rows of [`Training::validate`] in the history.
const VALIDATION: &str = "validation";

/// Trees of a softmax that grow together where the table is not in memory, unless there are more threads.
const TOGETHER: usize = 4;

impl BoostParams {
    /// Trains a model on all rows of `data`. [`Training`] has further options, such as early stopping.
    ///
    /// # Errors
    /// As [`Training::run`].
    pub fn fit(&self, data: &Dataset<'_>) -> Result<Model> {
        Ok(Training::new(self, data).run()?.model)
    }
}

impl Training<'_> {
    /// Trains in the rayon pool in which it is called. The model does not depend on the number of threads.
    ///
    /// # Errors
    /// - [`Error::InvalidParameter`] and [`Error::Length`] for parameters out of range, those of a loss
    ///   included;
    /// - [`Error::InvalidValue`] for labels that the objective does not allow;
    /// - [`Error::Features`] if a set or the model to continue has another number of features;
    /// - [`Error::Diverged`] if a gradient, a leaf or a score is not finite: a model with such numbers is never
    ///   returned;
    /// - [`Error::Unsupported`] for ranking, or a model to continue, together with [`Training::on_bins`].
    pub fn run(mut self) -> Result<Trained> {
        if let Some(data) = self.validation.take() {
            self.sets.push((VALIDATION.to_owned(), data));
        }
        let objective = self.objective();
        match self.loss {
            None => self.params.validate(self.data.n_features())?,
            Some(_) => (self.params).validate_for(&objective, self.data.n_features())?,
        }
        objective.check_labels(self.data.labels())?;
        for (_, data) in &self.sets {
            if data.n_features() != self.data.n_features() {
                let (expected, got) = (self.data.n_features(), data.n_features());
                return Err(Error::Features { expected, got });
            }
            objective.check_labels(data.labels())?;
        }
        check_n_rows(self.data.n_rows())?;
        self.data.check(&objective)?;
        let weights = self.data.weights(self.params)?;
        self.params.validate_weights(weights.as_deref())?;
        let weights = weights.as_deref();
        match &self.data {
            Rows::Binned(rows) => {
                let rows: &BinnedRows = rows;
                rows.check(self.params)?;
                match &rows.bins {
                    AnyBins::Narrow(bins) => self.boost(objective, &rows.cuts, bins, weights),
                    AnyBins::Wide(bins) => self.boost(objective, &rows.cuts, bins, weights),
                }
            }
            Rows::Table(data) => {
                let features = data.features();
                let types = data.feature_types();
                let cuts = Cuts::new(features, types, weights, self.params.max_bin);
                if cuts.most_bins() <= u8::N_BINS {
                    let bins = Binned::<u8>::new(features, &cuts);
                    self.boost(objective, &cuts, &bins, weights)
                } else {
                    let bins = Binned::<u16>::new(features, &cuts);
                    self.boost(objective, &cuts, &bins, weights)
                }
            }
        }
    }

    fn objective(&self) -> Objective {
        match self.loss {
            None => self.params.objective.clone(),
            Some(loss) => Objective::Loss {
                name: loss.name().into(),
                n_outputs: loss.n_outputs(),
            },
        }
    }

    /// The model before the first round.
    fn start(&self, objective: Objective, weights: Option<&[f32]>) -> Result<Model> {
        let n_features = self.data.n_features();
        if let Some(model) = self.model {
            if model.n_features != n_features {
                return Err(Error::Features {
                    expected: model.n_features,
                    got: n_features,
                });
            }
            check(
                model.objective == objective,
                "objective",
                objective.name(),
                "must be the objective of the model to continue",
            )?;
            return Ok(Model {
                best_iteration: None,
                ..model.clone()
            });
        }
        let scores = match (&self.params.base_score, self.loss) {
            (Some(scores), _) => scores.clone(),
            (None, Some(loss)) => {
                let scores = loss.base_score();
                base_score("Loss::base_score", &scores, &objective)?;
                scores
            }
            (None, None) => {
                let scores = match self.data.ranking(&objective) {
                    Some(ranking) => vec![ranking.estimate(draws(self.params, 0))],
                    None => objective.estimate(self.data.labels(), weights),
                };
                let what = "the mean of the labels is";
                diverged(scores.iter().all(|x| x.is_finite()), 0, what)?;
                scores
            }
        };
        Ok(Model::without_trees(objective, n_features, scores))
    }

    fn boost<B: Bin>(
        mut self,
        objective: Objective,
        cuts: &Cuts,
        binned: &Binned<B>,
        weights: Option<&[f32]>,
    ) -> Result<Trained> {
        let params = self.params;
        let metric = params.eval_metric.unwrap_or_else(|| Metric::of(&objective));
        check(
            self.sets.is_empty() || metric.fits(&objective),
            "eval_metric",
            metric.name(),
            "does not fit the objective; None takes its default metric",
        )?;
        for (_, data) in &self.sets {
            metric.check_labels(&objective, data.labels())?;
        }
        let mut ranking = (self.data.ranking(&params.objective)).filter(|_| self.loss.is_none());
        let mut model = self.start(objective, weights)?;
        if let Some(ranking) = &mut ranking {
            ranking.continue_from(model.position_bias());
        }
        if let Some(types) = self.data.feature_types() {
            let name = |kind: &FeatureType| kind.xgboost_name().to_owned();
            model.feature_types = Some(types.iter().map(name).collect());
        }
        let tree_params = params.tree_params();
        let grower = Grower {
            params: &tree_params,
            cuts,
            binned,
            histograms: Histograms::new(binned, cuts),
        };
        let n_outputs = model.n_outputs();
        let vectors = VectorGrower {
            params: &tree_params,
            cuts,
            binned,
            n_outputs,
        };
        let is_vector = n_outputs > 1 && params.multi_strategy == MultiStrategy::MultiOutputTree;
        let boosted = match self.loss {
            Some(loss) => Boosted::Loss(loss),
            None => Boosted::Objective(&params.objective),
        };
        let n_together = match &self.data {
            Rows::Binned(_) if model.objective.is_multiclass() && !is_vector => {
                rayon::current_num_threads().max(TOGETHER).min(n_outputs)
            }
            _ => n_outputs,
        };
        let set_groups: Vec<Groups<'_>> = self.sets.iter().map(|(_, data)| groups(data)).collect();
        let mut gradients = Gradients::new(binned.n_rows(), n_together);
        let mut own_margins = self.data.margins(&model)?;
        let mut set_margins = self
            .sets
            .iter()
            .map(|(_, data)| margins(&model, data))
            .collect::<Result<Vec<_>>>()?;
        let mut rows = vec![Vec::new(); n_together];
        let mut history = History {
            metric: metric.name().into_owned(),
            sets: self
                .sets
                .iter()
                .map(|(name, _)| (name.clone(), Vec::new()))
                .collect(),
        };
        let first = model.n_rounds();
        let n_rounds = first.saturating_add(params.n_rounds);
        let mut best = (f64::INFINITY, first);
        for round in first..n_rounds {
            let mut trees = Vec::with_capacity(n_outputs);
            // Before the first of them changes.
            let shares = (n_together < n_outputs).then(|| Shares::new(&own_margins));
            for first in (0..n_outputs).step_by(n_together) {
                let last = n_outputs.min(first + n_together);
                let outputs = Outputs {
                    margins: &own_margins[first..last],
                    first,
                    shares: shares.as_ref(),
                };
                match &mut ranking {
                    Some(ranking) => gradients.rank(ranking, &own_margins[0], draws(params, round)),
                    None => gradients.update(boosted, outputs, self.data.labels(), weights),
                }
                diverged(gradients.are_finite(), round, "a gradient or its square is")?;
                if is_vector {
                    trees.push(grow_vectors(
                        params,
                        &vectors,
                        &gradients,
                        round,
                        &mut own_margins,
                        &mut rows[0],
                    ));
                } else {
                    let target = Targets {
                        gradients: &gradients,
                        round,
                        outputs: first..last,
                        n_outputs,
                    };
                    trees.extend(grow_round(
                        params,
                        &grower,
                        &target,
                        &mut own_margins[first..last],
                        &mut rows,
                    ));
                }
            }
            let is_finite = trees.iter().flatten().all(Tree::is_finite);
            diverged(is_finite, round, "a leaf or a sum of hessians is")?;
            let of_output = |i: usize| own_margins[i].iter().all(|x| x.is_finite());
            let is_finite = !parallel::map(own_margins.len(), 1, &of_output).contains(&false);
            diverged(is_finite, round, "a margin is")?;
            for (margins, (_, data)) in set_margins.iter_mut().zip(&self.sets) {
                add(margins, &trees, data);
            }
            for (output, trees) in trees.into_iter().enumerate() {
                let outputs = std::iter::repeat_n(output as u32, trees.len());
                model.tree_outputs.extend(outputs);
                model.trees.extend(trees);
            }
            model.round_starts.push(model.trees.len());
            let sets = set_margins.iter().zip(&self.sets).zip(&set_groups);
            for (((margins, (_, data)), groups), (_, scores)) in sets.zip(&mut history.sets) {
                let score = metric.evaluate(&Evaluated {
                    objective: &model.objective,
                    margins,
                    labels: data.labels(),
                    weight: |row| data.weight(row),
                    groups,
                });
                diverged(score.is_finite(), round, "a score is")?;
                scores.push(score);
            }
            let score = history.last_score();
            let loss = score.map(|score| if metric.rises() { -score } else { score });
            if loss.is_some_and(|loss| loss < best.0 - params.min_delta) {
                best = (loss.unwrap_or(best.0), round);
            }
            let flow = self.report(&Round {
                round,
                n_rounds,
                history: &history,
            });
            let stale = params
                .early_stopping_rounds
                .is_some_and(|n| round.saturating_sub(best.1) >= n);
            if flow.is_break() || (score.is_some() && stale) {
                break;
            }
        }
        model.position_bias = ranking.and_then(Ranking::into_bias);
        // Without a new round there is none that is best.
        if params.early_stopping_rounds.is_some() && best.0.is_finite() {
            model.best_iteration = Some(best.1);
        }
        Ok(Trained {
            model,
            history,
            best_round: best.0.is_finite().then_some(best.1),
        })
    }

    /// Passes a finished round on; `Break` where the callback or the monitor ends training.
    fn report(&mut self, round: &Round<'_>) -> ControlFlow<()> {
        let callback = match &mut self.callback {
            Some(callback) => callback(round),
            None => ControlFlow::Continue(()),
        };
        if let Some(monitor) = &mut self.monitor {
            let mut progress = Progress::new(round.round + 1, round.n_rounds, "rounds");
            if let Some(score) = round.history.last_score() {
                progress = progress.with_message(format!("{} {score:.4}", round.history.metric));
            }
            monitor.report(&progress)?;
        }
        callback
    }
}

/// The error of numbers that are not finite.
fn diverged(is_finite: bool, round: usize, what: &'static str) -> Result<()> {
    match is_finite {
        true => Ok(()),
        false => Err(Error::Diverged { round, what }),
    }
}

/// The key of the draws of pairs in a round.
fn draws(params: &BoostParams, round: usize) -> Key {
    Key::new(params.seed)
        .with(round as u64)
        .stream(Stream::Pairs)
}
