use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use timbral_audio::OpenParams;
use timbral_core::{Monitor, Progress};
use timbral_data::{FeatureTable, Spectrograms, SplitMethod};
use timbral_dsp::FeatureSetParams;
#[cfg(feature = "synth")]
use timbral_synth::{SynthCorpus, SynthParams};

use crate::error::{Error, Result};
use crate::extraction::extractor::Segmentation;
use crate::extraction::inputs::Inputs;
use crate::extraction::mel_images::MelImages;
use crate::extraction::sound_files::FileProblems;
use crate::extraction::table::Extraction;

/// Seconds of a spectrogram: three per 30-s recording.
const IMAGE_SECONDS: f64 = 9.0;

/// The data of a study.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Material {
    /// The name of the data, as shown in the report.
    pub name: String,
    /// Labelled rows, one per segment of a recording.
    pub table: FeatureTable,
    /// One or more images of each recording, for the convolutional network.
    pub spectrograms: Option<Spectrograms>,
    /// Sound files; the first of each genre is drawn in the report.
    pub sounds: Vec<PathBuf>,
}

impl Material {
    /// A labelled table of features alone; `name` appears in the report.
    pub fn new(name: impl Into<String>, table: FeatureTable) -> Self {
        Self {
            name: name.into(),
            table,
            spectrograms: None,
            sounds: Vec::new(),
        }
    }

    /// Reads a table of features, without spectrograms and sounds.
    ///
    /// # Errors
    ///
    /// The table cannot be read.
    pub fn of_table(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let table = FeatureTable::read(path)?;
        Ok(Self::new(path.display().to_string(), table))
    }

    /// Adds spectrograms of recordings; they have their own names and labels.
    #[must_use]
    pub fn with_spectrograms(self, spectrograms: Option<Spectrograms>) -> Self {
        Self {
            spectrograms,
            ..self
        }
    }

    /// A folder of music, one folder per genre: features of its 3-s segments as in the published tables, and
    /// its spectrograms. The table is kept in `scratch`, where an interrupted extraction goes on.
    ///
    /// `open` has the parameters with which the files are opened; the files that were skipped or are damaged are
    /// returned, too. `monitor` is called after each file of both passes; the unit is `files`.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; no file can be read, or the table cannot be written.
    pub fn of_music(
        folder: impl AsRef<Path>,
        scratch: impl AsRef<Path>,
        open: OpenParams,
        monitor: &mut dyn Monitor,
    ) -> Result<(Self, FileProblems)> {
        Self::of_folder(folder.as_ref(), scratch.as_ref(), open, monitor)
    }

    fn of_folder(
        folder: &Path,
        scratch: &Path,
        open: OpenParams,
        monitor: &mut dyn Monitor,
    ) -> Result<(Self, FileProblems)> {
        let sounds = Inputs::find([folder])?.files;
        let total = 2 * sounds.len();
        let path = scratch.join("features.csv");
        let extraction = Extraction {
            features: FeatureSetParams::gtzan(),
            segments: Segmentation::gtzan(),
            open,
            resume: true,
            ..Extraction::default()
        };
        let report = extraction.run(&sounds, &path, &mut shifted(monitor, 0, total))?;
        if report.stopped {
            return Err(Error::Stopped);
        }
        let images = MelImages {
            seconds: IMAGE_SECONDS,
            ..MelImages::default()
        };
        let (spectrograms, _) =
            images.read(&sounds, open, &mut shifted(monitor, total / 2, total))?;
        let material = Self {
            name: folder.display().to_string(),
            table: FeatureTable::read(&path)?,
            spectrograms: Some(spectrograms),
            sounds,
        };
        let problems = FileProblems {
            skipped: report.skipped,
            damaged: report.damaged,
        };
        Ok((material, problems))
    }

    /// Synthetic recordings in ten made-up genres, written to a folder in `scratch`, and then
    /// [`of_music`](Self::of_music).
    ///
    /// # Errors
    ///
    /// Those of [`SynthCorpus`] and [`of_music`](Self::of_music).
    #[cfg(feature = "synth")]
    pub fn synthetic(
        params: SynthParams,
        scratch: impl AsRef<Path>,
        monitor: &mut dyn Monitor,
    ) -> Result<Self> {
        let scratch = scratch.as_ref();
        let corpus = SynthCorpus::new(params)?;
        let folder = scratch.join("corpus");
        let n = corpus.len();
        corpus.write(&folder, &mut shifted(monitor, 0, 3 * n))?;
        let open = OpenParams::default();
        let monitor = &mut shifted(monitor, n, 3 * n);
        let (material, _) = Self::of_music(&folder, scratch, open, monitor)?;
        let SynthParams {
            recordings_per_genre,
            seconds,
            seed,
            ..
        } = params;
        Ok(Self {
            name: format!(
                "synthetic recordings: {recordings_per_genre} of {seconds} s in each of ten made-up \
                 genres, seed {seed}"
            ),
            ..material
        })
    }

    /// The splits that the table allows: random rows, by recording, and GTZAN's fault-filtered one if every
    /// row is of that data set.
    pub fn splits(&self) -> Vec<SplitMethod> {
        use SplitMethod::{FaultFiltered, Grouped, Random};
        let known = FaultFiltered.split(&self.table, 0);
        let all = [Random, Grouped, FaultFiltered].into_iter();
        let applies = |method: &SplitMethod| *method != FaultFiltered || known.is_ok();
        all.filter(applies).collect()
    }
}

/// A monitor of one part of the work: counts from `first`, of `total` files.
fn shifted(
    monitor: &mut dyn Monitor,
    first: usize,
    total: usize,
) -> impl FnMut(&Progress) -> ControlFlow<()> + Send + '_ {
    move |progress| monitor.report(&Progress::new(first + progress.done, total, "files"))
}
