//! Transforms of frames of any length, some of them side by side.

use super::any_fft::AnyWork;
use super::hop_grid::HopGrid;
use super::real_fft::{RealFfts, Spectra};
use crate::simd::{LANES, Lane};

/// Frames side by side: two registers of f64 on common machines.
const SIDE: usize = 8;

/// A plan for any length.
#[derive(Debug, Clone)]
pub(super) struct AnyLength(RealFfts<SIDE>);

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct AnyLengthScratch {
    frames: Vec<[f64; SIDE]>,
    spectra: Spectra<SIDE>,
    work: AnyWork,
}

impl AnyLength {
    pub(super) fn new(n_fft: usize) -> Self {
        Self(RealFfts::new(n_fft))
    }

    /// The windowed spectra of the 16 frames in `line`, beyond whose end are zeros.
    pub(super) fn forward(
        &self,
        layout: &HopGrid,
        line: &[f32],
        scratch: &mut AnyLengthScratch,
        re: &mut [Lane],
        im: &mut [Lane],
    ) {
        let AnyLengthScratch {
            frames,
            spectra,
            work,
        } = scratch;
        frames.resize(layout.n_fft, [0.0; SIDE]);
        for first in (0..LANES).step_by(SIDE) {
            for side in 0..SIDE {
                let samples = line.get((first + side) * layout.hop..).unwrap_or_default();
                let samples = samples.iter().chain(std::iter::repeat(&0.0));
                for (to, (y, w)) in frames.iter_mut().zip(samples.zip(&layout.window)) {
                    to[side] = f64::from(*y) * w;
                }
            }
            self.0.forward(frames, spectra, work);
            for (to, from) in [(&mut *re, &spectra.re), (&mut *im, &spectra.im)] {
                for (to, from) in to.iter_mut().zip(from) {
                    for (to, v) in to[first..].iter_mut().zip(from) {
                        *to = *v as f32;
                    }
                }
            }
        }
    }

    /// Adds the 16 windowed inverse transforms to `line`.
    pub(super) fn inverse(
        &self,
        layout: &HopGrid,
        re: &[Lane],
        im: &[Lane],
        scratch: &mut AnyLengthScratch,
        line: &mut [f32],
    ) {
        let AnyLengthScratch {
            frames,
            spectra,
            work,
        } = scratch;
        frames.resize(layout.n_fft, [0.0; SIDE]);
        for first in (0..LANES).step_by(SIDE) {
            for (from, to) in [(re, &mut spectra.re), (im, &mut spectra.im)] {
                to.clear();
                to.extend(
                    from.iter()
                        .map(|bin| std::array::from_fn(|side| f64::from(bin[first + side]))),
                );
            }
            self.0.inverse(spectra, frames, work);
            for side in 0..SIDE {
                let samples = &mut line[(first + side) * layout.hop..];
                let values = frames.iter().zip(&layout.synthesis);
                for (y, (x, w)) in samples.iter_mut().zip(values) {
                    *y += x[side] as f32 * w;
                }
            }
        }
    }
}
