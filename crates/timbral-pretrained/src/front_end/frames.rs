use timbral_dsp::{PadMode, Result};

use super::log_mel::LogMel;

/// The frames of a signal that comes piece by piece: the same, to the bit, as those of the whole signal.
#[derive(Debug)]
pub(crate) struct FrameStream<'a> {
    log_mel: &'a LogMel,
    /// Samples that are still needed, with the mirrored ones before the first.
    samples: Vec<f32>,
    /// Where the next frame starts.
    start: usize,
    /// Whether the mirrored samples before the first are there.
    begun: bool,
    /// Samples so far.
    n_samples: u64,
}

impl<'a> FrameStream<'a> {
    pub(crate) fn new(log_mel: &'a LogMel) -> Self {
        Self {
            log_mel,
            samples: Vec::new(),
            start: 0,
            begun: false,
            n_samples: 0,
        }
    }

    /// Samples so far.
    pub(crate) fn n_samples(&self) -> u64 {
        self.n_samples
    }

    /// Mirrored samples at each end.
    fn pad(&self) -> usize {
        self.log_mel.params().mel.n_fft / 2
    }

    /// Takes the next samples, and appends the frames that they complete to `frames`.
    pub(crate) fn push(&mut self, y: &[f32], frames: &mut Vec<f32>) -> Result<()> {
        self.n_samples += y.len() as u64;
        self.samples.extend_from_slice(y);
        let pad = self.pad();
        if !self.begun && self.samples.len() > pad {
            let mirrored: Vec<f32> = self.samples[1..=pad].iter().rev().copied().collect();
            self.samples.splice(..0, mirrored);
            self.begun = true;
        }
        if self.begun {
            self.complete(frames)?;
        }
        Ok(())
    }

    /// Ends the signal: appends its last frames.
    pub(crate) fn finish(mut self, frames: &mut Vec<f32>) -> Result<()> {
        if self.n_samples == 0 {
            return Ok(());
        }
        if !self.begun {
            return self.log_mel.append_whole(&self.samples, frames);
        }
        let n = self.samples.len();
        for i in 0..self.pad() {
            let source = PadMode::Reflect.source((n + i) as isize, n);
            self.samples.push(source.map_or(0.0, |s| self.samples[s]));
        }
        self.complete(frames)
    }

    fn complete(&mut self, frames: &mut Vec<f32>) -> Result<()> {
        let hop_length = self.log_mel.params().hop_length;
        let n_fft = self.log_mel.params().mel.n_fft;
        let Some(beyond) = self.samples.len().checked_sub(self.start + n_fft) else {
            return Ok(());
        };
        let n_frames = 1 + beyond / hop_length;
        let end = self.start + self.log_mel.params().samples(n_frames);
        self.log_mel
            .append_inner(&self.samples[self.start..end], frames)?;
        self.start += n_frames * hop_length;
        // The last samples are mirrored at the end of the signal.
        let unused = self
            .start
            .min((self.samples.len() - 1).saturating_sub(self.pad()));
        self.samples.drain(..unused);
        self.start -= unused;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front_end::{Compression, LogMelParams};
    use timbral_dsp::MelParams;

    #[test]
    fn pieces_give_the_frames_of_the_whole() {
        let mel = MelParams {
            sample_rate: 16_000,
            n_fft: 64,
            n_mels: 6,
            ..MelParams::default()
        };
        for hop_length in [1, 32, 64, 90] {
            let compression = Compression::Log10 { gain: 10.0 };
            let log_mel = LogMel::new(LogMelParams::new(mel, hop_length, compression)).unwrap();
            let mut rng = timbral_core::Rng::new(1);
            for n in [1, 2, 31, 32, 33, 34, 63, 64, 65, 96, 97, 500, 501] {
                let y: Vec<f32> = (0..n).map(|_| rng.unit_f32() - 0.5).collect();
                let mut expected = Vec::new();
                log_mel.append_whole(&y, &mut expected).unwrap();
                for piece in [1, 7, 33, 64, 1000] {
                    let (mut stream, mut frames) = (FrameStream::new(&log_mel), Vec::new());
                    for y in y.chunks(piece) {
                        stream.push(y, &mut frames).unwrap();
                    }
                    assert_eq!(stream.n_samples(), n as u64);
                    stream.finish(&mut frames).unwrap();
                    assert!(frames == expected, "n {n}, hop {hop_length}, piece {piece}");
                }
            }
        }
    }
}
