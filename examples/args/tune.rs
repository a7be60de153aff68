//! What the examples that search parameters share.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde::Serialize;
use timbral::data::SplitMethod;
use timbral::tune::{BoostSearch, Progress, Sampler, Search, Strategy, TrialLog};

use crate::command::Stop;

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
    /// Where trials are kept, to go on with
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// 0: one a core
    #[arg(long, default_value_t = 0)]
    pub(crate) threads: usize,
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

/// Shows how far a search is, and ends it on Ctrl-C.
pub(crate) fn watch(bar: &ProgressBar, stop: &Stop, progress: Progress) -> ControlFlow<()> {
    bar.set_length(progress.total as u64);
    bar.set_position(progress.done as u64);
    bar.set_message(format!("best {:.4}", progress.best));
    match stop.is_set() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

/// The log at `path`, or one in memory.
pub(crate) fn log(path: Option<&Path>, settings: &impl Serialize) -> timbral::Result<TrialLog> {
    match path {
        Some(path) => TrialLog::open(path, settings),
        None => Ok(TrialLog::new()),
    }
}

/// The log of one of many searches in a folder, or one in memory.
pub(crate) fn log_of(
    folder: Option<&Path>,
    split: SplitMethod,
    seed: u64,
    table: &Path,
    search: &BoostSearch,
) -> timbral::Result<TrialLog> {
    let path = folder.map(|folder| folder.join(format!("{split}.{seed}.jsonl")));
    log(path.as_deref(), &(table, search))
}

/// Mean and deviation over seeds.
pub(crate) fn print_mean(what: &str, values: &[f64]) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    let deviation = (squares / (n - 1.0).max(1.0)).sqrt();
    println!("{what}: mean {mean:.4}, deviation {deviation:.4}, {n} seeds");
}
