//! Averages what several models say of the same recordings, by recording.
//!
//! `cargo run --release --example average -- conv.csv dense.csv` on files that `--probabilities` of
//! the examples that train wrote: a model's probabilities of a recording are the mean over its
//! rows, those of all models the mean of theirs. Prints report, confusion matrix and accuracy.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::ensure;
use clap::Parser;
use ndarray::{Array1, Array2, Axis};
use timbral::Evaluation;
use timbral::data::FeatureTable;

#[derive(Parser)]
struct Args {
    /// CSV tables of filename, a column a class, and label
    #[arg(required = true)]
    probabilities: Vec<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    // Of every recording its label and the sum of the models' probabilities.
    let mut recordings: BTreeMap<String, (String, Array1<f32>, usize)> = BTreeMap::new();
    let mut classes: Vec<String> = Vec::new();
    for path in &args.probabilities {
        let table = FeatureTable::read(path)?;
        let Some(labels) = table.labels() else {
            anyhow::bail!("{}: no labels", path.display());
        };
        let first = classes.is_empty();
        if first {
            classes = table.feature_names().to_vec();
        }
        ensure!(
            classes == table.feature_names(),
            "{}: other classes",
            path.display()
        );
        for (group, name) in table.group_names().iter().enumerate() {
            let is_of = |row: &usize| table.groups()[*row] == group;
            let rows: Vec<usize> = (0..table.n_rows()).filter(is_of).collect();
            let part = table.features().select(Axis(0), &rows);
            let mean = part.mean_axis(Axis(0)).unwrap_or_default();
            let label = table.classes()[labels[rows[0]]].clone();
            let zeros = || (label, Array1::zeros(classes.len()), 0);
            let (_, sum, n) = recordings.entry(name.clone()).or_insert_with(zeros);
            *sum += &mean;
            *n += 1;
        }
    }
    let n_models = args.probabilities.len();
    let everywhere = recordings.values().all(|(_, _, n)| *n == n_models);
    ensure!(everywhere, "the files are not of the same recordings");
    let ids: Vec<String> = recordings.keys().cloned().collect();
    let labels = recordings.values().map(|(label, ..)| label.clone());
    let table = FeatureTable::new(vec![], Array2::zeros((ids.len(), 0)), ids)?;
    let table = table.with_labels(labels.collect::<Vec<_>>())?;
    let sums = recordings.values().flat_map(|(_, sum, _)| sum.iter());
    let means: Vec<f32> = sums.map(|sum| sum / n_models as f32).collect();
    let means = Array2::from_shape_vec((table.n_rows(), classes.len()), means)?;
    println!("{}", Evaluation::new(&table, &classes, means.view())?);
    Ok(())
}
