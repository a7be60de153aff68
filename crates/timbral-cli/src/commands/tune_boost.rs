use std::path::PathBuf;

use serde_json::json;
use timbral::data::SplitMethod;
use timbral::tune::group_folds;
use timbral_core::write_json;

use crate::command::Command;
use crate::options::read_table;
use crate::options::search::{SearchArgs, evaluate, log};
use crate::session::{ThreadArgs, phase};
use crate::status::Status;

/// `tune-boost`: searches the parameters of boosted trees.
#[derive(clap::Args)]
pub struct TuneBoost {
    /// Table of features with a column `label`, as `extract-features` writes it
    table: PathBuf,
    /// How the test rows are chosen: random, grouped (whole recordings) or fault-filtered (GTZAN's split)
    #[arg(long, default_value = "grouped")]
    split: SplitMethod,
    #[command(flatten)]
    search: SearchArgs,
    /// File for the scores of all trials; a run that finds it there continues
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// File to write the search and its result to, .json
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for TuneBoost {
    const NAME: &'static str = "tune-boost";
    const ABOUT: &'static str = "Search the parameters of boosted trees on a table of features";
    const DETAILS: &'static str = "Points are scored by cross-validation inside the training rows, in which no \
        recording is divided. The best one is fitted to all training rows and evaluated once on the test \
        rows. With `--log` the same command continues a run that was stopped or killed, and ends with the \
        same result.";
    const EXAMPLE: &'static str = "features.csv --trials 40 --log trials.jsonl";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        let table = read_table(&self.table)?;
        let (seed, n_folds, search) = (self.search.seed, self.search.folds, self.search.boost());
        let split = self.split.split(&table, seed)?;
        let folds = group_folds(&table, &split, n_folds, seed)?;
        let settings = (&self.table, self.split.to_string(), n_folds, &search);
        let mut log = log(self.log.as_deref(), &settings)?;
        phase(format!("searching parameters on {}", self.table.display()));
        let found = evaluate(&search, (&table, &split, &folds), &mut log, &session)?;
        println!("{found}");
        if let Some(path) = &self.json {
            write_json(path, &json!({ "settings": settings, "judged": found }))?;
        }
        Ok(session.status())
    }
}
