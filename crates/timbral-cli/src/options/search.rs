//! Options and steps of the commands that search parameters of boosted trees.

use std::path::{Path, PathBuf};

use timbral::data::FeatureTable;
use timbral::tune::{BoostSearch, Sampler, Search, Strategy};
use timbral::{Evaluation, Results, Run, Spread};

use crate::options::at_least_one;
use crate::session::ThreadArgs;

/// A set of parameters and their ranges.
#[derive(Clone, Copy, clap::ValueEnum)]
enum SpaceName {
    /// Depth, L2 regularisation, minimum child weight, fractions of rows and columns
    Wide,
    /// The space of hyperopt-sklearn for XGBoost
    Hyperopt,
}

#[derive(clap::Args)]
pub(crate) struct SearchArgs {
    /// Number of points (sets of parameters) to try
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
    /// Length of a training: boosting rounds times learning rate, so 30 steps at a learning rate of 0.3 are 100 rounds
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = at_least_one)]
    steps: usize,
    /// Random seed
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

impl SearchArgs {
    /// The same options with another sampler and another seed.
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
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_least_one)]
    pub(crate) seeds: usize,
    /// File for the scores of all trials; if it exists, the search continues from it
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

/// The results in the log at `path`, or results in memory.
pub(crate) fn results(path: Option<&Path>, table: &FeatureTable) -> timbral::Result<Results> {
    match path {
        Some(path) => Results::open(path, [table]),
        None => Ok(Results::new()),
    }
}

/// The scores of a search and of the fit that follows it, as one line.
pub(crate) fn describe(run: &Run, evaluation: &Evaluation) -> String {
    let mut text = format!("{:.4} by row, ", evaluation.by_row.value);
    if let Some(by_recording) = evaluation.by_recording {
        text += &format!("{:.4} by recording, ", by_recording.value);
    }
    let held_out = run.details["held_out"].as_f64().unwrap_or(f64::NAN);
    let point = run.details["point"].as_str().unwrap_or_default();
    text + &format!("held out {held_out:.4}: {point}")
}

/// Prints mean and standard deviation over seeds.
pub(crate) fn print_mean(what: &str, values: &[f64]) {
    if let Some(spread) = Spread::new(values) {
        let (mean, deviation, n) = (spread.mean, spread.deviation, spread.n);
        println!("{what}: mean {mean:.4}, deviation {deviation:.4}, {n} seeds");
    }
}
