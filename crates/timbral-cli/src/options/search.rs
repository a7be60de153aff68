//! Options and steps of the commands that search parameters of boosted trees.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use serde::Serialize;
use timbral::Spread;
use timbral::data::Error::Stopped;
use timbral::data::{FeatureTable, Split};
use timbral::tune::{BoostSearch, Judged, Progress, Sampler, Search, Strategy, Trial, TrialLog};
use timbral_core::Monitor;

use super::create_folder;
use crate::session::{Session, ThreadArgs};

/// A set of parameters and their ranges.
#[derive(Clone, Copy, clap::ValueEnum)]
enum SpaceName {
    /// Depth, L2 regularisation, least child weight, fractions of rows and columns
    Wide,
    /// The space of hyperopt-sklearn for XGBoost
    Hyperopt,
}

#[derive(clap::Args)]
pub(crate) struct SearchArgs {
    /// Number of points to try
    #[arg(long, value_name = "N", default_value_t = 40)]
    trials: usize,
    /// How points are drawn: tpe (tree-structured Parzen estimator) or random
    #[arg(long, default_value = "tpe")]
    pub(crate) sampler: Sampler,
    /// Parameters to search and their ranges
    #[arg(long, value_enum, default_value_t = SpaceName::Wide)]
    space: SpaceName,
    /// Number of folds of the training rows in the cross-validation that scores a point
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) folds: usize,
    /// Length of a training: rounds times learning rate
    #[arg(long, value_name = "N", default_value_t = 30)]
    steps: usize,
    /// Random seed
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

impl SearchArgs {
    /// The same with another sampler and another seed.
    pub(crate) fn with(&self, sampler: Sampler, seed: u64) -> Self {
        Self {
            sampler,
            seed,
            ..*self
        }
    }

    /// The search that they ask for.
    pub(crate) fn boost(&self) -> BoostSearch {
        let search = BoostSearch {
            space: match self.space {
                SpaceName::Wide => BoostSearch::wide_space(),
                SpaceName::Hyperopt => BoostSearch::hyperopt_space(),
            },
            strategy: Strategy::Search(Search {
                n_trials: self.trials,
                sampler: self.sampler,
                ..Search::default()
            }),
            n_steps: self.steps,
            ..BoostSearch::default()
        };
        search.with_seed(self.seed)
    }
}

#[derive(clap::Args)]
pub(crate) struct StudyArgs {
    /// Number of random seeds, each with a search of its own
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) seeds: usize,
    /// Folder for the scores of all trials; a run that finds it there continues
    #[arg(long, value_name = "FOLDER")]
    log: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

impl StudyArgs {
    /// The log of one of the searches.
    pub(crate) fn log(&self, name: &str, settings: &impl Serialize) -> anyhow::Result<TrialLog> {
        if let Some(folder) = &self.log {
            create_folder(folder)?;
        }
        let path = self.log.as_ref();
        let path = path.map(|folder| folder.join(format!("{name}.jsonl")));
        Ok(log(path.as_deref(), settings)?)
    }
}

/// The log at `path`, or one in memory.
pub(crate) fn log(path: Option<&Path>, settings: &impl Serialize) -> timbral::Result<TrialLog> {
    match path {
        Some(path) => TrialLog::open(path, settings),
        None => Ok(TrialLog::new()),
    }
}

/// Does work under a bar.
fn watched<T>(
    session: &Session,
    work: impl FnOnce(&(dyn Fn(Progress) -> ControlFlow<()> + Sync)) -> timbral::Result<T>,
) -> timbral::Result<T> {
    let bar = Mutex::new(session.monitor());
    work(&|progress: Progress| {
        let (done, total) = (progress.done, progress.total);
        let progress = timbral_core::Progress::new(done, total, "scores or models")
            .with_message(format!("best {:.4}", progress.best));
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        bar.report(&progress)
    })
}

/// The trials of a search on the folds, best first.
pub(crate) fn run(
    search: &BoostSearch,
    (table, folds): (&FeatureTable, &[Split]),
    log: &mut TrialLog,
    session: &Session,
) -> anyhow::Result<Vec<Trial>> {
    let trials = watched(session, |watch| search.run(table, folds, log, watch))?;
    session.check()?;
    Ok(trials)
}

/// Searches on the inner splits and evaluates what is found on the test rows; the log keeps the result.
pub(crate) fn evaluate(
    search: &BoostSearch,
    (table, split, inner): (&FeatureTable, &Split, &[Split]),
    log: &mut TrialLog,
    session: &Session,
) -> anyhow::Result<Judged> {
    let evaluated = watched(session, |watch| {
        let judged = search.judge(table, split, inner, log, watch)?;
        judged.continue_value().ok_or(Stopped.into())
    })?;
    Ok(evaluated)
}

/// Prints mean and standard deviation over seeds.
pub(crate) fn print_mean(what: &str, values: &[f64]) {
    if let Some(spread) = Spread::new(values) {
        let (mean, deviation, n) = (spread.mean, spread.deviation, spread.n);
        println!("{what}: mean {mean:.4}, deviation {deviation:.4}, {n} seeds");
    }
}
