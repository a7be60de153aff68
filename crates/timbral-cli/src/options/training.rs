//! Training and evaluation of one model on a split, with the files that a user asks for.

use std::path::{Path, PathBuf};

use serde::Serialize;
use timbral::data::{FeatureTable, Split, SplitMethod};
use timbral::{Experiment, FitRecord, Recipe, fit_and_evaluate};
use timbral_core::write_json;

use crate::options::output::{TABLES, output, output_of};
use crate::session::{Session, phase};

#[derive(clap::Args)]
pub(crate) struct TrainingArgs {
    /// How the test rows are chosen: random (rows at random), grouped (whole recordings), stratified-grouped (whole
    /// recordings, with the class proportions of the table) or fault-filtered (GTZAN's split)
    #[arg(long, value_name = "SPLIT", default_value = "random")]
    split: SplitMethod,
    /// File with the test rows, in place of --split: one row number per line, counted from 0
    #[arg(long, value_name = "FILE", conflicts_with = "split")]
    test_rows: Option<PathBuf>,
    /// File to write the probabilities of the test rows to, .csv, .parquet or .npz
    #[arg(long, value_name = "FILE", value_parser = output_of(TABLES))]
    probabilities: Option<PathBuf>,
    /// File to write parameters, times and scores to, .json
    #[arg(long, value_name = "FILE", value_parser = output())]
    json: Option<PathBuf>,
}

/// What `--json` writes.
#[derive(Serialize)]
struct Named<'a> {
    table: &'a Path,
    split: String,
    #[serde(flatten)]
    record: &'a FitRecord,
}

impl TrainingArgs {
    /// Fits a recipe to the training rows, writes the model, prints its scores on the test rows, and
    /// writes the requested files. `source` is the file of the table.
    pub(crate) fn run(
        &self,
        recipe: &dyn Recipe,
        (source, table): (&Path, &FeatureTable),
        seed: u64,
        session: &Session,
        model_out: Option<&Path>,
    ) -> anyhow::Result<()> {
        let split = match &self.test_rows {
            Some(path) => Split::read_test_rows(path, table.n_rows())?,
            None => self.split.split(table, seed)?,
        };
        phase(format!(
            "training {} on {}",
            recipe.name(),
            source.display()
        ));
        if !Experiment::new(table, &split)?.is_by_recording() {
            println!(
                "the training rows have pieces of some test recordings: the scores are too good\n"
            );
        }
        let fit = fit_and_evaluate(recipe, table, &split, seed, &mut session.monitor())?;
        let record = &fit.record;
        if let Some(path) = model_out {
            fit.model.save(path)?;
        }
        let summary = fit.model.summary();
        if !summary.is_empty() {
            println!("{summary}");
        }
        println!("{record}");
        if let Some(path) = &self.probabilities {
            fit.probabilities.write(path)?;
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
        Ok(write_json(path, &named)?)
    }
}
