//! The mean over frames of a tempogram, without computing the tempogram.
//!
//! With `x` the padded envelope, `w` a Hann window, the energies `e[t]` of the frames and `n = t + m`,
//! the mean of the normalised autocorrelations is, after the sums over frames and lags are exchanged,
//!
//! ```text
//! r[l] n_frames = sum_n  x[n] x[n + l]  sum_m  w[m] w[m + l] / e[n - m]
//! w[m + l] = 1/2 - cos(a l) cos(a m) / 2 + sin(a l) sin(a m) / 2,   a = 2 pi / win_length
//! ```
//!
//! The inner sum therefore consists of three running sums over `m < win_length - l`, which grow by one
//! term from lag to lag: a few operations per frame and lag. Nothing is ever subtracted from them, so
//! no precision is lost.

use std::f64::consts::TAU;

use pulp::{Simd, WithSimd};

use super::tempogram::ramp_padded;
use crate::frames::Window;
use crate::simd::arch;

/// Weights of all lags for one length of the window, which is Hann's.
#[derive(Debug, Clone)]
pub(super) struct MeanTempogram {
    window_squared: Vec<f64>,
    lags: Vec<Lag>,
}

/// The terms that one lag adds to the running sums, and the factors of the sums in its weight.
#[derive(Debug, Clone, Copy)]
struct Lag {
    /// `w[m] / 2` times 1, `cos a m` and `sin a m`, for the term `m = win_length - 1 - l`.
    term: [f64; 3],
    /// `-cos a l`
    cos: f64,
    /// `sin a l`
    sin: f64,
}

impl MeanTempogram {
    /// For a window of `win_length` frames.
    pub(super) fn new(win_length: usize) -> Self {
        let window = Window::Hann.periodic(win_length);
        let angle = |l: usize| TAU * l as f64 / win_length as f64;
        let lag = |l: usize| {
            let m = win_length - 1 - l;
            let half = 0.5 * window[m];
            Lag {
                term: [half, half * libm::cos(angle(m)), half * libm::sin(angle(m))],
                cos: -libm::cos(angle(l)),
                sin: libm::sin(angle(l)),
            }
        };
        Self {
            window_squared: window.iter().map(|w| w * w).collect(),
            lags: (0..win_length).map(lag).collect(),
        }
    }

    /// The mean over all frames, for each lag.
    pub(super) fn process(&self, envelope: &[f32]) -> Vec<f64> {
        let win_length = self.lags.len();
        let mut x = ramp_padded(envelope, win_length / 2);
        let n_padded = x.len();
        // Zeros that may be read after the end.
        x.resize(n_padded + win_length + MAX_LANES, 0.0);
        let inverse = self.inverse_energies(&x, envelope.len());
        let (x, inverse) = (x.as_slice(), inverse.as_slice());
        let mut mean = arch().dispatch(WeighLags {
            lags: &self.lags,
            x,
            inverse,
            n_padded,
        });
        for r in &mut mean {
            *r /= envelope.len() as f64;
        }
        mean
    }

    /// `1 / e[t]` at index `win_length + t`, or 0 for a frame without energy, with as many zeros on
    /// both sides as `WeighLags` may read.
    fn inverse_energies(&self, x: &[f64], n_frames: usize) -> Vec<f64> {
        let win_length = self.lags.len();
        let squares: Vec<f64> = x.iter().map(|x| x * x).collect();
        let mut inverse = vec![0.0; x.len() + win_length];
        let energies = &mut inverse[win_length..win_length + n_frames];
        for (m, w) in self.window_squared.iter().enumerate() {
            for (energy, square) in energies.iter_mut().zip(&squares[m..]) {
                *energy += w * square;
            }
        }
        for energy in energies {
            *energy = if *energy < f64::MIN_POSITIVE {
                0.0
            } else {
                1.0 / *energy
            };
        }
        inverse
    }
}

/// Lanes of the widest registers.
const MAX_LANES: usize = 8;

/// `sum over n of x[n] x[n + l] sum over m of w[m] w[m + l] inverse[win_length + n - m]`.
struct WeighLags<'a> {
    lags: &'a [Lag],
    x: &'a [f64],
    inverse: &'a [f64],
    n_padded: usize,
}

