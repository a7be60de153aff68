//! The examples that train networks, as commands.

use std::path::Path;
use std::process::Output;

use tempfile::TempDir;
use timbral::data::Spectrograms;
use timbral::nn::Classifier;
use timbral::synth::{SynthCorpus, SynthParams};

use crate::boost::{folder, json, text};
use crate::command::example;

fn run(name: &str, folder: &Path, args: &str) -> Output {
    let mut command = example(name);
    let args = args.split_whitespace();
    command.current_dir(folder).args(args).output().unwrap()
}

/// Ten recordings of 60 s, two images each.
fn corpus() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let params = SynthParams {
        recordings_per_genre: 1,
        seconds: 60.0,
        seed: 1,
        ..SynthParams::default()
    };
    let corpus = SynthCorpus::new(params).unwrap();
    let music = folder.path().join("music");
    corpus.write(&music, &mut ()).unwrap();
    folder
}

#[test]
fn a_dense_network_is_trained_evaluated_and_written() {
    let folder = folder();
    let args = "t.csv --split grouped --epochs 30 --units 32,16 --seed 1 --threads 1 \
                --model-out m.safetensors --json r.json --probabilities p.csv";
    let output = run("train_dense", folder.path(), args);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(
        stdout.contains("epochs, chosen on validation rows"),
        "{stdout}"
    );
    let record = json(folder.path().join("r.json"));
    assert_eq!(
        record["parameters"]["net"]["units"],
        serde_json::json!([32, 16])
    );
    assert!(record["test_accuracy"].as_f64().unwrap() > 0.9, "{record}");
    assert!(record["fit_seconds"].is_f64() && record["train_accuracy"].is_f64());
    let model = Classifier::load(folder.path().join("m.safetensors")).unwrap();
    // Each of the two features as it is and as its logarithm.
    assert_eq!(model.input().channels, 4);

    let output = run("average", folder.path(), "p.csv p.csv");
    let stdout = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(stdout.contains("n = 5"), "{stdout}");
}

#[test]
fn a_network_on_music_is_trained_and_a_killed_training_is_continued() {
    let folder = corpus();
    let path = |name: &str| folder.path().join(name);
    let args = "music --epochs 2 --batch-size 4 --frames 64 --split grouped --spectrograms-out s.npz \
                --model-out whole.safetensors --json r.json";
    let output = run("train_conv", folder.path(), args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let record = json(path("r.json"));
    let rows = ["train_rows", "test_rows"].map(|part| record[part].as_u64().unwrap());
    assert_eq!(rows, [16, 4]);
    assert_eq!(record["history"]["epochs"].as_array().unwrap().len(), 2);
    assert_eq!(
        Spectrograms::read(path("s.npz")).unwrap().images().dim().0,
        20
    );

    // A kill after the first epoch leaves its checkpoint.
    let args = "s.npz --epochs 2 --batch-size 4 --frames 64 --split grouped --checkpoint c \
                --model-out again.safetensors";
    let mut child = example("train_conv");
    let mut child = child
        .current_dir(folder.path())
        .args(args.split_whitespace());
    child = child.stdout(std::process::Stdio::null());
    let mut child = child.spawn().unwrap();
    while !path("c").exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(path("c").exists());
    let output = run("train_conv", folder.path(), args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let [whole, again] = ["whole.safetensors", "again.safetensors"]
        .map(|name| Classifier::load(path(name)).unwrap());
    assert_eq!(whole, again);
}

#[test]
fn wrong_inputs_are_named() {
    let folder = folder();
    std::fs::write(folder.path().join("s.npz"), b"not a zip file").unwrap();
    for (name, args, code, expected) in [
        (
            "train_conv",
            "s.npz",
            1,
            "s.npz: not a NumPy file of spectrograms",
        ),
        ("train_conv", "missing.npz", 1, "missing.npz"),
        (
            "train_conv",
            "s.npz --model lstm",
            64,
            "neither conv, crnn nor attention",
        ),
        ("train_dense", "t.csv --epochs 0", 1, "epochs = 0"),
        ("train_dense", "t.csv --epochs many", 64, "--epochs"),
        ("train_dense", "t.csv --dropout 1", 1, "dropout = 1"),
        ("train_dense", "t.csv --device cuda", 1, "cuda:0"),
        ("train_dense", "t.csv --device tpu", 64, "not one of cpu"),
        ("average", "missing.csv", 1, "missing.csv"),
    ] {
        let output = run(name, folder.path(), args);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{name} {args}: {stderr}");
        assert!(stderr.contains(expected), "{name} {args}: {stderr}");
    }
}
