//! Loudness and peak of the first recording of each genre, without any file.
//!
//! `cargo run -p timbral-synth --example loudness`

#![allow(clippy::print_stdout)]

use timbral_synth::{SynthCorpus, SynthParams};

fn main() -> Result<(), timbral_synth::Error> {
    let corpus = SynthCorpus::new(SynthParams {
        recordings_per_genre: 1,
        seconds: 2.0,
        ..SynthParams::default()
    })?;
    for recording in (0..corpus.len()).filter_map(|index| corpus.recording(index)) {
        let samples = &recording.samples;
        let power = samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32;
        let peak = samples.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        let level = 10.0 * power.log10();
        println!("{:14} {level:6.1} dB, peak {peak:.2}", recording.genre);
    }
    Ok(())
}
