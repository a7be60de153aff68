use serde::Serialize;
use timbral_boost::{BoostParams, GrowPolicy, Model};
use timbral_core::{Monitor, Progress};
use timbral_data::{FeatureTable, Split};

use super::fold::{Fold, ScoreLog, fit, params};
use super::{BoostEnsemble, Halving, Search, Space, Trial};
use crate::error::{Error, Result};
use crate::experiment::fingerprint::Fingerprint;
use crate::experiment::results::Results;

/// The method by which a [`BoostSearch`] tries points.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Strategy {
    /// Successive halving. The resources are steps (rounds times learning rate). A trial is scored on all splits; for
    /// more steps its models are trained further.
    Halving(Halving),
    /// One point after the other. The resources are splits, on each of which a model is trained for all steps;
    /// `max_resources` is set to the number of splits.
    Search(Search),
}

/// A search for the parameters of boosted trees that classify the rows of a table.
///
/// [`run`](Self::run) scores points of the space by their accuracy on rows held out of the training rows,
/// [`fit`](Self::fit) fits the best of them to all training rows. Neither uses any other row;
/// [`TunedTrees`](crate::tune::TunedTrees) does both as a recipe. The length of a training is given in
/// steps, so that it is comparable for all learning rates:
///
/// ```text
/// rounds = ceil(steps / learning_rate)
/// ```
///
/// ```
/// use timbral::Results;
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::tune::{BoostSearch, Halving, Strategy};
///
/// let rows = |row: usize, j: usize| [row % 40, row * 7 % 31][j] as f32;
/// let features = ndarray::Array2::from_shape_fn((200, 2), |(row, j)| rows(row, j));
/// let ids = (0..200).map(|row| row.to_string()).collect();
/// let names = ["x", "y"].map(str::to_owned).to_vec();
/// let table = FeatureTable::new(names, features, ids)?
///     .with_labels((0..200).map(|row| if row % 40 < 13 { "low" } else { "high" }))?;
///
/// let halving = Halving { n_candidates: 4, min_resources: 1, max_resources: 3, ..Default::default() };
/// let search = BoostSearch {
///     strategy: Strategy::Halving(halving),
///     n_steps: 3,
///     n_models: 2,
///     ..Default::default()
/// };
/// let inner = [SplitMethod::Random.split(&table, 0)?];
/// let trials = search.run(&table, &inner, &Results::new(), &mut ())?;
/// assert_eq!((trials.len(), trials[0].score()), (4, 1.0));
/// let ensemble = search.fit(&trials, &table, &mut ())?;
/// let probabilities = ensemble.probabilities(table.features())?;
/// assert!(probabilities[[0, 1]] > 0.9, "{probabilities}"); // classes are sorted: high, low
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoostSearch {
    /// Fields of [`BoostParams`] to search; default [`BoostSearch::wide_space`].
    pub space: Space,
    /// The method by which points are tried; default [`Halving`] with 24 candidates from 10 to 90 steps.
    pub strategy: Strategy,
    /// All other parameters of the trials; default `max_bin` 64 and `learning_rate` .3, for speed. The
    /// objective follows from the table, `n_rounds` from the steps.
    pub trial: BoostParams,
    /// All other parameters of the final fits; default `learning_rate` .1.
    pub base: BoostParams,
    /// Steps of a final fit, and of a trial of [`Strategy::Search`]; default 160.
    pub n_steps: usize,
    /// Number of best trials whose parameters are used in the final models (finalists), at least 1; default 1.
    pub n_finalists: usize,
    /// Number of final models, whose probabilities are averaged, at least 1; default 1. Model i has the parameters of
    /// finalist `i % n_finalists` and the seed `base.seed + i`.
    pub n_models: usize,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for BoostSearch {
    fn default() -> Self {
        let halving = Halving {
            n_candidates: 24,
            min_resources: 10,
            max_resources: 90,
            ..Halving::default()
        };
        Self {
            space: Self::wide_space(),
            strategy: Strategy::Halving(halving),
            trial: BoostParams {
                max_bin: 64,
                ..BoostParams::default()
            },
            base: BoostParams {
                learning_rate: 0.1,
                ..BoostParams::default()
            },
            n_steps: 160,
            n_finalists: 1,
            n_models: 1,
            _non_exhaustive: (),
        }
    }
}

impl BoostSearch {
    /// Four models of the two best trials of a search for trees grown leaf by leaf, each at learning
    /// rate .1 for 40 steps; all random choices come from one seed.
    ///
    /// The space is narrow, around parameters that are known to be good: LightGBM's defaults (Ke et al.
    /// 2017: 31 leaves, almost no minimum child weight and no L2), half of the rows per tree (Friedman
    /// 2002) and a third of the columns per node (Breiman 2001). Short trials in a wider space would
    /// prefer more rows and larger trees than suit a long training. On GTZAN's 3-s table, over three
    /// splits within the training rows of one random split, a model of 31 leaves with these parameters
    /// had accuracy .902, two averaged .904; of depth 7 one model had .887, two .894 and six .896.
    pub fn averaged(seed: u64) -> Self {
        let leafwise = |params: BoostParams| BoostParams {
            grow_policy: GrowPolicy::LossGuide,
            max_depth: 0,
            ..params
        };
        let default = Self::default();
        let halving = Halving {
            n_candidates: 9,
            min_resources: 10,
            max_resources: 30,
            ..Halving::default()
        };
        let search = Self {
            space: Space::new()
                .integer("max_leaves", 24, 40)
                .log("lambda", 0.001, 0.03)
                .log("min_child_weight", 0.001, 0.01)
                .linear("subsample", 0.5, 0.65)
                .log("colsample_bynode", 0.2, 0.4),
            strategy: Strategy::Halving(halving),
            trial: leafwise(default.trial),
            base: leafwise(default.base),
            n_steps: 40,
            n_finalists: 2,
            n_models: 4,
            _non_exhaustive: (),
        };
        search.with_seed(seed)
    }

    /// The same with another random seed, of the search and of the trees.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        match &mut self.strategy {
            Strategy::Halving(halving) => halving.seed = seed,
            Strategy::Search(search) => search.seed = seed,
        }
        (self.trial.seed, self.base.seed) = (seed, seed);
        self
    }

    /// The usual parameters of boosted trees, each over the range in which it makes a difference: depth 3 to 8, L2
    /// and the minimum child weight .001 to 10, fraction of rows .4 to 1, fraction of columns per node .1 to 1. The
    /// learning rate is not among them, because a lower rate gives better models but slower training.
    pub fn wide_space() -> Space {
        Space::new()
            .integer("max_depth", 3, 8)
            .log("lambda", 0.001, 10.0)
            .log("min_child_weight", 0.001, 10.0)
            .linear("subsample", 0.4, 1.0)
            .log("colsample_bynode", 0.1, 1.0)
    }

    /// The space of hyperopt-sklearn for XGBoost (Komer, Bergstra and Eliasmith 2014) without the learning rate and
    /// the rounds, which follow from the steps: depth 1 to 10, minimum loss reduction (gamma) .0001 to 5, minimum
    /// child weight 1 to 100, fractions of rows, of columns per tree and of columns per level .5 to 1, L1 .0001 to 1
    /// and L2 1 to 4.
    pub fn hyperopt_space() -> Space {
        Space::new()
            .integer("max_depth", 1, 10)
            .log("gamma", 0.0001, 5.0)
            .log("min_child_weight", 1.0, 100.0)
            .linear("subsample", 0.5, 1.0)
            .linear("colsample_bytree", 0.5, 1.0)
            .linear("colsample_bylevel", 0.5, 1.0)
            .log("alpha", 0.0001, 1.0)
            .log("lambda", 1.0, 4.0)
    }

    /// Tries points on inner splits of the rows of `table`, and returns all trials, best first.
    ///
    /// The model of a split is trained on `train` and scored on `test`; the score of a trial is the
    /// fraction of test rows, over the splits, that are classified correctly. Scores that `results` has
    /// are not computed again; new ones are added. A score depends on the parameters, the split, the seed
    /// and the table, not on the search: a search with more trials begins with those known.
    ///
    /// `monitor` is called after every round of boosting; the unit is `scores`.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; [`Error::NoLabels`]; [`Error::EmptyPart`]; [`Error::Point`] for a
    /// space with a name or value that [`BoostParams`] does not have; [`Error::Boost`] for parameters out
    /// of range; those of [`Halving::search`] and [`Search::search`], and of writing the log.
    pub fn run(
        &self,
        table: &FeatureTable,
        splits: &[Split],
        results: &Results,
        monitor: &mut dyn Monitor,
    ) -> Result<Vec<Trial>> {
        let folds = splits.iter().map(|split| Fold::new(table, split));
        let folds = folds.collect::<Result<Vec<_>>>()?;
        if folds.is_empty() {
            return Err(Error::EmptyPart { part: "held-out" });
        }
        let total = match &self.strategy {
            Strategy::Halving(halving) => halving.rungs().iter().map(|rung| rung.0).sum(),
            Strategy::Search(search) => search.n_trials * folds.len(),
        };
        let log = ScoreLog {
            results,
            table: Fingerprint::of_table(table),
        };
        let (mut done, mut best) = (0, 0.0_f64);
        let mut score = |trial: &Trial, steps, folds: &[Fold], models: &mut Vec<Option<Model>>| {
            models.resize(folds.len(), None);
            let params = params(&self.trial, &trial.point, steps)?;
            let mut watched = |progress: &Progress| {
                let message = format!("best {best:.4}, {progress}");
                monitor.report(&Progress::new(done, total, "scores").with_message(message))
            };
            let (mut n_correct, mut n_rows) = (0, 0);
            for (fold, model) in folds.iter().zip(models) {
                let (correct, rows) = log.score(&params, fold, model, &mut watched)?;
                n_correct += correct;
                n_rows += rows;
            }
            let score = n_correct as f64 / n_rows as f64;
            done += 1;
            best = best.max(score);
            Ok::<_, Error>(std::ops::ControlFlow::Continue(score))
        };
        match &self.strategy {
            Strategy::Halving(halving) => {
                let score =
                    |trial: &Trial, steps, models: &mut Vec<_>| score(trial, steps, &folds, models);
                halving.search(&self.space, score)
            }
            Strategy::Search(search) => {
                let search = Search {
                    max_resources: folds.len(),
                    ..*search
                };
                let score = |trial: &Trial, n_folds: usize, models: &mut Vec<_>| {
                    score(trial, self.n_steps, &folds[..n_folds], models)
                };
                search.search(&self.space, score)
            }
        }
    }

    /// Fits the best of the trials to all rows of `table`.
    ///
    /// `monitor` is called after every round of boosting; the unit is `models`.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; [`Error::NoLabels`]; [`Error::EmptyPart`] without a trial;
    /// [`Error::Point`] and [`Error::Boost`].
    pub fn fit(
        &self,
        trials: &[Trial],
        table: &FeatureTable,
        monitor: &mut dyn Monitor,
    ) -> Result<BoostEnsemble> {
        let finalists = &trials[..trials.len().min(self.n_finalists.max(1))];
        let Some(best) = finalists.first().map(Trial::score) else {
            return Err(Error::EmptyPart { part: "finalist" });
        };
        let total = self.n_models.max(1);
        let mut models = Vec::with_capacity(total);
        for done in 0..total {
            let point = &finalists[done % finalists.len()].point;
            let mut params = params(&self.base, point, self.n_steps)?;
            params.seed = params.seed.wrapping_add(done as u64);
            let mut watched = |progress: &Progress| {
                let message = format!("best {best:.4}, {progress}");
                monitor.report(&Progress::new(done, total, "models").with_message(message))
            };
            models.push(fit(&params, table, None, &mut watched)?);
        }
        Ok(BoostEnsemble::new(models))
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use ndarray::Array2;
    use timbral_boost::Model;
    use timbral_data::SplitMethod;

    use super::super::{InnerSplits, Sampler, TunedTrees, group_folds, hold_out};
    use super::*;
    use crate::{Experiment, Run, Runner};

    /// Sixty recordings of four rows in three classes; one of the five features, a noisy one, separates
    /// the classes.
    fn table() -> FeatureTable {
        let noise = |row: usize, j: usize| (row * (2 * j + 7) * 7919 % 101) as f32;
        let features = Array2::from_shape_fn((240, 5), |(row, j)| match j {
            0 => (row % 3 * 60) as f32 + noise(row, 0),
            _ => noise(row, j),
        });
        let names = (0..5).map(|j| format!("x{j}")).collect();
        let ids = (0..240).map(|row| row.to_string()).collect();
        FeatureTable::new(names, features, ids)
            .and_then(|t| t.with_groups((0..240).map(|row| format!("{}", row % 3 + row / 12 * 3))))
            .and_then(|t| t.with_labels((0..240).map(|row| ["a", "b", "c"][row % 3])))
            .unwrap()
    }

    fn halving() -> BoostSearch {
        BoostSearch {
            strategy: Strategy::Halving(Halving {
                n_candidates: 6,
                min_resources: 1,
                max_resources: 3,
                ..Halving::default()
            }),
            n_steps: 2,
            n_finalists: 2,
            n_models: 3,
            ..BoostSearch::default()
        }
    }

    fn tpe() -> BoostSearch {
        BoostSearch {
            strategy: Strategy::Search(Search {
                n_trials: 24,
                sampler: Sampler::Tpe,
                ..Search::default()
            }),
            n_steps: 1,
            ..BoostSearch::default()
        }
    }

    fn splits(search: &BoostSearch) -> (Split, Vec<Split>) {
        let table = table();
        let split = SplitMethod::Grouped.split(&table, 0).unwrap();
        let inner = match search.strategy {
            Strategy::Halving(_) => {
                vec![hold_out(&table, &split, SplitMethod::Grouped, 0).unwrap()]
            }
            Strategy::Search(_) => group_folds(&table, &split, 3, 0).unwrap(),
        };
        (split, inner)
    }

    /// Searches and evaluates under the grouped split; at most `n_rounds` rounds are trained.
    fn tune(search: &BoostSearch, results: &Results, n_rounds: usize) -> Result<Run> {
        let inner = match search.strategy {
            Strategy::Halving(_) => InnerSplits::HoldOut(SplitMethod::Grouped),
            Strategy::Search(_) => InnerSplits::GroupFolds(3),
        };
        let recipe = TunedTrees::new(search.clone(), inner, results);
        let mut left = n_rounds;
        let mut stop = |_: &Progress| {
            left = left.saturating_sub(1);
            match left {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        };
        let table = table();
        let runner = Runner::new(&table).recipe(&recipe).results(results);
        Ok(runner.run(&mut stop)?.remove(0))
    }

    #[test]
    fn a_search_that_is_stopped_anywhere_goes_on_to_the_same_end() {
        let folder = tempfile::tempdir().unwrap();
        for (name, search, n_rounds) in [("halving", halving(), 21), ("tpe", tpe(), 50)] {
            let search = BoostSearch {
                n_models: 1,
                ..search
            };
            let (split, inner) = splits(&search);
            let all = tune(&search, &Results::new(), usize::MAX).unwrap();
            let train = Experiment::new(&table(), &split).unwrap().train;
            // Row numbers of the inner splits are those of the table: the same rows as of `train`.
            let trials = search
                .run(&table(), &inner, &Results::new(), &mut ())
                .unwrap();
            assert_eq!(all.details["held_out"], trials[0].score());
            let path = folder.path().join(name);
            let open = || Results::open(&path, [&table()]).unwrap();
            let mut kept = 0;
            for run in 0.. {
                let results = open();
                assert_eq!(results.len(), kept);
                let tuned = tune(&search, &results, n_rounds);
                assert!(
                    results.len() > kept,
                    "{name}: run {run} came no further than {kept}"
                );
                kept = results.len();
                if let Ok(tuned) = tuned {
                    assert!(run > 1, "{name} was never stopped");
                    assert_eq!(tuned.probabilities, all.probabilities);
                    assert_eq!(tuned.details, all.details);
                    break;
                }
            }
            // Nothing is computed again, neither the fit nor the scores.
            let results = open();
            assert_eq!(tune(&search, &results, 1).unwrap().details, all.details);
            assert_eq!(results.len(), kept);
            let inner = match search.strategy {
                Strategy::Halving(_) => {
                    vec![SplitMethod::Grouped.split(&train, 0).unwrap()]
                }
                Strategy::Search(_) => {
                    let rows = Split {
                        train: (0..train.n_rows()).collect(),
                        ..Split::default()
                    };
                    group_folds(&train, &rows, 3, 0).unwrap()
                }
            };
            let mut stop = |_: &Progress| ControlFlow::Break(());
            let known = search.run(&train, &inner, &results, &mut stop);
            assert_eq!(known.unwrap(), trials, "{name}");
        }
    }

    /// Unregularised leaves, times a learning rate that takes margins out of the range of `f32`.
    #[test]
    fn a_trial_that_diverges_has_no_correct_row() {
        let search = BoostSearch {
            trial: BoostParams {
                learning_rate: 3e38,
                lambda: 0.0,
                min_child_weight: 0.0,
                ..tpe().trial
            },
            n_steps: 2,
            ..tpe()
        };
        let (_, inner) = splits(&search);
        let trials = search.run(&table(), &inner, &Results::new(), &mut ());
        assert!(trials.unwrap().iter().any(|trial| trial.score() == 0.0));
    }

    #[test]
    fn a_search_with_more_trials_begins_with_those_known() {
        let search = |n_trials| BoostSearch {
            strategy: Strategy::Search(Search {
                n_trials,
                sampler: Sampler::Tpe,
                ..Search::default()
            }),
            n_steps: 1,
            ..BoostSearch::default()
        };
        let (_, inner) = splits(&search(1));
        let results = Results::new();
        let few = search(12).run(&table(), &inner, &results, &mut ()).unwrap();
        let mut n_known = None;
        let mut first = |progress: &Progress| {
            n_known.get_or_insert(progress.done);
            ControlFlow::Continue(())
        };
        let more = search(16)
            .run(&table(), &inner, &results, &mut first)
            .unwrap();
        let n_scores: usize = few.iter().map(|trial| trial.scores.len()).sum();
        assert_eq!(n_known, Some(n_scores));
        assert!(few.iter().all(|trial| more.contains(trial)));
    }

    #[test]
    fn test_rows_do_not_influence_the_search() {
        let search = halving();
        let (split, inner) = splits(&search);
        let table = table();
        let mut features = table.features().to_owned();
        for row in &split.test {
            features.row_mut(*row).fill(1e6);
        }
        let names = table.feature_names().to_vec();
        let spoilt = FeatureTable::new(names, features, table.ids().to_vec())
            .and_then(|t| t.with_labels((0..240).map(|row| ["a", "b", "c"][row % 3])))
            .unwrap();
        let run = |table| search.run(table, &inner, &Results::new(), &mut ()).unwrap();
        assert_eq!(run(&table), run(&spoilt));
        let known = Experiment::new(&table, &split).unwrap().train;
        let unspoilt = Experiment::new(&spoilt, &split).unwrap().train;
        assert_eq!(known.features(), unspoilt.features());
    }

    #[test]
    fn a_fit_averages_its_models() {
        let search = halving();
        let (_, inner) = splits(&search);
        let trials = search
            .run(&table(), &inner, &Results::new(), &mut ())
            .unwrap();
        let found = search.fit(&trials, &table(), &mut ()).unwrap();
        assert_eq!(found.models().len(), 3);
        let [first, second, third] = [0, 1, 2].map(|i| &found.models()[i]);
        // At rate .1 two steps are twenty rounds; the third is the first with another seed.
        assert_eq!((first.n_rounds(), third.n_rounds()), (20, 20));
        assert_ne!(first, third);
        let of = |model: &Model| model.compile().probabilities(table().features()).unwrap();
        let mean = (of(first) + of(second) + of(third)) / 3.0;
        assert_eq!(found.probabilities(table().features()).unwrap(), mean);
        let again = search.fit(&trials, &table(), &mut ()).unwrap();
        assert_eq!(found, again);
        let mut stop = |_: &Progress| ControlFlow::Break(());
        let stopped = search.fit(&trials, &table(), &mut stop);
        assert!(matches!(stopped, Err(Error::Stopped)));
        assert!(search.fit(&[], &table(), &mut ()).is_err());
    }

    #[test]
    fn what_cannot_be_searched_is_an_error() {
        let (_, inner) = splits(&halving());
        let run = |search: &BoostSearch, inner: &[Split]| {
            let trials = search.run(&table(), inner, &Results::new(), &mut ());
            trials.unwrap_err().to_string()
        };
        assert_eq!(run(&halving(), &[]), "there are no held-out rows");
        let mut search = halving();
        search.space = Space::new().integer("depth", 3, 3);
        assert!(run(&search, &inner).starts_with("search: depth 3: unknown field `depth`"));
        search.space = Space::new().linear("subsample", 2.0, 2.0);
        assert!(run(&search, &inner).contains("subsample"));
        search.space = Space::new().choice("learning_rate", [0.0, -1.0, f64::NAN]);
        assert!(!run(&search, &inner).is_empty());
    }
}
