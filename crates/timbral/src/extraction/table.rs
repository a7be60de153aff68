use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ndarray::Array2;
use timbral_audio::OpenParams;
use timbral_core::{Monitor, Progress, SharedMonitor, counted, parallel};
use timbral_data::{FeatureTable, TableJournal};
use timbral_dsp::FeatureSetParams;

use crate::error::{Error, Result};
use crate::extraction::columns::Columns;
use crate::extraction::extractor::{Extractor, FeatureRow, Segmentation};
use crate::extraction::file_texts::{FileTexts, sound_tags};
use crate::extraction::inputs::Inputs;
use crate::extraction::labels::GenreFolder;
use crate::extraction::paths::absolute_text;
use crate::extraction::recordings::recordings;
use crate::extraction::sound_files::{DamagedFile, FileProblems, write_problems};

/// Computes a table of features from sound files.
///
/// | column | content |
/// |---|---|
/// | `filename` | name of the file, with the number of the segment before the extension |
/// | `length` | number of samples |
/// | the names of the [`FeatureSet`](timbral_dsp::FeatureSet) | the features |
/// | `group` | path of the recording; only with [`GenreFolder::Top`], or if the names of the rows do not contain the recording as published names do (`blues.00000.3.wav`) |
/// | `artist`, `album` | only if the tags of a file have them ([`SoundTags`](timbral_audio::SoundTags)) |
/// | `label` | name of the folder that [`genre_folder`](Self::genre_folder) chooses |
///
/// Without `group`, `artist` and `album` these are the columns of the published GTZAN tables. Every file is decoded,
/// mixed to mono and resampled to the rate of the features. The work runs on the threads of the current rayon pool;
/// the table does not depend on their number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extraction {
    /// The features; default the 57 columns as librosa computes them.
    pub features: FeatureSetParams,
    /// Which parts of a recording make a row; default the whole recording.
    pub segments: Segmentation,
    /// The folder whose name is the label of a file; default the one that it is in.
    pub genre_folder: GenreFolder,
    /// How the files are opened; default strictly: a damaged packet is an error.
    pub open: OpenParams,
    /// Whether [`run`](Self::run) continues from what an interrupted run with the same settings left;
    /// default no.
    pub resume: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

/// The result of an [`Extraction`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ExtractionReport {
    /// Rows of the table; 0 if there is none.
    pub rows: usize,
    /// Number of files that the rows are from.
    pub files: usize,
    /// Number of these files that an earlier run had read.
    pub resumed: usize,
    /// The error of each file that gave no row; it names the file.
    pub skipped: Vec<Error>,
    /// The files of this run that gave rows although something of them is missing.
    pub damaged: Vec<DamagedFile>,
    /// Whether it was stopped; then there is no table yet, and it can be resumed.
    pub stopped: bool,
}

/// One line for each skipped and each damaged file, then the counts.
impl fmt::Display for ExtractionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_problems(&self.skipped, &self.damaged, f)?;
        let files = counted(self.files, "file");
        if self.stopped {
            return write!(f, "stopped after {files}; can be resumed");
        }
        let (rows, skipped) = (counted(self.rows, "row"), self.skipped.len());
        write!(f, "{rows} of {files}, {skipped} skipped")
    }
}

/// The table of features of a folder of music: one row per recording or segment, labelled with the name of
/// the folder that the file is in.
///
/// [`Extraction`] does the same file by file, with progress, and skips files that cannot be read.
///
/// ```
/// use timbral::dsp::FeatureParams;
/// use timbral::synth::{SynthCorpus, SynthParams};
/// use timbral::{Segmentation, feature_table};
///
/// # let music = tempfile::tempdir()?;
/// # let params = SynthParams { recordings_per_genre: 1, seconds: 6.0, ..Default::default() };
/// # let corpus = SynthCorpus::new(params)?;
/// # corpus.write(music.path(), &mut ())?;
/// let table = feature_table(&music, FeatureParams::gtzan(), Segmentation::gtzan())?;
/// assert_eq!((table.n_rows(), table.n_features(), table.classes().len()), (20, 57, 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The folder cannot be read or has no sound file; a file cannot be decoded or is shorter than one
/// segment: it is named.
pub fn feature_table(
    folder: impl AsRef<Path>,
    features: impl Into<FeatureSetParams>,
    segments: Segmentation,
) -> Result<FeatureTable> {
    let folder = folder.as_ref();
    let Inputs {
        files, unreadable, ..
    } = Inputs::find([folder])?;
    if let Some(error) = unreadable.into_iter().next() {
        return Err(error);
    }
    if files.is_empty() {
        return Err(Error::Input {
            path: folder.to_owned(),
            reason: "has no sound files".to_owned(),
        });
    }
    let extraction = Extraction {
        features: features.into(),
        segments,
        ..Extraction::default()
    };
    let (table, problems) = extraction.table(&files, &mut ())?;
    match problems.skipped.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(table),
    }
}

