//! Writes a page with a player of a rising tone, its spectrogram and two values over time.
//!
//! `cargo run -p timbral-plot --example player` writes `player.html` into the temporary folder.

#![allow(clippy::print_stdout)]

use ndarray::Array2;
use timbral_plot::SoundPage;

const SAMPLE_RATE: u32 = 8000;
const SECONDS: u32 = 12;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let n = SECONDS * SAMPLE_RATE;
    // From 200 to 2000 Hz.
    let phase = |t: f32| std::f32::consts::TAU * t * (200.0 + 75.0 * t);
    let samples = (0..n).map(|i| phase(i as f32 / SAMPLE_RATE as f32).sin() / 3.0);
    let bytes: Vec<u8> = samples
        .flat_map(|x| ((x * 32_767.0) as i16).to_le_bytes())
        .collect();
    // PCM, one channel, 16 bits.
    let mut wav = b"RIFF".to_vec();
    wav.extend_from_slice(&(36 + 2 * n).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    wav.extend_from_slice(&(2 * SAMPLE_RATE).to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&(2 * n).to_le_bytes());
    wav.extend_from_slice(&bytes);

    let levels = Array2::from_shape_fn((128, 1200), |(band, frame)| {
        let tone = 6.0 + frame as f32 / 12.0;
        -(band as f32 - tone).abs().min(80.0)
    });
    let windows: Vec<[f64; 2]> = (0..4)
        .map(|i| [3.0 * f64::from(i), 3.0 * f64::from(i + 1)])
        .collect();
    let values = Array2::from_shape_fn((4, 2), |(window, name)| {
        [1.0 - 0.3 * window as f64, 0.3 * window as f64][name]
    });
    let mut page = SoundPage::new("A rising tone", "low 0.55, high 0.45", SECONDS.into())?;
    page.sound("audio/wav", &wav)
        .spectrogram(levels.view())?
        .over_time(&windows, &["low", "high"], values.view())?;
    let path = std::env::temp_dir().join("player.html");
    page.save(&path)?;
    println!("{}: {} bytes", path.display(), page.html().len());
    Ok(())
}
