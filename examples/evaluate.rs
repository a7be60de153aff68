//! Scores a saved model of boosted trees, also one of XGBoost, on a table of features.
//!
//! `cargo run --release --example evaluate -- model.json features_3_sec.csv --probabilities p.csv` prints
//! report, confusion matrix and accuracies of all rows, and writes the probability of each class for each row.
//! Features are found by name if the model has their names, else they are taken in order; classes have the
//! names in the model, else the table's labels in alphabetical order.

use std::process::ExitCode;

use timbral_cli::commands::Evaluate;

fn main() -> ExitCode {
    timbral_cli::run_command::<Evaluate>()
}
