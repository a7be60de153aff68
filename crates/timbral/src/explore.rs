//! What there is to see of sounds and of a table: all pictures of them.

mod sound;
mod table;

use std::path::{Path, PathBuf};

use timbral_data::FeatureTable;
use timbral_plot::{
    Figure, FigureParams, FrameTiming, FrequencyAxis, chromagram, harmonic_percussive, onset_curve,
    spectrogram, spectrogram_grid, tempogram, waveform, waveform_grid,
};

use crate::error::Result;
use crate::extraction::table::label;

pub use sound::SoundLook;
pub use table::table_figures;

/// A picture and what it shows.
pub type Captioned = (Figure, String);

/// Seconds of each sound of a grid.
const GRID_SECONDS: f64 = 8.0;
/// Sounds of a grid, at most.
const GRID: usize = 12;

const FRAMES: FrameTiming = FrameTiming::new(SoundLook::SAMPLE_RATE, SoundLook::HOP_LENGTH);

/// The bands of [`SoundLook::mel_db`].
const MEL: FrequencyAxis = FrequencyAxis::Mel {
    f_min: 0.0,
    f_max: SoundLook::SAMPLE_RATE as f64 / 2.0,
};

/// All pictures of one sound: waveform, spectrogram, mel bands, pitch classes, onsets and beats,
/// tempogram, the harmonic and the percussive part.
///
/// ```
/// let tone: Vec<f32> = (0..44_100).map(|n| (n as f32 * 0.125).sin()).collect();
/// let look = timbral::SoundLook::of_samples(&tone)?;
/// let figures = timbral::sound_figures(&look, "a tone")?;
/// assert_eq!(figures.len(), 7);
/// assert!(figures[0].0.title().ends_with("a tone"));
/// # Ok::<(), timbral::Error>(())
/// ```
///
/// # Errors
///
/// A figure cannot be drawn.
pub fn sound_figures(look: &SoundLook, name: &str) -> Result<Vec<Captioned>> {
    let titled = |what: &str| FigureParams::titled(format!("{what}: {name}"));
    let [harmonic, percussive] = &look.parts_db;
    let beats = format!("Onset strength; {:.1} beats a minute", look.beats.tempo);
    let figures = [
        (
            waveform(&look.samples, FRAMES.sample_rate, &titled("Waveform"))?,
            "Samples".to_owned(),
        ),
        (
            spectrogram(
                look.spectrum_db.view(),
                FrequencyAxis::Log,
                &FRAMES,
                &titled("Spectrogram"),
            )?,
            "Levels below the largest".to_owned(),
        ),
        (
            spectrogram(look.mel_db.view(), MEL, &FRAMES, &titled("Mel spectrogram"))?,
            "128 mel bands".to_owned(),
        ),
        (
            chromagram(look.chroma.view(), &FRAMES, &titled("Chromagram"))?,
            "Pitch classes, the strongest of a frame 1".to_owned(),
        ),
        (
            onset_curve(
                &look.onset,
                &look.beats.frames,
                &FRAMES,
                &titled("Onsets and beats"),
            )?,
            beats,
        ),
        (
            tempogram(look.tempogram.view(), &FRAMES, &titled("Tempogram"))?,
            "How strongly onsets repeat".to_owned(),
        ),
        (
            harmonic_percussive(
                harmonic.view(),
                percussive.view(),
                FrequencyAxis::Log,
                &FRAMES,
                &titled("Harmonic and percussive part"),
            )?,
            "What lasts, and what strikes".to_owned(),
        ),
    ];
    Ok(figures.into())
}

/// All pictures of a file: of a table (`.csv`, `.parquet`, `.npz`) those of [`table_figures`], of any
/// other file those of [`sound_figures`] of its first `seconds`.
///
/// # Errors
///
/// The file cannot be read, or those of the two functions.
pub fn file_figures(path: impl AsRef<Path>, seconds: f64) -> Result<Vec<Captioned>> {
    let path = path.as_ref();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv" | "parquet" | "npz") => table_figures(&FeatureTable::read(path)?),
        _ => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            sound_figures(&SoundLook::of_file(path, seconds)?, &name)
        }
    }
}

/// Waveforms and mel spectrograms of the first sound of each genre (folder), twelve at most, side by
/// side; nothing for no sounds. Files that cannot be read are passed over.
///
/// # Errors
///
/// A figure cannot be drawn.
pub fn sound_grid(sounds: &[PathBuf]) -> Result<Vec<Captioned>> {
    let mut looks: Vec<(String, SoundLook)> = Vec::new();
    for path in sounds {
        let genre = label(path);
        if looks.len() == GRID || looks.iter().any(|(known, _)| *known == genre) {
            continue;
        }
        if let Ok(look) = SoundLook::of_file(path, GRID_SECONDS) {
            looks.push((genre, look));
        }
    }
    if looks.is_empty() {
        return Ok(Vec::new());
    }
    let params = |title: &str| FigureParams::titled(title).sized(1100, 720);
    let waves: Vec<_> = looks
        .iter()
        .map(|(name, look)| (name, &look.samples[..]))
        .collect();
    let bands: Vec<_> = looks
        .iter()
        .map(|(name, look)| (name, look.mel_db.view()))
        .collect();
    let waves = waveform_grid(&waves, FRAMES.sample_rate, &params("Waveforms by genre"))?;
    let bands = spectrogram_grid(&bands, MEL, &FRAMES, &params("Mel spectrograms by genre"))?;
    let what = format!("The first {GRID_SECONDS} s of the first recording of each genre");
    Ok(vec![(waves, what.clone()), (bands, what)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_a_table_from_a_sound() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        let rows = "a.wav,1,3,jazz\nb.wav,2,1,rock\nc.wav,2,2,jazz\nd.wav,4,0,rock\n";
        std::fs::write(&table, format!("filename,tempo,rms_mean,label\n{rows}")).unwrap();
        assert_eq!(file_figures(&table, 1.0).unwrap().len(), 5);
        let sound = folder.path().join("t.wav");
        std::fs::copy(&table, &sound).unwrap();
        let error = file_figures(&sound, 1.0).unwrap_err().to_string();
        assert!(error.contains("t.wav: not a sound file"), "{error}");
    }
}
