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
    /// Bins of a constant-Q transform, with the names of notes.
    Notes {
        /// The frequency of the lowest bin in Hz, `1..=100000`.
        f_min: f64,
        /// Bins per octave, at least 1.
        bins_per_octave: usize,
    },
}

/// The names of the pitch classes, C first.
pub(super) const PITCH_CLASSES: [&str; 12] = [
    "C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B",
];

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
    if let FrequencyAxis::Notes {
        f_min,
        bins_per_octave,
    } = axis
    {
        let holds = (1.0..=1e5).contains(&f_min);
        timbral_core::check(holds, "f_min", f_min, "must be in 1..=100000")?;
        let holds = bins_per_octave >= 1;
        let rule = "must be at least 1";
        timbral_core::check(holds, "bins_per_octave", bins_per_octave, rule)?;
    }
    Ok(())
}

/// The place of a frequency above the lowest of `n_bins` bins, in bins; the middle of the lowest bin is at 0.5.
pub(super) fn note_place(hz: f64, f_min: f64, bins_per_octave: usize) -> f64 {
    (hz / f_min).log2() * bins_per_octave as f64 + 0.5
}

/// Ticks of the notes of `n_bins` bins: every C, or more where there are few octaves.
pub(super) fn note_ticks(f_min: f64, bins_per_octave: usize, n_bins: usize) -> Vec<(f64, String)> {
    // MIDI numbers; 60 is C4, 69 is A4.
    let lowest = 69.0 + 12.0 * (f_min / 440.0).log2();
    let semitones = n_bins as f64 * 12.0 / bins_per_octave as f64;
    let step = match semitones {
        few if few <= 8.0 => 1,
        some if some <= 16.0 => 2,
        more if more <= 30.0 => 4,
        _ => 12,
    };
    let first = (lowest.floor() as i64 - 1).div_euclid(step) * step;
    let notes = (first..).step_by(step as usize);
    let place = |note: i64| (note as f64 - lowest) * bins_per_octave as f64 / 12.0 + 0.5;
    notes
        .map(|note| (place(note), note))
        .take_while(|(place, _)| *place < n_bins as f64)
        .filter(|(place, _)| *place >= 0.0)
        .map(|(place, note)| {
            let class = PITCH_CLASSES[note.rem_euclid(12) as usize];
            (place, format!("{class}{}", note.div_euclid(12) - 1))
        })
        .collect()
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
        FrequencyAxis::Notes { .. } => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_at_their_bins() {
        // Seven octaves from C1.
        let c1 = 440.0 * 2f64.powf((24.0 - 69.0) / 12.0);
        let ticks = note_ticks(c1, 36, 252);
        let names: Vec<&str> = ticks.iter().map(|(_, name)| &**name).collect();
        assert_eq!(names, ["C1", "C2", "C3", "C4", "C5", "C6", "C7"]);
        assert!((ticks[3].0 - 108.5).abs() < 1e-9);
        assert!((note_place(440.0, c1, 12) - 45.5).abs() < 1e-9);
        let names: Vec<String> = note_ticks(440.0, 12, 4).into_iter().map(|t| t.1).collect();
        assert_eq!(names, ["A4", "A♯4", "B4", "C5"]);
        // One bin of an octave: places between notes are fractions of it.
        let ticks = note_ticks(16.351_6, 1, 1);
        let is_c0 = |(place, name): &(f64, String)| (place - 0.5).abs() < 1e-4 && name == "C0";
        assert!(ticks.iter().any(is_c0), "{ticks:?}");
    }
}
