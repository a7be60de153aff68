use std::path::Path;

use ndarray::{Array2, ArrayView2, s};
use timbral_audio::{AudioReader, OpenParams};
use timbral_dsp::{
    BeatParams, BeatTracker, Beats, Chroma, ChromaCqt, ChromaCqtParams, ChromaParams, Cqt,
    CqtParams, DbParams, Hpss, HpssParams, MelBank, MelParams, OnsetParams, Pyin, PyinParams,
    RecurrenceParams, Reference, StackParams, Stft, StftParams, Tempogram, TempogramParams,
    amplitude_to_db, onset_strength, power_to_db, recurrence_matrix, stack_memory, tonnetz,
};

use crate::error::Result;
use crate::extraction::extractor::in_file;

/// The lowest level drawn, relative to the maximum, in decibels.
const FLOOR_DB: f32 = -80.0;

/// The largest number of frames of a recurrence matrix, whose size is its square.
const MOST_RECURRENT: usize = 1500;

/// The features of a sound that are drawn, with librosa's defaults: 22 050 samples per second, frames of
/// 2048 samples every 512.
///
/// ```
/// let tone: Vec<f32> = (0..44_100).map(|n| (n as f32 * 0.125).sin()).collect();
/// let features = timbral::SoundFeatures::of_samples(&tone)?;
/// assert_eq!((features.mel_db.dim(), features.chroma.nrows(), features.onset.len()), ((128, 87), 12, 87));
/// # Ok::<(), timbral::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SoundFeatures {
    /// Mono samples.
    pub samples: Vec<f32>,
    /// Magnitudes in decibels relative to the maximum, `(1025, n_frames)`.
    pub spectrum_db: Array2<f32>,
    /// Mel bands in decibels relative to the maximum, `(128, n_frames)`.
    pub mel_db: Array2<f32>,
    /// Pitch classes from C, `(12, n_frames)`; the largest of each frame is 1.
    pub chroma: Array2<f32>,
    /// Onset strength, one value per frame.
    pub onset: Vec<f32>,
    /// How strongly onsets repeat, by lag in frames, `(384, n_frames)`.
    pub tempogram: Array2<f64>,
    /// Tempo and beats.
    pub beats: Beats,
    /// The harmonic and the percussive part, on the scale of `spectrum_db`.
    pub parts_db: [Array2<f32>; 2],
    /// Constant-Q transform of seven octaves from C1 in semitones, in decibels relative to the maximum, `(84, n_frames)`.
    pub cqt_db: Array2<f32>,
    /// Tonal centroids of a constant-Q transform, `(6, n_frames)`.
    pub tonnetz: Array2<f64>,
    /// The fundamental frequency of each frame in hertz, between C2 and C7; NaN where there is none.
    pub f0: Vec<f64>,
    /// Which frames are alike in the pitch classes of a constant-Q transform; square, of every
    /// `recurrence_step`-th frame.
    pub recurrence: Array2<f64>,
    /// Frames between rows of `recurrence`: 1 for sounds of up to 34 s.
    pub recurrence_step: usize,
}

impl SoundFeatures {
    /// Samples per second.
    pub const SAMPLE_RATE: u32 = 22_050;
    /// Samples between frames.
    pub const HOP_LENGTH: usize = 512;

    /// Computes the features of the first `seconds` of a sound file, mixed to mono. `open` has the parameters with
    /// which the file is opened.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is empty.
    pub fn of_file(path: impl AsRef<Path>, seconds: f64, open: OpenParams) -> Result<Self> {
        Self::of_path(path.as_ref(), seconds, open)
    }

    fn of_path(path: &Path, seconds: f64, open: OpenParams) -> Result<Self> {
        let open = || AudioReader::open_with(path, &open)?.into_mono(Some(Self::SAMPLE_RATE));
        let reader = open()?;
        let length = (seconds * f64::from(Self::SAMPLE_RATE)) as usize;
        let samples = match reader.segments(length.max(1), length.max(1))?.next() {
            Some(samples) => samples?,
            // Shorter than that.
            None => open()?.read_to_end()?.into_samples(),
        };
        Self::new(samples).map_err(in_file(path))
    }

    /// Computes the features of mono samples at [`SAMPLE_RATE`](Self::SAMPLE_RATE).
    ///
    /// # Errors
    ///
    /// There are no samples, or one is not finite.
    pub fn of_samples(samples: &[f32]) -> Result<Self> {
        Ok(Self::new(samples.to_vec())?)
    }

    fn new(samples: Vec<f32>) -> timbral_dsp::Result<Self> {
        let stft = Stft::new(StftParams::default())?;
        let to_own_maximum = DbParams {
            reference: Reference::Max,
            ..DbParams::default()
        };
        let magnitude = stft.magnitude(&samples)?;
        let mel = MelBank::new(MelParams::default())?.process_signal(&stft, &samples)?;
        let onset = onset_strength(
            power_to_db(mel.view(), &DbParams::default())?.view(),
            &OnsetParams::default(),
        )?;
        let (harmonic, percussive) =
            Hpss::new(HpssParams::default())?.process_signal(&stft, &samples)?;
        let to_common_maximum = DbParams {
            reference: Reference::Value(magnitude.fold(0.0, |most: f32, x| most.max(*x))),
            ..DbParams::default()
        };
        let part = |samples: &[f32]| -> timbral_dsp::Result<Array2<f32>> {
            let magnitude = stft.magnitude(samples)?;
            // Levels below -80 dB relative to the maximum are not drawn.
            let db = amplitude_to_db(magnitude.view(), &to_common_maximum)?;
            Ok(db.mapv(|level| level.max(FLOOR_DB)))
        };
        let cqt = Cqt::new(CqtParams::default())?.magnitude(&samples)?;
        let pitch_classes = ChromaCqt::new(ChromaCqtParams::default())?.process_signal(&samples)?;
        let (recurrence_step, recurrence) = recurrence(pitch_classes.view())?;
        Ok(Self {
            tonnetz: tonnetz(pitch_classes.view())?,
            cqt_db: amplitude_to_db(cqt.view(), &to_own_maximum)?,
            f0: Pyin::new(PyinParams::default())?.process(&samples)?.f0,
            recurrence,
            recurrence_step,
            spectrum_db: amplitude_to_db(magnitude.view(), &to_own_maximum)?,
            mel_db: power_to_db(mel.view(), &to_own_maximum)?,
            chroma: Chroma::new(ChromaParams::default())?.process_signal(&stft, &samples)?,
            tempogram: Tempogram::new(TempogramParams::default())?.process(&onset)?,
            beats: BeatTracker::new(BeatParams::default())?.process(&onset)?,
            onset,
            parts_db: [part(&harmonic)?, part(&percussive)?],
            samples,
        })
    }
}

/// Links between frames with like pitch classes over some frames, and the step between these frames.
fn recurrence(pitch_classes: ArrayView2<'_, f32>) -> timbral_dsp::Result<(usize, Array2<f64>)> {
    let step = pitch_classes.ncols().div_ceil(MOST_RECURRENT).max(1);
    let chosen = pitch_classes.slice(s![.., ..;step]);
    // Fewer frames have no neighbours.
    if chosen.ncols() < 5 {
        return Ok((step, Array2::eye(chosen.ncols())));
    }
    let stack = StackParams {
        n_steps: 8,
        ..StackParams::default()
    };
    let stacked = stack_memory(chosen, &stack)?;
    let links = RecurrenceParams {
        include_self: true,
        sym: true,
        ..RecurrenceParams::default()
    };
    Ok((step, recurrence_matrix(stacked.view(), &links)?))
}