impl Extraction {
    /// Extracts the features of `files` into the file `table`, whose extension gives the format as for
    /// [`FeatureTable::write`].
    ///
    /// `monitor` is called at the start and after each file; the unit is `files`. After a `Break` files
    /// that are being read are finished, the others are left for a run that resumes, and
    /// [`ExtractionReport::stopped`] is true.
    ///
    /// # Errors
    ///
    /// Parameters are out of range, the extension of `table` is not that of a table, or the table cannot be written.
    /// Files that cannot be read are not an error; they are in the report.
    pub fn run(
        &self,
        files: &[PathBuf],
        table: impl AsRef<Path>,
        monitor: &mut dyn Monitor,
    ) -> Result<ExtractionReport> {
        let extractor = self.extractor()?;
        self.run_columns(&extractor, files, table, monitor)
    }

    /// As [`run`](Self::run), with the columns of `source` instead of [`features`](Self::features); `source` decides
    /// how files are opened.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run).
    pub fn run_columns(
        &self,
        source: &dyn Columns,
        files: &[PathBuf],
        table: impl AsRef<Path>,
        monitor: &mut dyn Monitor,
    ) -> Result<ExtractionReport> {
        self.run_into(source, files, table.as_ref(), monitor)
    }

    fn run_into(
        &self,
        source: &dyn Columns,
        files: &[PathBuf],
        table: &Path,
        monitor: &mut dyn Monitor,
    ) -> Result<ExtractionReport> {
        let texts = FileTexts::of(files, self.segments, self.genre_folder);
        let labels = self.genre_folder.labels(files);
        let columns = columns(source.names(), texts.columns());
        let mut settings = source.settings();
        settings["version"] = env!("CARGO_PKG_VERSION").into();
        if self.open.lenient {
            settings["lenient"] = true.into();
        }
        if self.genre_folder != GenreFolder::default() {
            settings["genre_folder"] = self.genre_folder.to_string().into();
        }
        let settings = settings.to_string();
        let open = if self.resume {
            TableJournal::resume
        } else {
            TableJournal::create
        };
        let journal = open(table, &columns, &settings)?;
        let todo: Vec<(usize, &PathBuf)> = files
            .iter()
            .enumerate()
            .filter(|(_, file)| !journal.contains(&absolute_text(file)))
            .collect();
        let resumed = files.len() - todo.len();
        let monitor = SharedMonitor::new(monitor);
        let report = |done| monitor.report(&Progress::new(done, files.len(), "files"));
        let kept = Mutex::new(Kept {
            journal,
            files: resumed,
            done: resumed,
            skipped: Vec::new(),
        });
        let lock = || kept.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = report(resumed);
        let read = |_, (i, file): (usize, &PathBuf)| {
            if monitor.is_stopped() {
                return Ok(());
            }
            let rows = source.rows(file);
            let mut kept = lock();
            kept.add((i, file), texts.of_file(i), &labels[i], rows)
                .inspect_err(|_| monitor.stop())?;
            let _ = report(kept.done);
            Ok::<_, Error>(())
        };
        parallel::try_map_each(todo, 1, &read)?;
        let mut kept = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        kept.skipped.sort_by_key(|(i, _)| *i);
        let mut report = ExtractionReport {
            files: kept.files,
            resumed,
            skipped: kept.skipped.into_iter().map(|(_, error)| error).collect(),
            damaged: source.take_damaged(),
            ..ExtractionReport::default()
        };
        if report.files + report.skipped.len() < files.len() {
            report.stopped = true;
        } else if report.files == 0 {
            kept.journal.discard()?;
        } else {
            report.rows = kept
                .journal
                .finish(files.iter().map(|f| absolute_text(f)))?;
        }
        Ok(report)
    }

