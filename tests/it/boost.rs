//! `train_boost` and `evaluate` as a user runs them, on small tables.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::command::example;

const N_ROWS: usize = 240;

/// Three genres of eight recordings of ten segments; `x` separates the genres, `noise` does
/// not.
fn table(columns: [&str; 2], labelled: bool) -> String {
    let label = if labelled { ",label" } else { "" };
    let mut text = format!("filename,{},{}{label}\n", columns[0], columns[1]);
    for row in 0..N_ROWS {
        let (genre, recording, segment) = (row % 3, row / 3 % 8, row / 24);
        let name = ["jazz", "pop", "rock"][genre];
        let label = if labelled {
            format!(",{name}")
        } else {
            String::new()
        };
        let values = [
            genre as f32 + (row * 7 % 10) as f32 / 20.0,
            (row * 37 % 101) as f32,
        ];
        let [x, noise] = if columns[0] == "x" {
            values
        } else {
            [values[1], values[0]]
        };
        writeln!(
            text,
            "my-{name}.{recording:05}.{segment}.wav,{x},{noise}{label}"
        )
        .unwrap();
    }
    text
}

/// A folder with the labelled table `t.csv`.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), table(["x", "noise"], true)).unwrap();
    folder
}

fn run(name: &str, folder: &Path, args: &[&str]) -> Output {
    example(name)
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_model_is_trained_evaluated_and_written() {
    let folder = folder();
    let args = "t.csv --split grouped --rounds 5 --max-depth 3 --learning-rate 0.5 --seed 1 --threads 1 \
                --model-out m.ubj --json r.json";
    let output = run(
        "train_boost",
        folder.path(),
        &args.split(' ').collect::<Vec<_>>(),
    );
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    for part in [
        "macro avg",
        "accuracy by segment: 1.0000",
        "accuracy by recording",
        " % x",
    ] {
        assert!(stdout.contains(part), "{part} is not in {stdout}");
    }
    assert!(!stdout.contains("too good"), "{stdout}");
    let record = json(folder.path().join("r.json"));
    assert_eq!(record["train_accuracy"], 1.0);
    assert_eq!(record["test_accuracy"], 1.0);
    assert!(record["fit_seconds"].as_f64().is_some_and(|s| s > 0.0));
    assert!(record["predict_seconds"].as_f64().is_some_and(|s| s > 0.0));
    let parameters = &record["parameters"];
    assert_eq!(parameters["n_rounds"], 5);
    assert_eq!(parameters["learning_rate"], 0.5);
    assert_eq!(parameters["objective"]["multi:softprob"]["num_class"], 3);
    assert_eq!(parameters["seed"], 1);
    assert_eq!(record["evaluation"]["by_recording"]["n"], 5);

    let args = ["m.ubj", "t.csv", "--probabilities", "p.csv"];
    let output = run("evaluate", folder.path(), &args);
    let stdout = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(stdout.contains(&format!("n = {N_ROWS}")), "{stdout}");
    let probabilities = std::fs::read_to_string(folder.path().join("p.csv")).unwrap();
    let mut lines = probabilities.lines();
    assert_eq!(lines.next(), Some("filename,jazz,pop,rock,label"));
    for line in lines.by_ref() {
        let sum: f64 = line
            .split(',')
            .skip(1)
            .take(3)
            .map(|p| p.parse::<f64>().unwrap())
            .sum();
        assert!((sum - 1.0).abs() < 1e-5, "{line}");
    }
    assert_eq!(probabilities.lines().count(), 1 + N_ROWS);
}

#[test]
fn the_same_seed_gives_the_same_model_at_any_number_of_threads() {
    let folder = folder();
    let model = |threads: &str| {
        let args =
            "t.csv --rounds 3 --subsample 0.5 --colsample-bynode 0.5 --model-out m.json --threads";
        let args = args.split(' ').chain([threads]).collect::<Vec<_>>();
        assert!(run("train_boost", folder.path(), &args).status.success());
        std::fs::read(folder.path().join("m.json")).unwrap()
    };
    assert_eq!(model("1"), model("3"));
}

#[test]
fn features_are_found_by_name() {
    let folder = folder();
    let args = ["t.csv", "--rounds", "5", "--model-out", "m.json"];
    assert!(run("train_boost", folder.path(), &args).status.success());
    let path = folder.path().join("turned.csv");
    std::fs::write(&path, table(["noise", "x"], true)).unwrap();
    let output = run("evaluate", folder.path(), &["m.json", "turned.csv"]);
    let stdout = text(&output.stdout);
    assert!(stdout.contains("accuracy by segment: 1.0000"), "{stdout}");

    // Without labels there are no scores, but the probabilities can be written.
    std::fs::write(&path, table(["noise", "x"], false)).unwrap();
    let output = run("evaluate", folder.path(), &["m.json", "turned.csv"]);
    assert!(text(&output.stderr).contains("no labels"), "{output:?}");
    let args = ["m.json", "turned.csv", "--probabilities", "p.csv"];
    let output = run("evaluate", folder.path(), &args);
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
    assert!(folder.path().join("p.csv").exists());

    std::fs::write(&path, table(["x", "tempo"], true)).unwrap();
    let output = run("evaluate", folder.path(), &["m.json", "turned.csv"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr.contains("the table has no feature noise"),
        "{stderr}"
    );
}

#[test]
fn training_stops_early_on_rows_of_other_recordings() {
    let folder = folder();
    let args =
        "t.csv --split grouped --rounds 500 --learning-rate 1 --early-stopping 2 --json r.json";
    let output = run(
        "train_boost",
        folder.path(),
        &args.split(' ').collect::<Vec<_>>(),
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    let record = json(folder.path().join("r.json"));
    let rows = |part: &str| record[part].as_u64().unwrap();
    // Of 24 recordings of ten rows each, 5 are test rows, and 4 of the others validation rows.
    let parts = ["train_rows", "valid_rows", "test_rows"].map(rows);
    assert_eq!(parts, [150, 40, 50]);
    let (rounds, best) = (rows("rounds"), rows("best_iteration"));
    assert!(rounds < 500 && rounds == best + 3, "{rounds} {best}");
}

#[test]
fn test_rows_come_from_a_file() {
    let folder = folder();
    let rows = folder.path().join("rows.txt");
    std::fs::write(&rows, "0\n7\n239\n").unwrap();
    let args = [
        "t.csv",
        "--rounds",
        "2",
        "--test-rows",
        "rows.txt",
        "--json",
        "r.json",
    ];
    let output = run("train_boost", folder.path(), &args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("too good"));
    assert_eq!(json(folder.path().join("r.json"))["test_rows"], 3);
    for (content, message) in [
        ("0\n240\n", "line 2"),
        ("zero\n", "is not the number of a row"),
        ("", "rows"),
    ] {
        std::fs::write(&rows, content).unwrap();
        let output = run("train_boost", folder.path(), &args);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{content:?}");
        assert!(
            stderr.contains("rows.txt") && stderr.contains(message),
            "{stderr}"
        );
    }
}

#[test]
fn wrong_tables_and_options_are_explained() {
    let folder = folder();
    let write =
        |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write("bare.csv", &table(["x", "noise"], false));
    write("words.csv", "filename,x,label\na.wav,much,jazz\n");
    for (args, status, message) in [
        ("no-such.csv", 1, "no-such.csv"),
        ("bare.csv", 1, "the table has no labels"),
        ("words.csv", 1, "is not a number"),
        ("t.csv --split fault-filtered", 1, "my-jazz.00000"),
        (
            "t.csv --split every-second",
            64,
            "must be random, grouped, stratified-grouped or fault-filtered",
        ),
        ("t.csv --subsample 1.5", 1, "subsample = 1.5"),
        (
            "t.csv --model-out m.bin",
            64,
            "its name must end in .json or .ubj",
        ),
        ("t.csv --rounds", 64, "--rounds"),
    ] {
        let output = run(
            "train_boost",
            folder.path(),
            &args.split(' ').collect::<Vec<_>>(),
        );
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{args}: {stderr}");
        assert!(stderr.contains(message), "{args}: {stderr}");
    }
    write("m.json", "{\"learner\": 1}");
    let output = run("evaluate", folder.path(), &["m.json", "t.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("m.json"), "{output:?}");
}

#[cfg(unix)]
#[test]
fn an_output_that_nobody_reads_ends_the_command_without_a_panic() {
    use std::os::unix::process::ExitStatusExt;

    let folder = folder();
    let mut child = example("train_boost")
        .current_dir(folder.path())
        .args(["t.csv", "--rounds", "2"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let phases = "reading t.csv ...\ntraining boosted-trees on t.csv ...\n";
    assert_eq!(text(&output.stderr), phases);
    // SIGPIPE has the number 13 on every system.
    assert_eq!(output.status.signal(), Some(13));
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_the_rounds_so_far() {
    use std::io::Read;
    use std::process::Command;

    let folder = folder();
    let args = "t.csv --rounds 100000000 --max-depth 1 --model-out m.ubj --json r.json";
    let mut child = example("train_boost")
        .current_dir(folder.path())
        .args(args.split(' '))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The first line is printed before the training and after the signal handler is set.
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let record = json(folder.path().join("r.json"));
    assert!(
        record["rounds"]
            .as_u64()
            .is_some_and(|n| (1..100_000_000).contains(&n))
    );
    assert!(folder.path().join("m.ubj").exists());
}
