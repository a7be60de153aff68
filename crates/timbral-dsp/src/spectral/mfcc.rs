use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};

use super::mel_bank::MAX_MELS;
use crate::error::{Result, check, check_length};
use crate::simd::{Dense, Lane, ZERO, for_each_tile, store_tile};

/// Parameters of mel-frequency cepstral coefficients, named as in `librosa.feature.mfcc`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MfccParams {
    /// Bands of the mel spectrogram, `1..=4096`; default 128.
    pub n_mels: usize,
    /// Coefficients kept, `1..=n_mels`; default 20.
    pub n_mfcc: usize,
    /// Length of the sine that weights the coefficients, at least 0; default 0: no weighting.
    pub lifter: f64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for MfccParams {
    fn default() -> Self {
        Self {
            n_mels: 128,
            n_mfcc: 20,
            lifter: 0.0,
            _non_exhaustive: (),
        }
    }
}

impl MfccParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `n_mels` outside `1..=4096`, `n_mfcc` outside `1..=n_mels`, or a `lifter` that is negative or
    /// not finite.
    pub fn validate(&self) -> Result<()> {
        let (n_mels, n_mfcc, lifter) = (self.n_mels, self.n_mfcc, self.lifter);
        let holds = (1..=MAX_MELS).contains(&n_mels);
        check(holds, "n_mels", n_mels, "must be in 1..=4096")?;
        let holds = (1..=n_mels).contains(&n_mfcc);
        check(holds, "n_mfcc", n_mfcc, "must be in 1..=n_mels")?;
        let holds = lifter >= 0.0 && lifter.is_finite();
        check(holds, "lifter", lifter, "must not be negative")?;
        Ok(())
    }
}

/// Mel-frequency cepstral coefficients: the orthonormal DCT-II along the bands of a mel
/// spectrogram in decibels (Davis and Mermelstein 1980); equals `librosa.feature.mfcc(S=...)`.
///
/// ```text
/// c[i, t] = l_i sqrt(2 / n) sum_m S_dB[m, t] cos(pi i (2 m + 1) / (2 n)),   n = n_mels,
/// ```
///
/// times `sqrt(1/2)` for `i = 0`, with `l_i = 1 + lifter / 2 sin(pi (i + 1) / lifter)`.
///
/// ```
/// use ndarray::Array2;
/// use timbral_dsp::{Mfcc, MfccParams};
///
/// let mfcc = Mfcc::new(MfccParams { n_mels: 4, n_mfcc: 2, ..MfccParams::default() })?;
/// let c = mfcc.process(Array2::from_elem((4, 3), -10.0f32).view())?;
/// assert_eq!(c.dim(), (2, 3));
/// assert_eq!(c[[0, 0]], -20.0);
/// assert!(c[[1, 0]].abs() < 1e-6);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Mfcc {
    params: MfccParams,
    matrix: Dense,
}

impl Mfcc {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`MfccParams::validate`].
    pub fn new(params: MfccParams) -> Result<Self> {
        params.validate()?;
        let MfccParams {
            n_mels,
            n_mfcc,
            lifter,
            _non_exhaustive: (),
        } = params;
        let matrix = Dense::new(n_mfcc, n_mels, |i, m| {
            let (scale, cosine) = cosine(n_mels, i, m);
            (lift(lifter, i) * scale * cosine) as f32
        });
        Ok(Self { params, matrix })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &MfccParams {
        &self.params
    }

    /// The coefficients, shape `(n_mfcc, n_frames)`, of a mel spectrogram in decibels of shape
    /// `(n_mels, n_frames)`.
    ///
    /// # Errors
    ///
    /// A spectrogram with another number of rows.
    pub fn process(&self, mel_db: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        check_length("mel_db rows", self.params.n_mels, mel_db.nrows())?;
        let mut out = Array2::zeros((self.params.n_mfcc, mel_db.ncols()));
        let mut rows = vec![ZERO; self.params.n_mfcc];
        let mut view = out.view_mut();
        for_each_tile(mel_db, |first, _, tile| {
            self.apply(tile, &mut rows);
            store_tile(&rows, first, &mut view);
        });
        Ok(out)
    }

    /// The orthonormal cosines, divided by the lifter of each coefficient: the inverse of the transform.
    pub(crate) fn unlifted(&self) -> Array2<f64> {
        let MfccParams {
            n_mels,
            n_mfcc,
            lifter,
            ..
        } = self.params;
        Array2::from_shape_fn((n_mfcc, n_mels), |(i, m)| {
            let (scale, cosine) = cosine(n_mels, i, m);
            scale * cosine / (lift(lifter, i) + f64::from(f32::MIN_POSITIVE))
        })
    }

    pub(crate) fn apply(&self, tile: &[Lane], out: &mut [Lane]) {
        self.matrix.apply(tile, out);
    }
}

/// Coefficient `i` of the orthonormal DCT-II of `n` values at place `m`: the scale and the cosine.
fn cosine(n: usize, i: usize, m: usize) -> (f64, f64) {
    let n = n as f64;
    let scale = if i == 0 { 1.0 } else { 2.0 };
    let angle = PI * i as f64 * (2 * m + 1) as f64 / (2.0 * n);
    ((scale / n).sqrt(), libm::cos(angle))
}

/// The factor of coefficient `i`.
fn lift(lifter: f64, i: usize) -> f64 {
    match lifter {
        0.0 => 1.0,
        _ => 1.0 + lifter / 2.0 * libm::sin(PI * (i + 1) as f64 / lifter),
    }
}
