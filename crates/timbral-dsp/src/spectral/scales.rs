/// Centre frequencies of the bins of a transform of `n_fft` samples, in hertz:
/// `f[k] = k sample_rate / n_fft`, `n_fft / 2 + 1` of them; equals `librosa.fft_frequencies`.
///
/// ```
/// assert_eq!(timbral_dsp::fft_frequencies(8000, 4), [0.0, 2000.0, 4000.0]);
/// ```
pub fn fft_frequencies(sample_rate: u32, n_fft: usize) -> Vec<f64> {
    let step = f64::from(sample_rate) / n_fft.max(1) as f64;
    (0..=n_fft / 2).map(|k| k as f64 * step).collect()
}

/// A scale of pitch on which equal steps are perceived as about equal intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum MelScale {
    /// Linear below 1 kHz, logarithmic above (Slaney's Auditory Toolbox); librosa's default.
    ///
    /// ```text
    /// mel = 3 f / 200                        f < 1000
    /// mel = 15 + 27 ln(f / 1000) / ln(6.4)   else
    /// ```
    #[default]
    Slaney,
    /// The formula of the HTK book: `mel = 2595 log10(1 + f / 700)`.
    Htk,
}

const LINEAR_HZ_PER_MEL: f64 = 200.0 / 3.0;
const LOG_START_HZ: f64 = 1000.0;
const LOG_START_MEL: f64 = LOG_START_HZ / LINEAR_HZ_PER_MEL;

fn log_step() -> f64 {
    libm::log(6.4) / 27.0
}

impl MelScale {
    /// The mel value of a frequency in hertz; equals `librosa.hz_to_mel`.
    ///
    /// ```
    /// use timbral_dsp::MelScale;
    ///
    /// assert_eq!(MelScale::Slaney.from_hz(200.0), 3.0);
    /// assert!((MelScale::Htk.from_hz(1000.0) - 999.985).abs() < 1e-3);
    /// ```
    pub fn from_hz(self, hz: f64) -> f64 {
        match self {
            Self::Htk => 2595.0 * libm::log10(1.0 + hz / 700.0),
            Self::Slaney if hz < LOG_START_HZ => hz / LINEAR_HZ_PER_MEL,
            Self::Slaney => LOG_START_MEL + libm::log(hz / LOG_START_HZ) / log_step(),
        }
    }

    /// The frequency in hertz of a mel value; equals `librosa.mel_to_hz`.
    ///
    /// ```
    /// use timbral_dsp::MelScale;
    ///
    /// assert_eq!(MelScale::Slaney.to_hz(3.0), 200.0);
    /// ```
    pub fn to_hz(self, mel: f64) -> f64 {
        match self {
            Self::Htk => 700.0 * (libm::pow(10.0, mel / 2595.0) - 1.0),
            Self::Slaney if mel < LOG_START_MEL => LINEAR_HZ_PER_MEL * mel,
            Self::Slaney => LOG_START_HZ * libm::exp(log_step() * (mel - LOG_START_MEL)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mel_scales_are_inverted() {
        for scale in [MelScale::Slaney, MelScale::Htk] {
            for hz in [0.0, 1.0, 440.0, 999.9, 1000.0, 8000.0, 22050.0] {
                let back = scale.to_hz(scale.from_hz(hz));
                // A few roundings of numbers below 2^15.
                assert!((back - hz).abs() < 1e-10, "{scale:?} {hz} {back}");
            }
        }
    }
}
