//! The program `timbral` as a user runs it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers outside of test functions fail the test too"
)]

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use timbral::data::{FeatureTable, GroupBy};

fn timbral(folder: &Path, args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_timbral"));
    command
        .current_dir(folder)
        .args(args.split_whitespace())
        .env("RUST_BACKTRACE", "1");
    command
}

fn run(folder: &Path, args: &str) -> Output {
    timbral(folder, args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command that is done, and returns its stdout.
fn done(folder: &Path, args: &str) -> String {
    let output = run(folder, args);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args}: {stderr}");
    text(&output.stdout)
}

/// A folder with a table `t.csv` of three genres with eight recordings of ten segments, and files that
/// are damaged.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut table = String::from("filename,x,noise,label\n");
    for row in 0..240 {
        let (genre, recording, segment) = (row % 3, row / 3 % 8, row / 24);
        let name = ["jazz", "pop", "rock"][genre];
        let x = genre as f32 + (row * 7 % 10) as f32 / 20.0;
        let noise = row * 37 % 101;
        writeln!(
            table,
            "my-{name}.{recording:05}.{segment}.wav,{x},{noise},{name}"
        )
        .unwrap();
    }
    let mut missing: Vec<&str> = table.lines().take(60).collect();
    missing[2] = "my-pop.00000.0.wav,null,3,pop";
    std::fs::write(folder.path().join("missing-cell.csv"), missing.join("\n")).unwrap();
    std::fs::write(folder.path().join("t.csv"), table).unwrap();
    std::fs::write(folder.path().join("bad.npz"), "not a zip file").unwrap();
    std::fs::write(folder.path().join("bad.json"), "{\"learner\": 1}").unwrap();
    folder
}

#[test]
fn help_groups_the_commands_and_documents_the_exit_statuses() {
    let help = done(Path::new("."), "--help");
    for part in [
        "From music to genres:\n  train ",
        "From tables to models:\n  train-boost ",
        "Studies:\n  reproduce ",
        "  130  stopped by Ctrl-C",
    ] {
        assert!(help.contains(part), "{part} is not in {help}");
    }
    let version = done(Path::new("."), "--version");
    assert_eq!(
        version.trim(),
        format!("timbral {}", env!("CARGO_PKG_VERSION"))
    );
    let help = done(Path::new("."), "train-boost --help");
    for part in [
        "[default: 0.3]",
        "Number of threads; 0 for one per core",
        "Example:\n  timbral train-boost",
    ] {
        assert!(help.contains(part), "{part} is not in {help}");
    }
    let output = run(Path::new("."), "");
    assert_eq!(output.status.code(), Some(64));
    assert!(
        text(&output.stderr).contains("Usage: timbral"),
        "{output:?}"
    );
}

#[test]
fn music_becomes_a_table_and_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done(folder, "make-corpus music --recordings 2 --seconds 7");
    done(folder, "extract-features music --segments 3s --out t.csv");
    let table = std::fs::read_to_string(folder.join("t.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 2 * 20);
    let report = done(folder, "train-boost t.csv --rounds 5 --model-out m.json");
    assert!(report.contains("accuracy by recording"), "{report}");
    let report = done(folder, "evaluate m.json t.csv");
    assert!(report.contains("n = 40"), "{report}");
    let figures = done(folder, "explore t.csv --out figures");
    assert!(figures.contains("figures"), "{figures}");
    assert!(folder.join("figures/index.html").exists());
}

#[test]
fn shards_become_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done(folder, "make-corpus music --recordings 2 --seconds 4");
    std::fs::create_dir(folder.join("shards")).unwrap();
    done(folder, "extract-features music --out t.csv");
    let table = FeatureTable::read(folder.join("t.csv")).unwrap();
    for shard in ["a", "b"] {
        let path = folder.join("shards").join(shard);
        table.write(path.with_extension("parquet")).unwrap();
    }
    let train = "train-shards shards --rounds 3 --model-out m.json";
    let report = done(folder, train);
    let first = "40 rows in 2 files, 57 features, 10 classes";
    assert_eq!(report.lines().next(), Some(first));
    let report = done(folder, "evaluate m.json shards/a.parquet");
    assert!(report.contains("n = 20"), "{report}");
    let train = "train-shards shards --rounds 3 --ignore label --model-out n.json";
    let output = run(folder, train);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("the table has no labels"));
    assert!(!folder.join("n.json").exists());
}

