use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use timbral_boost::{BoostParams, GrowPolicy};
use timbral_data::{FeatureTable, Split};

use super::boost_train::{GoOn, accuracy, params, train};
use super::{BoostEnsemble, Halving, Judged, Search, Space, Trial, TrialLog};
use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;
use crate::experiment::parts::Experiment;

/// How points are tried by a [`BoostSearch`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Resources are steps, rounds times learning rate; a trial is scored on all splits, and goes
    /// on from the trees that it has.
    Halving(Halving),
    /// Resources are splits, each learnt from for all steps; `max_resources` is their number,
    /// whatever it says.
    Search(Search),
}

/// How far a search or a fit is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Scores of trials, or models, that are there.
    pub done: usize,
    /// Those that there will be, at most.
    pub total: usize,
    /// The best score so far; 0 before the first.
    pub best: f64,
}

/// Called after each round of boosting; training ends with the first `Break`.
pub(super) type Watch<'a> = &'a (dyn Fn(Progress) -> ControlFlow<()> + Sync);

type Score<'a> = &'a mut dyn FnMut(GoOn<'_>) -> Result<ControlFlow<(), f64>>;

/// A search for the parameters of boosted trees that classify the rows of a table.
///
/// [`run`](Self::run) scores points of the space by their accuracy on rows held out of those to
/// learn from, [`fit`](Self::fit) fits the best of them to all these rows. Neither sees any other
/// row. The length of a training is told in steps, so that it means the same at any learning rate:
///
/// ```text
/// rounds = ceil(steps / learning_rate)
/// ```
///
/// ```
/// use std::ops::ControlFlow;
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::tune::{BoostSearch, Halving, Strategy, TrialLog};
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
/// let watch = |_| ControlFlow::Continue(());
/// let trials = search.run(&table, &inner, &mut TrialLog::new(), &watch)?;
/// assert_eq!((trials.len(), trials[0].score()), (4, 1.0));
/// let found = search.fit(&trials, &table, &watch)?;
/// let probabilities = found.continue_value().unwrap().probabilities(table.features())?;
/// assert!(probabilities[[0, 1]] > 0.9, "{probabilities}"); // classes are sorted: high, low
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoostSearch {
    /// Fields of [`BoostParams`] to search; default [`BoostSearch::wide_space`].
    pub space: Space,
    /// How points are tried; default [`Halving`] with 24 candidates from 10 to 90 steps.
    pub strategy: Strategy,
    /// All other parameters of trials; default `max_bin` 64 and `learning_rate` .3, for speed. The
    /// objective follows from the table, `n_rounds` from the steps.
    pub trial: BoostParams,
    /// All other parameters of fits; default `learning_rate` .1.
    pub base: BoostParams,
    /// Steps of a fit, and of a trial of [`Strategy::Search`]; default 160.
    pub n_steps: usize,
    /// Trials that are fitted, the best first, at least 1; default 1.
    pub n_finalists: usize,
    /// Models whose probabilities are averaged, at least 1; default 1. They take turns among the
    /// finalists; the seed of model i is `base.seed + i`.
    pub n_models: usize,
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
        }
    }
}

