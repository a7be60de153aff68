use std::path::PathBuf;

use timbral::TableModel;

use crate::command::Command;
use crate::options::output::{TABLES, output_of};
use crate::options::table::TableArgs;
use crate::session::phase;
use crate::status::Status;

/// `evaluate`: the scores and predictions of a saved model of tables.
#[derive(clap::Args)]
pub struct Evaluate {
    /// Model file that `train-boost` or XGBoost wrote (.json, .ubj), or `train-dense` (.safetensors)
    model: PathBuf,
    /// Table of features
    table: PathBuf,
    #[command(flatten)]
    columns: TableArgs,
    /// Names of the classes in the order of the model, separated by commas [default: those in the model, else derived
    /// from the labels of the table]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    classes: Option<Vec<String>>,
    /// File to write the probabilities of all rows to, .csv, .parquet or .npz
    #[arg(long, value_name = "FILE", value_parser = output_of(TABLES))]
    probabilities: Option<PathBuf>,
}

impl Command for Evaluate {
    const NAME: &'static str = "evaluate";
    const ABOUT: &'static str =
        "Score a saved model of tables, also one of XGBoost, or predict with it";
    const DETAILS: &'static str = "Prints the report, the confusion matrix and the accuracies of all rows. Features \
        are found by name if the model has their names, else they are taken in order. Classes have the names of \
        `--classes`, else those in the model. If it has none, the labels of the table name them: whole numbers are the \
        numbers of the classes, as many labels as classes are the classes in sorted order, and genres of GTZAN stand for \
        all ten. A table without labels needs `--probabilities`.";
    const EXAMPLE: &'static str = "model.json features.csv --probabilities p.csv";

    fn run(self) -> anyhow::Result<Status> {
        let model = TableModel::load(&self.model)?;
        let table = self.columns.read(&self.table)?;
        let probabilities = model.probabilities(&table, self.classes.as_deref())?;
        if model.class_names().is_none() && self.classes.is_none() {
            let names = probabilities.classes().join(", ");
            phase(format!(
                "the model has no names of classes; taken for {names}"
            ));
        }
        if let Some(path) = &self.probabilities {
            probabilities.write(path)?;
        }
        if table.labels().is_some() || self.probabilities.is_none() {
            println!("{}", probabilities.evaluate()?);
        }
        Ok(Status::Done)
    }
}
