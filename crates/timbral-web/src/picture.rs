use timbral::Result;
use timbral::audio::Clip;
use timbral::dsp::{DbParams, MelBank, MelParams, Reference, Stft, StftParams, power_to_db};
use timbral::ndarray::Array2;

/// Waveform and mel spectrogram of a sound, with a value every 512 samples at 22 050 Hz, librosa's defaults.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Picture {
    /// The least and the greatest sample of every 512, in turn; the last pair may be of fewer.
    pub waveform: Vec<f32>,
    /// The mel spectrogram, `(n_frames, 128)`: 255 is the maximum of the sound, 0 is 80 dB below it,
    /// `round(255 (1 + dB / 80))`. Of silence all are 0.
    pub levels: Array2<u8>,
}

/// The range of the spectrogram in decibels.
const RANGE_DB: f32 = 80.0;

impl Picture {
    /// Samples per second.
    pub const SAMPLE_RATE: u32 = 22_050;
    /// Samples from one value to the next.
    pub const HOP_LENGTH: usize = 512;

    /// The picture of one channel at [`SAMPLE_RATE`](Self::SAMPLE_RATE).
    ///
    /// ```
    /// use timbral::audio::Clip;
    /// use timbral_web::Picture;
    ///
    /// let tone = (0..22_050).map(|n| (n as f32 * 0.125).sin()).collect();
    /// let picture = Picture::new(&Clip::new(tone, 22_050, 1)?)?;
    /// assert_eq!((picture.waveform.len(), picture.levels.dim()), (2 * 44, (44, 128)));
    /// assert_eq!(picture.levels.iter().max(), Some(&255));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There are no samples, or one is not finite.
    pub fn new(clip: &Clip) -> Result<Self> {
        let y = clip.samples();
        let stft = Stft::new(StftParams {
            hop_length: Self::HOP_LENGTH,
            ..StftParams::default()
        })?;
        let mel = MelBank::new(MelParams::default())?.process_signal(&stft, y)?;
        let to_maximum = DbParams {
            reference: Reference::Max,
            top_db: Some(RANGE_DB),
            ..DbParams::default()
        };
        let db = power_to_db(mel.view(), &to_maximum)?;
        let is_silent = mel.iter().all(|power| *power == 0.0);
        let level = |db: f32| match is_silent {
            true => 0,
            false => (255.0 * (1.0 + db / RANGE_DB)).round() as u8,
        };
        let blocks = y.chunks(Self::HOP_LENGTH);
        let waveform = blocks.flat_map(|block| {
            let least = block.iter().copied().fold(f32::INFINITY, f32::min);
            [
                least,
                block.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            ]
        });
        Ok(Self {
            waveform: waveform.collect(),
            // One frame after the other, as they are drawn.
            levels: Array2::from_shape_fn((db.ncols(), db.nrows()), |(t, m)| level(db[[m, t]])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waveform_has_the_extremes_of_every_block() {
        let mut samples = vec![0.0_f32; 1025];
        (samples[3], samples[511], samples[512], samples[1024]) = (0.5, -0.25, -1.0, 0.125);
        let picture = Picture::new(&Clip::new(samples, 22_050, 1).unwrap()).unwrap();
        assert_eq!(picture.waveform, [-0.25, 0.5, -1.0, 0.0, 0.125, 0.125]);
    }

    #[test]
    fn levels_are_those_of_librosa() {
        // A tone, and one of a tenth of its amplitude: 20 dB lower.
        let tone = |n: usize, hz: f64| (std::f64::consts::TAU * hz * n as f64 / 22_050.0).sin();
        let samples = (0..44_100).map(|n| {
            let loud = if n < 22_050 { 1.0 } else { 0.1 };
            (loud * tone(n, 1000.0)) as f32
        });
        let clip = Clip::new(samples.collect(), 22_050, 1).unwrap();
        let levels = Picture::new(&clip).unwrap().levels;
        let loudest = |frame: usize| {
            let row = levels.row(frame);
            let most = row.iter().max().copied().unwrap();
            (most, row.iter().position(|level| *level == most).unwrap())
        };
        // Frames in the middle of each half. Slaney's mel scale puts 1000 Hz at 15 mels, between the edges 38 and 39 of
        // the 130 from 0 to 11 025 Hz (49.9 mels); band 38 has its peak at edge 39.
        assert_eq!(loudest(20), (255, 38));
        // 255 (1 - 20 / 80) = 191.25.
        assert_eq!(loudest(65), (191, 38));
    }

    #[test]
    fn silence_and_nothing() {
        let silence = Clip::new(vec![0.0; 2048], 22_050, 1).unwrap();
        let levels = Picture::new(&silence).unwrap().levels;
        assert!(levels.iter().all(|level| *level == 0));
        assert!(Picture::new(&Clip::new(Vec::new(), 22_050, 1).unwrap()).is_err());
    }
}