impl WithSimd for WeighLags<'_> {
    type Output = Vec<f64>;

    /// One register of neighbouring `n` at a time, through all lags from the longest, where the
    /// running sums are empty, to the shortest; they grow by one term per lag. Each lag has
    /// [`MAX_LANES`] sums, whatever the width of the registers, so that all add in the same order.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
        let zero = simd.splat_f64s(0.0);
        let n_lags = self.lags.len();
        let registers = MAX_LANES / S::F64_LANES;
        let mut sums = vec![zero; n_lags * registers];
        for n in (0..self.n_padded).step_by(S::F64_LANES) {
            let here = load::<S>(&self.x[n..]);
            let register = n / S::F64_LANES % registers;
            let sums = &mut sums[register * n_lags..][..n_lags];
            let mut running = [zero; 3];
            for (l, (lag, sum)) in self.lags.iter().zip(sums).enumerate().rev() {
                let later = load::<S>(&self.x[n + l..]);
                let inverse = load::<S>(&self.inverse[n + l + 1..]);
                for (running, term) in running.iter_mut().zip(lag.term) {
                    let term = simd.mul_f64s(simd.splat_f64s(term), inverse);
                    *running = simd.add_f64s(*running, term);
                }
                let [one, cos, sin] = running;
                let cos = simd.mul_f64s(simd.splat_f64s(lag.cos), cos);
                let sin = simd.mul_f64s(simd.splat_f64s(lag.sin), sin);
                let weight = simd.add_f64s(one, simd.add_f64s(cos, sin));
                let product = simd.mul_f64s(here, later);
                *sum = simd.add_f64s(*sum, simd.mul_f64s(product, weight));
            }
        }
        let mut totals = vec![0.0; n_lags];
        for register in sums.chunks_exact(n_lags) {
            for (total, sum) in totals.iter_mut().zip(register) {
                let mut lanes = [0.0; MAX_LANES];
                S::as_mut_simd_f64s(&mut lanes).0[0] = *sum;
                for lane in &lanes[..S::F64_LANES] {
                    *total += lane;
                }
            }
        }
        totals
    }
}

#[inline(always)]
fn load<S: Simd>(values: &[f64]) -> S::f64s {
    S::as_simd_f64s(&values[..S::F64_LANES]).0[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rhythm::{Tempogram, TempogramParams};

    /// The definition: the mean of a tempogram computed frame by frame.
    fn naive_mean(envelope: &[f32], win_length: usize) -> Vec<f64> {
        let params = TempogramParams {
            win_length,
            ..Default::default()
        };
        let tempogram = Tempogram::new(params).unwrap().process(envelope).unwrap();
        tempogram
            .outer_iter()
            .map(|row| row.sum() / row.len() as f64)
            .collect()
    }

    fn assert_mean_equals_the_definition(name: &str, envelope: &[f32]) {
        // 8, 3 and 0.1 s at 22 050 Hz and hop 512.
        for win_length in [344, 129, 4] {
            let expected = naive_mean(envelope, win_length);
            let got = MeanTempogram::new(win_length).process(envelope);
            for (l, (got, expected)) in got.iter().zip(&expected).enumerate() {
                // The values are means of numbers up to 1. Each is a sum of a few hundred terms
                // here and the FFT's there: 1e-13 is 500 eps, and log1p(1e6 r) sees it as 1e-7.
                let error = (got - expected).abs();
                assert!(
                    error < 1e-13,
                    "{name}, {win_length} frames, lag {l}: {got} {expected}"
                );
            }
        }
    }

    #[test]
    fn mean_tempogram_equals_the_definition() {
        let noise = |t: usize| (t * t * 31 + t * 7) % 101;
        for n in [1usize, 2, 15, 16, 17, 130, 1293] {
            let envelope: Vec<f32> = (0..n).map(|t| noise(t) as f32 / 9.0).collect();
            assert_mean_equals_the_definition("noise", &envelope);
            assert_mean_equals_the_definition("constant", &vec![3.0; n]);
            assert_mean_equals_the_definition("silence", &vec![0.0; n]);
        }
    }

    #[test]
    fn quiet_frames_next_to_loud_ones_keep_their_precision() {
        // Energies that differ by 1e40: a sliding sum with subtraction would fail here.
        let step = |t: usize| if t < 600 { 1e-20 } else { 1e20 };
        let steps: Vec<f32> = (0..1293).map(|t| step(t) * (1 + t % 7) as f32).collect();
        assert_mean_equals_the_definition("step up", &steps);
        let down: Vec<f32> = steps.iter().rev().copied().collect();
        assert_mean_equals_the_definition("step down", &down);
        let mut clicks = vec![0.0; 1293];
        clicks[500] = 1.0;
        clicks[1100] = 1e-9;
        assert_mean_equals_the_definition("two clicks", &clicks);
    }
}
