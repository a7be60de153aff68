//! `compare_models` as a user runs it, on a small table.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use timbral::data::{FeatureTable, SplitMethod};
use timbral::{Classical, CompareParams, Progress, Recipe, Results, compare};

use crate::boost::{folder, json, text};
use crate::command::example;

const MODELS: &str = "nearest-centroid,naive-bayes,logistic";

fn run(folder: &Path, args: &str) -> Output {
    let mut command = example("compare_models");
    let command = command.current_dir(folder).args(args.split(' '));
    command.output().unwrap()
}

/// Runs the comparison of the three models under two splits.
fn run_whole(folder: &Path, out: &str) -> (String, Value) {
    let args = format!("t.csv --models {MODELS} --splits random,grouped --threads 1 --json {out}");
    let output = run(folder, &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    (text(&output.stdout), json(folder.join(out)))
}

/// The part of a result that must be the same in every run.
fn without_times(mut result: Value) -> Value {
    for row in result["rows"].as_array_mut().unwrap() {
        let row = row.as_object_mut().unwrap();
        assert!(row.remove("fit_seconds").is_some());
        assert!(row.remove("predict_seconds").is_some());
    }
    result
}

#[test]
fn models_are_compared_under_each_split() {
    let folder = folder();
    let (stdout, result) = run_whole(folder.path(), "r.json");
    for split in ["random", "grouped"] {
        assert!(stdout.contains(&format!("{split}, 1 seeds\n")), "{stdout}");
    }
    let count = |start: &str| stdout.lines().filter(|l| l.starts_with(start)).count();
    for line in MODELS
        .split(',')
        .chain(["ensemble", "chosen by the validation rows"])
    {
        assert_eq!(count(line), 2, "{line}: {stdout}");
    }
    let (rows, pairs) = (&result["rows"], &result["pairs"]);
    assert_eq!(rows.as_array().unwrap().len(), 2 * 4);
    assert_eq!(pairs.as_array().unwrap().len(), 2 * 6);
    // `x` separates the genres without overlap, the noise does not help.
    assert_eq!(rows[1]["model"], "naive-bayes");
    assert_eq!(rows[1]["by_segment"]["mean"], 1.0, "{stdout}");
    assert!(rows[3]["members"][0][0].is_string(), "{stdout}");
}

#[test]
fn a_continued_comparison_has_the_same_result() {
    let folder = folder();
    let (_, fresh) = run_whole(folder.path(), "fresh.json");
    let table = FeatureTable::read(folder.path().join("t.csv")).unwrap();
    // The same as the command, stopped after the first model.
    let models = MODELS.split(',').map(|name| {
        let model: Classical = name.parse().unwrap();
        (name, Box::new(model) as Box<dyn Recipe>)
    });
    let params = CompareParams {
        splits: vec![SplitMethod::Random, SplitMethod::Grouped],
        ..Default::default()
    };
    let partial = folder.path().join("r.json.partial");
    let results = Results::open(&partial, [&table]).unwrap();
    let mut stop = |progress: &Progress| match progress.done {
        2.. => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let models: Vec<_> = models.collect();
    compare(&models, &table, &params, &results, &mut stop).unwrap();
    drop(results);
    let kept = std::fs::read_to_string(&partial).unwrap();
    // The settings, and both fits of the first model.
    assert_eq!(kept.lines().count(), 3, "{kept}");
    let (_, resumed) = run_whole(folder.path(), "r.json");
    assert!(!partial.exists());
    // The first model was not fitted again.
    let seconds = resumed["rows"][0]["fit_seconds"].to_string();
    assert!(kept.contains(&seconds), "{seconds}: {kept}");
    assert_eq!(without_times(resumed), without_times(fresh));
}

#[test]
fn unknown_models_are_refused() {
    let folder = folder();
    let output = run(folder.path(), "t.csv --models naive-bayes,perceptron");
    assert_eq!(output.status.code(), Some(64));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("none of nearest-centroid"), "{stderr}");
    assert!(stderr.contains("boosted-trees, dense"), "{stderr}");
}
