//! The time to decode 30 s of stereo at 44.1 kHz, compared with symphonia's own readers and decoders.
//!
//! ```sh
//! cargo bench --bench audio              # everything
//! cargo bench --bench audio -- flac      # one format
//! cargo bench --bench audio -- --test    # only the checks
//! ```
//!
//! ffmpeg encodes the files; without it only WAV is timed. Both sides read from memory, block by block, into interleaved
//! `f32`, in one thread. That both give the same samples is checked before: Vorbis and MP3 to 2e-5, the others to the
//! bit.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use criterion::{Criterion, criterion_group, criterion_main};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::formats::TrackType;
use symphonia::core::formats::probe::{Hint, Probe};
use symphonia::core::io::MediaSourceStream;
use symphonia_codec_pcm::PcmDecoder;
use symphonia_format_isomp4::IsoMp4Reader;
use symphonia_format_ogg::OggReader;
use symphonia_format_riff::WavReader;
use timbral::audio::AudioReader;

const RATE: u32 = 44_100;
const SECONDS: u32 = 30;

/// A PCM file of 16 bits: two tones that fade again and again, and noise.
fn wav() -> Vec<u8> {
    let mut state = 1u32;
    let mut data = Vec::new();
    for n in 0..RATE * SECONDS {
        let t = n as f32 / RATE as f32;
        let fade = 1.0 - (2.0 * t).fract();
        for hz in [330.0, 440.0] {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
            let x = 0.4 * fade * (std::f32::consts::TAU * hz * t).sin() + 0.05 * noise;
            data.extend(((x * 32_767.0) as i16).to_le_bytes());
        }
    }
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
    file.extend(RATE.to_le_bytes());
    file.extend((4 * RATE).to_le_bytes());
    file.extend(b"\x04\0\x10\0data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    let size = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&size.to_le_bytes());
    file
}

/// The file in another format; `None`, with a message, without ffmpeg.
fn encode(folder: &Path, name: &str, options: &str) -> Option<Vec<u8>> {
    let path = folder.join(name);
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error", "-y", "-i"])
        .arg(folder.join("clip.wav"));
    command.args(options.split_whitespace()).arg(&path);
    match command.status() {
        Ok(status) if status.success() => Some(std::fs::read(path).unwrap()),
        other => {
            eprintln!("SKIPPED {name}: no ffmpeg that encodes it ({other:?})");
            None
        }
    }
}

/// The number of values, and the values if wanted.
fn by_timbral(file: &[u8], mut take: impl FnMut(&[f32])) {
    let mut reader = AudioReader::new(Cursor::new(file.to_vec()), "clip").unwrap();
    let mut block = vec![0.0; 1 << 15];
    loop {
        let n = reader.read(&mut block).unwrap();
        if n == 0 {
            return;
        }
        take(&block[..n]);
    }
}

/// Symphonia's readers, those that are no features of it here included.
static PROBE: LazyLock<Probe> = LazyLock::new(|| {
    let mut probe = Probe::new();
    symphonia::default::register_enabled_formats(&mut probe);
    probe.register_format::<WavReader<'_>>();
    probe.register_format::<IsoMp4Reader<'_>>();
    probe.register_format::<OggReader<'_>>();
    probe
});

/// Symphonia's decoders, likewise.
static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut codecs = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut codecs);
    codecs.register_audio_decoder::<PcmDecoder>();
    codecs
});

fn by_symphonia(file: &[u8], mut take: impl FnMut(&[f32])) {
    let media = MediaSourceStream::new(Box::new(Cursor::new(file.to_vec())), Default::default());
    let reader = PROBE.probe(&Hint::new(), media, Default::default(), Default::default());
    let mut reader = reader.unwrap();
    let track = reader.default_track(TrackType::Audio).unwrap();
    let Some(CodecParameters::Audio(codec)) = &track.codec_params else {
        panic!("no sound");
    };
    let mut decoder = CODECS
        .make_audio_decoder(codec, &Default::default())
        .unwrap();
    let mut values = Vec::new();
    while let Ok(Some(packet)) = reader.next_packet() {
        decoder
            .decode(&packet)
            .unwrap()
            .copy_to_vec_interleaved(&mut values);
        take(&values);
    }
}

fn decoding(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let clip = wav();
    std::fs::write(folder.path().join("clip.wav"), &clip).unwrap();
    let formats = [
        ("wav", Some(clip), 0.0),
        ("flac", encode(folder.path(), "clip.flac", ""), 0.0),
        ("mp3", encode(folder.path(), "clip.mp3", "-b:a 192k"), 2e-5),
        (
            "vorbis",
            encode(folder.path(), "clip.ogg", "-c:a libvorbis -q:a 5"),
            2e-5,
        ),
        (
            "aac",
            encode(folder.path(), "clip.m4a", "-c:a aac -b:a 192k"),
            0.0,
        ),
    ];
    for (name, file, tolerance) in formats {
        let Some(file) = file else { continue };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        by_timbral(&file, |values| ours.extend_from_slice(values));
        by_symphonia(&file, |values| theirs.extend_from_slice(values));
        // Delay and padding are removed in different ways: the shorter is a part of the longer.
        let frames = RATE as usize * SECONDS as usize;
        assert!(ours.len() >= 2 * frames, "{name}: {}", ours.len());
        let late = (0..=4200.min(theirs.len().saturating_sub(ours.len())))
            .chain([0])
            .step_by(2)
            .find(|late| {
                let pairs = ours.iter().zip(&theirs[*late..]).take(200_000);
                pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) <= tolerance
            });
        assert!(late.is_some(), "{name}: other samples");
        let mut group = c.benchmark_group(name);
        group.sample_size(20);
        group.bench_function("timbral", |b| {
            b.iter(|| by_timbral(&file, |values| _ = black_box(values)));
        });
        group.bench_function("symphonia", |b| {
            b.iter(|| by_symphonia(&file, |values| _ = black_box(values)));
        });
        group.finish();
    }
}

criterion_group!(benches, decoding);
criterion_main!(benches);