#[test]
fn music_becomes_a_classifier_and_bad_files_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done(folder, "make-corpus music --recordings 2 --seconds 4");
    done(folder, "train music --folds 0 --out g.timbral");
    let nested = folder.join("nested");
    for genre in ["synth-pulse", "synth-glow"] {
        for (i, artist) in ["Ann", "Bob"].into_iter().enumerate() {
            let to = nested.join(genre).join(artist).join("Album");
            std::fs::create_dir_all(&to).unwrap();
            let song = format!("{genre}.0000{i}.wav");
            let from = folder.join("music").join(genre).join(&song);
            std::fs::copy(from, to.join(song)).unwrap();
        }
    }
    let train = "train nested --genre-folder top --folds 2 --out n.timbral --reject --page n.html";
    let report = done(folder, train);
    assert!(report.starts_with("synth-glow: 2 recordings"), "{report}");
    let folds = "in 2 folds that share no folder (4 groups)";
    assert!(report.contains(folds), "{report}");
    assert!(report.contains("none of these: area under"), "{report}");
    let page = std::fs::read_to_string(folder.join("n.html")).unwrap();
    assert_eq!(page.matches("<figure ").count(), 2);
    assert!(page.contains("none of these: area under the curve"));
    done(
        folder,
        "extract-features nested --genre-folder top --out n.csv",
    );
    let table = FeatureTable::read(folder.join("n.csv")).unwrap();
    assert_eq!(table.classes(), ["synth-glow", "synth-pulse"]);
    // The names of these files are unique, and yet the folders are in the table.
    let table = table.grouped_by(GroupBy::Folder);
    assert!(table.group_names()[0].starts_with("synth-glow/Ann/Album/"));
    assert_eq!((table.n_groups(), table.n_split_groups()), (4, 4));
    std::fs::write(folder.join("music/synth-pulse/text.wav"), "not a sound").unwrap();
    let output = run(folder, "predict music/synth-pulse --model g.timbral");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("text.wav: not a sound file"), "{stderr}");
    assert_eq!(text(&output.stdout).lines().count(), 2);
    let song = "predict music/synth-pulse/synth-pulse.00000.wav --model g.timbral --page p.html";
    done(folder, song);
    let page = std::fs::read_to_string(folder.join("p.html")).unwrap();
    assert!(page.contains("<audio controls src=\"data:audio/wav;base64,"));
    assert_eq!(page.matches("<svg").count(), 10);
    let several = "predict music/synth-glow music/synth-wail --model g.timbral --page p.html";
    done(folder, several);
    let page = std::fs::read_to_string(folder.join("p.html")).unwrap();
    assert_eq!(
        page.matches("<audio controls src=\"data:audio/wav;base64,")
            .count(),
        4
    );
    assert_eq!(page.matches("<svg").count(), 40);
    let output = run(
        folder,
        "similar music music/synth-pulse/synth-pulse.00000.wav -k 3",
    );
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count(), 3);
}

/// Decoders panic on some of these files, where overflows are checked. The panic is caught, and only the error is printed.
#[test]
fn damaged_files_are_named_without_a_panic_message() {
    let malformed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../timbral-audio/tests/data/malformed");
    let folder = tempfile::tempdir().unwrap();
    let mut command = timbral(folder.path(), "extract-features --out t.csv");
    let output = command.arg(malformed).output().unwrap();
    let stderr = text(&output.stderr);
    let panics = stderr.contains("the decoder panicked");
    assert_eq!(panics, cfg!(debug_assertions), "{stderr}");
    assert!(!stderr.contains("panicked at"), "{stderr}");
}

#[test]
fn every_command_that_opens_sound_files_can_be_lenient() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "explore",
        "extract-features",
        "predict",
        "reproduce",
        "similar",
        "train",
        "train-conv",
        #[cfg(feature = "pretrained")]
        "tag-music",
    ] {
        let help = done(folder.path(), &format!("{command} --help"));
        assert!(help.contains("--lenient"), "{command}");
    }
}