    /// The features of `files` as a table in memory, and the files that gave no row or are damaged. The
    /// recording (group) of a row is its file.
    ///
    /// `monitor` is called after each file; the unit is `files`.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; parameters out of range; no file can be used.
    pub fn table(
        &self,
        files: &[PathBuf],
        monitor: &mut dyn Monitor,
    ) -> Result<(FeatureTable, FileProblems)> {
        let extractor = self.extractor()?;
        let each = for_each_file(files, monitor, &|path| extractor.rows(path))?;
        let of_files = recordings(files).into_iter();
        let of_files = of_files.zip(self.genre_folder.labels(files));
        let (mut ids, mut labels, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
        let (mut values, mut skipped, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        let (mut artists, mut albums) = (Vec::new(), Vec::new());
        let of_files = of_files.zip(sound_tags(files));
        for ((_, rows), ((recording, label), tags)) in each.into_iter().zip(of_files) {
            match rows {
                Err(error) => skipped.push(error),
                Ok(rows) => {
                    for row in rows {
                        labels.push(label.clone());
                        groups.push(recording.clone());
                        artists.push(tags.artist.clone().unwrap_or_default());
                        albums.push(tags.album.clone().unwrap_or_default());
                        lengths.push(row.length as u64);
                        values.extend(row.values.iter().map(|x| *x as f32));
                        ids.push(row.filename);
                    }
                }
            }
        }
        if ids.is_empty() {
            let part = "training";
            return Err(skipped
                .into_iter()
                .next()
                .unwrap_or(Error::EmptyPart { part }));
        }
        let names = extractor.names().to_vec();
        let values = Array2::from_shape_vec((ids.len(), names.len()), values);
        let values = values.map_err(|_| Error::EmptyPart { part: "training" })?;
        let mut table = FeatureTable::new(names, values, ids)?
            .with_groups(groups)?
            .with_labels(labels)?
            .with_lengths(lengths)?;
        let is_known = |texts: &[String]| texts.iter().any(|text| !text.is_empty());
        if is_known(&artists) {
            table = table.with_artists(artists)?;
        }
        if is_known(&albums) {
            table = table.with_albums(albums)?;
        }
        let damaged = extractor.take_damaged();
        Ok((table, FileProblems { skipped, damaged }))
    }

    fn extractor(&self) -> Result<Extractor> {
        Ok(Extractor::new(self.features.clone(), self.segments)?.with_open_params(self.open))
    }
}

/// Rows that are kept as files are read.
struct Kept {
    journal: TableJournal,
    files: usize,
    done: usize,
    skipped: Vec<(usize, Error)>,
}

impl Kept {
    fn add(
        &mut self,
        (i, path): (usize, &Path),
        texts: &[String],
        label: &str,
        rows: Result<Vec<FeatureRow>>,
    ) -> Result<()> {
        match rows {
            Ok(rows) => {
                let cells = rows.iter().map(|row| row.cells(texts, label));
                self.journal.append(&absolute_text(path), cells)?;
                self.files += 1;
            }
            Err(error) => self.skipped.push((i, error)),
        }
        self.done += 1;
        Ok(())
    }
}

/// Does work on every file, on the threads of the current rayon pool, and returns the results in the
/// order of the files.
///
/// # Errors
///
/// [`Error::Stopped`] if the monitor stopped the work before the last file.
pub(crate) fn for_each_file<'f, T: Send>(
    files: &'f [PathBuf],
    monitor: &mut dyn Monitor,
    work: &(dyn Fn(&Path) -> T + Sync),
) -> Result<Vec<(&'f PathBuf, T)>> {
    let monitor = SharedMonitor::new(monitor);
    let done = Mutex::new(0);
    let one = |_, path: &'f PathBuf| {
        if monitor.is_stopped() {
            return None;
        }
        let result = work(path);
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        let _ = monitor.report(&Progress::new(*done, files.len(), "files"));
        Some((path, result))
    };
    let results = parallel::map_each(files, 1, &one);
    let results: Vec<_> = results.into_iter().flatten().collect();
    match results.len() < files.len() || monitor.is_stopped() {
        true => Err(Error::Stopped),
        false => Ok(results),
    }
}

/// The columns of the table.
pub(crate) fn columns(names: &[String], texts: &[&str]) -> Vec<String> {
    let name = |s: &str| s.to_owned();
    let head = [name("filename"), name("length")].into_iter();
    head.chain(names.iter().cloned())
        .chain(texts.iter().copied().map(name))
        .chain([name("label")])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_published_ones() {
        let extractor = Extractor::new(FeatureSetParams::gtzan(), Segmentation::Whole).unwrap();
        assert_eq!(
            columns(extractor.names(), &["group"])[59..],
            ["group", "label"]
        );
        let columns = columns(extractor.names(), &[]);
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
