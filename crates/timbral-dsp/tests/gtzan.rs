//! The feature vector of real music against the table published with GTZAN, where both are at hand.
//!
//! The recordings may not be passed on, so they are no part of this repository: the directory is
//! `$TIMBRAL_DATA`, or `shared` beside the workspace, with `data/gtzan/clips/<genre>/*.wav` and
//! `data/gtzan/features_30_sec.csv`. Without it the test says that it was skipped.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use timbral_dsp::{FeatureParams, FeatureSet};

/// Either suffices: relative, or of the standard deviation of the column over the table. The table
/// was made with librosa 0.7, which averages in f32.
const RELATIVE: f64 = 1e-4;
const OF_SPREAD: f64 = 1e-5;

/// The share of values that must be ten times as near.
const MOST: f64 = 0.99;

fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::env::var_os("TIMBRAL_DATA")
        .map_or_else(beside, PathBuf::from)
        .join("data/gtzan")
}

/// The samples of a mono 16-bit WAV file; `None` for anything else.
fn read_wav(path: &Path) -> Option<Vec<f32>> {
    let bytes = std::fs::read(path).ok()?;
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut rest = &bytes[12..];
    let mut is_mono_16_bit = false;
    loop {
        let (head, tail) = rest.split_at_checked(8)?;
        let size = u32::from_le_bytes(head[4..].try_into().ok()?) as usize;
        let body = &tail[..size.min(tail.len())];
        match &head[..4] {
            b"fmt " => is_mono_16_bit = body.get(2..4)? == [1, 0] && body.get(14..16)? == [16, 0],
            b"data" if is_mono_16_bit => {
                let sample =
                    |pair: &[u8]| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0;
                return Some(body.chunks_exact(2).map(sample).collect());
            }
            _ => {}
        }
        rest = tail.get(size + size % 2..)?;
    }
}

struct Table {
    columns: Vec<String>,
    /// The numbers of each file.
    rows: BTreeMap<String, Vec<f64>>,
}

fn read_table(path: &Path) -> Option<Table> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    let columns = lines.next()?.split(',').map(str::to_owned).collect();
    let row = |line: &str| {
        let (name, numbers) = line.split_once(',')?;
        let (numbers, _label) = numbers.rsplit_once(',')?;
        let numbers: Result<Vec<f64>, _> = numbers.split(',').map(str::parse).collect();
        Some((name.to_owned(), numbers.ok()?))
    };
    Some(Table {
        columns,
        rows: lines.filter_map(row).collect(),
    })
}

fn clips(root: &Path) -> Vec<(String, PathBuf)> {
    let list = |dir: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(dir).into_iter().flatten();
        entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect()
    };
    let files = list(&root.join("clips"))
        .into_iter()
        .flat_map(|genre| list(&genre));
    let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
    let mut clips: Vec<_> = files
        .filter_map(|path| Some((name(&path)?, path)))
        .collect();
    clips.sort();
    clips
}

fn standard_deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

/// Past the test harness, which keeps what `eprintln` says of a test that passes.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error is open");
}

#[test]
fn vectors_of_real_music_are_those_published() {
    let root = data();
    let Some(table) = read_table(&root.join("features_30_sec.csv")) else {
        say(&format!(
            "SKIPPED: no table in {}; set TIMBRAL_DATA to check real music",
            root.display()
        ));
        return;
    };
    let set = FeatureSet::new(FeatureParams::gtzan()).expect("the preset is good");
    assert_eq!(table.columns[2..table.columns.len() - 1], *set.names());
    let spread: Vec<f64> = (0..table.columns.len() - 2)
        .map(|i| standard_deviation(&table.rows.values().map(|row| row[i]).collect::<Vec<_>>()))
        .collect();
    let clips: Vec<_> = clips(&root)
        .into_iter()
        .filter_map(|(name, path)| Some((table.rows.get(&name)?, name, read_wav(&path)?)))
        .collect();
    if clips.is_empty() {
        say(&format!(
            "SKIPPED: no readable clip in {}/clips",
            root.display()
        ));
        return;
    }
    let mut scratch = set.make_scratch();
    let mut misses = Vec::new();
    let (mut n, mut n_near) = (0u32, 0u32);
    for (row, name, y) in &clips {
        assert_eq!(y.len() as f64, row[0], "length of {name}");
        let got = set
            .process_with_scratch(y, &mut scratch)
            .expect("the clip is good");
        for (i, (got, column)) in got.iter().zip(set.names()).enumerate() {
            let expected = row[i + 1];
            let allowed = match column.as_str() {
                // One of a few hundred numbers: the same one, but for the table's digits.
                "tempo" => 1e-9 * expected,
                _ => (RELATIVE * expected.abs()).max(OF_SPREAD * spread[i + 1]),
            };
            let off = (got - expected).abs();
            n += 1;
            n_near += u32::from(off <= allowed / 10.0);
            if off.is_nan() || off > allowed {
                misses.push(format!("{name} {column}: {got}, published {expected}"));
            }
        }
    }
    say(&format!(
        "{} clips, {n} values, {n_near} of them ten times as near as asked",
        clips.len()
    ));
    assert!(
        misses.is_empty(),
        "{} of {n} are off:\n{}",
        misses.len(),
        misses.join("\n")
    );
    assert!(
        f64::from(n_near) >= MOST * f64::from(n),
        "{n_near} of {n} are ten times as near"
    );
}
