use crate::clip::Clip;
use crate::error::{Error, Result};
use crate::reader::AudioReader;
use crate::resample::{ResampleParams, Resampler};
use crate::source::Gaps;

/// A sound file that is read block by block, as one channel at one sample rate. [`AudioReader::into_mono`]
/// makes it.
///
/// The samples are those of `clip.to_mono().resample(sample_rate)`, bit for bit. Channels are mixed
/// before the sample rate is changed, so that the expensive step runs once.
///
/// ```
/// use std::io::Cursor;
/// use timbral_audio::AudioReader;
///
/// // A stereo AU file: 16-bit, 8 kHz, three frames.
/// let mut file = b".snd".to_vec();
/// for word in [24u32, 12, 3, 8000, 2] {
///     file.extend(word.to_be_bytes());
/// }
/// for sample in [16384i16, 0, 0, -16384, 8192, 8192] {
///     file.extend(sample.to_be_bytes());
/// }
///
/// let mono = AudioReader::new(Cursor::new(file), "beep.au")?.into_mono(None)?;
/// let segments: Result<Vec<_>, _> = mono.segments(2, 1)?.collect();
/// assert_eq!(segments?, [[0.25, -0.25], [-0.25, 0.25]]);
/// # Ok::<(), timbral_audio::Error>(())
/// ```
#[derive(Debug)]
pub struct MonoReader {
    reader: AudioReader,
    resampler: Resampler,
    block: Vec<f32>,
    mono: Vec<f32>,
    /// Samples that were read.
    frames: u64,
    done: bool,
}

impl MonoReader {
    fn new(reader: AudioReader, sample_rate: Option<u32>, params: &ResampleParams) -> Result<Self> {
        let from = reader.sample_rate();
        let to = sample_rate.unwrap_or(from);
        let resampler = Resampler::new(from, to, params)?;
        let block = vec![0.0; AudioReader::BLOCK_VALUES.max(usize::from(reader.channels()))];
        Ok(Self {
            reader,
            resampler,
            block,
            mono: Vec::new(),
            frames: 0,
            done: false,
        })
    }

    /// Samples per second of the samples that are read, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.resampler.to_rate()
    }

    /// The file's path, or the label passed to [`AudioReader::new`].
    pub fn label(&self) -> &str {
        self.reader.label()
    }

    /// What is missing so far in the part that was read; see [`AudioReader::gaps`].
    pub fn gaps(&self) -> Gaps {
        self.reader.gaps()
    }

    /// Appends the next block to `out`; returns the number of new samples, 0 only at the end.
    ///
    /// # Errors
    ///
    /// Those of [`AudioReader::read`]. [`NotFinite`](Error::NotFinite) is also returned for samples so large
    /// that their mean, or their value at another rate, is beyond the range of 32 bits.
    pub fn read(&mut self, out: &mut Vec<f32>) -> Result<usize> {
        let start = out.len();
        while out.len() == start && !self.done {
            let n = self.reader.read(&mut self.block)?;
            if n == 0 {
                self.resampler.finish(out)?;
                self.done = true;
            } else {
                self.mono.clear();
                mix(&self.block[..n], self.reader.channels(), &mut self.mono);
                self.resampler.push(&self.mono, out)?;
            }
        }
        let new = &out[start..];
        if let Some(i) = new.iter().position(|x| !x.is_finite()) {
            return Err(Error::NotFinite {
                file: self.label().to_owned(),
                frame: self.frames + i as u64,
                channel: 0,
                value: new[i],
            });
        }
        self.frames += new.len() as u64;
        Ok(new.len())
    }

    /// The rest of the file as one [`Clip`] of one channel.
    ///
    /// # Errors
    ///
    /// Those of [`AudioReader::read`].
    pub fn read_to_end(mut self) -> Result<Clip> {
        let mut samples = Vec::new();
        while self.read(&mut samples)? > 0 {}
        Clip::new(samples, self.sample_rate(), 1)
    }
}

impl AudioReader {
    /// Reads the file block by block as one channel, the mean of its channels, at `sample_rate` Hz. `None`
    /// keeps the sample rate of the file.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a rate outside
    /// [`SAMPLE_RATES`](crate::SAMPLE_RATES).
    pub fn into_mono(self, sample_rate: Option<u32>) -> Result<MonoReader> {
        MonoReader::new(self, sample_rate, &ResampleParams::default())
    }

    /// As [`into_mono`](Self::into_mono), with parameters of the resampler.
    ///
    /// # Errors
    ///
    /// Those of [`into_mono`](Self::into_mono).
    pub fn into_mono_with(
        self,
        sample_rate: Option<u32>,
        params: &ResampleParams,
    ) -> Result<MonoReader> {
        MonoReader::new(self, sample_rate, params)
    }
}

impl Clip {
    /// One channel, the mean of all channels: `(x_0 + ... + x_(c-1)) / c`, summed in that order in f32.
    ///
    /// Equals `librosa.to_mono` (numpy's `mean`) to the bit for up to 7 channels. For 8 and more channels numpy
    /// sums interleaved channels pairwise, which may differ in the last bit.
    pub fn to_mono(&self) -> Self {
        let mut samples = Vec::with_capacity(self.frames());
        mix(self.samples(), self.channels(), &mut samples);
        Self::of_one_channel(samples, self.sample_rate())
    }
}

/// Appends the mean of each frame: `(x_0 + ... + x_(c-1)) / c`, summed in that order in f32.
fn mix(interleaved: &[f32], channels: u16, out: &mut Vec<f32>) {
    match channels {
        1 => out.extend_from_slice(interleaved),
        // The same arithmetic in a form that the compiler turns into SIMD code.
        2 => out.extend(
            interleaved
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[l, r]| (l + r) / 2.0),
        ),
        _ => {
            let count = f32::from(channels);
            let frames = interleaved.chunks_exact(usize::from(channels));
            out.extend(frames.map(|frame| frame.iter().sum::<f32>() / count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples near the largest number of 32 bits, as damaged floats are.
    #[test]
    fn sums_beyond_the_range_are_refused() {
        let au = |channels: u32, samples: &[f32]| {
            let mut file = b".snd".to_vec();
            for word in [24, 4 * samples.len() as u32, 6, 44_100, channels] {
                file.extend(word.to_be_bytes());
            }
            file.extend(samples.iter().flat_map(|x| x.to_be_bytes()));
            AudioReader::new(std::io::Cursor::new(file), "loud.au").unwrap()
        };
        let mut loud = vec![f32::MIN; 200];
        loud[100..].fill(f32::MAX);
        for (channels, rate) in [(1, Some(22_050)), (2, None)] {
            let mono = au(channels, &loud).into_mono(rate).unwrap();
            let error = mono.read_to_end().unwrap_err();
            assert!(matches!(error, Error::NotFinite { .. }), "{error}");
        }
        // Without a sum they are samples as any other.
        assert!(au(1, &loud).into_mono(None).unwrap().read_to_end().is_ok());
    }

    #[test]
    fn one_two_and_three_channels_are_averaged() {
        for (channels, expected) in [
            (1, vec![1.0, 2.0, 6.0, -1.0, 0.0, 4.0]),
            (2, vec![1.5, 2.5, 2.0]),
            (3, vec![3.0, 1.0]),
        ] {
            let mut out = Vec::new();
            mix(&[1.0, 2.0, 6.0, -1.0, 0.0, 4.0], channels, &mut out);
            assert_eq!(out, expected, "{channels} channels");
        }
    }
}
