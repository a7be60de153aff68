//! Samples of librosa, soxr and resampy: `tests/data/resampled.txt`, made by `tests/scripts/resample_golden.py`.

use std::io::Cursor;

use timbral_audio::{AudioReader, ResampleParams, ResampleQuality, Resampler};

/// The noise of the script.
fn noise(n: usize) -> Vec<f32> {
    let mut state = 12_345u32;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        })
        .collect()
}

fn resample(x: &[f32], from: u32, to: u32, quality: ResampleQuality, piece: usize) -> Vec<f32> {
    let params = ResampleParams {
        quality,
        ..Default::default()
    };
    let mut resampler = Resampler::new(from, to, &params).unwrap();
    let mut y = Vec::new();
    for piece in x.chunks(piece) {
        resampler.push(piece, &mut y).unwrap();
    }
    resampler.finish(&mut y).unwrap();
    y
}

/// A WAV file of the samples, read at another rate.
fn load(x: &[f32], from: u32, to: u32) -> Vec<f32> {
    let mut file = Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: from,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    for v in x {
        writer.write_sample(*v).unwrap();
    }
    writer.finalize().unwrap();
    let reader = AudioReader::new(Cursor::new(file.into_inner()), "noise.wav").unwrap();
    let mono = reader.into_mono(Some(to)).unwrap();
    mono.read_to_end().unwrap().samples().to_vec()
}

/// Every value against the original library, in pieces against the whole, and the same through a file.
#[test]
fn samples_are_those_of_librosa() {
    for line in include_str!("../data/resampled.txt").lines() {
        let mut words = line.split(' ');
        let name = words.next().unwrap();
        let mut number = || words.next().unwrap().parse::<u32>().unwrap();
        let (from, to, n) = (number(), number(), number() as usize);
        let expected: Vec<f64> = words.map(|w| w.parse().unwrap()).collect();
        let x = noise(n);
        let quality = match name {
            "kaiser_best" => ResampleQuality::KaiserBest,
            "kaiser_best_2022" => ResampleQuality::KaiserBest2022,
            _ => ResampleQuality::SoxrHq,
        };
        let y = resample(&x, from, to, quality, n);
        assert_eq!(y.len(), expected.len(), "{name} {from} to {to}");
        let power = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
        let error = power(&mut y.iter().zip(&expected).map(|(y, e)| f64::from(*y) - e));
        let db = 10.0 * (error / power(&mut expected.iter().copied())).log10();
        // soxr computes in f32 too. Short signals have the largest part of their samples at the start,
        // where the stages' cut-off answers are.
        assert!(db < -100.0, "{name} {from} to {to}: {db:.1} dB");
        for piece in [1, 61, 4096] {
            assert_eq!(
                resample(&x, from, to, quality, piece),
                y,
                "{name} {from} to {to}"
            );
        }
        if name == "load" {
            assert_eq!(load(&x, from, to), y);
        }
    }
}
