//! Figures of sounds and of tables.

pub(crate) mod page;
mod sound;
mod table;

use std::path::{Path, PathBuf};

use timbral_audio::OpenParams;
use timbral_data::FeatureTable;
use timbral_plot::{
    Figure, FigureParams, FrameTiming, FrequencyAxis, chromagram, harmonic_percussive, onset_curve,
    pitch_curve, recurrence_plot, spectrogram, spectrogram_grid, tempogram, tonal_centroids,
    waveform, waveform_grid,
};

use crate::error::Result;
use crate::extraction::labels::label;

pub use sound::SoundFeatures;
pub use table::table_figures;

/// A figure and its caption.
#[derive(Debug)]
#[non_exhaustive]
pub struct CaptionedFigure {
    /// The figure.
    pub figure: Figure,
    /// What it shows.
    pub caption: String,
}

impl CaptionedFigure {
    pub(crate) fn new(figure: Figure, caption: impl Into<String>) -> Self {
        let caption = caption.into();
        Self { figure, caption }
    }
}

/// Seconds of each sound of a grid.
const GRID_SECONDS: f64 = 8.0;
/// The largest number of sounds in a grid.
const GRID: usize = 12;

const FRAMES: FrameTiming = FrameTiming::new(SoundFeatures::SAMPLE_RATE, SoundFeatures::HOP_LENGTH);

/// The bands of [`SoundFeatures::mel_db`].
const MEL: FrequencyAxis = FrequencyAxis::Mel {
    f_min: 0.0,
    f_max: SoundFeatures::SAMPLE_RATE as f64 / 2.0,
};

/// The bins of [`SoundFeatures::cqt_db`].
const NOTES: FrequencyAxis = FrequencyAxis::Notes {
    f_min: 32.703_195_662_574_83,
    bins_per_octave: 12,
};

/// The figures of one sound: waveform, spectrogram, mel bands, constant-Q transform, pitch, pitch classes, tonal
/// centroids, onsets and beats, tempogram, recurrence matrix, the harmonic and the percussive part.
///
/// ```
/// let tone: Vec<f32> = (0..44_100).map(|n| (n as f32 * 0.125).sin()).collect();
/// let features = timbral::SoundFeatures::of_samples(&tone)?;
/// let figures = timbral::sound_figures(&features, "a tone")?;
/// assert_eq!(figures.len(), 11);
/// assert!(figures[0].figure.title().ends_with("a tone"));
/// # Ok::<(), timbral::Error>(())
/// ```
///
/// # Errors
///
/// A figure cannot be drawn.
pub fn sound_figures(features: &SoundFeatures, name: &str) -> Result<Vec<CaptionedFigure>> {
    let titled = |what: &str| FigureParams::titled(format!("{what}: {name}"));
    let [harmonic, percussive] = &features.parts_db;
    let recurrence_frames = FrameTiming::new(
        SoundFeatures::SAMPLE_RATE,
        SoundFeatures::HOP_LENGTH * features.recurrence_step,
    );
    let beats = format!(
        "Onset strength; {:.1} beats per minute",
        features.beats.tempo
    );
    let figures = [
        (
            waveform(
                &features.samples,
                SoundFeatures::SAMPLE_RATE,
                &titled("Waveform"),
            )?,
            "Samples".to_owned(),
        ),
        (
            spectrogram(
                features.spectrum_db.view(),
                FrequencyAxis::Log,
                &FRAMES,
                &titled("Spectrogram"),
            )?,
            "Levels relative to the maximum".to_owned(),
        ),
        (
            spectrogram(
                features.mel_db.view(),
                MEL,
                &FRAMES,
                &titled("Mel spectrogram"),
            )?,
            "128 mel bands".to_owned(),
        ),
        (
            spectrogram(
                features.cqt_db.view(),
                NOTES,
                &FRAMES,
                &titled("Constant-Q transform"),
            )?,
            "84 semitones from C1".to_owned(),
        ),
        (
            pitch_curve(
                features.cqt_db.view(),
                NOTES,
                &features.f0,
                &FRAMES,
                &titled("Pitch"),
            )?,
            "The fundamental frequency by pYIN, on the constant-Q transform".to_owned(),
        ),
        (
            chromagram(features.chroma.view(), &FRAMES, &titled("Chromagram"))?,
            "Pitch classes; the strongest of each frame is 1".to_owned(),
        ),
        (
            tonal_centroids(features.tonnetz.view(), &FRAMES, &titled("Tonal centroids"))?,
            "Directions on the circles of fifths and thirds".to_owned(),
        ),
        (
            onset_curve(
                &features.onset,
                &features.beats.frames,
                &FRAMES,
                &titled("Onsets and beats"),
            )?,
            beats,
        ),
        (
            tempogram(features.tempogram.view(), &FRAMES, &titled("Tempogram"))?,
            "How strongly onsets repeat, by lag".to_owned(),
        ),
        (
            recurrence_plot(
                features.recurrence.view(),
                &recurrence_frames,
                &titled("Recurrence"),
            )?,
            "Frames with like pitch classes; parts that return are diagonals".to_owned(),
        ),
        (
            harmonic_percussive(
                harmonic.view(),
                percussive.view(),
                FrequencyAxis::Log,
                &FRAMES,
                &titled("Harmonic and percussive part"),
            )?,
            "Sustained and percussive parts".to_owned(),
        ),
    ];
    let figures = figures.into_iter();
    Ok(figures
        .map(|(figure, caption)| CaptionedFigure::new(figure, caption))
        .collect())
}

