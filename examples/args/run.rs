//! What the examples that train a model share: the split, the report and the record of it.

#[path = "command.rs"]
mod command;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ndarray::ArrayView2;
use serde::Serialize;
use timbral::data::{FeatureTable, Split, SplitMethod, write_whole};
use timbral::metrics::{Scores, accuracy_score};
use timbral::{Evaluation, Experiment};

pub(crate) use command::{Stop, bar, parse};

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
struct Record<P> {
    table: PathBuf,
    split: String,
    train_rows: usize,
    test_rows: usize,
    parameters: P,
    fit_seconds: f64,
    predict_seconds: f64,
    train_accuracy: f64,
    test_accuracy: f64,
    /// What there is to say of this kind of model.
    #[serde(flatten)]
    details: serde_json::Value,
    evaluation: Evaluation,
}

impl RunArgs {
    /// The rows of a table to learn from and to judge by, and the parts that they are.
    pub(crate) fn split(
        &self,
        table: &FeatureTable,
        seed: u64,
    ) -> anyhow::Result<(Split, Experiment)> {
        let split = match &self.test_rows {
            Some(path) => Split::read_test_rows(path, table.n_rows())?,
            None => self.split.split(table, seed)?,
        };
        let experiment = Experiment::new(table, &split)?;
        if !experiment.is_by_recording() {
            println!("pieces of some test recordings are learnt from: the scores are too good\n");
        }
        Ok((split, experiment))
    }

    /// Prints how good a model is on rows it has not seen and on those it has, and keeps it.
    pub(crate) fn report<P: Serialize>(
        &self,
        table: PathBuf,
        (parameters, details): (P, serde_json::Value),
        [train, test]: [&FeatureTable; 2],
        [known, probabilities]: [ArrayView2<'_, f32>; 2],
        [fit, predict]: [Duration; 2],
    ) -> anyhow::Result<()> {
        let evaluation = Evaluation::new(test, test.classes(), probabilities)?;
        let known = known.mapv(f64::from);
        let known = Scores::try_from(known.view())?.argmax();
        let train_accuracy = accuracy_score(train.labels().unwrap_or_default(), &known, None)?;
        let (fit_seconds, predict_seconds) = (fit.as_secs_f64(), predict.as_secs_f64());
        println!("{evaluation}\naccuracy on the training rows: {train_accuracy:.4}");
        println!("fitted in {fit_seconds:.3} s, predicted in {predict_seconds:.4} s");
        if let Some(path) = &self.probabilities {
            crate::probabilities::write(path, test, test.classes(), probabilities)?;
        }
        let Some(path) = &self.json else {
            return Ok(());
        };
        let record = Record {
            table,
            split: match &self.test_rows {
                Some(path) => path.display().to_string(),
                None => self.split.to_string(),
            },
            train_rows: train.n_rows(),
            test_rows: test.n_rows(),
            parameters,
            fit_seconds,
            predict_seconds,
            train_accuracy,
            test_accuracy: evaluation.by_row.value,
            details,
            evaluation,
        };
        Ok(write_whole(path, |file| {
            Ok(serde_json::to_writer_pretty(file, &record)?)
        })?)
    }
}

/// What `work` gives and how long it takes.
pub(crate) fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, Duration)> {
    let start = Instant::now();
    Ok((work()?, start.elapsed()))
}
