//! The program on the folder `data/hard_tables` of `TIMBRAL_DATA` (default `../shared`): every row of its README.

#![allow(
    clippy::unwrap_used,
    reason = "helpers outside of test functions fail the test too"
)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

fn hard_tables() -> Option<PathBuf> {
    let root = std::env::var_os("TIMBRAL_DATA").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into(),
        PathBuf::from,
    );
    let folder = root.join("data/hard_tables");
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no folder {}", folder.display());
        return None;
    }
    Some(folder)
}

/// Arguments, exit status, and parts of stdout and stderr.
#[rustfmt::skip]
const RUNS: &[(&str, i32, &[&str])] = &[
    ("evaluate one_class_0.json base.csv", 1, &["expected 3 features, got 6"]),
    ("evaluate int12_model.json int12.csv", 0, &["accuracy by segment: 1.0000 ("]),
    ("evaluate kaggle_length.json three.csv", 0, &["taken for blues, classical, country", "n = 300"]),
    ("evaluate kaggle_nolength.json three.csv", 0, &["taken for blues, classical, country", "n = 300"]),
    ("evaluate multilabel.json base.csv", 1, &["3 labels that do not exclude each other"]),
    ("evaluate old_binary.model base.csv", 1, &["old_binary.model: not a valid model", "old binary format"]),
    ("evaluate gzipped.json.gz base.csv", 1, &["compressed by gzip"]),
    ("evaluate xgboost_infinity.json base.csv", 1, &["reg:squarederror, which predicts numbers"]),
    ("train-boost genre.csv --rounds 3", 0, &["note: ", "column 8 (\"genre\") has the labels"]),
    ("train-boost genre.csv --label genre --rounds 3", 0, &["accuracy"]),
    ("train-boost genre_dot_n.csv --group filename --split grouped --rounds 3", 0, &["accuracy"]),
    ("train-boost bool.csv --rounds 3", 0, &["accuracy"]),
    ("train-boost bool.parquet --rounds 3", 0, &["accuracy"]),
    ("train-boost length_f.csv --rounds 3", 0, &["accuracy"]),
    ("train-boost floatlabel.parquet --rounds 3", 0, &["accuracy"]),
    ("train-boost intlab.npz --rounds 3", 0, &["accuracy"]),
    ("train-boost null_cell.csv --rounds 3", 0, &["accuracy"]),
    ("train-boost missing_cell.csv --rounds 3", 0, &["accuracy"]),
    ("train-dense null_cell.csv --epochs 1", 1, &["null_cell.csv, line 5, column 4 (\"tempo\"): \"NaN\" is missing"]),
    ("train-dense missing_cell.csv --epochs 1", 1, &["missing_cell.csv, line ", "is missing"]),
    ("nearest-neighbour missing_cell.csv --splits random", 1, &["missing_cell.csv, line ", "is missing"]),
    ("train-boost none_label.csv", 1, &["none_label.csv, line 7, column 8 (\"label\"): \"None\" is missing"]),
    ("train-boost semi.csv --rounds 3", 0, &["accuracy"]),
    ("train-boost tab.csv --rounds 3", 0, &["accuracy"]),
    ("train-boost tab.tsv --rounds 3", 0, &["accuracy"]),
    ("train-boost polars.parquet --rounds 3", 0, &["accuracy"]),
    ("train-boost filtered.parquet --rounds 3", 0, &["(\"__index_level_0__\") is an index of the rows, not a feature: left out"]),
    ("train-boost unnamed.csv --rounds 3", 0, &["(\"Unnamed: 0\") is an index of the rows, not a feature: left out"]),
];

#[test]
fn every_file_has_the_right_outcome() {
    let Some(folder) = hard_tables() else { return };
    for (args, status, parts) in RUNS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_timbral"));
        let output = command
            .current_dir(&folder)
            .args(args.split(' '))
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert_eq!(output.status.code(), Some(*status), "{args}: {text}");
        for part in *parts {
            assert!(text.contains(part), "{args}: {part} is not in {text}");
        }
    }
}

/// An index in a table sorted by genre would give the genre away.
#[test]
fn an_index_is_no_feature() {
    let Some(folder) = hard_tables() else { return };
    let report = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_timbral"));
        let args = ["train-boost", name, "--rounds", "20"];
        let output = command.current_dir(&folder).args(args).output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines = report
            .lines()
            .filter(|line| !line.starts_with("fitted in "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = report("genre.csv");
    for name in ["unnamed.csv", "semi.csv", "tab.tsv", "polars.parquet"] {
        assert_eq!(report(name), expected, "{name}");
    }
}
