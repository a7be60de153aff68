//! Transforms of one frame after the other, for any length.

use num_complex::Complex;

use super::hop_grid::HopGrid;
use super::real_fft::{RealFft, RealFftScratch};
use crate::simd::{LANES, Lane};

/// A plan for any length.
#[derive(Debug, Clone)]
pub(super) struct OneByOne(RealFft);

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct OneByOneScratch {
    frame: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    fft: RealFftScratch,
}

impl OneByOne {
    pub(super) fn new(n_fft: usize) -> Self {
        Self(RealFft::new(n_fft))
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
        for lane in 0..LANES {
            let samples = line[lane * layout.hop..].iter().zip(&layout.window);
            scratch.frame.clear();
            scratch
                .frame
                .extend(samples.map(|(y, w)| f64::from(*y) * w));
            self.0
                .forward(&scratch.frame, &mut scratch.spectrum, &mut scratch.fft);
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
        scratch.frame.resize(layout.n_fft, 0.0);
        for lane in 0..LANES {
            let bins = re.iter().zip(im);
            let bins = bins.map(|(re, im)| Complex::new(re[lane].into(), im[lane].into()));
            scratch.spectrum.clear();
            scratch.spectrum.extend(bins);
            self.0
                .inverse(&scratch.spectrum, &mut scratch.frame, &mut scratch.fft);
            let samples = &mut line[lane * layout.hop..];
            for ((y, x), w) in samples
                .iter_mut()
                .zip(&scratch.frame)
                .zip(&layout.synthesis)
            {
                *y += *x as f32 * w;
            }
        }
    }
}
