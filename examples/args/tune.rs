//! What the examples that search parameters share.
#![allow(dead_code)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Serialize;
use timbral::tune::{BoostSearch, Progress, Sampler, Search, Strategy, TrialLog};

use crate::command::{Stop, bar};

#[derive(clap::Args)]
pub(crate) struct SearchArgs {
    /// Points tried
    #[arg(long, default_value_t = 40)]
    trials: usize,
    /// Where they come from: tpe or random
    #[arg(long, default_value = "tpe")]
    pub(crate) sampler: Sampler,
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
    /// The search that they ask for.
    pub(crate) fn boost(&self) -> BoostSearch {
        let search = BoostSearch {
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
    pub(crate) seeds: u64,
    /// Where trials are kept, to go on with
    #[arg(long, value_name = "FOLDER")]
    log: Option<PathBuf>,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    pub(crate) threads: usize,
}

impl StudyArgs {
    /// The log of one of the searches.
    pub(crate) fn log(&self, name: &str, settings: &impl Serialize) -> timbral::Result<TrialLog> {
        let path = self
            .log
            .as_ref()
            .map(|folder| folder.join(format!("{name}.jsonl")));
        log(path.as_deref(), settings)
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
pub(crate) fn watched<T>(
    stop: &Stop,
    work: impl FnOnce(&(dyn Fn(Progress) -> ControlFlow<()> + Sync)) -> timbral::Result<T>,
) -> anyhow::Result<T> {
    let bar = bar(0, "scores or models")?;
    let done = work(&|progress: Progress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(format!("best {:.4}", progress.best));
        match stop.is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    bar.finish_and_clear();
    Ok(done)
}

/// Mean and deviation over seeds.
pub(crate) fn print_mean(what: &str, values: &[f64]) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    let deviation = (squares / (n - 1.0).max(1.0)).sqrt();
    println!("{what}: mean {mean:.4}, deviation {deviation:.4}, {n} seeds");
}
