//! Columns of composed sets equal librosa 1.0.0 with NumPy's and SciPy's statistics: the values in `golden/sets.json`
//! were made by `golden/sets.py`.

use std::collections::BTreeMap;

use timbral_dsp::{ColumnLayout, FeatureSet, FeatureSetParams};

#[allow(dead_code, reason = "shared with other tests, which need more")]
#[path = "common/signals.rs"]
mod signals;

#[derive(serde::Deserialize)]
struct Case {
    source: String,
    /// The values of each feature and statistic, one per row.
    columns: BTreeMap<String, Vec<f64>>,
}

fn cases(section: &str) -> Vec<Case> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("golden/sets.json")).expect("the file is JSON");
    serde_json::from_value(file[section].clone()).expect("the section matches its type")
}

/// Compares the columns of a set, which must be numbered by statistic.
fn compare(case: &Case, params: FeatureSetParams, tolerance: impl Fn(&str) -> (f64, f64)) {
    let params = FeatureSetParams {
        layout: ColumnLayout::ByStatistic,
        ..params
    };
    let set = FeatureSet::new(params).expect("valid parameters");
    let y = signals::signal(&case.source);
    let got = set.process(&y).expect("columns");
    let got: BTreeMap<&str, f64> = set.names().iter().map(String::as_str).zip(got).collect();
    let mut wrong = Vec::new();
    let mut n = 0;
    for (name, values) in &case.columns {
        let (relative, absolute) = tolerance(name);
        for (i, want) in values.iter().enumerate() {
            let column = match name.as_str() {
                "tempo" => name.clone(),
                _ => format!("{name}_{:02}", i + 1),
            };
            n += 1;
            let got = got[column.as_str()];
            let off = (got - want).abs();
            if off > relative * want.abs() + absolute {
                wrong.push(format!("{column}: {got} for {want}"));
            }
        }
    }
    assert_eq!(n, got.len(), "every column is compared");
    assert!(
        wrong.is_empty(),
        "{}: {} of {n}\n{}",
        case.source,
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
}

#[test]
fn fma() {
    for case in cases("fma") {
        // Shapes of distributions amplify: a fourth power of a rounding of 1e-6 in a chroma. Of silence, cepstra are
        // sums of 128 values of -100, which cancel.
        compare(&case, FeatureSetParams::fma(), |name| {
            let absolute = if name.starts_with("mfcc") { 1e-4 } else { 1e-5 };
            (1e-4, absolute)
        });
    }
}

#[test]
fn all_of_librosa() {
    for case in cases("all") {
        compare(&case, FeatureSetParams::librosa_all(), |name| {
            // Differences in f64 here and in f32 there put a few troughs on the other side of a threshold.
            let relative = if name.starts_with("pyin") { 1e-3 } else { 1e-4 };
            (relative, 1e-6)
        });
    }
}

#[test]
fn every_statistic() {
    let statistics = "mean,var,std,median,min,max,skew,kurtosis,q0.25,delta_mean,delta_var";
    let params: FeatureSetParams = format!("mfcc(n_mfcc=13, n_mels=64): {statistics}")
        .parse()
        .expect("a set");
    for case in cases("statistics") {
        compare(&case, params.clone(), |_| (1e-5, 1e-6));
    }
}
