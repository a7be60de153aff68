//! Sound synthesis: instruments, drums, equaliser and reverberation.

pub(crate) mod drums;
pub(crate) mod oscillator;
pub(crate) mod room;
pub(crate) mod voice;

/// Sample rate of all recordings in Hz.
pub(crate) const RATE: u32 = 22_050;

/// The factor by which an amplitude falls over `samples` samples when it falls by `e` in `seconds`.
pub(crate) fn decay_factor(seconds: f64, samples: usize) -> f64 {
    libm::exp(-(samples as f64) / (seconds * f64::from(RATE)))
}

/// The amplitude of a level in dB.
pub(crate) fn decibels(level: f64) -> f64 {
    libm::exp10(level / 20.0)
}
