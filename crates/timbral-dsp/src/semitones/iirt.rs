use std::ops::Range;

use ndarray::Array2;

use super::elliptic::band_pass;
use super::sections::{FILTERS, FilterGroup, Values};
use crate::error::{Error, Result, check, check_finite, check_sample_rate};
use crate::frames::{Framing, PadMode};

/// Parameters of [`Iirt`], named as in `librosa.iirt`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IirtParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Samples in a frame, `1..=2^24`; default 2048.
    pub win_length: usize,
    /// Samples between frames, `1..=2^24`; default 512.
    pub hop_length: usize,
    /// Whether frame `t` is centred on sample `t * hop_length`; default true.
    pub center: bool,
    /// The values that centred frames have beyond the ends of the signal; default zeros.
    pub pad_mode: PadMode,
    /// Deviation of all frequencies in semitones, `-1..=1`; default 0.
    pub tuning: f64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for IirtParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            win_length: 2048,
            hop_length: 512,
            center: true,
            pad_mode: PadMode::Zero,
            tuning: 0.0,
            _non_exhaustive: (),
        }
    }
}

impl IirtParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        let tuning = self.tuning;
        let holds = (-1.0..=1.0).contains(&tuning);
        check(holds, "tuning", tuning, "must be in -1..=1")?;
        let length = self.win_length;
        let holds = (1..=1 << 24).contains(&length);
        check(holds, "win_length", length, "must be in 1..=2^24")?;
        self.framing().validate()
    }

    fn framing(&self) -> Framing {
        Framing {
            frame_length: self.win_length,
            hop_length: self.hop_length,
            center: self.center,
            pad_mode: self.pad_mode,
            _non_exhaustive: (),
        }
    }
}

/// The sample rates of the filters, and how many of them have each.
const RATES: [(f64, usize); 3] = [(882.0, 36), (4410.0, 34), (22050.0, 15)];

/// MIDI number of the lowest band, C1.
const LOWEST: f64 = 24.0;

/// A planned bank of 85 elliptic band-passes, one per semitone from C1 to C8, which gives the power of each in
/// frames (Müller 2007). Equals `librosa.iirt` with the same resampling.
///
/// ```text
/// P[k, t] = f sum_n x_k[round(t hop_length / f) + n]^2,   n in 0..round(win_length / f),   f = sample_rate / rate_k
/// ```
///
/// `x_k` is the signal at `rate_k` (882, 4410 or 22050 Hz), filtered forward and back by a band-pass of order 8
/// or 10. The ripple is 1 dB within a 50th of the centre frequency on both sides, and the attenuation is 50 dB
/// from a 25th on.
///
/// ```
/// use timbral_dsp::{Error, Iirt, IirtParams};
///
/// // Means of neighbours: a resampler for an example.
/// let resample = |y: &[f32], from: f64, to: f64| {
///     let factor = (from / to) as usize;
///     let mean = |c: &[f32]| c.iter().sum::<f32>() / c.len() as f32;
///     Ok::<_, Error>(y.chunks(factor).map(mean).collect())
/// };
/// // A4 is band 45 above C1.
/// let tone = |n| (std::f64::consts::TAU * 440.0 * n as f64 / 22050.0).sin() as f32;
/// let y: Vec<f32> = (0..22050).map(tone).collect();
/// let power = Iirt::new(IirtParams::default())?.process(&y, resample)?;
/// assert_eq!(power.dim(), (85, 44));
/// let loudest = (0..85).max_by(|a, b| power[[*a, 20]].total_cmp(&power[[*b, 20]]));
/// assert_eq!(loudest, Some(45));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Iirt {
    params: IirtParams,
    frequencies: Vec<f64>,
    groups: Vec<Group>,
}

/// Neighbouring bands of one rate whose filters have the same order.
#[derive(Debug, Clone)]
struct Group {
    rate: f64,
    rows: Range<usize>,
    filters: FilterGroup,
}

