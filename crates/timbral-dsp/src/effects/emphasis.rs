use crate::error::{Error, Result, check, check_finite};

/// Parameters of [`preemphasis`] and [`deemphasis`], named as in librosa.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmphasisParams {
    /// The weight of the previous sample, `0..=1`; default 0.97.
    pub coef: f32,
    /// The number that is added to the first result. For [`preemphasis`] it is minus `coef` times the last
    /// sample of the piece before, for [`deemphasis`] plus `coef` times the last result of the piece before.
    /// Default: as if the signal continued before its start in a straight line.
    pub zi: Option<f32>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for EmphasisParams {
    fn default() -> Self {
        Self {
            coef: 0.97,
            zi: None,
            _non_exhaustive: (),
        }
    }
}

impl EmphasisParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `coef` outside `0..=1`, or a `zi` that is not finite.
    pub fn validate(&self) -> Result<()> {
        let coef = self.coef;
        check(
            (0.0..=1.0).contains(&coef),
            "coef",
            coef,
            "must be in 0..=1",
        )?;
        let zi = self.zi.unwrap_or(0.0);
        check(zi.is_finite(), "zi", zi, "must be finite")?;
        Ok(())
    }

    fn check_signal(&self, y: &[f32]) -> Result<()> {
        self.validate()?;
        let needed = if self.zi.is_some() { 1 } else { 2 };
        if y.len() < needed {
            return Err(Error::TooShort {
                name: "signal",
                needed,
                got: y.len(),
            });
        }
        check_finite("signal", y)
    }
}

/// Raises high frequencies: a fraction of the previous sample is subtracted from every sample. Equals
/// `librosa.effects.preemphasis`.
///
/// ```text
/// out[n] = y[n] - coef y[n - 1],   out[0] = y[0] + zi,   zi = 2 y[0] - y[1] by default
/// ```
///
/// # Errors
///
/// - those of [`EmphasisParams::validate`];
/// - fewer than two samples if `zi` is `None`, else no samples; a sample that is NaN or infinite.
///
/// ```
/// use timbral_dsp::{EmphasisParams, preemphasis};
///
/// let params = EmphasisParams { coef: 0.5, ..EmphasisParams::default() };
/// assert_eq!(preemphasis(&[1.0, 2.0, 4.0], &params)?, [1.0, 1.5, 3.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn preemphasis(y: &[f32], params: &EmphasisParams) -> Result<Vec<f32>> {
    params.check_signal(y)?;
    let zi = params.zi.unwrap_or_else(|| 2.0 * y[0] - y[1]);
    let mut out = Vec::with_capacity(y.len());
    out.push(y[0] + zi);
    out.extend(y.windows(2).map(|w| w[1] - params.coef * w[0]));
    Ok(out)
}

/// Lowers high frequencies, and so undoes [`preemphasis`]; equals `librosa.effects.deemphasis`.
///
/// ```text
/// out[n] = y[n] + coef out[n - 1],   out[0] = y[0] + zi
/// ```
///
/// If `zi` is `None`, the decaying part that the default of [`preemphasis`] adds is subtracted:
/// `((2 - coef) y[0] - y[1]) / (3 - coef) coef^n`.
///
/// # Errors
///
/// Those of [`preemphasis`].
///
/// ```
/// use timbral_dsp::{EmphasisParams, deemphasis, preemphasis};
///
/// let params = EmphasisParams::default();
/// let y = [0.5, -0.25, 0.125];
/// let back = deemphasis(&preemphasis(&y, &params)?, &params)?;
/// assert!(y.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-6));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn deemphasis(y: &[f32], params: &EmphasisParams) -> Result<Vec<f32>> {
    params.check_signal(y)?;
    let coef = params.coef;
    let mut state = params.zi.unwrap_or(0.0);
    let mut out: Vec<f32> = Vec::with_capacity(y.len());
    for v in y {
        let value = v + state;
        state = coef * value;
        out.push(value);
    }
    if params.zi.is_none() {
        let first = ((2.0 - coef) * y[0] - y[1]) / (3.0 - coef);
        let first = f64::from(first);
        // librosa's coefficient is a double here; repeated products of one have fewer digits than it needs.
        let log = libm::log(0.97f64);
        let log = if coef == 0.97 {
            log
        } else {
            libm::log(f64::from(coef))
        };
        for (n, out) in out.iter_mut().enumerate() {
            let decayed = match n {
                0 => first,
                n => first * libm::exp(log * n as f64),
            };
            if decayed == 0.0 {
                break;
            }
            *out = (f64::from(*out) - decayed) as f32;
        }
    }
    Ok(out)
}
