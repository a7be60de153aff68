use std::f32::consts::TAU;
use std::io::{BufWriter, Cursor, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, at};
use crate::journal::write_whole;

const SAMPLE_RATE: u32 = 22_050;
const SECONDS: u32 = 6;

/// What a style of the demonstration sounds like.
struct Style {
    name: &'static str,
    /// Beats a minute.
    tempo: f32,
    /// Partials of each note.
    partials: u32,
    /// Loudness of the drum.
    drum: f32,
    /// Seconds until a note has faded to a third.
    decay: f32,
}

const STYLES: [Style; 3] = [
    Style {
        name: "ballad",
        tempo: 72.0,
        partials: 4,
        drum: 0.05,
        decay: 0.8,
    },
    Style {
        name: "dance",
        tempo: 126.0,
        partials: 8,
        drum: 0.5,
        decay: 0.2,
    },
    Style {
        name: "noise",
        tempo: 160.0,
        partials: 20,
        drum: 0.8,
        decay: 0.4,
    },
];

/// Writes two short artificial clips of each of three made-up styles, as
/// `folder/style/style.00000.wav` (22 050 Hz, mono, 16 bits), and gives back the folder. They are
/// the same on every machine and show the tools at work; they are no music.
///
/// # Errors
///
/// The folder cannot be written.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// timbral_data::demo_clips(folder.path())?;
/// assert_eq!(std::fs::metadata(folder.path().join("dance/dance.00001.wav"))?.len(), 264_644);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn demo_clips(folder: &Path) -> Result<PathBuf> {
    for style in &STYLES {
        let styled = folder.join(style.name);
        std::fs::create_dir_all(&styled).map_err(at(&styled))?;
        for number in 0..2 {
            let path = styled.join(format!("{}.{number:05}.wav", style.name));
            let wav = encode(&style.render(number), &path)?;
            write_whole(&path, |file| BufWriter::new(file).write_all(&wav))?;
        }
    }
    Ok(folder.to_owned())
}

impl Style {
    /// Notes of a pentatonic scale, one each half beat, over a drum on each beat.
    fn render(&self, seed: u32) -> Vec<f32> {
        let rate = SAMPLE_RATE as f32;
        let half_beat = (30.0 / self.tempo * rate) as u32;
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
        let mut random = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let mut hertz = 220.0;
        let sample = |n: u32| {
            let since = n % half_beat;
            if since == 0 {
                let degree = [0.0, 2.0, 4.0, 7.0, 9.0][(random() * 5.0) as usize];
                hertz = 110.0 * 2f32.powf((degree + 12.0 * (random() * 3.0).floor()) / 12.0);
            }
            let t = since as f32 / rate;
            let partial = |k: u32| (TAU * (hertz * k as f32 * t).fract()).sin() / k as f32;
            let note: f32 = (1..=self.partials).map(partial).sum();
            let on_beat = (n / half_beat).is_multiple_of(2);
            let drum = if on_beat {
                (random() - 0.5) * (-t / 0.03).exp()
            } else {
                0.0
            };
            0.25 * note * (-t / self.decay).exp() + self.drum * drum + 1e-3 * (random() - 0.5)
        };
        (0..SECONDS * SAMPLE_RATE).map(sample).collect()
    }
}

fn encode(samples: &[f32], path: &Path) -> Result<Vec<u8>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut attempt = || {
        let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
        for sample in samples {
            writer.write_sample((sample.clamp(-1.0, 1.0) * 32767.0) as i16)?;
        }
        writer.finalize()
    };
    let failed = |e: hound::Error| Error::Io {
        path: path.to_owned(),
        source: std::io::Error::other(e),
    };
    attempt().map_err(failed)?;
    Ok(bytes.into_inner())
}
