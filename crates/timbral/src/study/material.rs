use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use timbral_data::{FeatureTable, Spectrograms, SplitMethod};
use timbral_dsp::FeatureParams;
#[cfg(feature = "synth")]
use timbral_synth::{SynthCorpus, SynthParams};

use crate::error::Result;
use crate::extraction::extractor::Segmentation;
use crate::extraction::inputs::Inputs;
use crate::extraction::mel_images::MelImages;
use crate::extraction::table::Extraction;

/// Seconds of a spectrogram: three of a 30-s recording.
const PIECE_SECONDS: f64 = 9.0;

/// What a study looks at.
#[derive(Debug, Clone)]
pub struct Material {
    /// What it is, for the reader of the report.
    pub name: String,
    /// Labelled rows, one a segment of a recording.
    pub table: FeatureTable,
    /// One image or more of each recording, for the convolutional network.
    pub spectrograms: Option<Spectrograms>,
    /// Sound files; the first of each genre is drawn.
    pub sounds: Vec<PathBuf>,
}

impl Material {
    /// A table of features alone.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn of_table(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Ok(Self {
            name: path.display().to_string(),
            table: FeatureTable::read(path)?,
            spectrograms: None,
            sounds: Vec::new(),
        })
    }

    /// With spectrograms of recordings, whose names and labels are their own.
    pub fn with_spectrograms(self, spectrograms: Option<Spectrograms>) -> Self {
        Self {
            spectrograms,
            ..self
        }
    }

    /// A folder of music, one folder a genre: its 3-s segments by the recipe of the published tables,
    /// and its spectrograms. The table is kept in `scratch`, where an interrupted extraction goes on.
    ///
    /// `progress` is told how many of the files are done, twice over.
    ///
    /// # Errors
    ///
    /// Nothing can be read, `stop` was set, or a file cannot be written.
    pub fn of_music(
        folder: &Path,
        scratch: &Path,
        stop: &AtomicBool,
        progress: impl Fn(usize, usize) + Sync,
    ) -> Result<Self> {
        let sounds = Inputs::find([folder])?.files;
        let n = 2 * sounds.len();
        let path = scratch.join("features.csv");
        let extraction = Extraction {
            features: FeatureParams::gtzan(),
            segments: Segmentation::gtzan(),
            threads: 0,
            resume: true,
        };
        let report = extraction.run(&sounds, &path, stop, |done| progress(done, n))?;
        if report.status() == 130 {
            return Err(timbral_data::Error::Stopped.into());
        }
        let images = MelImages {
            seconds: PIECE_SECONDS,
            ..MelImages::default()
        };
        let (spectrograms, _) = images.read(&sounds, stop, |done| progress(n / 2 + done, n))?;
        if stop.load(Ordering::Relaxed) {
            return Err(timbral_data::Error::Stopped.into());
        }
        Ok(Self {
            name: folder.display().to_string(),
            table: FeatureTable::read(&path)?,
            spectrograms: Some(spectrograms),
            sounds,
        })
    }

    /// Synthetic recordings in ten made-up genres, written to a folder below `scratch`, and then
    /// [`of_music`](Self::of_music).
    ///
    /// # Errors
    ///
    /// Those of [`SynthCorpus`] and [`of_music`](Self::of_music).
    #[cfg(feature = "synth")]
    pub fn synthetic(
        params: SynthParams,
        scratch: &Path,
        stop: &AtomicBool,
        progress: impl Fn(usize, usize) + Sync,
    ) -> Result<Self> {
        let corpus = SynthCorpus::new(params)?;
        let folder = scratch.join("corpus");
        let n = corpus.len();
        let mut monitor = |written: &timbral_core::Progress| {
            progress(written.done, 3 * n);
            match stop.load(Ordering::Relaxed) {
                true => std::ops::ControlFlow::Break(()),
                false => std::ops::ControlFlow::Continue(()),
            }
        };
        match corpus.write(&folder, &mut monitor) {
            Err(timbral_synth::Error::Stopped) => {
                return Err(timbral_data::Error::Stopped.into());
            }
            written => written?,
        }
        let material = Self::of_music(&folder, scratch, stop, |done, _| progress(n + done, 3 * n))?;
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

    /// The splits that the table allows: random rows, by recording, and GTZAN's fault-filtered one
    /// where every row is of that data set.
    pub fn splits(&self) -> Vec<SplitMethod> {
        use SplitMethod::{FaultFiltered, Grouped, Random};
        let known = FaultFiltered.split(&self.table, 0);
        let all = [Random, Grouped, FaultFiltered].into_iter();
        let there = |method: &SplitMethod| *method != FaultFiltered || known.is_ok();
        all.filter(there).collect()
    }
}
