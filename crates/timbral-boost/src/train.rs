use std::collections::BTreeMap;
use std::ops::ControlFlow;

use rayon::prelude::*;

use crate::bins::{Bin, Binned, Cuts};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::gradient::{Boosted, Gradients, Loss};
use crate::grow::{Grower, Target};
use crate::histogram::Histograms;
use crate::metric::Metric;
use crate::model::Model;
use crate::objective::Objective;
use crate::params::BoostParams;
use crate::random::Key;
use crate::tree::Tree;

/// One round, as a callback sees it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Round<'a> {
    /// Number of the round, from 0; rounds of a model that is continued come first.
    pub round: usize,
    /// Rounds after which training ends.
    pub n_rounds: usize,
    /// The evaluation sets with their scores so far.
    pub history: &'a History,
}

/// The scores of each evaluation set after each round.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct History {
    /// XGBoost's name of the metric.
    pub metric: &'static str,
    /// Name and scores of each set.
    pub sets: Vec<(String, Vec<f64>)>,
}

/// What training leaves.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Trained {
    /// The model; after early stopping with [`Model::best_iteration`].
    pub model: Model,
    /// The scores of the evaluation sets.
    pub history: History,
}

type Callback<'a> = Box<dyn FnMut(&Round<'_>) -> ControlFlow<()> + Send + 'a>;

/// A training run: parameters, rows, and what else there is.
///
/// ```
/// use timbral_boost::{BoostParams, Dataset, Training};
/// let features = ndarray::Array2::from_shape_fn((64, 1), |(row, _)| row as f32);
/// let labels: Vec<f32> = (0..64).map(|row| (row / 8) as f32).collect();
/// let data = Dataset::new(features.view(), &labels)?;
/// let params = BoostParams { n_rounds: 3, early_stopping_rounds: Some(5), ..Default::default() };
/// let trained = Training::new(&params, &data).evaluate("train", &data).run()?;
/// assert_eq!(trained.model.n_rounds(), 3);
/// assert_eq!(trained.history.sets[0].1.len(), 3);
/// assert!(trained.history.sets[0].1[2] < trained.history.sets[0].1[0]);
/// # Ok::<(), timbral_boost::Error>(())
/// ```
pub struct Training<'a> {
    params: &'a BoostParams,
    data: Dataset<'a>,
    sets: Vec<(String, Dataset<'a>)>,
    loss: Option<&'a dyn Loss>,
    model: Option<&'a Model>,
    callback: Option<Callback<'a>>,
}

impl BoostParams {
    /// Trains a model, watching nothing; [`Training`] is for more.
    ///
    /// # Errors
    /// As [`Training::run`].
    pub fn fit(&self, data: &Dataset<'_>) -> Result<Model> {
        Ok(Training::new(self, data).run()?.model)
    }
}

impl<'a> Training<'a> {
    /// A run over the rows of `data`.
    pub fn new(params: &'a BoostParams, data: &'a Dataset<'_>) -> Self {
        Self {
            params,
            data: data.shorter(),
            sets: Vec::new(),
            loss: None,
            model: None,
            callback: None,
        }
    }

    /// Watches the metric on a set after each round; the last set decides on early stopping.
    pub fn evaluate(mut self, name: impl Into<String>, data: &'a Dataset<'_>) -> Self {
        self.sets.push((name.into(), data.shorter()));
        self
    }

    /// Boosts a loss of the user's own in place of the objective.
    pub fn loss(mut self, loss: &'a dyn Loss) -> Self {
        self.loss = Some(loss);
        self
    }

    /// Adds the rounds to those of a model (warm start).
    pub fn continue_from(mut self, model: &'a Model) -> Self {
        self.model = Some(model);
        self
    }

