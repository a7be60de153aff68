//! What the examples that search parameters share.
#![allow(dead_code, reason = "no example needs all of it")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use timbral::Spread;
use timbral::data::Error::Stopped;
use timbral::data::{FeatureTable, Split};
use timbral::tune::{BoostSearch, Judged, Progress, Sampler, Search, Strategy, Trial, TrialLog};

use crate::command::{Stop, with_bar};

/// What is searched.
#[derive(Clone, Copy, clap::ValueEnum)]
enum SpaceName {
    /// Depth, L2, the smallest child, rows and columns, where each makes a difference
    Wide,
    /// Those of hyperopt-sklearn for XGBoost
    Hyperopt,
}

#[derive(clap::Args)]
pub(crate) struct SearchArgs {
    /// Points tried
    #[arg(long, default_value_t = 40)]
    trials: usize,
    /// Where they come from: tpe or random
    #[arg(long, default_value = "tpe")]
    pub(crate) sampler: Sampler,
    /// What is searched
    #[arg(long, value_enum, default_value_t = SpaceName::Wide)]
    space: SpaceName,
    /// Folds of the rows to learn from, by which a trial is scored
    #[arg(long, default_value_t = 3)]
    pub(crate) folds: usize,
    /// Rounds times learning rate, of trials and of the fit
    #[arg(long, default_value_t = 30)]
    steps: usize,
    /// Of all random choices
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

impl SearchArgs {
    /// The same with points from elsewhere and other random choices.
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
    /// Searches
    #[arg(long, default_value_t = 10)]
    pub(crate) seeds: usize,
    /// Where trials are kept, to go on with
    #[arg(long, value_name = "FOLDER")]
    log: Option<PathBuf>,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    pub(crate) threads: usize,
}

impl StudyArgs {
    /// The log of one of the searches.
    pub(crate) fn log(&self, name: &str, settings: &impl Serialize) -> anyhow::Result<TrialLog> {
        if let Some(folder) = &self.log {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
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

/// Shows how far `work` is, and ends it on Ctrl-C.
fn watched<T>(
    stop: &Stop,
    work: impl FnOnce(&(dyn Fn(Progress) -> ControlFlow<()> + Sync)) -> timbral::Result<T>,
) -> anyhow::Result<T> {
    with_bar("scores or models", |show| {
        work(&|progress: Progress| {
            let message = format!("best {:.4}", progress.best);
            show(progress.done, progress.total, &message);
            stop.flow()
        })
    })
}

/// The trials of a search on the folds, best first.
pub(crate) fn run(
    search: &BoostSearch,
    (table, folds): (&FeatureTable, &[Split]),
    log: &mut TrialLog,
    stop: &Stop,
) -> anyhow::Result<Vec<Trial>> {
    let trials = watched(stop, |watch| search.run(table, folds, log, watch))?;
    stop.check()?;
    Ok(trials)
}

/// Searches on the inner splits and judges what is found, which the log keeps.
pub(crate) fn judge(
    search: &BoostSearch,
    (table, split, inner): (&FeatureTable, &Split, &[Split]),
    log: &mut TrialLog,
    stop: &Stop,
) -> anyhow::Result<Judged> {
    watched(stop, |watch| {
        let judged = search.judge(table, split, inner, log, watch)?;
        judged.continue_value().ok_or(Stopped.into())
    })
}

/// Mean and deviation over seeds.
pub(crate) fn print_mean(what: &str, values: &[f64]) {
    if let Some(spread) = Spread::new(values) {
        let (mean, deviation, n) = (spread.mean, spread.deviation, spread.n);
        println!("{what}: mean {mean:.4}, deviation {deviation:.4}, {n} seeds");
    }
}