impl BoostSearch {
    /// Four models of the two best trials of a search for trees grown leaf by leaf, each at learning
    /// rate .1 for 40 steps; all random choices come from one seed.
    ///
    /// The space is close around what is known to be good: LightGBM's defaults (Ke et al. 2017: 31
    /// leaves, next to no least weight of children and no L2), half of the rows a tree (Friedman 2002)
    /// and a third of the columns a node (Breiman 2001). Short trials would choose more rows and
    /// larger trees than a long training likes. Within the training rows of one random split of GTZAN's
    /// 3-s table, over three splits of these, a model of 31 leaves so set had accuracy .902, two together
    /// .904; of depth 7 a model had .887, two .894 and six .896.
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
        };
        search.with_seed(seed)
    }

    /// The same with this seed of the draws and of the trees.
    pub fn with_seed(mut self, seed: u64) -> Self {
        match &mut self.strategy {
            Strategy::Halving(halving) => halving.seed = seed,
            Strategy::Search(search) => search.seed = seed,
        }
        (self.trial.seed, self.base.seed) = (seed, seed);
        self
    }

    /// What users of boosted trees search, each over the range in which it makes a difference:
    /// depth 3 to 8, L2 and the smallest child .001 to 10, rows .4 to 1, columns a node .1 to 1.
    /// The learning rate is not among them: the lower it is, the better and the slower.
    pub fn wide_space() -> Space {
        Space::new()
            .integer("max_depth", 3, 8)
            .log("lambda", 0.001, 10.0)
            .log("min_child_weight", 0.001, 10.0)
            .linear("subsample", 0.4, 1.0)
            .log("colsample_bynode", 0.1, 1.0)
    }

    /// The space of hyperopt-sklearn for XGBoost (Komer, Bergstra and Eliasmith 2014) but for the
    /// learning rate and the rounds, which the steps settle: depth 1 to 10, the loss a split must win
    /// .0001 to 5, the smallest child 1 to 100, rows, columns a tree and a level .5 to 1, L1 .0001 to
    /// 1 and L2 1 to 4.
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

    /// Tries points on splits of the rows of `table`, and returns all trials, best first.
    ///
    /// Each split's model learns from `train` and is scored on `test`; a trial's score is the
    /// share of the rows tested that are classified right. Scores are kept in `log`; `watch` may
    /// end the search, which then returns the trials so far.
    ///
    /// # Errors
    ///
    /// [`Error::NoLabels`], [`Error::EmptyPart`], [`Error::Point`] for a space that `BoostParams`
    /// does not have, [`Error::Boost`] for parameters out of range, and those of
    /// [`Halving::search`], [`Search::search`] and [`TrialLog::recall`].
    pub fn run(
        &self,
        table: &FeatureTable,
        splits: &[Split],
        log: &mut TrialLog,
        watch: Watch<'_>,
    ) -> Result<Vec<Trial>> {
        let folds = splits.iter().map(|split| Experiment::new(table, split));
        let folds = folds.collect::<Result<Vec<_>>>()?;
        if folds.is_empty() {
            return Err(Error::EmptyPart { part: "held-out" });
        }
        let total = match &self.strategy {
            Strategy::Halving(halving) => halving.rungs().iter().map(|rung| rung.0).sum(),
            Strategy::Search(search) => search.n_trials * folds.len(),
        };
        let mut progress = Progress {
            done: 0,
            total,
            best: 0.0,
        };
        let mut recall = |trial: &Trial, resources, score: Score<'_>| {
            let key = (trial.number, resources, &trial.point);
            let scored = log.recall(&key, || score(&|| watch(progress)))?;
            if let ControlFlow::Continue(score) = scored {
                progress.done += 1;
                progress.best = progress.best.max(score);
            }
            Ok(scored)
        };
        match &self.strategy {
            Strategy::Halving(halving) => {
                halving.search(&self.space, |trial, steps, models: &mut Vec<_>| {
                    recall(trial, steps, &mut |go_on| {
                        models.resize(folds.len(), None);
                        let params = params(&self.trial, &trial.point, steps)?;
                        accuracy(&params, folds.iter().zip(models.iter_mut()), go_on)
                    })
                })
            }
            Strategy::Search(search) => {
                let search = Search {
                    max_resources: folds.len(),
                    ..*search
                };
                search.search(&self.space, |trial, n_folds, models: &mut Vec<_>| {
                    recall(trial, n_folds, &mut |go_on| {
                        models.resize(n_folds, None);
                        let params = params(&self.trial, &trial.point, self.n_steps)?;
                        accuracy(&params, folds.iter().zip(models.iter_mut()), go_on)
                    })
                })
            }
        }
    }

    /// Fits the best of the trials to all rows of `table`; `Break` where `watch` ends it.
    ///
    /// # Errors
    ///
    /// [`Error::NoLabels`], [`Error::EmptyPart`] without a trial, [`Error::Point`] and
    /// [`Error::Boost`].
    pub fn fit(
        &self,
        trials: &[Trial],
        table: &FeatureTable,
        watch: Watch<'_>,
    ) -> Result<ControlFlow<(), BoostEnsemble>> {
        let finalists = &trials[..trials.len().min(self.n_finalists.max(1))];
        if finalists.is_empty() {
            return Err(Error::EmptyPart { part: "finalist" });
        }
        let total = self.n_models.max(1);
        let mut models = Vec::with_capacity(total);
        for done in 0..total {
            let point = &finalists[done % finalists.len()].point;
            let mut params = params(&self.base, point, self.n_steps)?;
            params.seed = params.seed.wrapping_add(done as u64);
            let best = finalists[0].score();
            let progress = Progress { done, total, best };
            match train(&params, table, None, &|| watch(progress))? {
                ControlFlow::Continue(model) => models.push(model),
                ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
            }
        }
        Ok(ControlFlow::Continue(BoostEnsemble::new(models)))
    }

    /// Searches on the `inner` splits, fits the best to the training and validation rows of
    /// `split`, and looks at its test rows once; `Break` where `watch` ends it. The log keeps what
    /// comes out, too.
    ///
    /// # Errors
    ///
    /// As of [`run`](Self::run), [`fit`](Self::fit), [`Experiment::new`] and [`Evaluation::new`].
    pub fn judge(
        &self,
        table: &FeatureTable,
        split: &Split,
        inner: &[Split],
        log: &mut TrialLog,
        watch: Watch<'_>,
    ) -> Result<ControlFlow<(), Judged>> {
        let stopped = AtomicBool::new(false);
        let trials = self.run(table, inner, log, &|progress| {
            let flow = watch(progress);
            stopped.fetch_or(flow.is_break(), Ordering::Relaxed);
            flow
        })?;
        if stopped.into_inner() {
            return Ok(ControlFlow::Break(()));
        }
        let Experiment { train, test, .. } = &Experiment::new(table, split)?;
        log.recall(&"judged", || {
            let ControlFlow::Continue(found) = self.fit(&trials, train, watch)? else {
                return Ok(ControlFlow::Break(()));
            };
            let probabilities = found.probabilities(test.features())?;
            let evaluation = Evaluation::new(test, test.classes(), probabilities.view())?;
            Ok(ControlFlow::Continue(Judged {
                by_row: evaluation.by_row.value,
                by_recording: evaluation.by_recording.map(|accuracy| accuracy.value),
                held_out: trials[0].score(),
                point: trials[0].point.to_string(),
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use ndarray::Array2;
    use timbral_boost::Model;
    use timbral_data::SplitMethod;

    use super::super::{Sampler, group_folds, hold_out};
    use super::*;

    const ON: Watch<'static> = &|_| ControlFlow::Continue(());

    /// Sixty recordings of four rows in three classes, one noisy feature of five telling.
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

    #[test]
    fn a_search_that_is_stopped_anywhere_goes_on_to_the_same_end() {
        let folder = tempfile::tempdir().unwrap();
        for (name, search, n_rounds) in [("halving", halving(), 21), ("tpe", tpe(), 50)] {
            let search = BoostSearch {
                n_models: 1,
                ..search
            };
            let (split, inner) = splits(&search);
            let whole = search
                .judge(&table(), &split, &inner, &mut TrialLog::new(), ON)
                .unwrap();
            let trials = search
                .run(&table(), &inner, &mut TrialLog::new(), ON)
                .unwrap();
            let path = folder.path().join(name);
            let mut kept = 0;
            for run in 0.. {
                let left = AtomicUsize::new(n_rounds);
                let stop = |_| match left.fetch_sub(1, Ordering::Relaxed) {
                    1 => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                };
                let mut log = TrialLog::open(&path, &search).unwrap();
                assert_eq!(log.len(), kept);
                let judged = search
                    .judge(&table(), &split, &inner, &mut log, &stop)
                    .unwrap();
                assert!(
                    log.len() > kept,
                    "{name}: run {run} came no further than {kept}"
                );
                kept = log.len();
                if judged.is_continue() {
                    assert!(run > 1, "{name} was never stopped");
                    assert_eq!(judged, whole);
                    break;
                }
            }
            let mut log = TrialLog::open(&path, &search).unwrap();
            let known = search.run(&table(), &inner, &mut log, &|_| ControlFlow::Break(()));
            assert_eq!(known.unwrap(), trials, "{name}");
        }
    }

    #[test]
    fn test_rows_have_no_say_in_what_is_found() {
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
        let run = |table| search.run(table, &inner, &mut TrialLog::new(), ON).unwrap();
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
            .run(&table(), &inner, &mut TrialLog::new(), ON)
            .unwrap();
        let found = search
            .fit(&trials, &table(), ON)
            .unwrap()
            .continue_value()
            .unwrap();
        assert_eq!(found.models().len(), 3);
        let [first, second, third] = [0, 1, 2].map(|i| &found.models()[i]);
        // At rate .1 two steps are twenty rounds; the third is the first with another seed.
        assert_eq!((first.n_rounds(), third.n_rounds()), (20, 20));
        assert_ne!(first, third);
        let of = |model: &Model| model.compile().probabilities(table().features()).unwrap();
        let mean = (of(first) + of(second) + of(third)) / 3.0;
        assert_eq!(found.probabilities(table().features()).unwrap(), mean);
        let again = search
            .fit(&trials, &table(), ON)
            .unwrap()
            .continue_value()
            .unwrap();
        assert_eq!(found, again);
        let stopped = search.fit(&trials, &table(), &|_| ControlFlow::Break(()));
        assert!(stopped.unwrap().is_break());
        assert!(search.fit(&[], &table(), ON).is_err());
    }

    #[test]
    fn what_cannot_be_searched_is_an_error() {
        let (_, inner) = splits(&halving());
        let run = |search: &BoostSearch, inner: &[Split]| {
            let trials = search.run(&table(), inner, &mut TrialLog::new(), ON);
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
