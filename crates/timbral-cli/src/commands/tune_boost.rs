use std::path::PathBuf;

use serde_json::json;
use timbral::Runner;
use timbral::data::SplitMethod;
use timbral::tune::{InnerSplits, TunedTrees};
use timbral_core::write_json;

use crate::command::Command;
use crate::options::output::output;
use crate::options::search::{SearchArgs, describe, results};
use crate::options::table::TableArgs;
use crate::session::{ThreadArgs, phase};
use crate::status::Status;

/// `tune-boost`: searches the parameters of boosted trees.
#[derive(clap::Args)]
pub struct TuneBoost {
    /// Table of features with a column `label`, as `extract-features` writes it
    table: PathBuf,
    #[command(flatten)]
    columns: TableArgs,
    /// How the test rows are chosen: random (rows at random), grouped (whole recordings), stratified-grouped (whole
    /// recordings, with the class proportions of the table) or fault-filtered (GTZAN's split)
    #[arg(long, default_value = "grouped")]
    split: SplitMethod,
    #[command(flatten)]
    search: SearchArgs,
    /// File for the scores of all trials; if it exists, the search continues from it
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// File to write the search and its result to, .json
    #[arg(long, value_name = "FILE", value_parser = output())]
    json: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for TuneBoost {
    const NAME: &'static str = "tune-boost";
    const ABOUT: &'static str = "Search the parameters of boosted trees on a table of features";
    const DETAILS: &'static str = "Points (sets of parameters) are scored by cross-validation inside the training rows, \
        with all rows of a recording in one fold. A model with the best point is trained on all training rows and \
        evaluated once on the test rows. With `--log` the same command continues a run that was stopped or killed, and \
        ends with the same result.";
    const EXAMPLE: &'static str = "features.csv --trials 40 --log trials.jsonl";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        let table = self.columns.read_labelled(&self.table)?;
        let (seed, n_folds, search) = (self.search.seed, self.search.folds, self.search.boost());
        let results = results(self.log.as_deref(), &table)?;
        let recipe = TunedTrees::new(search.clone(), InnerSplits::GroupFolds(n_folds), &results);
        phase(format!("searching parameters on {}", self.table.display()));
        let runner = Runner::new(&table).recipe(&recipe).splits([self.split]);
        let runner = runner.seeds(seed..seed + 1).results(&results);
        for run in runner.run(&mut session.monitor())? {
            let evaluation = run.evaluate()?;
            println!("{}", describe(&run, &evaluation));
            if let Some(path) = &self.json {
                let by_recording = evaluation.by_recording.map(|accuracy| accuracy.value);
                let settings = (&self.table, self.split.to_string(), n_folds, &search);
                let result = json!({
                    "by_row": evaluation.by_row.value,
                    "by_recording": by_recording,
                    "held_out": run.details["held_out"],
                    "point": run.details["point"],
                });
                write_json(path, &json!({ "settings": settings, "result": result }))?;
            }
        }
        Ok(session.status())
    }
}
