use std::path::Path;

use ndarray::Array2;
use timbral_audio::AudioReader;
use timbral_dsp::{
    BeatParams, BeatTracker, Beats, Chroma, ChromaParams, DbParams, Hpss, HpssParams, MelBank,
    MelParams, OnsetParams, Reference, Stft, StftParams, Tempogram, TempogramParams,
    amplitude_to_db, onset_strength, power_to_db,
};

use crate::error::Result;
use crate::extraction::extractor::blame;

/// The lowest level drawn, below the largest.
const FLOOR_DB: f32 = -80.0;

/// What there is to see of a sound: 22 050 samples a second, frames of 2048 samples every 512, as
/// librosa's defaults.
///
/// ```
/// let tone: Vec<f32> = (0..44_100).map(|n| (n as f32 * 0.125).sin()).collect();
/// let look = timbral::SoundLook::of_samples(&tone)?;
/// assert_eq!((look.mel_db.dim(), look.chroma.nrows(), look.onset.len()), ((128, 87), 12, 87));
/// # Ok::<(), timbral::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SoundLook {
    /// Mono samples.
    pub samples: Vec<f32>,
    /// Magnitudes in decibel below the largest, `(1025, n_frames)`.
    pub spectrum_db: Array2<f32>,
    /// Mel bands in decibel below the largest, `(128, n_frames)`.
    pub mel_db: Array2<f32>,
    /// Pitch classes from C, `(12, n_frames)`, the largest of a frame 1.
    pub chroma: Array2<f32>,
    /// Strength of onsets, one a frame.
    pub onset: Vec<f32>,
    /// How strongly onsets repeat, by lag in frames, `(384, n_frames)`.
    pub tempogram: Array2<f64>,
    /// Tempo and beats.
    pub beats: Beats,
    /// The harmonic and the percussive part as `spectrum_db`, on its scale.
    pub parts_db: [Array2<f32>; 2],
}

impl SoundLook {
    /// Samples a second.
    pub const SAMPLE_RATE: u32 = 22_050;
    /// Samples between frames.
    pub const HOP_LENGTH: usize = 512;

    /// Of the first `seconds` of a sound file, mixed to mono.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is empty.
    pub fn of_file(path: impl AsRef<Path>, seconds: f64) -> Result<Self> {
        let path = path.as_ref();
        let reader = AudioReader::open(path)?.into_mono(Some(Self::SAMPLE_RATE))?;
        let length = (seconds * f64::from(Self::SAMPLE_RATE)) as usize;
        let samples = match reader.segments(length.max(1), length.max(1))?.next() {
            Some(samples) => samples?,
            // Shorter than that.
            None => {
                let reader = AudioReader::open(path)?.into_mono(Some(Self::SAMPLE_RATE))?;
                reader.read_to_end()?.samples().to_vec()
            }
        };
        Self::new(samples).map_err(blame(path))
    }

    /// Of mono samples, [`SAMPLE_RATE`](Self::SAMPLE_RATE) a second.
    ///
    /// # Errors
    ///
    /// There are none, or one is not finite.
    pub fn of_samples(samples: &[f32]) -> Result<Self> {
        Ok(Self::new(samples.to_vec())?)
    }

    fn new(samples: Vec<f32>) -> timbral_dsp::Result<Self> {
        let stft = Stft::new(StftParams::default())?;
        let of_largest = DbParams {
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
        let of_whole = DbParams {
            reference: Reference::Value(magnitude.fold(0.0, |most: f32, x| most.max(*x))),
            ..DbParams::default()
        };
        let part = |samples: &[f32]| -> timbral_dsp::Result<Array2<f32>> {
            let magnitude = stft.magnitude(samples)?;
            // Levels below -80 dB of the whole are not heard.
            let db = amplitude_to_db(magnitude.view(), &of_whole)?;
            Ok(db.mapv(|level| level.max(FLOOR_DB)))
        };
        Ok(Self {
            spectrum_db: amplitude_to_db(magnitude.view(), &of_largest)?,
            mel_db: power_to_db(mel.view(), &of_largest)?,
            chroma: Chroma::new(ChromaParams::default())?.process_signal(&stft, &samples)?,
            tempogram: Tempogram::new(TempogramParams::default())?.process(&onset)?,
            beats: BeatTracker::new(BeatParams::default())?.process(&onset)?,
            onset,
            parts_db: [part(&harmonic)?, part(&percussive)?],
            samples,
        })
    }
}
