//! Scores a saved model of boosted trees, XGBoost's included, on a table of features.
//!
//! `cargo run --release --example evaluate -- model.json features_3_sec.csv --probabilities p.csv`
//! prints report, confusion matrix and accuracies of all rows, and writes the probability of each
//! class for each row. Features are found by name if the model knows their names, else they are
//! taken in order; classes have the names in the model, else the table's labels, sorted.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Parser;
use timbral::boost::Model;
use timbral::data::FeatureTable;
use timbral::{Evaluation, probability_table, select_features};

#[derive(Parser)]
struct Args {
    /// A model file of `train_boost` or XGBoost, .json or .ubj
    model: PathBuf,
    /// A table of features
    table: PathBuf,
    /// Where to keep the probabilities, as CSV
    #[arg(long, value_name = "FILE")]
    probabilities: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    command::main(|args: Args| {
        let model = Model::load(&args.model).with_context(|| args.model.display().to_string())?;
        let table = FeatureTable::read(&args.table)?;
        let features = match model.feature_names() {
            Some(names) => select_features(&table, names)?,
            None => table.features().to_owned(),
        };
        let shares = model.compile().probabilities(features.view())?;
        let n_classes = shares.ncols();
        let classes = model.class_names().unwrap_or(table.classes());
        ensure!(
            classes.len() == n_classes,
            "the model has {n_classes} classes without names, the table {} labels",
            classes.len()
        );
        if let Some(path) = &args.probabilities {
            probability_table(&table, classes, shares.view())?.write_csv(path)?;
        }
        if table.labels().is_some() || args.probabilities.is_none() {
            println!("{}", Evaluation::new(&table, classes, shares.view())?);
        }
        Ok(())
    })
}
