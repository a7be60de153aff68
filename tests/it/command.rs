//! `extract_features` as a user runs it: exit statuses, messages, and what a killed run leaves.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{clips_with_bad_files, synthetic_clips};

/// An example, built by the `cargo test` that runs this test.
pub(crate) fn example(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let folder = test
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("examples");
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is missing: a bare `cargo test` builds it",
        path.display()
    );
    Command::new(path)
}

fn extract(inputs: &[PathBuf], table: &Path) -> Output {
    example("extract_features")
        .args(inputs)
        .arg("--out")
        .arg(table)
        .output()
        .unwrap()
}

#[test]
fn exit_statuses_for_all_some_and_no_files() {
    let folder = clips_with_bad_files();
    let out = tempfile::tempdir().unwrap();
    let table = out.path().join("t.csv");
    let cases = [
        ("synth-drift", 0, true, "1 row of 1 file, 0 skipped"),
        ("synth-pulse", 2, true, "cut.wav: "),
        (
            "synth-snap/text.wav",
            1,
            false,
            "text.wav: not a sound file",
        ),
        ("no-such-folder", 1, false, "no-such-folder: "),
    ];
    for (input, status, written, message) in cases {
        let _ = std::fs::remove_file(&table);
        let output = extract(&[folder.path().join(input)], &table);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{input}: {stderr}");
        assert_eq!(table.exists(), written, "{input}: {stderr}");
        assert!(stderr.contains(message), "{input}: {stderr}");
    }
}

#[test]
fn wrong_arguments_are_explained() {
    let output = example("extract_features")
        .args(["x", "--out", "y.csv", "--preset", "z"])
        .output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(64));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("is neither librosa, gtzan, fma nor librosa-all"),
        "{stderr}"
    );
}

#[test]
fn a_killed_run_leaves_no_table_and_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let music = folder.path().join("music");
    synthetic_clips(&music);
    // Enough copies that the kill comes in the middle.
    for i in 1..40 {
        let copy = music.join(format!("synth-pulse/synth-pulse.{i:05}.wav"));
        std::fs::copy(music.join("synth-pulse/synth-pulse.00000.wav"), copy).unwrap();
    }
    let table = folder.path().join("t.csv");
    let journal = folder.path().join("t.csv.partial");
    let mut command = example("extract_features");
    command
        .arg(&music)
        .arg("--out")
        .arg(&table)
        .args(["--threads", "1"]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let lines = || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
    while lines() < 5 && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!table.exists(), "the run ended before it was killed");
    let output = command
        .arg("--resume")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let resumed = std::fs::read_to_string(&table).unwrap();
    assert!(!journal.exists());
    let fresh = folder.path().join("fresh.csv");
    assert_eq!(extract(&[music], &fresh).status.code(), Some(0));
    assert!(
        resumed == std::fs::read_to_string(&fresh).unwrap(),
        "resumed and fresh tables differ"
    );
    assert_eq!(resumed.lines().count(), 1 + 49);
}

#[test]
fn every_example_explains_itself() {
    for name in [
        "average",
        "boost_study",
        #[cfg(feature = "classical")]
        "compare_models",
        "evaluate",
        "explore",
        "extract_features",
        "find_similar",
        "make_corpus",
        "nearest_neighbour",
        "predict_genre",
        "reproduce",
        "sampler_study",
        "train_boost",
        "train_classifier",
        "train_conv",
        "train_dense",
        "tune_boost",
    ] {
        let output = example(name).arg("--help").output().unwrap();
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert!(help.contains(&format!("Usage: {name} ")), "{help}");
        assert!(help.contains(&format!("Example:\n  {name} ")), "{help}");
        let wrong = example(name).arg("--no-such-option").output().unwrap();
        assert_eq!(wrong.status.code(), Some(64), "{name}");
    }
}

/// Four seconds of stereo PCM at 22 050 Hz.
fn pcm() -> Vec<u8> {
    let sample = |i: i32| ((i * 7919) % 20_011 - 10_000) as i16;
    (0..4 * 22_050 * 2)
        .flat_map(|i| sample(i).to_le_bytes())
        .collect()
}

/// `listen`, waiting for sound.
fn listening() -> std::process::Child {
    let options = [
        "--rate",
        "22050",
        "--features",
        "rms,zero_crossing_rate:mean",
    ];
    let mut command = example("listen");
    command
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn sound_on_standard_input_is_a_line_per_second() {
    let mut child = listening();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&pcm()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "seconds,rms_mean,zero_crossing_rate_mean");
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[1].starts_with("3,") && lines[2].starts_with("4,"),
        "{text}"
    );
}

#[test]
fn sound_that_ends_before_the_first_line_is_an_error() {
    let mut command = example("listen");
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("error: standard input: it ended after 0.000 s"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn listening_ends_with_ctrl_c_while_it_waits() {
    let mut child = listening();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&pcm()).unwrap();
    // The first line shows that it runs; then it waits for more.
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(input);
}
