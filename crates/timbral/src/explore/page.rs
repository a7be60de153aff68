use std::path::Path;

use ndarray::Array2;
use timbral_audio::{AudioReader, OpenParams};
use timbral_dsp::{DbParams, MelBank, MelParams, Reference, Stft, StftParams, power_to_db};
use timbral_plot::SoundPage;

use super::SoundFeatures;
use crate::classifier::Prediction;
use crate::error::{Error, Result};
use crate::extraction::extractor::in_file;

/// The lowest level of the spectrogram relative to the maximum, in decibels; lower levels have the same colour.
const FLOOR_DB: f32 = -80.0;

impl Prediction {
    /// A page with a player of the file, its mel spectrogram, and the probabilities of the genres over time, the
    /// most probable genre first. `open` has the parameters with which the file is opened.
    ///
    /// The page contains the bytes of the file, or WAV (mono, 22 050 samples per second) if browsers do not play its
    /// format.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn page(&self, path: impl AsRef<Path>, open: OpenParams) -> Result<SoundPage> {
        let names: Vec<&str> = self.genres.iter().map(|g| g.genre.as_str()).collect();
        let windows = self.windows.iter().map(|window| {
            let genres = window.genres.iter();
            let values = genres.map(|g| (g.genre.as_str(), g.probability));
            ([window.start, window.end], values.collect())
        });
        sound_page(path.as_ref(), open, &self.to_string(), &names, windows)
    }
}

/// A page of a file with a lane for each name, from the start, the end and the named values of each window; a value that
/// a window does not name is 0.
pub(crate) fn sound_page<'a>(
    path: &Path,
    open: OpenParams,
    lead: &str,
    names: &[&str],
    windows: impl Iterator<Item = ([f64; 2], Vec<(&'a str, f64)>)>,
) -> Result<SoundPage> {
    let (windows, named): (Vec<_>, Vec<_>) = windows.unzip();
    let reader = AudioReader::open_with(path, &open)?;
    let media_type = media_type(reader.format());
    let clip = reader
        .into_mono(Some(SoundFeatures::SAMPLE_RATE))?
        .read_to_end()?;
    let title = path.file_name().unwrap_or_default().to_string_lossy();
    let mut page = SoundPage::new(title, lead, clip.duration())?;
    match media_type {
        Some(media_type) => {
            let bytes = std::fs::read(path).map_err(|reason| Error::Input {
                path: path.to_owned(),
                reason: reason.to_string(),
            })?;
            page.sound(media_type, &bytes);
        }
        None => {
            page.sound("audio/wav", &wav(clip.samples(), clip.sample_rate()));
        }
    }
    page.spectrogram(mel_db(clip.samples()).map_err(in_file(path))?.view())?;
    if !windows.is_empty() {
        let cell = |(window, name): (usize, usize)| {
            let found = named[window]
                .iter()
                .find(|(known, _)| *known == names[name]);
            found.map_or(0.0, |(_, value)| *value)
        };
        let values = Array2::from_shape_fn((windows.len(), names.len()), cell);
        page.over_time(&apart(&windows), names, values.view())?;
    }
    Ok(page)
}

/// Parts of a time of which those that overlap meet halfway between their middles.
fn apart(windows: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut apart = windows.to_vec();
    for (i, pair) in windows.windows(2).enumerate() {
        let [[start, end], [next, next_end]] = [pair[0], pair[1]];
        if end > next {
            let edge = (start + end + next + next_end) / 4.0;
            (apart[i][1], apart[i + 1][0]) = (edge, edge);
        }
    }
    apart
}

fn mel_db(samples: &[f32]) -> timbral_dsp::Result<Array2<f32>> {
    let stft = Stft::new(StftParams::default())?;
    let mel = MelBank::new(MelParams::default())?.process_signal(&stft, samples)?;
    let to_maximum = DbParams {
        reference: Reference::Max,
        ..DbParams::default()
    };
    let db = power_to_db(mel.view(), &to_maximum)?;
    Ok(db.mapv(|level| level.max(FLOOR_DB)))
}

/// The media type of a format that browsers play.
fn media_type(format: &str) -> Option<&'static str> {
    Some(match format {
        "WAV" => "audio/wav",
        "MP3" => "audio/mpeg",
        "FLAC" => "audio/flac",
        "OGG" => "audio/ogg",
        "MP4" => "audio/mp4",
        "AAC" => "audio/aac",
        _ => return None,
    })
}

/// A WAV file of mono samples in 16 bits.
fn wav(samples: &[f32], sample_rate: u32) -> Vec<u8> {
    let n_bytes = 2 * samples.len() as u32;
    let mut bytes = Vec::with_capacity(44 + 2 * samples.len());
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&n_bytes.saturating_add(36).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    // PCM, one channel.
    bytes.extend_from_slice(&[1, 0, 1, 0]);
    bytes.extend_from_slice(&sample_rate.to_le_bytes());
    bytes.extend_from_slice(&(2 * sample_rate).to_le_bytes());
    // Bytes of a frame, bits of a sample.
    bytes.extend_from_slice(&[2, 0, 16, 0]);
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&n_bytes.to_le_bytes());
    for sample in samples {
        let value = (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::{GenreProbability, PredictedWindow};

    #[test]
    fn a_wav_file_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let samples = [0.0, 0.5, -1.0, 32_767.0 / 32_768.0];
        std::fs::write(&path, wav(&samples, 8000)).unwrap();
        let clip = timbral_audio::decode(&path).unwrap();
        assert_eq!((clip.sample_rate(), clip.channels()), (8000, 1));
        assert_eq!(clip.samples(), samples);
    }

    #[test]
    fn parts_that_overlap_meet_halfway_between_their_middles() {
        let windows = [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0], [5.0, 8.0], [9.0, 12.0]];
        let expected = [[0.0, 2.0], [2.0, 3.0], [3.0, 5.0], [5.0, 8.0], [9.0, 12.0]];
        assert_eq!(apart(&windows), expected);
        assert!(apart(&[]).is_empty());
    }

    #[test]
    fn the_page_has_the_file_and_the_genres_over_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a & b.wav");
        let tone: Vec<f32> = (0..44_100)
            .map(|n| (n as f32 * 0.125).sin() / 2.0)
            .collect();
        let bytes = wav(&tone, 22_050);
        std::fs::write(&path, &bytes).unwrap();
        let genre = |genre: &str, probability| GenreProbability {
            genre: genre.into(),
            probability,
        };
        let window = |start: f64, p: f64| PredictedWindow {
            start,
            end: start + 1.0,
            genres: vec![genre("rock", p), genre("jazz", 1.0 - p)],
        };
        let prediction = Prediction {
            genres: vec![genre("rock", 0.7), genre("jazz", 0.3)],
            windows: vec![window(0.0, 0.9), window(1.0, 0.5)],
            none_of_these: None,
        };
        let page = prediction.page(&path, OpenParams::default()).unwrap();
        let html = page.html();
        assert!(html.contains("<h1>a &amp; b.wav</h1>") && html.contains("rock 0.700, jazz 0.300"));
        assert!(html.contains("src=\"data:audio/wav;base64,UklGR"));
        assert!(html.contains("data-seconds=\"2\""));
        // The second window of rock.
        assert!(html.contains("<rect x=\"1.000\" y=\"50.0\" width=\"1.000\" height=\"50.0\"/>"));
        assert!(
            prediction
                .page(folder.path().join("none"), OpenParams::default())
                .is_err()
        );
    }
}