impl Iirt {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`IirtParams::validate`].
    pub fn new(params: IirtParams) -> Result<Self> {
        params.validate()?;
        let mut frequencies: Vec<f64> = Vec::new();
        let mut groups = Vec::new();
        for (rate, n) in RATES {
            let mut first = frequencies.len();
            let mut filters = Vec::with_capacity(n);
            for _ in 0..n {
                let midi = LOWEST + params.tuning + frequencies.len() as f64;
                let f = 440.0 * libm::exp2((midi - 69.0) / 12.0);
                frequencies.push(f);
                let edges = |by: f64| [-by, by].map(|by| f * (1.0 + by) / (rate / 2.0));
                filters.push(band_pass(edges(0.02), edges(0.04)));
            }
            for alike in filters.chunk_by(|a, b| a.len() == b.len()) {
                for some in alike.chunks(FILTERS) {
                    let rows = first..first + some.len();
                    first = rows.end;
                    let filters = FilterGroup::new(some);
                    groups.push(Group {
                        rate,
                        rows,
                        filters,
                    });
                }
            }
        }
        Ok(Self {
            params,
            frequencies,
            groups,
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &IirtParams {
        &self.params
    }

    /// The centre of each band in hertz; equals `librosa.filters.mr_frequencies`.
    ///
    /// ```
    /// use timbral_dsp::{Iirt, IirtParams};
    ///
    /// let bank = Iirt::new(IirtParams::default())?;
    /// assert!((bank.frequencies()[45] - 440.0).abs() < 1e-9);
    /// # Ok::<(), timbral_dsp::Error>(())
    /// ```
    pub fn frequencies(&self) -> &[f64] {
        &self.frequencies
    }

    /// The power of each band, shape `(85, n_frames)`.
    ///
    /// `resample` returns samples at another rate: `resample(samples, from, to)`, with rates in hertz. It is
    /// called for the rates that differ from that of the signal. librosa uses soxr at quality HQ, as
    /// `Resampler` of `timbral-audio` does.
    ///
    /// # Errors
    ///
    /// - no samples, or fewer than `win_length` if `center` is false;
    /// - fewer than 28 samples at the rate of a band (34 for bands of order 10);
    /// - a sample that is NaN or infinite;
    /// - the errors of `resample`.
    pub fn process<E: From<Error>>(
        &self,
        y: &[f32],
        mut resample: impl FnMut(&[f32], f64, f64) -> std::result::Result<Vec<f32>, E>,
    ) -> std::result::Result<Array2<f32>, E> {
        check_finite("signal", y)?;
        let framing = self.params.framing();
        let n_frames = framing.n_frames(y.len())?;
        let mut padded = vec![0.0; y.len() + 2 * framing.pad()];
        framing.copy_samples(y, 0, &mut padded);
        let rate = f64::from(self.params.sample_rate);
        let mut out = Array2::zeros((self.frequencies.len(), n_frames));
        let mut filtered = Vec::new();
        // The samples at the rate of the group before.
        let (mut at, mut samples) = (rate, padded.clone());
        for group in &self.groups {
            if group.rate != at {
                at = group.rate;
                samples = match at == rate {
                    true => padded.clone(),
                    false => resample(&padded, rate, at)?,
                };
                samples.resize((padded.len() as f64 * at / rate).ceil() as usize, 0.0);
                check_finite("resampled signal", &samples)?;
            }
            let needed = group.filters.edge() + 1;
            if samples.len() < needed {
                return Err(E::from(Error::TooShort {
                    name: "resampled signal",
                    needed,
                    got: samples.len(),
                }));
            }
            group.filters.apply(&samples, &mut filtered);
            for t in 0..n_frames {
                let power = self.power(&filtered, t, rate / at);
                for (row, power) in group.rows.clone().zip(power) {
                    out[[row, t]] = power as f32;
                }
            }
        }
        Ok(out)
    }

    /// The power of a frame of samples at a rate lower by `factor`; beyond the last one they are 0.
    fn power(&self, samples: &[Values], t: usize, factor: f64) -> Values {
        let n = (self.params.win_length as f64 / factor).round_ties_even() as usize;
        let start = (t as f64 * (self.params.hop_length as f64 / factor)).round_ties_even();
        let start = (start as usize).min(samples.len());
        let mut sum = [0.0; FILTERS];
        for values in samples[start..].iter().take(n) {
            for (sum, v) in sum.iter_mut().zip(values) {
                *sum += v * v;
            }
        }
        sum.map(|sum| factor * sum)
    }
}
