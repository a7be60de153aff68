//! Tests of the public API, in one binary:
//!
//! - `bits`: compressed sound has the same bits on every processor.
//! - `formats`: valid files of every format give the right samples.
//! - `kinds`: what other programs write around and inside a stream.
//! - `hard_audio`: a collection of such files; skipped with a message if it is absent.
//! - `malformed`: malformed files give the right error.
//! - `mutations`: random damage causes no panic and no huge allocation.
//! - `ogg`: positions of OGG pages.
//! - `quality`: the quality of the resampler.
//! - `resampled`: samples at other rates against librosa, soxr and resampy.
//! - `gtzan`: a real data set; skipped with a message if it is absent.

// Tests may panic.
#![allow(clippy::unwrap_used)]

#[cfg(all(feature = "symphonia", feature = "opus"))]
mod bits;
mod containers;
mod formats;
mod gtzan;
#[cfg(all(feature = "symphonia", feature = "opus"))]
mod hard_audio;
mod kinds;
mod malformed;
mod mutations;
mod ogg;
mod quality;
mod resampled;

/// A file of `tests/data`.
fn data(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// A Sun AU file.
fn au(encoding: u32, sample_rate: u32, channels: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = b".snd".to_vec();
    for word in [24, data.len() as u32, encoding, sample_rate, channels] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend(data);
    bytes
}

/// A WAV file, written by hound; a float sample is passed as its bits.
fn wav(spec: hound::WavSpec, samples: &[i32]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for s in samples {
        match spec.sample_format {
            hound::SampleFormat::Int => writer.write_sample(*s).unwrap(),
            hound::SampleFormat::Float => {
                writer
                    .write_sample(f32::from_bits(s.cast_unsigned()))
                    .unwrap();
            }
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn int_spec(channels: u16, sample_rate: u32, bits_per_sample: u16) -> hound::WavSpec {
    hound::WavSpec {
        channels,
        sample_rate,
        bits_per_sample,
        sample_format: hound::SampleFormat::Int,
    }
}

fn float_spec(channels: u16, sample_rate: u32) -> hound::WavSpec {
    hound::WavSpec {
        channels,
        sample_rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    }
}
