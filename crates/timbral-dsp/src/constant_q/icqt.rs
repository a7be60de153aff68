use std::fmt;
use std::ops::Range;

use ndarray::{ArrayView2, s};
use num_complex::Complex;

use super::bands::Bands;
use super::cqt_params::{CqtParams, debug_plan};
use super::interpolator::Interpolator;
use super::wavelets::Wavelets;
use crate::error::{Error, InvalidParameter, Result, check_length};
use crate::frames::Window;
use crate::simd::{LANES, Lane, ZERO};
use crate::transform::{OverlapAdd, Stft, StftParams, StftScratch};

/// Samples kept beyond each end of the lowest octave; they double with the rate.
const MARGIN: usize = 100;

/// A planned inverse of the constant-Q transform [`Cqt`](crate::Cqt); equals `librosa.icqt`.
///
/// ```text
/// D[j, t] = sum_k conj(W[k, j]) g[k] C[k, t],   g[k] = n_fft / (sqrt(L[k]) sum_j |W[k, j]|^2)
/// y       = the sum over octaves of istft(D), each raised to the full rate
/// ```
///
/// `W` are the transformed filters of an octave, and `L` the lengths of all filters in samples of the signal.
/// (If `scale` is false, the divisor is `L[k]` instead of `sqrt(L[k])`.) The result is not exact: low bins are
/// farther apart than their filters are wide, and there are no bins above the highest one. A tone within the
/// bands is restored to within a few percent.
///
/// - transform: shape `(n_bins, n_frames)`, that of [`Cqt::process`](crate::Cqt::process);
/// - result: `hop_length (n_frames - 1)` samples, or the given length.
///
/// librosa raises the sample rate of each octave separately, by soxr at quality HQ. Here sums of octaves are
/// doubled with soxr's low-pass. Samples agree to 1e-4 of the largest one, except for the first one at the rate
/// of the lowest octave (64 samples with the default), because soxr loses the output of its filters before the
/// start of the signal.
///
/// `librosa.icqt` supports neither `gamma` nor other `intervals` than equal ones. Here both are used in the
/// same formula.
///
/// ```
/// use timbral_dsp::{Cqt, CqtParams, Icqt};
///
/// let tone = |n| (std::f64::consts::TAU * 440.0 * n as f64 / 22050.0).sin() as f32;
/// let y: Vec<f32> = (0..22050).map(tone).collect();
/// let params = CqtParams { bins_per_octave: 36, n_bins: 252, ..CqtParams::default() };
/// let transform = Cqt::new(params.clone())?.process(&y)?;
/// let back = Icqt::new(params)?.process(transform.view(), Some(y.len()))?;
/// let error = |n: usize| (y[n] - back[n]).abs();
/// assert!((8000..14_000).map(error).fold(0.0, f32::max) < 0.05);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Clone)]
pub struct Icqt {
    params: CqtParams,
    interpolator: Interpolator,
    octaves: Vec<Octave>,
    longest: f64,
}

/// Some neighbouring bins.
#[derive(Debug, Clone)]
struct Octave {
    rows: Range<usize>,
    /// Whether the rate is twice that of the octave below.
    doubled: bool,
    stft: Stft,
    wavelets: Wavelets,
    gains: Vec<f32>,
}

impl fmt::Debug for Icqt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_plan(f, "Icqt", &self.params)
    }
}

