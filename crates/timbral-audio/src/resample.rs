mod halve;
mod head;
mod interpolator;
mod kaiser;
mod kaiser_best;
mod polyphase;
mod sharp;
mod simd;
mod soxr_hq;
mod soxr_stages;

use timbral_core::InvalidParameter;

use crate::clip::Clip;
use crate::error::Result;
use crate::source::check_sample_rate;

use kaiser_best::{KAISER_BEST, KAISER_BEST_2022};
use polyphase::Polyphase;
use soxr_hq::SoxrHq;

/// The filter of a [`Resampler`].
///
/// Frequencies are in units of the lower Nyquist frequency, which is half the lower of the two rates:
///
/// | quality | within 0.01 dB up to | -6 dB at | stopband from | stopband |
/// |---|---|---|---|---|
/// | `SoxrHq` | 0.914 | 0.957 | 1 | -125 dB |
/// | `KaiserBest` | 0.88 | 0.948 | 1.02 | -140 dB |
/// | `KaiserBest2022` | 0.85 | 0.917 | 1 | -120 dB |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResampleQuality {
    /// soxr's HQ recipe (linear phase, 20 bits), which `librosa.load` and `librosa.resample` use; the default.
    ///
    /// It has soxr's frequency response at every pair of rates, which was measured and modelled. See
    /// [`Resampler`] for the differences.
    #[default]
    SoxrHq,
    /// resampy's `kaiser_best` before its version 0.4, the default of librosa before 0.10 and the filter
    /// in front of many pretrained networks.
    ///
    /// `h(t) = r sinc(r t) I0(b sqrt(1 - (t / 64)^2)) / I0(b)` for `|t| < 64` samples at the lower rate, with
    /// `r = 0.9475937167399596` and `b = 14.769656459379492`, interpolated linearly between 512 points
    /// per sample.
    KaiserBest,
    /// resampy's `kaiser_best` from version 0.4 (2022) on.
    ///
    /// As [`KaiserBest`](Self::KaiserBest) with 50 zero crossings, `r = 0.9173473712608761`,
    /// `b = 12.984585247040021` and 8192 points per sample.
    KaiserBest2022,
}

/// Parameters of a [`Resampler`].
///
/// ```
/// use timbral_audio::{ResampleParams, ResampleQuality};
///
/// let params = ResampleParams {
///     quality: ResampleQuality::KaiserBest,
///     ..Default::default()
/// };
/// assert!(params.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResampleParams {
    /// The filter, default [`ResampleQuality::SoxrHq`].
    pub quality: ResampleQuality,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl ResampleParams {
    /// Checks the ranges of the parameters; every quality is valid at present.
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn validate(&self) -> Result<()> {
        Ok(())
    }
}

/// Changes the sample rate of one channel, at once or piece by piece. The samples are the same to the bit in
/// both cases, and on every processor.
///
/// It is a band-limited interpolation. Output sample k is the signal, low-pass filtered below the lower Nyquist
/// frequency, at time `k / to`:
///
/// ```text
/// y[k] = sum_n x[n] h(k from / to - n),   k = 0 .. ceil(n_samples to / from)
/// ```
///
/// with the symmetric kernel h of the [`ResampleQuality`]. The signal is zero before its start and after its
/// end. The result has `ceil(n to / from)` samples for n samples, as in `librosa.resample`. soxr rounds
/// `n to / from`, and resampy rounds it down; where this gives one sample less, the last sample is zero, as in
/// librosa.
///
/// With the default quality the samples are those of `librosa.load(path, sr=to)` before rounding. For noise,
/// sweeps and music they differ from those of the Python package `soxr` by less than -100 dB RMS of the signal,
/// at every pair of rates from 8 to 192 kHz. The README has a table of the differences, and the speed.
///
/// ```
/// use timbral_audio::{ResampleParams, Resampler};
///
/// let mut resampler = Resampler::new(44_100, 22_050, &ResampleParams::default())?;
/// let tone: Vec<f32> = (0..44_100)
///     .map(|i| (i as f32 * 0.05).sin())
///     .collect();
/// let half = resampler.resample(&tone)?;
/// assert_eq!(half.len(), 22_050);
/// assert!((half[5000] - tone[10_000]).abs() < 1e-5);
/// # Ok::<(), timbral_audio::Error>(())
/// ```
#[derive(Clone)]
pub struct Resampler {
    from: u32,
    to: u32,
    plan: Plan,
    /// Input and output samples since the start of the signal.
    samples_in: u64,
    samples_out: u64,
}

#[derive(Clone)]
enum Plan {
    /// Equal rates: the samples are unchanged.
    Copy,
    Soxr(Box<SoxrHq>),
    KaiserBest(Box<Polyphase>),
}

