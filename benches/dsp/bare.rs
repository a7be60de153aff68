//! Fourier transforms only: a lower bound for the time of every spectral function.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

const N_FFT: usize = 2048;
const HOP: usize = 512;

/// Plans and buffers for f32 transforms of 2048 samples with a hop of 512.
pub(crate) struct BareFfts {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
    samples: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl BareFfts {
    /// Creates the plans.
    pub(crate) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(N_FFT);
        let inverse = planner.plan_fft_inverse(N_FFT);
        let hann = |n| (0.5 - 0.5 * (TAU * n as f64 / N_FFT as f64).cos()) as f32;
        Self {
            window: (0..N_FFT).map(hann).collect(),
            samples: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            scratch: vec![
                Complex::default();
                forward.get_scratch_len().max(inverse.get_scratch_len())
            ],
            forward,
            inverse,
        }
    }

    /// `y` with the zeros at both ends that centred frames include.
    pub(crate) fn padded(y: &[f32]) -> Vec<f32> {
        let zeros = [0.0; N_FFT / 2];
        [&zeros, y, &zeros].concat()
    }

    /// Windows and transforms each frame of a padded signal and passes the spectrum to `sink`.
    pub(crate) fn forward(&mut self, padded: &[f32], mut sink: impl FnMut(&[Complex<f32>])) {
        for frame in padded.windows(N_FFT).step_by(HOP) {
            for ((to, x), w) in self.samples.iter_mut().zip(frame).zip(&self.window) {
                *to = x * w;
            }
            let (samples, spectrum) = (&mut self.samples, &mut self.spectrum);
            self.forward
                .process_with_scratch(samples, spectrum, &mut self.scratch)
                .unwrap();
            sink(spectrum);
        }
    }

    /// Transforms consecutive spectra and passes the samples of each to `sink`.
    pub(crate) fn inverse(&mut self, spectra: &[Complex<f32>], mut sink: impl FnMut(&[f32])) {
        for spectrum in spectra.chunks_exact(self.spectrum.len()) {
            self.spectrum.copy_from_slice(spectrum);
            let (samples, spectrum) = (&mut self.samples, &mut self.spectrum);
            self.inverse
                .process_with_scratch(spectrum, samples, &mut self.scratch)
                .unwrap();
            sink(samples);
        }
    }

    /// The spectra of a padded signal, concatenated.
    pub(crate) fn spectra(&mut self, padded: &[f32]) -> Vec<Complex<f32>> {
        let mut spectra = Vec::new();
        self.forward(padded, |spectrum| spectra.extend_from_slice(spectrum));
        spectra
    }
}
