use std::path::Path;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use timbral_audio::{Clip, Gaps, OpenParams};
use timbral_core::InvalidParameter;
use timbral_dsp::{FeatureScratch, FeatureSet, FeatureSetParams};

use crate::error::{Error, Result};
use crate::extraction::encoded::EncodedSound;
use crate::extraction::sound::Sound;
use crate::extraction::sound_files::{DamagedFile, SoundFiles};

/// Which parts of a recording make a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Segmentation {
    /// The whole recording.
    #[default]
    Whole,
    /// Segments: the i-th has the samples `i stride .. i stride + length`; samples left at the end are
    /// dropped. Rows are named `blues.00000.0.wav`.
    Parts {
        /// Samples of a segment, at least 1.
        length: usize,
        /// Samples from the start of a segment to the start of the next, at least 1 and at least a 64th of `length`.
        /// With less, a model file could cause hours of work on one song.
        stride: usize,
    },
}

/// The largest number of segments that a sample may be in.
const MAX_OVERLAP: usize = 64;

impl Segmentation {
    /// The 3-s segments of the published GTZAN table: 66 149 samples every 66 150.
    pub fn gtzan() -> Self {
        Self::Parts {
            length: 66_149,
            stride: 66_150,
        }
    }

    /// Checks the length and the stride.
    pub(crate) fn validate(self) -> Result<()> {
        match self {
            Self::Parts { length, stride }
                if length == 0 || stride == 0 || length / stride > MAX_OVERLAP =>
            {
                Err(Error::Segments { length, stride })
            }
            _ => Ok(()),
        }
    }
}

/// `whole`, or `3s` for [`Segmentation::gtzan`].
impl FromStr for Segmentation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "whole" => Ok(Self::Whole),
            "3s" => Ok(Self::gtzan()),
            _ => Err(InvalidParameter::new("segments", name, "neither whole nor 3s").into()),
        }
    }
}

/// A feature vector with its name and length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FeatureRow {
    /// The file's name, with the segment's number before its extension.
    pub filename: String,
    /// Number of samples that the features were computed from.
    pub length: usize,
    /// The features, in the order of [`FeatureSet::names`].
    pub values: Vec<f64>,
}

/// Computes feature vectors of sound files: it decodes, mixes to mono, resamples, cuts into segments and computes
/// features.
///
/// All threads can use one extractor; the working memory of each thread is reused.
///
/// ```
/// use timbral::synth::{SynthCorpus, SynthParams};
/// use timbral::dsp::FeatureParams;
/// use timbral::{Extractor, Segmentation};
///
/// let corpus = SynthCorpus::new(SynthParams { recordings_per_genre: 1, seconds: 6.0, seed: 0, ..SynthParams::default() })?;
/// let folder = tempfile::tempdir()?;
/// corpus.write(folder.path(), &mut ())?;
/// let extractor = Extractor::new(FeatureParams::gtzan(), Segmentation::gtzan())?;
/// let rows = extractor.rows(folder.path().join("synth-pulse/synth-pulse.00000.wav"))?;
/// assert_eq!((rows.len(), rows[1].length, rows[1].values.len()), (2, 66_149, 57));
/// assert_eq!(rows[1].filename, "synth-pulse.00000.1.wav");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Extractor {
    set: FeatureSet,
    segments: Segmentation,
    files: SoundFiles,
    idle: Mutex<Vec<Worker>>,
}

/// The longest sound whose samples are kept for the second pass over them: 12 minutes at 22 050 Hz, 64 MiB.
const KEPT_SAMPLES: usize = 1 << 24;

/// Working memory of one thread.
#[derive(Debug)]
struct Worker {
    samples: Vec<f32>,
    scratch: FeatureScratch,
}

impl Extractor {
    /// Prepares the computation.
    ///
    /// # Errors
    ///
    /// Parameters out of range.
    pub fn new(features: impl Into<FeatureSetParams>, segments: Segmentation) -> Result<Self> {
        segments.validate()?;
        let (set, idle) = (FeatureSet::new(features)?, Mutex::default());
        Ok(Self {
            set,
            segments,
            files: SoundFiles::default(),
            idle,
        })
    }

    /// Sets how files are opened; by default strictly, so that a damaged packet is an error.
    #[must_use]
    pub fn with_open_params(self, params: OpenParams) -> Self {
        let files = SoundFiles::new(params);
        Self { files, ..self }
    }

    /// Returns the files, sorted by path, that were read since the last call and of which something is missing.
    pub fn take_damaged(&self) -> Vec<DamagedFile> {
        self.files.take_damaged()
    }

    /// The names of the features.
    pub fn names(&self) -> &[String] {
        self.set.names()
    }

    /// How the features are computed.
    pub(crate) fn features(&self) -> &FeatureSetParams {
        self.set.params()
    }