impl Resampler {
    /// A resampler from `from` Hz to `to` Hz.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a rate outside
    /// [`SAMPLE_RATES`](crate::SAMPLE_RATES).
    pub fn new(from: u32, to: u32, params: &ResampleParams) -> Result<Self> {
        check_sample_rate("from", from)?;
        check_sample_rate("to", to)?;
        params.validate()?;
        let plan = match params.quality {
            _ if from == to => Plan::Copy,
            ResampleQuality::SoxrHq => {
                let plan = SoxrHq::new(from, to);
                Plan::Soxr(Box::new(plan.ok_or_else(|| {
                    InvalidParameter::new("from", from, "is too far from the other rate")
                })?))
            }
            ResampleQuality::KaiserBest => {
                Plan::KaiserBest(Box::new(kaiser_best::plan(&KAISER_BEST, from, to)))
            }
            ResampleQuality::KaiserBest2022 => {
                Plan::KaiserBest(Box::new(kaiser_best::plan(&KAISER_BEST_2022, from, to)))
            }
        };
        Ok(Self {
            from,
            to,
            plan,
            samples_in: 0,
            samples_out: 0,
        })
    }

    /// The input rate, in Hz.
    pub fn from_rate(&self) -> u32 {
        self.from
    }

    /// The output rate, in Hz.
    pub fn to_rate(&self) -> u32 {
        self.to
    }

    /// Resamples a whole signal of n samples; the result has `ceil(n * to / from)` samples.
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn resample(&mut self, x: &[f32]) -> Result<Vec<f32>> {
        self.reset();
        let mut out = Vec::with_capacity(self.output_length(x.len() as u64) as usize);
        self.push(x, &mut out)?;
        self.finish(&mut out)?;
        Ok(out)
    }

    /// Takes the next piece of a signal, and appends the output samples that it completes to `out`. There may
    /// be none.
    ///
    /// # Errors
    ///
    /// Those of [`resample`](Self::resample).
    pub fn push(&mut self, x: &[f32], out: &mut Vec<f32>) -> Result<()> {
        self.samples_in += x.len() as u64;
        let first = out.len();
        match &mut self.plan {
            Plan::Copy => out.extend_from_slice(x),
            Plan::Soxr(plan) => plan.push(x, out),
            Plan::KaiserBest(plan) => plan.push(x, out),
        }
        self.samples_out += (out.len() - first) as u64;
        Ok(())
    }

    /// Ends the signal: appends the last samples to `out`. The next [`push`](Self::push) starts another
    /// signal.
    ///
    /// # Errors
    ///
    /// Those of [`resample`](Self::resample).
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<()> {
        let length = self.output_length(self.samples_in);
        let exact = u128::from(self.samples_in) * u128::from(self.to);
        let total = match &self.plan {
            Plan::Copy => length,
            // The lengths of soxr and resampy, to which librosa appends a zero.
            Plan::Soxr(_) => {
                ((2 * exact + u128::from(self.from)) / (2 * u128::from(self.from))) as u64
            }
            Plan::KaiserBest(_) => (exact / u128::from(self.from)) as u64,
        };
        let first = out.len();
        match &mut self.plan {
            Plan::Copy => {}
            Plan::Soxr(plan) => plan.finish(total, out),
            Plan::KaiserBest(plan) => {
                let missing = plan.inputs(total).saturating_sub(self.samples_in);
                plan.finish(missing as usize, out);
            }
        }
        self.samples_out += (out.len() - first) as u64;
        // The zeros appended after the end may have produced samples beyond the signal.
        out.truncate(out.len() - self.samples_out.saturating_sub(total) as usize);
        out.resize(out.len() + (length - total) as usize, 0.0);
        self.reset();
        Ok(())
    }

    fn reset(&mut self) {
        self.samples_in = 0;
        self.samples_out = 0;
        match &mut self.plan {
            Plan::Copy => {}
            Plan::Soxr(plan) => plan.reset(),
            Plan::KaiserBest(plan) => plan.reset(),
        }
    }

    /// `ceil(n * to / from)`.
    fn output_length(&self, n: u64) -> u64 {
        (u128::from(n) * u128::from(self.to)).div_ceil(u128::from(self.from)) as u64
    }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler")
            .field("from", &self.from)
            .field("to", &self.to)
            .field("samples_in", &self.samples_in)
            .finish_non_exhaustive()
    }
}

