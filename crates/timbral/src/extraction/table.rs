use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rayon::prelude::*;
use timbral_data::TableJournal;
use timbral_dsp::FeatureParams;

use crate::error::{Error, Result};
use crate::extraction::extractor::{Extractor, Segmentation};

/// Sound files to a table of features.
///
/// The columns are those of the published GTZAN tables: `filename`, `length` in samples, the
/// numbers of the [`FeatureSet`](timbral_dsp::FeatureSet), and `label`, the name of the file's folder. Every file is
/// decoded, mixed to mono and resampled to the set's rate. The table does not depend on the
/// number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Extraction {
    /// What is computed; default librosa's.
    pub features: FeatureParams,
    /// Of which parts; default the whole recording.
    pub segments: Segmentation,
    /// Threads; 0, the default, for one a core.
    pub threads: usize,
    /// Whether to go on with what an interrupted run of the same settings left behind.
    pub resume: bool,
}

/// What became of an [`Extraction`].
#[derive(Debug, Default)]
pub struct ExtractionReport {
    /// Rows of the table; 0 if there is none.
    pub rows: usize,
    /// Files that the rows are from.
    pub files: usize,
    /// Files of an earlier run among them.
    pub resumed: usize,
    /// The reason for each file that gave no row; it names the file.
    pub skipped: Vec<Error>,
    /// Whether it was stopped; then there is no table yet, and it can be resumed.
    pub stopped: bool,
}

impl ExtractionReport {
    /// The exit status of a command that extracts: 0 all files are in the table, 2 some were
    /// skipped, 1 there is no table, 130 it was stopped (as by Ctrl-C).
    pub fn status(&self) -> u8 {
        exit_status(self.stopped, self.rows, &self.skipped)
    }
}

/// The exit status of a command on many files: stopped, nothing, all or some done.
pub(crate) fn exit_status(stopped: bool, done: usize, skipped: &[Error]) -> u8 {
    match (stopped, done, skipped.is_empty()) {
        (true, ..) => 130,
        (_, 0, _) => 1,
        (_, _, true) => 0,
        (_, _, false) => 2,
    }
}

/// One line for each skipped file, then the counts.
impl fmt::Display for ExtractionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.skipped {
            writeln!(f, "skipped {error}")?;
        }
        if self.stopped {
            return write!(f, "stopped after {} files; can be resumed", self.files);
        }
        write!(
            f,
            "{} rows of {} files, {} skipped",
            self.rows,
            self.files,
            self.skipped.len()
        )
    }
}

impl Extraction {
    /// Extracts the features of `files` into the CSV `table`, telling `progress` how many files
    /// are done after each. Set `stop` to end early: files under way are finished.
    ///
    /// # Errors
    ///
    /// Parameters out of range, or the table cannot be written. Files that cannot be read are no
    /// error; they are in the report.
    pub fn run(
        &self,
        files: &[PathBuf],
        table: &Path,
        stop: &AtomicBool,
        mut progress: impl FnMut(usize),
    ) -> Result<ExtractionReport> {
        let extractor = Extractor::new(self.features, self.segments)?;
        let columns = columns(&extractor);
        let version = env!("CARGO_PKG_VERSION");
        let settings = format!("{version} {:?} {:?}", self.features, self.segments);
        let open = if self.resume {
            TableJournal::resume
        } else {
            TableJournal::create
        };
        let mut journal = open(table, &columns, &settings)?;
        let mut report = ExtractionReport::default();
        let todo: Vec<&PathBuf> = files
            .iter()
            .filter(|f| !journal.contains(&key(f)))
            .collect();
        report.resumed = files.len() - todo.len();
        report.files = report.resumed;
        progress(report.resumed);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build();
        let pool = pool.map_err(|e| Error::Threads {
            threads: self.threads,
            reason: e.to_string(),
        })?;
        let (sender, results) = mpsc::sync_channel(2 * pool.current_num_threads());
        let mut skipped: Vec<(usize, Error)> = Vec::new();
        let extractor = &extractor;
        std::thread::scope(|scope| {
            let todo = &todo;
            scope.spawn(move || {
                pool.install(|| {
                    let files = todo.par_iter().enumerate().with_max_len(1);
                    files.for_each_with(sender, |sender, (i, file)| {
                        if !stop.load(Ordering::Relaxed) {
                            // A closed channel means that the table cannot be written: stop.
                            let sent = sender.send((i, extractor.rows(file)));
                            stop.fetch_or(sent.is_err(), Ordering::Relaxed);
                        }
                    });
                });
            });
            for (n, (i, rows)) in results.into_iter().enumerate() {
                match rows {
                    Ok(rows) => {
                        let label = label(todo[i]);
                        let cells: Vec<_> = rows.iter().map(|row| row.cells(&label)).collect();
                        journal.append(&key(todo[i]), &cells)?;
                        report.files += 1;
                    }
                    Err(error) => skipped.push((i, error)),
                }
                progress(report.resumed + n + 1);
            }
            Ok::<(), Error>(())
        })?;
        skipped.sort_by_key(|(i, _)| *i);
        report.skipped = skipped.into_iter().map(|(_, error)| error).collect();
        if report.files + report.skipped.len() < files.len() {
            report.stopped = true;
        } else if report.files == 0 {
            journal.discard()?;
        } else {
            report.rows = journal.finish(files.iter().map(|f| key(f)))?;
        }
        Ok(report)
    }
}

/// The columns of the table.
fn columns(extractor: &Extractor) -> Vec<String> {
    let name = |s: &str| s.to_owned();
    let head = [name("filename"), name("length")].into_iter();
    head.chain(extractor.names().iter().cloned())
        .chain([name("label")])
        .collect()
}

/// What a file is called in the journal: its absolute path, with other bytes than UTF-8 escaped.
pub(crate) fn key(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match whole.to_str() {
        Some(name) => name.to_owned(),
        None => format!("{whole:?}"),
    }
}

/// The name of the folder that the file is in, as the path spells it; empty in the root.
pub(crate) fn label(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let Some(folder) = whole.parent() else {
        return String::new();
    };
    // `..` has no name of its own: ask the file system.
    let named = |folder: &Path| folder.file_name().map(|f| f.to_string_lossy().into_owned());
    let found = || folder.canonicalize().ok().as_deref().and_then(named);
    named(folder).or_else(found).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_the_folder() {
        assert_eq!(label(Path::new("/music/blues/blues.00000.wav")), "blues");
        assert_eq!(label(Path::new("/x.wav")), "");
        let here = std::env::current_dir().unwrap();
        let folder = here.parent().unwrap().file_name().unwrap();
        assert_eq!(label(Path::new("../x.wav")), folder.to_str().unwrap());
    }

    #[test]
    fn the_columns_are_the_published_ones() {
        let extractor = Extractor::new(FeatureParams::gtzan(), Segmentation::Whole).unwrap();
        let columns = columns(&extractor);
        assert_eq!(columns.len(), 60);
        assert_eq!(
            columns[..4],
            ["filename", "length", "chroma_stft_mean", "chroma_stft_var"]
        );
        assert_eq!(
            columns[16..20],
            ["perceptr_mean", "perceptr_var", "tempo", "mfcc1_mean"]
        );
        assert_eq!(columns[58..], ["mfcc20_var", "label"]);
    }
}
