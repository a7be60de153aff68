//! Boosted trees on a table of features: fitted, judged on rows they have not seen, kept as
//! XGBoost's model file.
//!
//! `cargo run --release --example train_boost -- features_3_sec.csv --rounds 200 --learning-rate 0.1
//! --split fault-filtered --model-out model.json` on the published table of 3-s segments: accuracy
//! 0.47 by segment, 0.51 by recording; with `--split random`, where pieces of most test
//! recordings are learnt from, about 0.89. Ctrl-C ends training; the rounds so far are judged and
//! kept. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped by Ctrl-C.

#![allow(clippy::print_stdout)]

#[path = "args/boost.rs"]
mod args;
#[path = "args/probabilities.rs"]
mod probabilities;
#[path = "args/run.rs"]
mod run;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::Experiment;
use timbral::boost::{BoostParams, Dataset, ImportanceKind, Model, Training};
use timbral::data::FeatureTable;

use args::BoostArgs;
use run::{RunArgs, Stop, bar, parse, timed};

#[derive(Parser)]
struct Args {
    /// A table of features with a column `label`; the example `extract_features` makes one
    table: PathBuf,
    #[command(flatten)]
    run: RunArgs,
    /// Where to keep the model, .json or .ubj
    #[arg(long, value_name = "FILE", value_parser = model_file)]
    model_out: Option<PathBuf>,
    #[command(flatten)]
    boost: BoostArgs,
}

fn main() -> anyhow::Result<ExitCode> {
    let args: Args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let stop = Stop::new(args.boost.n_threads)?;
    let table = FeatureTable::read(&args.table)?;
    let (split, experiment) = args.run.split(&table, args.boost.seed)?;
    let Experiment {
        train, valid, test, ..
    } = &match args.boost.early_stopping_rounds {
        Some(_) => Experiment::with_validation(&table, &split, args.boost.seed)?,
        None => experiment,
    };
    let params = args.boost.params(train.classes().len())?;
    let (model, fit) = timed(|| fit(&params, train, valid.as_ref(), &stop))?;
    if let Some(path) = &args.model_out {
        model.save(path)?;
    }
    let predict = || {
        let predictor = model.compile();
        let probabilities = predictor.probabilities(test.features())?;
        Ok((predictor, probabilities))
    };
    let ((predictor, probabilities), predict) = timed(predict)?;
    let known = predictor.probabilities(train.features())?;
    print_top_features(&model, train.feature_names());
    let details = serde_json::json!({
        "valid_rows": valid.as_ref().map_or(0, FeatureTable::n_rows),
        "rounds": model.n_rounds(),
        "best_iteration": model.best_iteration(),
    });
    let scored = [known.view(), probabilities.view()];
    let (tables, times) = ([train, test], [fit, predict]);
    args.run
        .report(args.table, (&params, details), tables, scored, times)?;
    Ok(stop.status())
}

/// Trains until all rounds are done or `stop` is set; the model knows the names of the table.
fn fit(
    params: &BoostParams,
    train: &FeatureTable,
    valid: Option<&FeatureTable>,
    stop: &Stop,
) -> anyhow::Result<Model> {
    let labels = |table: &FeatureTable| -> Vec<f32> {
        let labels = table.labels().unwrap_or_default();
        labels.iter().map(|label| *label as f32).collect()
    };
    let (y_train, y_valid) = (labels(train), valid.map(labels).unwrap_or_default());
    let data = Dataset::new(train.features(), &y_train)?;
    let held_out = valid
        .map(|valid| Dataset::new(valid.features(), &y_valid))
        .transpose()?;
    let bar = bar(params.n_rounds, "rounds")?;
    let mut training = Training::new(params, &data).on_round(|round| {
        bar.set_position(round.round as u64 + 1);
        let history = round.history;
        if let Some(score) = history.sets.last().and_then(|(_, scores)| scores.last()) {
            bar.set_message(format!("{} {score:.4}", history.metric));
        }
        match stop.is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    if let Some(held_out) = &held_out {
        training = training.evaluate("valid", held_out);
    }
    let trained = training.run()?;
    bar.finish_and_clear();
    let model = trained
        .model
        .with_feature_names(train.feature_names().to_vec())?;
    Ok(model.with_class_names(train.classes().to_vec())?)
}

fn print_top_features(model: &Model, names: &[String]) {
    let gains = model.importance(ImportanceKind::TotalGain);
    let total: f64 = gains.iter().sum();
    let mut order: Vec<usize> = (0..gains.len()).collect();
    order.sort_by(|a, b| gains[*b].total_cmp(&gains[*a]));
    println!("share of the gain:");
    for feature in order.into_iter().take(10).filter(|f| gains[*f] > 0.0) {
        println!(
            "{:6.2} % {}",
            100.0 * gains[feature] / total,
            names[feature]
        );
    }
    println!();
}

fn model_file(path: &str) -> Result<PathBuf, &'static str> {
    match path.ends_with(".json") || path.ends_with(".ubj") {
        true => Ok(path.into()),
        false => Err("a model file ends in .json or .ubj"),
    }
}
