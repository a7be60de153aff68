use crate::error::{Result, check, check_finite};

/// Parameters of [`peak_pick`], named as in `librosa.util.peak_pick`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeakPickParams {
    /// Number of values before a peak that must not exceed it; default 1.
    pub pre_max: usize,
    /// Number of values from the peak on that must not exceed it, the peak included; at least 1, default 1.
    pub post_max: usize,
    /// Number of values before a peak that are averaged; default 4.
    pub pre_avg: usize,
    /// Number of values from the peak on that are averaged, the peak included; at least 1, default 5.
    pub post_avg: usize,
    /// The least difference between a peak and this mean, at least 0; default 0.07.
    pub delta: f64,
    /// Number of values after a peak in which there is no other peak; default 1.
    pub wait: usize,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for PeakPickParams {
    fn default() -> Self {
        Self {
            pre_max: 1,
            post_max: 1,
            pre_avg: 4,
            post_avg: 5,
            delta: 0.07,
            wait: 1,
            _non_exhaustive: (),
        }
    }
}

impl PeakPickParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `post_max` or `post_avg` is 0, or `delta` is negative or not finite.
    pub fn validate(&self) -> Result<()> {
        let rule = "must be at least 1";
        check(self.post_max >= 1, "post_max", self.post_max, rule)?;
        check(self.post_avg >= 1, "post_avg", self.post_avg, rule)?;
        let delta = self.delta;
        let holds = delta >= 0.0 && delta.is_finite();
        check(holds, "delta", delta, "must be finite and not negative")?;
        Ok(())
    }
}

/// The peaks of a series, from left to right; equals `librosa.util.peak_pick` with its default method.
///
/// ```text
/// x[n] is a peak if   x[n] = max(x[n - pre_max .. n + post_max])
///              and    x[n] >= mean(x[n - pre_avg .. n + post_avg]) + delta
///              and    n is more than wait after the peak before
/// ```
///
/// Ranges are cut off at the ends of the series. The default parameters are those of
/// [`onset_detect`](crate::onset_detect) at 22 050 Hz; librosa has no defaults.
///
/// # Errors
///
/// Those of [`PeakPickParams::validate`], or a value that is not finite.
///
/// ```
/// use timbral_dsp::{PeakPickParams, peak_pick};
///
/// let x = [0.0, 1.0, 0.0, 0.0, 0.5, 0.6, 0.0];
/// assert_eq!(peak_pick(&x, &PeakPickParams::default())?, [1, 4]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn peak_pick(x: &[f32], params: &PeakPickParams) -> Result<Vec<usize>> {
    params.validate()?;
    check_finite("x", x)?;
    let PeakPickParams { delta, .. } = *params;
    let range = |n: usize, before: usize, after: usize| {
        &x[n.saturating_sub(before)..n.saturating_add(after).min(x.len())]
    };
    let mut peaks = Vec::new();
    let mut n = 0;
    while n < x.len() {
        let largest = range(n, params.pre_max, params.post_max);
        let near = range(n, params.pre_avg, params.post_avg);
        // f32 sums, as in librosa.
        let mean = || f64::from(near.iter().sum::<f32>()) / near.len() as f64;
        let is_peak = largest.iter().all(|v| x[n] >= *v) && f64::from(x[n]) >= mean() + delta;
        if is_peak {
            peaks.push(n);
            n = n.saturating_add(params.wait);
        }
        n = n.saturating_add(1);
    }
    Ok(peaks)
}
