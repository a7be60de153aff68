use crate::error::Result;

use super::frames::FrameTiming;

/// The frequencies of the rows of a spectrogram, and the scale on which they are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum FrequencyAxis {
    /// Rows of an STFT from 0 Hz to half the sample rate, on a linear scale.
    #[default]
    Linear,
    /// Rows of an STFT on a logarithmic scale, from 30 Hz or the first row above 0 Hz.
    Log,
    /// Bands of a mel filter bank between these frequencies in Hz, on Slaney's mel scale.
    Mel {
        /// The lower edge of the lowest band.
        f_min: f64,
        /// The upper edge of the highest band.
        f_max: f64,
    },
}

pub(super) fn check_axis(axis: FrequencyAxis, frames: &FrameTiming) -> Result<()> {
    frames.check()?;
    if let FrequencyAxis::Mel { f_min, f_max } = axis {
        let holds = f_min >= 0.0 && f_max > f_min && f_max < 1e9;
        timbral_core::check(
            holds,
            "f_max",
            f_max,
            "must be above f_min, which must not be negative",
        )?;
    }
    Ok(())
}

/// Frequency in Hz to mel: linear to 1 kHz, then logarithmic (Slaney 1998).
pub(super) fn mel(hz: f64) -> f64 {
    if hz < 1000.0 {
        hz * 3.0 / 200.0
    } else {
        15.0 + (hz / 1000.0).ln() * 27.0 / 6.4f64.ln()
    }
}

pub(super) fn axis_label(axis: FrequencyAxis) -> &'static str {
    match axis {
        FrequencyAxis::Linear => "frequency (Hz)",
        FrequencyAxis::Log => "frequency (Hz, logarithmic)",
        FrequencyAxis::Mel { .. } => "frequency (Hz, mel scale)",
    }
}
