use std::path::Path;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use timbral_audio::AudioReader;
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

/// Sound file to feature vectors: decoding, mixing to mono, resampling, cutting, features.
///
/// One serves all threads; it keeps the working memory of each for the next file.
///
/// ```
/// use timbral::data::{SynthCorpus, SynthParams};
/// use timbral::dsp::FeatureParams;
/// use timbral::{Extractor, Segmentation};
///
/// let corpus = SynthCorpus::new(SynthParams { recordings_per_genre: 1, seconds: 6.0, seed: 0 })?;
/// let folder = tempfile::tempdir()?;
/// corpus.write(folder.path(), 0, &false.into(), |_| ())?;
/// let extractor = Extractor::new(FeatureParams::gtzan(), Segmentation::gtzan())?;
/// let rows = extractor.rows(&folder.path().join("synth-pulse/synth-pulse.00000.wav"))?;
/// assert_eq!((rows.len(), rows[1].length, rows[1].values.len()), (2, 66_149, 57));
/// assert_eq!(rows[1].filename, "synth-pulse.00000.1.wav");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Extractor {
    set: FeatureSet,
    segments: Segmentation,
    idle: Mutex<Vec<Worker>>,
}

/// Working memory of one thread.
#[derive(Debug)]
struct Worker {
    samples: Vec<f32>,
    scratch: FeatureScratch,
}

impl Extractor {
    /// Makes the plans.
    ///
    /// # Errors
    ///
    /// Parameters out of range.
    pub fn new(features: FeatureParams, segments: Segmentation) -> Result<Self> {
        if let Segmentation::Parts { length, stride } = segments
            && (length == 0 || stride == 0)
        {
            return Err(Error::Segments { length, stride });
        }
        let (set, idle) = (FeatureSet::new(features)?, Mutex::default());
        Ok(Self {
            set,
            segments,
            idle,
        })
    }

    /// The names of the numbers of a vector.
    pub fn names(&self) -> &[String] {
        self.set.names()
    }

    /// The rows of one file.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded, or is shorter than one segment.
    pub fn rows(&self, path: &Path) -> Result<Vec<FeatureRow>> {
        match self.segments {
            Segmentation::Whole => Ok(vec![self.whole(path)?]),
            Segmentation::Parts { length, stride } => self.parts(path, length, stride),
        }
    }

    fn whole(&self, path: &Path) -> Result<FeatureRow> {
        let mut mono = self.open(path)?;
        self.with_worker(|Worker { samples, scratch }| {
            samples.clear();
            while mono.read(samples)? > 0 {}
            let values = self
                .set
                .process_with_scratch(samples, scratch)
                .map_err(blame(path))?;
            let (filename, length) = (file_name(path, None), samples.len());
            Ok(FeatureRow {
                filename,
                length,
                values,
            })
        })
    }

    fn parts(&self, path: &Path, length: usize, stride: usize) -> Result<Vec<FeatureRow>> {
        let mut segments = self.open(path)?.segments(length, stride)?;
        let compute = |y: &Vec<f32>| {
            self.with_worker(|worker| self.set.process_with_scratch(y, &mut worker.scratch))
        };
        let mut rows = Vec::new();
        loop {
            let batch: std::result::Result<Vec<_>, _> = segments.by_ref().take(BATCH).collect();
            let values: std::result::Result<Vec<_>, _> = batch?.par_iter().map(compute).collect();
            let values = values.map_err(blame(path))?;
            if values.is_empty() {
                break;
            }
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
            let got = self.open(path)?.read_to_end()?.samples().len();
            return Err(Error::TooShort {
                path: path.to_owned(),
                needed: length,
                got,
            });
        }
        Ok(rows)
    }

    fn open(&self, path: &Path) -> Result<timbral_audio::MonoReader> {
        Ok(AudioReader::open(path)?.into_mono(Some(self.set.params().sample_rate))?)
    }

    /// Lends working memory that no other thread uses.
    fn with_worker<R>(&self, work: impl FnOnce(&mut Worker) -> R) -> R {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let free = idle().pop();
        let make = || Worker {
            samples: Vec::new(),
            scratch: self.set.make_scratch(),
        };
        let mut worker = free.unwrap_or_else(make);
        let result = work(&mut worker);
        idle().push(worker);
        result
    }
}

/// Names the file in an error of the features.
pub(crate) fn blame(path: &Path) -> impl FnOnce(timbral_dsp::Error) -> Error {
    let path = Some(path.to_owned());
    |source| Error::Features { path, source }
}

impl FeatureRow {
    /// The row as text; numbers have as many digits as they need to be read back exactly.
    pub(crate) fn cells(&self, label: &str) -> Vec<String> {
        let numbers = self.values.iter().map(|v| format!("{v:?}"));
        let head = [self.filename.clone(), self.length.to_string()];
        head.into_iter()
            .chain(numbers)
            .chain([label.to_owned()])
            .collect()
    }
}

/// The file's name, with the number of the segment before the extension.
pub(crate) fn file_name(path: &Path, segment: Option<usize>) -> String {
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
    }
}