impl Icqt {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`Cqt::new`](crate::Cqt::new).
    pub fn new(params: CqtParams) -> Result<Self> {
        params.validate()?;
        let bands = Bands::new(&params)?;
        let full_rate = f64::from(params.sample_rate);
        let lengths = bands.lengths(&params, full_rate);
        let n_octaves = params.n_bins.div_ceil(params.bins_per_octave);
        let halvings = (n_octaves - 1).min(params.hop_length.trailing_zeros() as usize);
        let mut octaves = Vec::with_capacity(n_octaves);
        for i in 0..n_octaves {
            let first = i * params.bins_per_octave;
            let rows = first..(first + params.bins_per_octave).min(params.n_bins);
            // The highest octave has the full rate.
            let halved = (n_octaves - 1 - i).min(halvings);
            let rate = libm::ldexp(full_rate, -(halved as i32));
            let frequencies = bands.frequencies[rows.clone()].iter();
            let frequencies: Vec<f64> = frequencies.map(|f| f / rate).collect();
            let of_rate = &bands.lengths(&params, rate)[rows.clone()];
            let wavelets = Wavelets::new(&params, &frequencies, of_rate, 2);
            let n_fft = wavelets.n_fft as f64;
            let gain = |(power, length): (f64, &f64)| {
                let by_length = if params.scale { length.sqrt() } else { *length };
                (n_fft / (power * by_length)) as f32
            };
            octaves.push(Octave {
                gains: wavelets
                    .powers()
                    .zip(&lengths[rows.clone()])
                    .map(gain)
                    .collect(),
                stft: Stft::new(StftParams {
                    n_fft: wavelets.n_fft,
                    hop_length: params.hop_length >> halved,
                    window: Window::Boxcar,
                    ..StftParams::default()
                })?,
                doubled: i > 0 && n_octaves - i <= halvings,
                wavelets,
                rows,
            });
        }
        Ok(Self {
            longest: lengths.iter().copied().fold(0.0, f64::max),
            interpolator: Interpolator::new(),
            octaves,
            params,
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &CqtParams {
        &self.params
    }

    /// The signal of a transform. If `length` is given, the signal is cut or padded with zeros to this number
    /// of samples.
    ///
    /// # Errors
    ///
    /// Another number of rows than `n_bins`, no columns, or a result that does not fit into memory.
    pub fn process(
        &self,
        transform: ArrayView2<'_, Complex<f32>>,
        length: Option<usize>,
    ) -> Result<Vec<f32>> {
        check_length("transform rows", self.params.n_bins, transform.nrows())?;
        if transform.ncols() == 0 {
            return Err(Error::TooShort {
                name: "transform columns",
                needed: 1,
                got: 0,
            });
        }
        // Frames beyond the longest filter after the wanted samples have no effect.
        let hop = self.params.hop_length;
        let reached = |length: usize| ((length as f64 + self.longest) / hop as f64).ceil() as usize;
        let n_frames = length.map_or(usize::MAX, reached).min(transform.ncols());
        let length = length.unwrap_or_else(|| (transform.ncols() - 1).saturating_mul(hop));
        let mut sum: Vec<f32> = Vec::new();
        sum.try_reserve_exact(length)
            .map_err(|_| InvalidParameter::new("length", length, "does not fit into memory"))?;
        let mut margin = MARGIN;
        for octave in &self.octaves {
            let y = octave.signal(transform.slice(s![octave.rows.clone(), ..n_frames]))?;
            if octave.rows.start == 0 {
                sum.resize(y.len() + 2 * margin, 0.0);
            } else if octave.doubled {
                sum = self.interpolator.process(&sum);
                margin *= 2;
            }
            sum[margin..]
                .iter_mut()
                .zip(&y)
                .for_each(|(sum, y)| *sum += y);
        }
        sum.truncate(sum.len() - margin);
        sum.drain(..margin);
        sum.resize(length, 0.0);
        Ok(sum)
    }
}

impl Octave {
    /// The part of the signal that these bins make, at their rate.
    fn signal(&self, transform: ArrayView2<'_, Complex<f32>>) -> Result<Vec<f32>> {
        let n_frames = transform.ncols();
        let mut output = OverlapAdd::default();
        self.stft.start_whole_inverse(&mut output, n_frames, None)?;
        let mut scratch = StftScratch::default();
        let [mut re, mut im] = [
            vec![ZERO; self.stft.n_bins()],
            vec![ZERO; self.stft.n_bins()],
        ];
        let mut coefficients: Vec<[Lane; 2]> = vec![[ZERO; 2]; self.rows.len()];
        for first in (0..n_frames).step_by(LANES) {
            let used = (n_frames - first).min(LANES);
            let block = transform.slice(s![.., first..first + used]);
            let rows = block.outer_iter().zip(&self.gains);
            for ((row, gain), to) in rows.zip(&mut coefficients) {
                *to = [ZERO; 2];
                for (l, z) in row.iter().enumerate() {
                    (to[0][l], to[1][l]) = (gain * z.re, gain * z.im);
                }
            }
            self.wavelets.project(&coefficients, &mut re, &mut im);
            self.stft
                .inverse_tile(first, used, &mut re, &mut im, &mut scratch, &mut output);
        }
        Ok(self.stft.finish_whole_inverse(output))
    }
}