    /// Which parts of a recording make a row.
    pub(crate) fn segments(&self) -> Segmentation {
        self.segments
    }

    /// The rows of one file.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded, or is shorter than one segment.
    pub fn rows(&self, path: impl AsRef<Path>) -> Result<Vec<FeatureRow>> {
        Ok(self.rows_and_gaps(Sound::File(path.as_ref()))?.0)
    }

    /// The rows of a file in memory, equal to what [`rows`](Self::rows) returns for the same file on disk, and what is
    /// missing of the file; [`take_damaged`](Self::take_damaged) does not return it.
    ///
    /// # Errors
    ///
    /// Those of [`rows`](Self::rows).
    pub fn rows_encoded(&self, sound: &EncodedSound) -> Result<(Vec<FeatureRow>, Gaps)> {
        self.rows_and_gaps(Sound::Encoded(sound))
    }

    /// The rows of samples in memory, of any rate and number of channels, as [`rows`](Self::rows) returns them for a
    /// file of this name.
    ///
    /// # Errors
    ///
    /// There are fewer samples than one segment has, or they have no features; `name` is in the error.
    pub fn rows_samples(&self, name: impl AsRef<Path>, clip: &Clip) -> Result<Vec<FeatureRow>> {
        Ok(self.rows_and_gaps(Sound::Clip(clip, name.as_ref()))?.0)
    }

    pub(crate) fn rows_and_gaps(&self, sound: Sound<'_>) -> Result<(Vec<FeatureRow>, Gaps)> {
        let path = sound.path();
        let mut rows = Vec::new();
        let gaps = self.for_each_batch(sound, |batch| {
            for (length, values) in batch {
                let segment = (self.segments != Segmentation::Whole).then_some(rows.len());
                let filename = file_name(path, segment);
                rows.push(FeatureRow {
                    filename,
                    length,
                    values,
                });
            }
            Ok(())
        })?;
        Ok((rows, gaps))
    }

    /// The feature vector of a whole sound. A long file is read twice, so that it need not be in memory.
    fn whole(&self, sound: Sound<'_>) -> Result<((usize, Vec<f64>), Gaps)> {
        let sample_rate = self.set.params().sample_rate;
        self.with_worker(|Worker { samples, scratch }| {
            let mut stream = self.set.stream(scratch);
            let mut n = 0;
            samples.clear();
            let gaps = sound.for_each_block(&self.files, sample_rate, |block| {
                n += block.len();
                if n <= KEPT_SAMPLES {
                    samples.extend_from_slice(block);
                } else {
                    *samples = Vec::new();
                }
                stream.push(block).map_err(in_file(sound.path()))
            })?;
            let values = loop {
                if let Some(values) = stream.finish().map_err(in_file(sound.path()))? {
                    break values;
                }
                let mut again = |block: &[f32]| stream.push(block).map_err(in_file(sound.path()));
                match n <= KEPT_SAMPLES {
                    true => again(samples)?,
                    false => {
                        sound.for_each_block(&self.files, sample_rate, again)?;
                    }
                }
            };
            Ok(((n, values), gaps))
        })
    }

    /// Calls back with the feature vectors of a sound, in order and in batches, each vector with its number of
    /// samples. Returns what is missing of the sound.
    pub(crate) fn for_each_batch(
        &self,
        sound: Sound<'_>,
        mut take: impl FnMut(Vec<(usize, Vec<f64>)>) -> Result<()>,
    ) -> Result<Gaps> {
        let Segmentation::Parts { length, stride } = self.segments else {
            let (row, gaps) = self.whole(sound)?;
            take(vec![row])?;
            return Ok(gaps);
        };
        let compute = |y: &[f32]| {
            let of = |worker: &mut Worker| self.set.process_with_scratch(y, &mut worker.scratch);
            let values = self.with_worker(of).map_err(in_file(sound.path()))?;
            Ok((length, values))
        };
        let sample_rate = self.set.params().sample_rate;
        sound.for_each_segment(
            &self.files,
            sample_rate,
            (length, stride),
            &compute,
            &mut take,
        )
    }

    /// Runs `work` with working memory that no other thread uses.
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

/// Adds the file to an error of the features.
pub(crate) fn in_file(path: &Path) -> impl FnOnce(timbral_dsp::Error) -> Error {
    let path = Some(path.to_owned());
    |reason| Error::Features { path, reason }
}

impl FeatureRow {
    /// The row as text, with the texts of its file before the label; numbers have as many digits as are needed to read them back exactly.
    pub(crate) fn cells(&self, texts: &[String], label: &str) -> Vec<String> {
        let numbers = self.values.iter().map(|v| format!("{v:?}"));
        let head = [self.filename.clone(), self.length.to_string()];
        head.into_iter()
            .chain(numbers)
            .chain(texts.iter().cloned())
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
