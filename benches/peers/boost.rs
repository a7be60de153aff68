//! The timbral side of `boost.py` and `boost_parity.py`: fits and predicts tables in plain files.
//!
//! A folder contains `X.f32` (training rows, concatenated) and `y.f32`, little-endian, and optionally
//! `w.f32` (weights), `c.f32` (1 for each column of categories, else 0) and `Xt.f32`, `yt.f32` (test rows).
//!
//! | command | does | prints |
//! |---|---|---|
//! | `fit FOLDER PARAMS [--model-out FILE]` | fits; PARAMS is a `BoostParams` as JSON, and `n_threads` | seconds, accuracies, bytes of the model and peak memory as JSON |
//! | `margins MODEL FOLDER` | predicts `Xt.f32` | the margins as little-endian f32 |

#![allow(clippy::print_stdout)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use ndarray::Array2;
use serde_json::json;
use timbral::boost::{BoostParams, Dataset, FeatureType, Model, Objective};
use timbral::metrics::accuracy_score;

#[derive(Parser)]
enum Command {
    Fit {
        folder: PathBuf,
        params: String,
        #[arg(long)]
        model_out: Option<PathBuf>,
    },
    Margins {
        model: PathBuf,
        folder: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Fit {
            folder,
            params,
            model_out,
        } => {
            let mut params: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(&params)?;
            let n_threads = params.remove("n_threads").and_then(|n| n.as_u64());
            rayon::ThreadPoolBuilder::new()
                .num_threads(n_threads.unwrap_or(0) as usize)
                .build_global()?;
            let params = serde_json::from_value(params.into())?;
            fit(&folder, &params, model_out.as_deref())
        }
        Command::Margins { model, folder } => {
            let model = Model::load(model)?;
            let values = numbers(&folder.join("Xt.f32"))?;
            let rows = values.len() / model.n_features();
            let rows = Array2::from_shape_vec((rows, model.n_features()), values)?;
            let margins = model.compile().margins(rows.view())?;
            let bytes: Vec<u8> = margins.iter().flat_map(|m| m.to_le_bytes()).collect();
            Ok(std::io::stdout().write_all(&bytes)?)
        }
    }
}

fn fit(folder: &Path, params: &BoostParams, model_out: Option<&Path>) -> anyhow::Result<()> {
    let (features, labels) = rows(folder, "X.f32", "y.f32")?;
    let weights = folder.join("w.f32");
    let weights = weights.exists().then(|| numbers(&weights)).transpose()?;
    let types = folder.join("c.f32");
    let types = types.exists().then(|| numbers(&types)).transpose()?;
    let kind = |is_categorical: &f32| match is_categorical {
        0.0 => FeatureType::Numeric,
        _ => FeatureType::Categorical,
    };
    let types: Option<Vec<FeatureType>> = types.map(|types| types.iter().map(kind).collect());
    let start = Instant::now();
    let mut data = Dataset::new(features.view(), &labels)?;
    if let Some(types) = &types {
        data = data.with_feature_types(types)?;
    }
    if let Some(weights) = &weights {
        data = data.with_weights(weights)?;
    }
    let model = params.fit(&data)?;
    let fit_seconds = start.elapsed().as_secs_f64();
    let mut record = json!({ "fit_seconds": fit_seconds });
    if params.objective != Objective::SquaredError && folder.join("Xt.f32").exists() {
        let (test, y_test) = rows(folder, "Xt.f32", "yt.f32")?;
        let start = Instant::now();
        let found = model.compile().classes(test.view())?;
        record["predict_seconds"] = start.elapsed().as_secs_f64().into();
        record["test_accuracy"] = accuracy(&y_test, &found)?.into();
        let known = model.compile().classes(features.view())?;
        record["train_accuracy"] = accuracy(&labels, &known)?.into();
    }
    record["peak_kib"] = peak_kib().into();
    record["model_bytes"] = model.to_json().len().into();
    if let Some(path) = model_out {
        model.save(path)?;
    }
    println!("{record}");
    Ok(())
}

fn accuracy(labels: &[f32], found: &[usize]) -> timbral::metrics::Result<f64> {
    let labels: Vec<usize> = labels.iter().map(|label| *label as usize).collect();
    accuracy_score(&labels, found, None)
}

fn rows(folder: &Path, features: &str, labels: &str) -> anyhow::Result<(Array2<f32>, Vec<f32>)> {
    let (values, labels) = (
        numbers(&folder.join(features))?,
        numbers(&folder.join(labels))?,
    );
    let shape = (labels.len(), values.len() / labels.len().max(1));
    Ok((Array2::from_shape_vec(shape, values)?, labels))
}

fn numbers(path: &Path) -> anyhow::Result<Vec<f32>> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let (numbers, _) = bytes.as_chunks();
    Ok(numbers.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

/// The peak memory of this process so far, on Linux.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