    /// Calls back after each round; training ends with the first `Break`.
    pub fn on_round(
        mut self,
        callback: impl FnMut(&Round<'_>) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        self.callback = Some(Box::new(callback));
        self
    }

    /// Trains.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] and [`Error::Length`] for parameters out of range,
    /// [`Error::InvalidValue`] for labels that the objective cannot have, [`Error::Features`]
    /// where a set or model has another width, [`Error::InvalidParameter`] where threads cannot
    /// be started.
    pub fn run(self) -> Result<Trained> {
        match self.params.n_threads {
            0 => self.run_here(),
            n => rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .map_err(|_| Error::InvalidParameter {
                    name: "n_threads",
                    value: n.to_string(),
                    reason: "these threads cannot be started",
                })?
                .install(|| self.run_here()),
        }
    }

    fn run_here(self) -> Result<Trained> {
        let objective = self.objective();
        if self.loss.is_none() {
            self.params.validate(self.data.n_features())?;
        }
        let data = std::iter::once(&self.data).chain(self.sets.iter().map(|(_, data)| data));
        for data in data {
            if data.n_features() != self.data.n_features() {
                let (expected, got) = (self.data.n_features(), data.n_features());
                return Err(Error::Features { expected, got });
            }
            objective.check_labels(data.labels())?;
        }
        if u32::try_from(self.data.n_rows()).is_err() {
            return Err(Error::InvalidParameter {
                name: "n_rows",
                value: self.data.n_rows().to_string(),
                reason: "at most 4294967295 rows can be learnt from",
            });
        }
        let weights = self.weights();
        let cuts = Cuts::new(
            self.data.features(),
            weights.as_deref(),
            self.params.max_bin,
        );
        if cuts.most_bins() <= u8::N_BINS {
            self.boost::<u8>(objective, &cuts, weights.as_deref())
        } else {
            self.boost::<u16>(objective, &cuts, weights.as_deref())
        }
    }

    fn objective(&self) -> Objective {
        match self.loss {
            None => self.params.objective.clone(),
            Some(loss) => Objective::Other {
                name: loss.name().into(),
                n_outputs: loss.n_outputs(),
                params: BTreeMap::new(),
            },
        }
    }

    /// The weights of the rows times those of their classes.
    fn weights(&self) -> Option<Vec<f32>> {
        let of_class = &self.params.class_weights;
        if of_class.is_empty() {
            return self.data.weights().map(<[f32]>::to_vec);
        }
        let labels = self.data.labels().iter().enumerate();
        Some(
            labels
                .map(|(row, &y)| self.data.weight(row) * of_class[y as usize])
                .collect(),
        )
    }

    /// The model that the first round starts from.
    fn start(&self, objective: Objective, weights: Option<&[f32]>) -> Result<Model> {
        let n_features = self.data.n_features();
        if let Some(model) = self.model {
            if model.n_features != n_features {
                return Err(Error::Features {
                    expected: model.n_features,
                    got: n_features,
                });
            }
            if model.objective != objective {
                return Err(Error::InvalidParameter {
                    name: "objective",
                    value: objective.name().into(),
                    reason: "not that of the model to continue",
                });
            }
            return Ok(Model {
                best_iteration: None,
                ..model.clone()
            });
        }
        let base_score = match (self.loss, &self.params.base_score) {
            (Some(loss), _) => loss.base_score(),
            (None, Some(scores)) => scores.clone(),
            (None, None) => objective.estimate(self.data.labels(), weights),
        };
        Ok(Model {
            objective,
            n_features,
            base_score,
            trees: Vec::new(),
            tree_outputs: Vec::new(),
            round_starts: vec![0],
            feature_names: None,
            class_names: None,
            best_iteration: None,
            attributes: BTreeMap::new(),
        })
    }

    fn boost<B: Bin>(
        mut self,
        objective: Objective,
        cuts: &Cuts,
        weights: Option<&[f32]>,
    ) -> Result<Trained> {
        let params = self.params;
        let metric = params.eval_metric.unwrap_or_else(|| Metric::of(&objective));
        if !self.sets.is_empty() && !metric.fits(&objective) {
            return Err(Error::InvalidParameter {
                name: "eval_metric",
                value: metric.name().into(),
                reason: "has no meaning for this objective",
            });
        }
        let mut model = self.start(objective, weights)?;
        let binned = Binned::<B>::new(self.data.features(), cuts);
        let tree_params = params.tree_params();
        let grower = Grower {
            params: &tree_params,
            cuts,
            binned: &binned,
            histograms: Histograms::new(&binned, cuts),
        };
        let n_outputs = model.n_outputs();
        let boosted = match self.loss {
            Some(loss) => Boosted::Loss(loss),
            None => Boosted::Objective(&params.objective),
        };
        let mut gradients = Gradients::new(binned.n_rows(), n_outputs);
        let mut own_margins = margins(&model, &self.data)?;
        let mut set_margins = self
            .sets
            .iter()
            .map(|(_, data)| margins(&model, data))
            .collect::<Result<Vec<_>>>()?;
        let mut rows = vec![Vec::new(); n_outputs];
        let mut history = History {
            metric: metric.name(),
            sets: self
                .sets
                .iter()
                .map(|(name, _)| (name.clone(), Vec::new()))
                .collect(),
        };
        let first = model.n_rounds();
        let n_rounds = first + params.n_rounds;
        let mut best = (f64::INFINITY, first);
        for round in first..n_rounds {
            gradients.update(boosted, &own_margins, self.data.labels(), weights);
            let trees = self.round(&grower, &gradients, round, &mut own_margins, &mut rows);
            for (margins, (_, data)) in set_margins.iter_mut().zip(&self.sets) {
                add(margins, &trees, data);
            }
            let mut trees: Vec<_> = trees.into_iter().map(Vec::into_iter).collect();
            for _ in 0..params.num_parallel_tree {
                for (output, trees) in trees.iter_mut().enumerate() {
                    model.trees.extend(trees.next());
                    model.tree_outputs.push(output as u32);
                }
            }
            model.round_starts.push(model.trees.len());
            for ((margins, (_, data)), (_, scores)) in
                set_margins.iter().zip(&self.sets).zip(&mut history.sets)
            {
                let weight = |row| data.weight(row);
                scores.push(metric.evaluate(&model.objective, margins, data.labels(), weight));
            }
            let score = history
                .sets
                .last()
                .and_then(|(_, scores)| scores.last().copied());
            if score.is_some_and(|score| score < best.0 - params.min_delta) {
                best = (score.unwrap_or(best.0), round);
            }
            let stop = self.callback.as_mut().is_some_and(|callback| {
                callback(&Round {
                    round,
                    n_rounds,
                    history: &history,
                })
                .is_break()
            });
            let stale = params
                .early_stopping_rounds
                .is_some_and(|n| round - best.1 >= n);
            if stop || (score.is_some() && stale) {
                break;
            }
        }
        if params.early_stopping_rounds.is_some() && !self.sets.is_empty() {
            model.best_iteration = Some(best.1);
        }
        Ok(Trained { model, history })
    }

    /// Grows the trees of one round, by output, and adds their answers to the margins.
    fn round<B: Bin>(
        &self,
        grower: &Grower<'_, B>,
        gradients: &Gradients,
        round: usize,
        margins: &mut [Vec<f32>],
        rows: &mut [Vec<u32>],
    ) -> Vec<Vec<Tree>> {
        let params = self.params;
        let n_rows = grower.binned.n_rows();
        let n_parallel = params.num_parallel_tree;
        let learning_rate = params.learning_rate / n_parallel as f32;
        let mut roots = if params.subsample < 1.0 || n_parallel > 1 {
            Vec::new()
        } else {
            grower.histograms.build_all(gradients, margins.len())
        };
        roots.resize_with(margins.len(), || None);
        let tasks = margins.par_iter_mut().zip(rows).zip(roots).enumerate();
        tasks
            .map(|(output, ((margins, rows), mut root))| {
                let gradient = |row: u32| gradients.get(row, output);
                (0..n_parallel)
                    .map(|parallel| {
                        let key = [round, output, parallel]
                            .iter()
                            .fold(Key::new(params.seed), |key, &i| key.with(i as u64));
                        let drawn = key.with(3);
                        let all = 0..n_rows as u32;
                        let share = f64::from(params.subsample);
                        let is_drawn =
                            |row: u32| share >= 1.0 || drawn.with(row.into()).uniform() < share;
                        rows.clear();
                        rows.extend(all.clone().filter(|&row| is_drawn(row)));
                        let target = Target {
                            gradient: &gradient,
                            key,
                            learning_rate,
                        };
                        let grown = grower.grow(&target, rows, root.take());
                        for (range, value) in &grown.leaves {
                            for &row in &rows[range.clone()] {
                                margins[row as usize] += value;
                            }
                        }
                        if share < 1.0 {
                            for row in all.filter(|&row| !is_drawn(row)) {
                                margins[row as usize] += grower.answer(&grown, row as usize);
                            }
                        }
                        grown.tree
                    })
                    .collect()
            })
            .collect()
    }
}

/// The margins of a model, output by output.
fn margins(model: &Model, data: &Dataset<'_>) -> Result<Vec<Vec<f32>>> {
    let margins = model.compile().margins(data.features())?;
    Ok(margins.columns().into_iter().map(|c| c.to_vec()).collect())
}

/// Adds the answers of trees to the margins of their outputs.
fn add(margins: &mut [Vec<f32>], trees: &[Vec<Tree>], data: &Dataset<'_>) {
    let features = data.features();
    let features = features.as_standard_layout();
    let width = features.ncols();
    let Some(rows) = features.as_slice() else {
        return;
    };
    for (margins, trees) in margins.iter_mut().zip(trees) {
        margins
            .par_iter_mut()
            .zip(rows.par_chunks(width))
            .for_each(|(margin, row)| {
                trees.iter().for_each(|tree| *margin += tree.predict(row));
            });
    }
}
