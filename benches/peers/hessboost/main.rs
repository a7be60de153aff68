//! The hessboost side of `boost.py`: `peers-hessboost FOLDER PARAMS`, like `fit` of `../boost.rs`, with
//! training and test rows; it reads only the parameters that `boost.py` sets.

use std::path::Path;
use std::time::Instant;

use hessboost::objective::Multiclass;
use hessboost::prelude::*;
use serde_json::{Value, json};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, params] = &args[..] else {
        return Err("usage: peers-hessboost FOLDER PARAMS".into());
    };
    let params: Value = serde_json::from_str(params)?;
    let number = |key: &str| params[key].as_u64().ok_or(format!("{key} is missing"));
    let objective = match params["objective"]["multi:softprob"]["num_class"].as_u64() {
        Some(n) => Objective::Softprob(Multiclass::new(n as usize)?),
        None => Objective::BinaryLogistic(RegLoss::default()),
    };
    let parsed = TrainingParams::builder()
        .objective(objective)
        .tree_method(TreeMethod::Hist)
        .max_depth(number("max_depth")? as usize)
        .eta(
            params["learning_rate"]
                .as_f64()
                .ok_or("learning_rate is missing")?,
        )
        .seed(number("seed")?)
        .nthread(number("n_threads")? as usize)
        .build()?;
    let numbers = |name: &str| -> std::io::Result<Vec<f32>> {
        let bytes = std::fs::read(Path::new(folder).join(name))?;
        let (numbers, _) = bytes.as_chunks();
        Ok(numbers.iter().map(|b| f32::from_le_bytes(*b)).collect())
    };
    let (x, y, x_test, y_test) = (
        numbers("X.f32")?,
        numbers("y.f32")?,
        numbers("Xt.f32")?,
        numbers("yt.f32")?,
    );
    let n_features = x.len() / y.len();

    let start = Instant::now();
    let data = DMatrix::from_dense(&x, y.len(), n_features)?.with_labels(&y)?;
    let model = train(&parsed, &data, number("n_rounds")? as usize)?;
    let fit_seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let test = DMatrix::from_dense(&x_test, y_test.len(), n_features)?;
    let found = model.predict_class(&test, Iterations::Best)?;
    let predict_seconds = start.elapsed().as_secs_f64();
    let accuracy = |found: &[u32], y: &[f32]| {
        found
            .iter()
            .zip(y)
            .filter(|(a, b)| **a as f32 == **b)
            .count() as f64
            / y.len() as f64
    };
    let known = model.predict_class(&data, Iterations::Best)?;
    let record = json!({
        "fit_seconds": fit_seconds,
        "predict_seconds": predict_seconds,
        "train_accuracy": accuracy(known.as_slice(), &y),
        "test_accuracy": accuracy(found.as_slice(), &y_test),
        "peak_kib": peak_kib(),
        "model_bytes": model.encode(ModelFormat::XgboostJson)?.len(),
    });
    println!("{record}");
    Ok(())
}

fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
