//! Folders of clips, tables, and the real data if it is at hand.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use timbral::synth::{SynthCorpus, SynthParams};

/// Ten synthetic recordings of 6 s in ten folders.
pub(crate) fn synthetic_clips(folder: &Path) {
    let corpus = SynthCorpus::new(SynthParams {
        recordings_per_genre: 1,
        seconds: 6.0,
        seed: 0,
        ..SynthParams::default()
    });
    let corpus = corpus.unwrap();
    assert_eq!(corpus.len(), 10);
    corpus.write(folder, &mut ()).unwrap();
}

/// A folder with the synthetic clips, one file that is not a sound file and one that ends in its header.
pub(crate) fn clips_with_bad_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    synthetic_clips(folder.path());
    let good = std::fs::read(folder.path().join("synth-pulse/synth-pulse.00000.wav")).unwrap();
    std::fs::write(folder.path().join("synth-pulse/cut.wav"), &good[..40]).unwrap();
    std::fs::write(
        folder.path().join("synth-snap/text.wav"),
        "not a sound at all",
    )
    .unwrap();
    folder
}

/// The real data below `TIMBRAL_DATA`, or below a folder `shared` next to the checkout. Without it `None`
/// and a message.
pub(crate) fn real_data(what: &str) -> Option<PathBuf> {
    let next_to = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("TIMBRAL_DATA").map_or(next_to, PathBuf::from);
    let path = folder.join(what);
    if path.exists() {
        return Some(path);
    }
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: no {}; set TIMBRAL_DATA to the folder that holds {what}",
        path.display()
    );
    None
}

/// A table of features: its columns, and its rows by file name.
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: HashMap<String, Vec<String>>,
}

impl Table {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text
            .lines()
            .map(|l| l.split(',').map(str::to_owned).collect::<Vec<_>>());
        let columns = lines.next().unwrap();
        Self {
            columns,
            rows: lines.map(|row| (row[0].clone(), row)).collect(),
        }
    }

    /// The standard deviation of a column.
    pub(crate) fn deviation(&self, column: usize) -> f64 {
        let values: Vec<f64> = self
            .rows
            .values()
            .map(|r| r[column].parse().unwrap())
            .collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
    }
}
