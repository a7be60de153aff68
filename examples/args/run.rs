//! What the examples that train a model share: the split, the report and the record.

#[path = "command.rs"]
mod command;

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use timbral::data::{FeatureTable, Split, SplitMethod};
use timbral::{Experiment, Recipe, Record, fit_and_evaluate, probability_table};
use timbral_core::write_json;

pub(crate) use command::*;

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// The rows to judge by: random, grouped (by recording) or fault-filtered (GTZAN's)
    #[arg(long, default_value = "random")]
    split: SplitMethod,
    /// The rows to judge by, from a file: one number a line, counted from 0
    #[arg(long, value_name = "FILE", conflicts_with = "split")]
    test_rows: Option<PathBuf>,
    /// Where to keep the probabilities of the rows judged by, as CSV
    #[arg(long, value_name = "FILE")]
    probabilities: Option<PathBuf>,
    /// Where to keep parameters, times and scores
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What `--json` keeps.
#[derive(Serialize)]
struct Named<'a> {
    table: &'a Path,
    split: String,
    #[serde(flatten)]
    record: &'a Record,
}

impl RunArgs {
    /// Fits a recipe to the rows of a split, keeps the model, prints how good it is on rows it has not
    /// seen, and keeps what is asked for. `source` is the table's file.
    pub(crate) fn run(
        &self,
        recipe: &dyn Recipe,
        (source, table): (&Path, &FeatureTable),
        seed: u64,
        stop: &Stop,
        model_out: Option<&Path>,
    ) -> anyhow::Result<()> {
        let split = match &self.test_rows {
            Some(path) => Split::read_test_rows(path, table.n_rows())?,
            None => self.split.split(table, seed)?,
        };
        if !Experiment::new(table, &split)?.is_by_recording() {
            println!("pieces of some test recordings are learnt from: the scores are too good\n");
        }
        let outcome = with_bar("steps at most", |show| {
            fit_and_evaluate(recipe, table, &split, seed, &mut |progress| {
                let message = format!("({}) {}", progress.unit, progress.message);
                show(progress.step, progress.n_steps, &message);
                stop.flow()
            })
        })?;
        let (record, test) = (&outcome.record, &outcome.test);
        if let Some(path) = model_out {
            outcome.fitted.save(path)?;
        }
        let summary = outcome.fitted.summary();
        if !summary.is_empty() {
            println!("{summary}");
        }
        println!("{record}");
        if let Some(path) = &self.probabilities {
            let shares = outcome.probabilities.view();
            probability_table(test, table.classes(), shares)?.write_csv(path)?;
        }
        let Some(path) = &self.json else {
            return Ok(());
        };
        let split = match &self.test_rows {
            Some(path) => path.display().to_string(),
            None => self.split.to_string(),
        };
        let named = Named {
            table: source,
            split,
            record,
        };
        write_json(path, &named).with_context(|| path.display().to_string())
    }
}