impl Clip {
    /// The sound at `sample_rate` Hz, `ceil(frames * sample_rate / self.sample_rate())` frames long,
    /// by a [`Resampler`] with default parameters for every channel.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a rate outside
    /// [`SAMPLE_RATES`](crate::SAMPLE_RATES).
    ///
    /// ```
    /// use timbral_audio::Clip;
    ///
    /// let clip = Clip::new(vec![0.0; 44_101], 44_100, 1)?;
    /// assert_eq!(clip.resample(22_050)?.frames(), 22_051);
    /// # Ok::<(), timbral_audio::Error>(())
    /// ```
    pub fn resample(&self, sample_rate: u32) -> Result<Self> {
        let params = ResampleParams::default();
        let mut resampler = Resampler::new(self.sample_rate(), sample_rate, &params)?;
        let channels = usize::from(self.channels());
        if channels == 1 {
            return Self::new(resampler.resample(self.samples())?, sample_rate, 1);
        }
        let mut samples = Vec::new();
        for c in 0..channels {
            let one: Vec<f32> = self
                .samples()
                .iter()
                .skip(c)
                .step_by(channels)
                .copied()
                .collect();
            let one = resampler.resample(&one)?;
            samples.resize(one.len() * channels, 0.0);
            for (frame, x) in samples.chunks_exact_mut(channels).zip(one) {
                frame[c] = x;
            }
        }
        Self::new(samples, sample_rate, self.channels())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize) -> Vec<f32> {
        // A linear congruential generator.
        let mut state = 12_345u32;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 8_388_608.0 - 1.0
            })
            .collect()
    }

    #[test]
    fn the_length_is_that_of_librosa() {
        for (from, to) in [
            (44_100, 22_050),
            (48_000, 22_050),
            (16_000, 22_050),
            (44_100, 48_000),
        ] {
            let mut r = Resampler::new(from, to, &ResampleParams::default()).unwrap();
            for n in [0usize, 1, 2, 3, 999, 1000, 44_100, 44_101] {
                let expected = (n as u64 * u64::from(to)).div_ceil(u64::from(from)) as usize;
                let got = r.resample(&noise(n)).unwrap().len();
                assert_eq!(got, expected, "{n} samples, {from} to {to}");
            }
        }
    }

    #[test]
    fn pieces_give_the_same_bits_as_the_whole_signal() {
        let x = noise(20_000);
        for (from, to) in [(44_100, 22_050), (48_000, 22_050), (16_000, 22_050)] {
            let mut r = Resampler::new(from, to, &ResampleParams::default()).unwrap();
            let whole = r.resample(&x).unwrap();
            for piece in [1, 7, 2048, 4097] {
                let mut out = Vec::new();
                for part in x.chunks(piece) {
                    r.push(part, &mut out).unwrap();
                }
                r.finish(&mut out).unwrap();
                assert_eq!(out, whole, "{from} to {to} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn equal_rates_leave_the_samples_unchanged() {
        let x = noise(100);
        let mut r = Resampler::new(22_050, 22_050, &ResampleParams::default()).unwrap();
        assert_eq!(r.resample(&x).unwrap(), x);
    }

    #[test]
    fn an_unfinished_signal_does_not_change_the_next() {
        let x = noise(5000);
        let mut r = Resampler::new(44_100, 22_050, &ResampleParams::default()).unwrap();
        let expected = r.resample(&x).unwrap();
        r.push(&noise(3333), &mut Vec::new()).unwrap();
        assert_eq!(r.resample(&x).unwrap(), expected);
    }

    #[test]
    fn parameters_out_of_range_are_refused() {
        let params = ResampleParams::default();
        assert!(Resampler::new(0, 22_050, &params).is_err());
        assert!(Resampler::new(44_100, 999, &params).is_err());
    }

    /// Rates without a common factor need blocks of one second.
    #[test]
    fn coprime_rates() {
        let mut r = Resampler::new(44_101, 44_100, &ResampleParams::default()).unwrap();
        let x = vec![0.5; 100_000];
        let y = r.resample(&x).unwrap();
        assert_eq!(y.len(), 99_998);
        // Far from the ends a constant is kept, up to f32 rounding in an FFT of 2^17 points.
        assert!((y[50_000] - 0.5).abs() < 1e-5, "{}", y[50_000]);
    }

    #[test]
    fn resampling_keeps_channels_apart() {
        let frames = 3000;
        let left: Vec<f32> = (0..frames).map(|i| (i as f32 * 0.01).sin()).collect();
        let right: Vec<f32> = (0..frames).map(|i| (i as f32 * 0.03).cos()).collect();
        let both = left
            .iter()
            .zip(&right)
            .flat_map(|(l, r)| [*l, *r])
            .collect();
        let both = Clip::new(both, 44_100, 2)
            .unwrap()
            .resample(22_050)
            .unwrap();
        for (c, one) in [left, right].into_iter().enumerate() {
            let one = Clip::new(one, 44_100, 1).unwrap().resample(22_050).unwrap();
            let got: Vec<f32> = both.samples().iter().skip(c).step_by(2).copied().collect();
            assert_eq!(got, one.samples(), "channel {c}");
        }
    }
}
