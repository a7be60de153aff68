//! The real transforms behind the STFT: 16 frames to spectra and back.

use std::fmt;

use super::any_length::{AnyLength, AnyLengthScratch};
use super::hop_grid::HopGrid;
use super::side_by_side::{SideBySide, SideBySideScratch};
use crate::simd::{Lane, ZERO};

/// Window and transform, forward in f64, inverse in f32, both unscaled.
#[derive(Clone)]
pub(super) struct TileTransform {
    layout: HopGrid,
    engine: Engine,
}

/// How the transforms are computed.
#[derive(Clone)]
enum Engine {
    /// Powers of two from 8 to 8192.
    SideBySide(Box<SideBySide>),
    /// Other lengths.
    AnyLength(AnyLength),
}

impl fmt::Debug for TileTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TileTransform")
            .field("n_fft", &self.layout.n_fft)
            .finish_non_exhaustive()
    }
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct TileTransformScratch {
    line: Vec<f32>,
    side_by_side: SideBySideScratch,
    any_length: AnyLengthScratch,
}

impl TileTransform {
    pub(super) fn new(window: Vec<f64>, hop: usize) -> Self {
        let n_fft = window.len();
        let engine = match SideBySide::new(n_fft) {
            Some(fft) => Engine::SideBySide(Box::new(fft)),
            None => Engine::AnyLength(AnyLength::new(n_fft)),
        };
        Self {
            layout: HopGrid::new(window, hop),
            engine,
        }
    }

    pub(super) fn window(&self) -> &[f64] {
        &self.layout.window
    }

    /// Samples that the frames of a tile span.
    pub(super) fn span(&self) -> usize {
        self.layout.span()
    }

    /// The spectra of the 16 frames that start `hop` apart in `line`, beyond whose end are zeros.
    pub(super) fn forward(
        &self,
        line: &[f32],
        scratch: &mut TileTransformScratch,
        re: &mut [Lane],
        im: &mut [Lane],
    ) {
        let TileTransformScratch {
            side_by_side,
            any_length,
            ..
        } = scratch;
        match &self.engine {
            Engine::SideBySide(fft) => fft.forward(&self.layout, line, side_by_side, re, im),
            Engine::AnyLength(fft) => fft.forward(&self.layout, line, any_length, re, im),
        }
    }

    /// Windowed inverse transforms of 16 spectra, overlapped and added: `span()` samples. The
    /// imaginary parts of the first bin and, for even `n_fft`, of the last one are ignored.
    pub(super) fn inverse<'a>(
        &self,
        re: &[Lane],
        im: &mut [Lane],
        scratch: &'a mut TileTransformScratch,
    ) -> &'a [f32] {
        let n_fft = self.layout.n_fft;
        im[0] = ZERO;
        if n_fft.is_multiple_of(2) {
            im[n_fft / 2] = ZERO;
        }
        let TileTransformScratch {
            line,
            side_by_side,
            any_length,
        } = scratch;
        line.resize(self.span(), 0.0);
        line.fill(0.0);
        match &self.engine {
            Engine::SideBySide(fft) => fft.inverse(&self.layout, re, im, side_by_side, line),
            Engine::AnyLength(fft) => fft.inverse(&self.layout, re, im, any_length, line),
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::LANES;
    use timbral_core::twiddle;

    fn noise(n: usize) -> Vec<f32> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    /// The textbook transform in f64.
    fn naive(frame: &[f32], window: &[f64], k: usize) -> (f64, f64) {
        let term = |(n, (y, w)): (usize, (&f32, &f64))| {
            let t = twiddle(n * k, frame.len());
            (f64::from(*y) * w * t.0, f64::from(*y) * w * t.1)
        };
        let add = |a: (f64, f64), b: (f64, f64)| (a.0 + b.0, a.1 + b.1);
        frame
            .iter()
            .zip(window)
            .enumerate()
            .map(term)
            .fold((0.0, 0.0), add)
    }

    #[test]
    fn forward_is_the_textbook_sum_for_every_length_and_hop() {
        for n_fft in [2, 3, 7, 8, 12, 16, 64, 100, 128] {
            for hop in [1, 3, 16, 20, n_fft / 2, n_fft, n_fft + 5] {
                let window: Vec<f64> = (0..n_fft).map(|n| 1.0 + (n as f64 * 0.3).cos()).collect();
                let plan = TileTransform::new(window.clone(), hop.max(1));
                let mut scratch = TileTransformScratch::default();
                let y = noise(plan.span());
                let (mut re, mut im) = (vec![ZERO; n_fft / 2 + 1], vec![ZERO; n_fft / 2 + 1]);
                plan.forward(&y, &mut scratch, &mut re, &mut im);
                for lane in [0, 5, 8, 15] {
                    let frame = &y[lane * plan.layout.hop..][..n_fft];
                    for k in 0..=n_fft / 2 {
                        let exact = naive(frame, &window, k);
                        let (a, b) = (f64::from(re[k][lane]), f64::from(im[k][lane]));
                        let error = (a - exact.0).hypot(b - exact.1);
                        // One rounding to f32 of values below n_fft.
                        let tolerance = 6e-8 * exact.0.hypot(exact.1) + 1e-12;
                        assert!(error < tolerance * 1.5, "{n_fft} {hop} {k} {lane}: {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn inverse_undoes_forward_and_adds() {
        for n_fft in [4, 6, 8, 32, 256] {
            let hop = n_fft / 4 + 1;
            let window: Vec<f64> = (0..n_fft).map(|n| 1.0 + (n as f64).sin()).collect();
            let plan = TileTransform::new(window.clone(), hop);
            let mut scratch = TileTransformScratch::default();
            let y = noise(plan.span());
            let (mut re, mut im) = (vec![ZERO; n_fft / 2 + 1], vec![ZERO; n_fft / 2 + 1]);
            plan.forward(&y, &mut scratch, &mut re, &mut im);
            let sums = plan.inverse(&re, &mut im, &mut scratch);
            let mut weight = vec![0.0; y.len()];
            for lane in 0..LANES {
                for (n, w) in window.iter().enumerate() {
                    weight[lane * hop + n] += w * w;
                }
            }
            for ((sum, y), weight) in sums.iter().zip(&y).zip(&weight) {
                let exact = f64::from(*y) * weight;
                // f32 butterflies: a few roundings of values of the size of `weight`.
                assert!(
                    (f64::from(*sum) - exact).abs() < 5e-6,
                    "{n_fft}: {sum} {exact}"
                );
            }
        }
    }
}
