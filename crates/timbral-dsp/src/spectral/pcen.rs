use ndarray::{Array2, ArrayView2};

use crate::elementary::{exp, exp_m1, ln_1p};
use crate::error::{Error, Result, check, check_sample_rate};
use crate::simd::dispatch;

/// Parameters of [`pcen`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PcenParams {
    /// Samples per second, at least 1; default 22050. Used only without `b`.
    pub sample_rate: u32,
    /// Samples between frames, at least 1; default 512. Used only without `b`.
    pub hop_length: usize,
    /// The exponent of the divisor, at least 0; default 0.98.
    pub gain: f64,
    /// The number that is added before compression, at least 0; default 2.
    pub bias: f64,
    /// The exponent of compression, at least 0; default 0.5. 0 takes the logarithm.
    pub power: f64,
    /// The time constant of the smoothing in seconds, above 0; default 0.4.
    pub time_constant: f64,
    /// The number that keeps the divisor above 0; at least 1e-100, default 1e-6.
    pub eps: f64,
    /// The weight of a new frame in the smoothing, `0..=1`; default: computed from `time_constant`.
    pub b: Option<f64>,
    /// Number of neighbouring bands whose largest value is smoothed in place of each band, at least 1; default
    /// 1.
    pub max_size: usize,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for PcenParams {
    fn default() -> Self {
        Self {
            sample_rate: 22050,
            hop_length: 512,
            gain: 0.98,
            bias: 2.0,
            power: 0.5,
            time_constant: 0.4,
            eps: 1e-6,
            b: None,
            max_size: 1,
            _non_exhaustive: (),
        }
    }
}

impl PcenParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description, or a number that is not finite.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        let rule = "must be at least 1";
        check(self.hop_length >= 1, "hop_length", self.hop_length, rule)?;
        check(self.max_size >= 1, "max_size", self.max_size, rule)?;
        for (name, value) in [
            ("gain", self.gain),
            ("bias", self.bias),
            ("power", self.power),
        ] {
            let holds = value >= 0.0 && value.is_finite();
            check(holds, name, value, "must be finite and not negative")?;
        }
        for (name, value) in [("time_constant", self.time_constant), ("eps", self.eps)] {
            let holds = value > 0.0 && value.is_finite();
            check(holds, name, value, "must be finite and above 0")?;
        }
        let rule = "must be at least 1e-100";
        check(self.eps >= 1e-100, "eps", self.eps, rule)?;
        let b = self.b.unwrap_or(0.0);
        check((0.0..=1.0).contains(&b), "b", b, "must be in 0..=1")?;
        Ok(())
    }

    /// The weight of a new frame.
    fn weight(&self) -> f64 {
        self.b.unwrap_or_else(|| {
            let frames = self.time_constant * f64::from(self.sample_rate) / self.hop_length as f64;
            let square = frames * frames;
            // For a time far below a frame the formula is 0 / 0; its limit is 1.
            let b = ((1.0 + 4.0 * square).sqrt() - 1.0) / (2.0 * square);
            if b.is_finite() { b.min(1.0) } else { 1.0 }
        })
    }
}

/// Per-channel energy normalisation: every band is divided by its smoothed past, then compressed (Wang et al.
/// 2017; Lostanlen et al. 2019). Equals `librosa.pcen`.
///
/// ```text
/// M[t] = (1 - b) M[t - 1] + b S[t],   M[-1] = 1,   b = (sqrt(1 + 4 T^2) - 1) / (2 T^2),  T = time_constant in frames
/// P[t] = (S[t] / (eps + M[t])^gain + bias)^power - bias^power
/// ```
///
/// With `power` 0 it is `log(1 + S / (eps + M)^gain)`; with `max_size` above 1, `M` smooths the largest of `max_size`
/// bands around each. The formula is that of librosa for samples scaled to whole numbers: multiply a mel
/// spectrogram by 2^31 for the values of the papers.
///
/// - `spectrogram`: magnitudes or powers, shape `(n_bands, n_frames)`, not negative;
/// - result: the same shape.
///
/// # Errors
///
/// Those of [`PcenParams::validate`], or a value that is negative or not finite.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{PcenParams, pcen};
///
/// let params = PcenParams { gain: 1.0, bias: 1.0, power: 1.0, b: Some(0.5), ..PcenParams::default() };
/// let normalised = pcen(array![[3.0f32, 2.0]].view(), &params)?;
/// assert!((normalised[[0, 0]] - 1.5).abs() < 1e-5 && (normalised[[0, 1]] - 1.0).abs() < 1e-5);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn pcen(spectrogram: ArrayView2<'_, f32>, params: &PcenParams) -> Result<Array2<f32>> {
    params.validate()?;
    let bad = |v: &f32| !(v.is_finite() && *v >= 0.0);
    if let Some((index, value)) = spectrogram.iter().enumerate().find(|(_, v)| bad(v)) {
        if value.is_finite() {
            let rule = "must not have negative values";
            check(false, "spectrogram", value, rule)?;
        }
        return Err(Error::NotFinite {
            name: "spectrogram",
            index,
            value: *value,
        });
    }
    let b = params.weight();
    let mut out = Array2::zeros(spectrogram.dim());
    let mut smooth = vec![0.0f64; spectrogram.ncols()];
    let (before, after) = (params.max_size / 2, (params.max_size - 1) / 2);
    for (k, row) in spectrogram.outer_iter().enumerate() {
        let mut reference = row.to_vec();
        if params.max_size > 1 {
            let last = k.saturating_add(after).min(spectrogram.nrows() - 1);
            for near in k.saturating_sub(before)..=last {
                for (to, v) in reference.iter_mut().zip(spectrogram.row(near)) {
                    *to = to.max(*v);
                }
            }
        }
        // As scipy's filter with its steady state for an input of 1.
        let mut state = 1.0 - b;
        for (to, v) in smooth.iter_mut().zip(&reference) {
            let value = b * f64::from(*v) + state;
            state = (1.0 - b) * value;
            *to = value;
        }
        let row = row.to_vec();
        if let Some(to) = out.row_mut(k).as_slice_mut() {
            dispatch(
                #[inline(always)]
                || compress(&row, &smooth, params, to),
            );
        }
    }
    Ok(out)
}

/// One band, from its values and the smoothed ones.
#[inline(always)]
fn compress(s: &[f32], smooth: &[f64], params: &PcenParams, out: &mut [f32]) {
    let PcenParams {
        gain,
        bias,
        power,
        eps,
        ..
    } = *params;
    let log_eps = libm::log(eps);
    let divided = |s: f32, m: f64| {
        let divisor = -gain * (log_eps + ln_1p(m / eps));
        f64::from(s) * exp(divisor)
    };
    if power == 0.0 {
        for ((out, s), m) in out.iter_mut().zip(s).zip(smooth) {
            *out = ln_1p(divided(*s, *m)) as f32;
        }
    } else if bias == 0.0 {
        for ((out, s), m) in out.iter_mut().zip(s).zip(smooth) {
            *out = libm::pow(divided(*s, *m), power) as f32;
        }
    } else {
        let scale = libm::pow(bias, power);
        for ((out, s), m) in out.iter_mut().zip(s).zip(smooth) {
            *out = (scale * exp_m1(power * ln_1p(divided(*s, *m) / bias))) as f32;
        }
    }
}