/// The figures of a file: those of [`table_figures`] for a table ([`FeatureTable::is_table`]), those of
/// [`sound_figures`] for the first `seconds` of any other file. `open` has the parameters with which a sound file is
/// opened.
///
/// # Errors
///
/// The file cannot be read, or an error of the two functions.
pub fn file_figures(
    path: impl AsRef<Path>,
    seconds: f64,
    open: OpenParams,
) -> Result<Vec<CaptionedFigure>> {
    let path = path.as_ref();
    if FeatureTable::is_table(path) {
        return table_figures(&FeatureTable::read(path)?);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    sound_figures(&SoundFeatures::of_file(path, seconds, open)?, &name)
}

/// Two figures: the waveforms and the mel spectrograms of the first sound of each genre (folder), at most twelve, in a
/// grid. Without sounds there are no figures. Files that cannot be read are skipped.
///
/// # Errors
///
/// A figure cannot be drawn.
pub fn sound_grid(sounds: &[PathBuf]) -> Result<Vec<CaptionedFigure>> {
    // The grid is only an illustration, so that a damaged file is good enough.
    let open = OpenParams {
        lenient: true,
        ..OpenParams::default()
    };
    let mut sounds_by_genre: Vec<(String, SoundFeatures)> = Vec::new();
    for path in sounds {
        let genre = label(path);
        if sounds_by_genre.len() == GRID || sounds_by_genre.iter().any(|(known, _)| *known == genre)
        {
            continue;
        }
        if let Ok(features) = SoundFeatures::of_file(path, GRID_SECONDS, open) {
            sounds_by_genre.push((genre, features));
        }
    }
    if sounds_by_genre.is_empty() {
        return Ok(Vec::new());
    }
    let params = |title: &str| FigureParams::titled(title).sized(1100, 720);
    let waves: Vec<_> = sounds_by_genre
        .iter()
        .map(|(name, features)| (name, &features.samples[..]))
        .collect();
    let bands: Vec<_> = sounds_by_genre
        .iter()
        .map(|(name, features)| (name, features.mel_db.view()))
        .collect();
    let waves = waveform_grid(
        &waves,
        SoundFeatures::SAMPLE_RATE,
        &params("Waveforms by genre"),
    )?;
    let bands = spectrogram_grid(&bands, MEL, &FRAMES, &params("Mel spectrograms by genre"))?;
    let what = format!("The first {GRID_SECONDS} s of the first recording of each genre");
    Ok(vec![
        CaptionedFigure::new(waves, what.clone()),
        CaptionedFigure::new(bands, what),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_sounds_are_distinguished_by_extension() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        let rows = "a.wav,1,3,jazz\nb.wav,2,1,rock\nc.wav,2,2,jazz\nd.wav,4,0,rock\n";
        std::fs::write(&table, format!("filename,tempo,rms_mean,label\n{rows}")).unwrap();
        assert_eq!(
            file_figures(&table, 1.0, OpenParams::default())
                .unwrap()
                .len(),
            5
        );
        let sound = folder.path().join("t.wav");
        std::fs::copy(&table, &sound).unwrap();
        let error = file_figures(&sound, 1.0, OpenParams::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("t.wav: not a sound file"), "{error}");
    }
}
