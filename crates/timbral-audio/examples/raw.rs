//! Decodes a file: prints its format, sample rate, channels and frames, and writes the samples, interleaved, as
//! little-endian 32-bit floats to a second path:
//! `cargo run -p timbral-audio --example raw -- song.mp3 song.f32 [lenient]`

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::Write;

use timbral_audio::{AudioReader, OpenParams};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: raw FILE [OUTPUT [lenient]]")?;
    let output = args.next();
    let params = OpenParams {
        lenient: args.next().is_some(),
        ..OpenParams::default()
    };
    let mut reader = AudioReader::open_with(&path, &params)?;
    let (rate, channels) = (reader.sample_rate(), usize::from(reader.channels()));
    let mut file = output.map(std::fs::File::create).transpose()?;
    let mut block = vec![0.0; 4096 * channels];
    let mut frames = 0;
    loop {
        let n = reader.read(&mut block)?;
        if n == 0 {
            break;
        }
        frames += n / channels;
        if let Some(file) = &mut file {
            let bytes: Vec<u8> = block[..n].iter().flat_map(|x| x.to_le_bytes()).collect();
            file.write_all(&bytes)?;
        }
    }
    let gaps = reader.gaps();
    println!(
        "{} {rate} {channels} {frames} {}",
        reader.format(),
        gaps.count
    );
    Ok(())
}
