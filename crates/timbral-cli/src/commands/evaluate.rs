use std::path::PathBuf;

use anyhow::ensure;
use timbral::boost::Model;
use timbral::{Probabilities, select_features};

use crate::command::Command;
use crate::options::read_table;
use crate::status::Status;

/// `evaluate`: the scores of a saved model of boosted trees on a table.
#[derive(clap::Args)]
pub struct Evaluate {
    /// Model file of `train-boost` or of XGBoost, .json or .ubj
    model: PathBuf,
    /// Table of features
    table: PathBuf,
    /// File to write the probabilities of all rows to, .csv
    #[arg(long, value_name = "FILE")]
    probabilities: Option<PathBuf>,
}

impl Command for Evaluate {
    const NAME: &'static str = "evaluate";
    const ABOUT: &'static str =
        "Score a saved model of boosted trees, also one of XGBoost, on a table of features";
    const DETAILS: &'static str = "Prints report, confusion matrix and accuracies of all rows. Features are \
        found by name if the model has their names, else they are taken in order. Classes have the names \
        in the model, else the labels of the table in alphabetical order. A table without labels needs \
        `--probabilities`.";
    const EXAMPLE: &'static str = "model.json features.csv --probabilities p.csv";

    fn run(self) -> anyhow::Result<Status> {
        let model = Model::load(&self.model)?;
        let table = read_table(&self.table)?;
        let features = match model.feature_names() {
            Some(names) => select_features(&table, names)?,
            None => table.features().to_owned(),
        };
        let probabilities = model.compile().probabilities(features.view())?;
        let n_classes = probabilities.ncols();
        let classes = model.class_names().unwrap_or(table.classes());
        ensure!(
            classes.len() == n_classes,
            "the model has {n_classes} classes without names, the table {} labels",
            classes.len()
        );
        let probabilities = Probabilities::new(&table, classes, probabilities.view())?;
        if let Some(path) = &self.probabilities {
            probabilities.write_csv(path)?;
        }
        if table.labels().is_some() || self.probabilities.is_none() {
            println!("{}", probabilities.evaluate()?);
        }
        Ok(Status::Done)
    }
}
