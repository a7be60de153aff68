//! Decodes a sound file, changes its sample rate and writes the samples as a WAV file of 32-bit floats:
//! `cargo run --release -p timbral-audio --example resample -- in.flac 22050 out.wav`

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, input, sample_rate, output] = arguments.as_slice() else {
        return Err("usage: resample INPUT SAMPLE_RATE OUTPUT.wav".into());
    };
    let clip = timbral_audio::decode(input)?.resample(sample_rate.parse()?)?;
    let spec = hound::WavSpec {
        channels: clip.channels(),
        sample_rate: clip.sample_rate(),
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(output, spec)?;
    for sample in clip.samples() {
        writer.write_sample(*sample)?;
    }
    writer.finalize()?;
    Ok(())
}
