//! Writes a short WAV file into a temporary folder, decodes it, and reads it again in segments:
//! `cargo run -p timbral-audio --example decode`

#![allow(clippy::print_stdout)]

use std::error::Error;

use timbral_audio::{AudioReader, decode};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tone.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec)?;
    for i in 0..2 * 44_100 {
        // 440 Hz that fades out, on both channels.
        let t = f64::from(i) / 44_100.0;
        let x = (1.0 - t / 2.0) * (std::f64::consts::TAU * 440.0 * t).sin();
        writer.write_sample((x * 32_000.0) as i16)?;
        writer.write_sample((x * 16_000.0) as i16)?;
    }
    writer.finalize()?;

    let clip = decode(&path)?;
    let (rate, channels) = (clip.sample_rate(), clip.channels());
    println!("{:.1} s at {rate} Hz, {channels} channels", clip.duration());

    // Segments of 0.5 s at 22050 Hz; the file is read as they are made.
    let mono = AudioReader::open(&path)?.into_mono(Some(22_050))?;
    for (i, segment) in mono.segments(11_025, 11_025)?.enumerate() {
        let peak = segment?.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        println!("segment {i}: peak {peak:.3}");
    }
    Ok(())
}
