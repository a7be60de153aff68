//! Transforms of one frame after the other by realfft, for any length.

use std::sync::Arc;

use num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::hop_grid::HopGrid;
use crate::simd::{LANES, Lane};

/// Plans for any length.
#[derive(Clone)]
pub(super) struct OneByOne {
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct OneByOneScratch {
    frame: Vec<f64>,
    frame_single: Vec<f32>,
    spectrum: Vec<Complex<f64>>,
    spectrum_single: Vec<Complex<f32>>,
    fft: Vec<Complex<f64>>,
    fft_single: Vec<Complex<f32>>,
}

impl OneByOne {
    pub(super) fn new(n_fft: usize) -> Self {
        Self {
            forward: RealFftPlanner::new().plan_fft_forward(n_fft),
            inverse: RealFftPlanner::new().plan_fft_inverse(n_fft),
        }
    }

    /// The windowed spectra of the 16 frames in `line`.
    pub(super) fn forward(
        &self,
        layout: &HopGrid,
        line: &[f32],
        scratch: &mut OneByOneScratch,
        re: &mut [Lane],
        im: &mut [Lane],
    ) {
        scratch.frame.resize(layout.n_fft, 0.0);
        scratch
            .spectrum
            .resize(layout.n_fft / 2 + 1, Complex::default());
        scratch
            .fft
            .resize(self.forward.get_scratch_len(), Complex::default());
        for lane in 0..LANES {
            let samples = &line[lane * layout.hop..];
            for ((to, y), w) in scratch.frame.iter_mut().zip(samples).zip(&layout.window) {
                *to = f64::from(*y) * w;
            }
            // The lengths are the plan's, so this cannot fail.
            let done = self.forward.process_with_scratch(
                &mut scratch.frame,
                &mut scratch.spectrum,
                &mut scratch.fft,
            );
            debug_assert!(done.is_ok());
            for ((re, im), z) in re.iter_mut().zip(im.iter_mut()).zip(&scratch.spectrum) {
                re[lane] = z.re as f32;
                im[lane] = z.im as f32;
            }
        }
    }

    /// Adds the 16 windowed inverse transforms to `line`.
    pub(super) fn inverse(
        &self,
        layout: &HopGrid,
        re: &[Lane],
        im: &[Lane],
        scratch: &mut OneByOneScratch,
        line: &mut [f32],
    ) {
        scratch.frame_single.resize(layout.n_fft, 0.0);
        scratch
            .spectrum_single
            .resize(layout.n_fft / 2 + 1, Complex::default());
        scratch
            .fft_single
            .resize(self.inverse.get_scratch_len(), Complex::default());
        for lane in 0..LANES {
            for ((z, re), im) in scratch.spectrum_single.iter_mut().zip(re).zip(im) {
                *z = Complex::new(re[lane], im[lane]);
            }
            let done = self.inverse.process_with_scratch(
                &mut scratch.spectrum_single,
                &mut scratch.frame_single,
                &mut scratch.fft_single,
            );
            debug_assert!(done.is_ok());
            let samples = &mut line[lane * layout.hop..];
            for ((y, x), w) in samples
                .iter_mut()
                .zip(&scratch.frame_single)
                .zip(&layout.synthesis)
            {
                *y += x * w;
            }
        }
    }
}