#[test]
fn columns_are_named_by_options_or_found_with_a_note() {
    let folder = folder();
    let folder = folder.path();
    let table = std::fs::read_to_string(folder.join("t.csv")).unwrap();
    // As pandas writes it: an index, other names, semicolons.
    let rows = table.lines().enumerate().map(|(i, line)| match i {
        0 => ";track;x;noise;style".to_owned(),
        i => format!("{};{}", i - 1, line.replace(',', ";")),
    });
    let rows: Vec<String> = rows.collect();
    std::fs::write(folder.join("p.csv"), rows.join("\n")).unwrap();
    let args =
        "train-boost p.csv --label style --id track --split grouped --rounds 3 --model-out m.json";
    let output = run(folder, args);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(
        stderr.contains("note: p.csv: column 1 (\"\") is an index of the rows"),
        "{stderr}"
    );
    let expected = "train-boost t.csv --split grouped --rounds 3";
    let without_times = |report: String| -> Vec<String> {
        let lines = report
            .lines()
            .filter(|line| !line.starts_with("fitted in "));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(
        without_times(text(&output.stdout)),
        without_times(done(folder, expected))
    );
    // Features are found by name, whatever else is in the table.
    let report = done(folder, "evaluate m.json t.csv --probabilities p.parquet");
    assert!(!report.is_empty());
}

#[test]
fn a_dense_network_predicts_from_its_file() {
    let folder = folder();
    let folder = folder.path();
    let args = "train-dense t.csv --split grouped --units 16 --epochs 3 --model-out d.safetensors --probabilities p.csv";
    done(folder, args);
    done(
        folder,
        "evaluate d.safetensors t.csv --probabilities all.csv",
    );
    // The probabilities of the test rows are the same, and need no labels.
    let all = std::fs::read_to_string(folder.join("all.csv")).unwrap();
    let test = std::fs::read_to_string(folder.join("p.csv")).unwrap();
    for line in test.lines() {
        assert!(all.lines().any(|other| other == line), "{line}");
    }
    let table = std::fs::read_to_string(folder.join("t.csv")).unwrap();
    let unlabelled: Vec<&str> = table
        .lines()
        .map(|line| line.rsplit_once(',').unwrap().0)
        .collect();
    std::fs::write(folder.join("u.csv"), unlabelled.join("\n")).unwrap();
    done(
        folder,
        "evaluate d.safetensors u.csv --probabilities u-all.csv",
    );
    let unlabelled = std::fs::read_to_string(folder.join("u-all.csv")).unwrap();
    assert_eq!(unlabelled.lines().count(), all.lines().count());
}

/// A wrong input for every command: arguments, exit status, and a part of the message.
const WRONG: &[(&str, u8, &str)] = &[
    ("average missing.csv", 1, "error: missing.csv: "),
    ("boost-study missing.csv", 1, "error: missing.csv: "),
    (
        "tune-boost t.csv --label genre",
        1,
        "error: t.csv: no column \"genre\"; the columns are \"filename\"",
    ),
    (
        "train-boost t.csv --ignore label",
        1,
        "the table has no labels; name their column by --label",
    ),
    (
        "train-dense missing-cell.csv",
        1,
        "error: missing-cell.csv, line 3, column 2 (\"x\"): \"NaN\" is missing",
    ),
    ("evaluate t.csv t.csv", 1, "error: t.csv: not a valid model"),
    ("completions dos", 64, "invalid value 'dos' for '<SHELL>'"),
    ("evaluate bad.json t.csv", 1, "error: bad.json: "),
    ("explore missing.csv", 1, "error: missing.csv: "),
    (
        "explore t.csv --format gif",
        64,
        "[possible values: svg, png]",
    ),
    (
        "extract-features missing --out f.csv",
        1,
        "error: missing: ",
    ),
    (
        "extract-features t.csv --out f.csv",
        1,
        "skipped t.csv: not a sound file",
    ),
    ("extract-features t.csv", 64, "--out <FILE>"),
    ("make-corpus t.csv", 64, "is a file; name a folder"),
    ("explore t.csv --out t.csv", 64, "is a file; name a folder"),
    ("make-corpus corpus --seconds 0", 1, "error: seconds = 0: "),
    (
        "nearest-neighbour t.csv --splits every-second",
        64,
        "must be random, grouped, stratified-grouped or fault-filtered",
    ),
    (
        "predict t.csv --model missing.timbral",
        1,
        "error: missing.timbral: ",
    ),
    (
        "reproduce --features missing.csv",
        1,
        "error: missing.csv: ",
    ),
    ("listen --rate 5", 64, "5 is not in 1000..=768000"),
    ("reproduce --spectrograms bad.npz", 64, "--features <FILE>"),
    (
        "sampler-study t.csv --sampler grid",
        64,
        "sampler = grid: must be random or tpe",
    ),
    (
        "similar bad.npz t.csv",
        1,
        "error: bad.npz: not a timbral-similarity file",
    ),
    #[cfg(feature = "pretrained")]
    (
        "tag-music t.csv --weights bad.npz",
        1,
        "error: bad.npz: not the weights of musicnn-msd: a damaged safetensors file",
    ),
    (
        "train t.csv --out g.timbral",
        1,
        "error: t.csv: not a sound file",
    ),
    (
        "train t.csv --folds 0 --page p.html --out g.timbral",
        1,
        "--folds 0 holds none out",
    ),
    (
        "train t.csv --model forest --out g.timbral",
        64,
        "neither boost, dense",
    ),
    (
        "train-boost t.csv --subsample 1.5",
        1,
        "error: subsample = 1.5: ",
    ),
    (
        "train-boost t.csv --model-out m.bin",
        64,
        "must end in .json or .ubj",
    ),
    ("train-conv bad.npz", 1, "error: bad.npz: "),
    ("train-dense t.csv --dropout 1", 1, "error: dropout = 1: "),
    (
        "train-shards shards --model-out m.ubj",
        1,
        "error: shards: ",
    ),
    ("tune-boost t.csv --folds 1", 1, "error: n_splits = 1: "),
    // Before the work, not after it.
    (
        "train t.csv --out missing/g.timbral",
        64,
        "there is no folder missing; make it first",
    ),
    (
        "train-boost t.csv --probabilities p.txt",
        64,
        "must end in .csv or .parquet or .npz",
    ),
    (
        "predict t.csv --model g.timbral --page p.pdf",
        64,
        "must end in .html",
    ),
    ("boost-study t.csv --seeds 0", 64, "must be at least 1"),
    ("similar missing t.csv -k 0", 64, "must be at least 1"),
    (
        "train empty --out g.timbral",
        1,
        "error: empty: there is no file whose name ends as that of a sound file",
    ),
    (
        "train-conv short",
        1,
        "the 29 s of a spectrogram: `train --model` takes shorter recordings",
    ),
    #[cfg(not(feature = "classical"))]
    (
        "compare-models t.csv",
        64,
        "note: compare-models is in builds with the feature classical",
    ),
    #[cfg(not(feature = "pretrained"))]
    (
        "tag-music t.csv",
        64,
        "cargo install timbral-cli --features pretrained",
    ),
    #[cfg(not(feature = "pretrained"))]
    (
        "extract-features t.csv --out f.csv --embeddings musicnn-msd",
        64,
        "note: --embeddings is in builds with the feature pretrained",
    ),
    (
        "no-such-command",
        64,
        "unrecognized subcommand 'no-such-command'",
    ),
];

#[test]
fn wrong_inputs_are_explained() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    done(
        folder.path(),
        "make-corpus short --recordings 1 --seconds 1",
    );
    for (args, status, message) in WRONG {
        let output = run(folder.path(), args);
        let stderr = text(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some((*status).into()),
            "{args}: {stderr}"
        );
        assert!(stderr.contains(message), "{args}: {stderr}");
        // One line, no `Debug` output and no backtrace; phases end in dots.
        let error = stderr.lines().filter(|line| !line.ends_with(" ..."));
        let error: Vec<&str> = error.collect();
        assert!(*status == 64 || error.len() <= 2, "{args}: {stderr}");
        // A file is named once.
        for file in args.split(' ').filter(|arg| arg.contains('.')) {
            let n = error.concat().matches(file).count();
            assert!(*status == 64 || n <= 1, "{args}: {stderr}");
        }
    }
    for name in ["target", "figures", "missing"] {
        assert!(!folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn every_command_has_a_wrong_input_above() {
    let help = done(Path::new("."), "--help");
    let commands = help.lines().filter_map(|line| line.strip_prefix("  "));
    let commands = commands.filter_map(|line| line.split_whitespace().next());
    let mut n = 0;
    for command in commands.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())) {
        n += 1;
        let found = WRONG
            .iter()
            .any(|(args, ..)| args.split(' ').next() == Some(command));
        assert!(found || command == "compare-models", "{command}");
    }
    assert!(n >= 17, "{help}");
}

#[cfg(feature = "classical")]
#[test]
fn other_models_cannot_be_compared() {
    let folder = folder();
    let output = run(
        folder.path(),
        "compare-models t.csv --models naive-bayes,perceptron",
    );
    assert_eq!(output.status.code(), Some(64));
    assert!(
        text(&output.stderr).contains("boosted-trees, dense"),
        "{output:?}"
    );
}

#[test]
fn completions_know_the_commands_and_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = done(Path::new("."), &format!("completions {shell}"));
        for word in ["extract-features", "train-boost", "colsample-bytree"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_a_command_that_says_first_what_it_does() {
    let folder = folder();
    for (args, first) in [
        (
            "make-corpus music --recordings 10000 --threads 1",
            "making 100000 synthetic recordings",
        ),
        ("reproduce --threads 1", "making 300 synthetic recordings"),
        (
            "tune-boost t.csv --trials 100000 --threads 1",
            "reading t.csv ...",
        ),
    ] {
        let mut command = timbral(folder.path(), args);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        assert!(line.starts_with(first), "{args}: {line}");
        let kill = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let rest: Vec<String> = stderr.lines().map(Result::unwrap).collect();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{args}: {rest:?}");
        assert!(rest.last().unwrap().contains("stopped"), "{args}: {rest:?}");
    }
}

#[cfg(feature = "pretrained")]
#[test]
fn without_weights_the_command_that_gets_them_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let run = |args: &str| {
        let mut command = timbral(folder, args);
        command.env_remove("TIMBRAL_WEIGHTS");
        let output = command.env("TIMBRAL_CACHE", folder).output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    for args in [
        "tag-music .",
        "extract-features . --embeddings musicnn-mtt --out t.csv",
    ] {
        let (code, stderr) = run(args);
        let line = "no weights; get them by `pip download --no-deps musicnn==0.1.0`";
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(line), "{stderr}");
    }
    std::fs::write(folder.join("w.whl"), "PK, and no more").unwrap();
    let (code, stderr) = run("tag-music . --weights w.whl");
    assert_eq!(code, Some(1), "{stderr}");
    let start = "error: w.whl: not the weights of musicnn-msd: not a complete zip archive";
    assert!(stderr.starts_with(start), "{stderr}");
    let (code, stderr) = run("tag-music . --model vggish");
    assert_eq!(code, Some(64), "{stderr}");
    let (code, _) = run("extract-features . --embeddings-only --out t.csv");
    assert_eq!(code, Some(64));
}

#[cfg(feature = "pretrained")]
#[test]
fn a_classifier_on_embeddings_needs_no_weights_of_the_user_afterwards() {
    use std::io::Write as _;

    use timbral::pretrained::Model;
    if Model::MusicnnMsd.weights(None).is_err() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no weights; set TIMBRAL_WEIGHTS to the wheel of musicnn 0.1.0"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let corpus = "make-corpus music --recordings 2 --seconds 4 --seed 1";
    done(folder.path(), corpus);
    let train = "train music --model embedding+boost --folds 2 --embedding musicnn-msd:max_pool,taggram \
        --out genres.timbral";
    let report = done(folder.path(), train);
    assert!(
        report.contains("in 2 folds that share no recording"),
        "{report}"
    );
    let predict = || {
        let mut command = timbral(
            folder.path(),
            "predict music --model genres.timbral --over-time",
        );
        for variable in ["TIMBRAL_WEIGHTS", "TIMBRAL_CACHE", "HOME", "XDG_CACHE_HOME"] {
            command.env_remove(variable);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let first = predict();
    assert_eq!(first, predict());
    // A line per file and one per window.
    assert_eq!(first.lines().count(), 20 * 2, "{first}");
}
