use super::difference::Difference;
use super::yin_params::YinParams;
use crate::error::Result;

/// A planned estimate of the fundamental frequency of every frame (YIN, de Cheveigné and Kawahara 2002); equals
/// `librosa.yin`.
///
/// The difference between a frame and the same frame shifted by a period is divided by its mean over all
/// shorter periods. It is small at the true period. The first trough below `trough_threshold` is taken, or the
/// smallest value if there is none. A parabola through its neighbours gives the fraction of a sample.
///
/// ```text
/// d[l] = 2 (a[0] - a[l]) - sum_{n < l} x[n]^2,   a the autocorrelation of frame x
/// f0   = sample_rate / (l + offset)  for the first trough l of  l d[l] / sum_{j = 1 ..= l} d[j]
/// ```
///
/// Differences are computed in f64. librosa's f32 differs by about 1e-6 of the energy of a frame, which may
/// select another trough where two are nearly equal, as in a frame with a single click.
///
/// ```
/// use timbral_dsp::{Yin, YinParams};
///
/// let tone = |n| (std::f64::consts::TAU * 440.0 * n as f64 / 22050.0).sin() as f32;
/// let y: Vec<f32> = (0..22050).map(tone).collect();
/// let f0 = Yin::new(YinParams::default())?.process(&y)?;
/// assert_eq!(f0.len(), 44);
/// assert!((f0[20] - 440.0).abs() < 1.0);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Yin {
    params: YinParams,
    difference: Difference,
}

impl Yin {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`YinParams::validate`].
    pub fn new(params: YinParams) -> Result<Self> {
        params.validate()?;
        Ok(Self {
            difference: Difference::new(&params),
            params,
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &YinParams {
        &self.params
    }

    /// The frequency of every frame in hertz. Frames without a pitch also get a frequency.
    ///
    /// # Errors
    ///
    /// - no samples, or fewer than `frame_length` if `center` is false;
    /// - a sample that is NaN or infinite.
    pub fn process(&self, y: &[f32]) -> Result<Vec<f64>> {
        let mut f0 = Vec::new();
        self.difference.for_each_frame(y, |_, periods| {
            let values = &periods.values;
            let below = (0..values.len())
                .find(|i| values[*i] < self.params.trough_threshold && periods.is_trough(*i));
            let best = below.unwrap_or_else(|| periods.smallest());
            let period = (self.difference.shortest + best) as f64 + periods.shift(best);
            f0.push(f64::from(self.params.sample_rate) / period);
        })?;
        Ok(f0)
    }
}
