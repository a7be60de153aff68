//! Halves a sample rate that is at least four times the final one, by a half-band filter.

use pulp::{Simd, WithSimd};

use super::kaiser::KaiserSinc;
use super::simd::arch;

/// Beta and half length, in units of two samples, of the Kaiser windows of filters with 8 and with 9 taps on
/// each side. They are fitted to the response of soxr to an impulse at the start of a signal, the only place
/// where its halving filters have an effect that can be measured. The filters are flat within 2e-6 up to a
/// quarter of the Nyquist frequency, and below -112 dB from three quarters of it on.
const WINDOWS: [(f64, f64); 2] = [(13.419_67, 8.669_14), (14.945_62, 9.709_93)];

/// One halving, at once or piece by piece.
#[derive(Debug, Clone)]
pub(super) struct Halve {
    /// The taps at distances 1, 3, ... from the centre; those at 2, 4, ... are 0.
    taps: Vec<f32>,
    /// Input that the next outputs need.
    input: Vec<f32>,
}

/// Outputs that are computed at a time.
const TILE: usize = 64;

/// Most taps on each side.
const MAX_TAPS: usize = 9;

impl Halve {
    /// A filter with 8 or with 9 taps on each side.
    pub(super) fn new(taps: usize) -> Self {
        // The cutoff is half the Nyquist frequency.
        let (beta, half) = WINDOWS[usize::from(taps > 8)];
        let kernel = KaiserSinc::new(1.0, beta, half);
        let side: Vec<f64> = (0..half as usize)
            .map(|k| kernel.at(k as f64 + 0.5))
            .collect();
        let sum: f64 = side.iter().sum();
        let mut halve = Self {
            taps: side.iter().map(|h| (0.25 * h / sum) as f32).collect(),
            input: Vec::new(),
        };
        halve.reset();
        halve
    }

    pub(super) fn reset(&mut self) {
        self.input.clear();
        // Output i needs the inputs up to `2 taps - 1` away from `2 i`.
        self.input.resize(2 * self.taps.len(), 0.0);
    }

    /// Appends the outputs that `x` completes; output i is at the time of input `2 i`.
    pub(super) fn push(&mut self, x: &[f32], out: &mut Vec<f32>) {
        self.input.extend_from_slice(x);
        let pairs = self.input.as_chunks::<2>().0;
        let n = (pairs.len() + 1).saturating_sub(2 * self.taps.len());
        if n == 0 {
            return;
        }
        let first = out.len();
        out.resize(first + n, 0.0);
        arch().dispatch(Filter {
            taps: &self.taps,
            pairs,
            out: &mut out[first..],
        });
        self.input.drain(..2 * n);
    }

    /// The number of inputs that the first `n` outputs need.
    pub(super) fn inputs(&self, n: u64) -> u64 {
        2 * (n + self.taps.len() as u64)
    }
}

/// Output i is in the middle of the pairs i to `i + 2 taps - 1`.
struct Filter<'a> {
    taps: &'a [f32],
    pairs: &'a [[f32; 2]],
    out: &'a mut [f32],
}

impl WithSimd for Filter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        // Compiled for the instruction set of S; every output is one sum in a fixed order.
        let Self { taps, pairs, out } = self;
        let mut odd = [0.0; TILE + 2 * MAX_TAPS];
        for (i, out) in out.chunks_mut(TILE).enumerate() {
            let n = out.len();
            let pairs = &pairs[i * TILE..][..n + 2 * taps.len() - 1];
            for (odd, pair) in odd.iter_mut().zip(pairs) {
                *odd = pair[1];
            }
            for (y, pair) in out.iter_mut().zip(&pairs[taps.len()..]) {
                *y = 0.5 * pair[0];
            }
            for (k, h) in taps.iter().enumerate() {
                let h = *h;
                let left = &odd[taps.len() - 1 - k..][..n];
                let right = &odd[taps.len() + k..][..n];
                for ((y, a), b) in out.iter_mut().zip(left).zip(right) {
                    *y += h * (a + b);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impulse_gives_the_taps_around_its_time() {
        let mut halve = Halve::new(9);
        for at in [0usize, 1, 20, 21] {
            let mut x = vec![0.0; 100];
            x[at] = 1.0;
            let mut whole = Vec::new();
            halve.reset();
            halve.push(&x, &mut whole);
            assert!(halve.inputs(whole.len() as u64) >= 100);
            assert!(halve.inputs(whole.len() as u64 - 1) <= 100);
            for (i, y) in whole.iter().enumerate() {
                let expected = match (2 * i).abs_diff(at) {
                    0 => 0.5,
                    d if d % 2 == 1 && d / 2 < 9 => halve.taps[d / 2],
                    _ => 0.0,
                };
                assert_eq!(*y, expected, "impulse at {at}, output {i}");
            }
            let mut pieces = Vec::new();
            halve.reset();
            for piece in x.chunks(3) {
                halve.push(piece, &mut pieces);
            }
            assert_eq!(pieces, whole);
        }
    }
}
