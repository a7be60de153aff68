use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rayon::prelude::*;
use timbral_audio::AudioReader;
use timbral_data::TableJournal;
use timbral_dsp::{FeatureParams, FeatureScratch, FeatureSet};

use crate::error::{Error, Result};

/// Which parts of a recording make a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Segmentation {
    /// The whole recording.
    #[default]
    Whole,
    /// Segment `i` is samples `i stride .. i stride + length`; a last one that does not fit is
    /// absent. Rows are named `blues.00000.0.wav`.
    Parts {
        /// Samples of a segment, at least 1.
        length: usize,
        /// Samples from the start of a segment to that of the next, at least 1.
        stride: usize,
    },
}

impl Segmentation {
    /// The 3-s segments of the published GTZAN table: 66 149 samples every 66 150.
    pub fn gtzan() -> Self {
        Self::Parts {
            length: 66_149,
            stride: 66_150,
        }
    }
}

/// `whole`, or `3s` for [`Segmentation::gtzan`].
impl FromStr for Segmentation {
    type Err = String;

    fn from_str(s: &str) -> std::result::Result<Self, String> {
        match s {
            "whole" => Ok(Self::Whole),
            "3s" => Ok(Self::gtzan()),
            _ => Err("neither whole nor 3s".to_owned()),
        }
    }
}

/// Sound files to a table of features.
///
/// The columns are those of the published GTZAN tables: `filename`, `length` in samples, the
/// numbers of the [`FeatureSet`], and `label`, the name of the file's folder. Every file is
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
        match (self.stopped, self.rows, self.skipped.is_empty()) {
            (true, ..) => 130,
            (_, 0, _) => 1,
            (_, _, true) => 0,
            (_, _, false) => 2,
        }
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

/// A feature vector with its name and length.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRow {
    /// The file's name, with the segment's number before its extension.
    pub filename: String,
    /// Samples that the numbers are of.
    pub length: usize,
    /// The numbers, in the order of [`FeatureSet::names`].
    pub values: Vec<f64>,
}

/// Segments that are held in memory together: enough for all threads, 8 MB of 3-s ones.
const BATCH: usize = 32;

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
        let set = FeatureSet::new(self.features)?;
        let columns = columns(&set);
        let settings = format!("{:?} {:?}", self.features, self.segments);
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
        let set = &set;
        std::thread::scope(|scope| {
            let todo = &todo;
            scope.spawn(move || {
                pool.install(|| {
                    let thread = || (sender.clone(), set.make_scratch());
                    let files = todo.par_iter().enumerate().with_max_len(1);
                    files.for_each_init(thread, |(sender, scratch), (i, file)| {
                        if !stop.load(Ordering::Relaxed) {
                            // A closed channel means that the table cannot be written: stop.
                            let sent = sender.send((i, self.rows(set, file, scratch)));
                            stop.fetch_or(sent.is_err(), Ordering::Relaxed);
                        }
                    });
                    drop(sender);
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

    /// The rows of one file, with the caller's memory.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded, or is shorter than one segment.
    pub fn rows(
        &self,
        set: &FeatureSet,
        path: &Path,
        scratch: &mut FeatureScratch,
    ) -> Result<Vec<FeatureRow>> {
        let mono = AudioReader::open(path)?.into_mono(Some(self.features.sample_rate))?;
        let blame = |source| Error::Features {
            path: Some(path.to_owned()),
            source,
        };
        let Segmentation::Parts { length, stride } = self.segments else {
            let clip = mono.read_to_end()?;
            let values = set
                .process_with_scratch(clip.samples(), scratch)
                .map_err(blame)?;
            let length = clip.samples().len();
            return Ok(vec![FeatureRow {
                filename: file_name(path, None),
                length,
                values,
            }]);
        };
        let mut segments = mono.segments(length, stride)?;
        let mut rows = Vec::new();
        loop {
            let batch: Vec<Vec<f32>> = segments
                .by_ref()
                .take(BATCH)
                .collect::<std::result::Result<_, _>>()?;
            if batch.is_empty() {
                break;
            }
            let scratch = || set.make_scratch();
            let compute = |scratch: &mut _, y: &Vec<f32>| set.process_with_scratch(y, scratch);
            let values: Vec<Vec<f64>> = batch
                .par_iter()
                .map_init(scratch, compute)
                .collect::<std::result::Result<_, _>>()
                .map_err(blame)?;
            for values in values {
                let filename = file_name(path, Some(rows.len()));
                rows.push(FeatureRow {
                    filename,
                    length,
                    values,
                });
            }
        }
        if rows.is_empty() {
            let got = AudioReader::open(path)?.into_mono(Some(self.features.sample_rate))?;
            let got = got.read_to_end()?.samples().len();
            return Err(Error::TooShort {
                path: path.to_owned(),
                needed: length,
                got,
            });
        }
        Ok(rows)
    }
}

impl FeatureRow {
    /// The row as text; numbers have as many digits as they need to be read back exactly.
    fn cells(&self, label: &str) -> Vec<String> {
        let numbers = self.values.iter().map(|v| format!("{v:?}"));
        let head = [self.filename.clone(), self.length.to_string()];
        head.into_iter()
            .chain(numbers)
            .chain([label.to_owned()])
            .collect()
    }
}

/// The columns of the table.
fn columns(set: &FeatureSet) -> Vec<String> {
    let name = |s: &str| s.to_owned();
    let head = [name("filename"), name("length")].into_iter();
    head.chain(set.names().iter().cloned())
        .chain([name("label")])
        .collect()
}

fn key(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The name of the folder that the file is in; empty in the root.
fn label(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = whole.parent().and_then(Path::file_name);
    folder
        .map(|f| f.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The file's name, with the number of the segment before the extension.
fn file_name(path: &Path, segment: Option<usize>) -> String {
    let part = |p: Option<&std::ffi::OsStr>| p.map(|p| p.to_string_lossy().into_owned());
    let name = part(path.file_name()).unwrap_or_default();
    let Some(segment) = segment else { return name };
    match (part(path.file_stem()), part(path.extension())) {
        (Some(stem), Some(extension)) => format!("{stem}.{segment}.{extension}"),
        _ => format!("{name}.{segment}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_as_in_the_published_tables() {
        let path = Path::new("/music/blues/blues.00000.wav");
        assert_eq!(file_name(path, None), "blues.00000.wav");
        assert_eq!(file_name(path, Some(3)), "blues.00000.3.wav");
        assert_eq!(file_name(Path::new("x/take"), Some(3)), "take.3");
        assert_eq!(label(path), "blues");
        assert_eq!(label(Path::new("/x.wav")), "");
    }

    #[test]
    fn the_columns_are_the_published_ones() {
        let set = FeatureSet::new(FeatureParams::gtzan()).unwrap();
        let columns = columns(&set);
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
