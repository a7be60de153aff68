//! Mel bands, cepstra, chroma, and spectral and temporal features of frames.

use std::hint::black_box;

use criterion::Criterion;
use mel_spec::mel::{BatchLogMelConfig, BatchLogMelSpectrogram};
use ndarray::Array2;
use rosa::Matrix;
use timbral::dsp::{
    Chroma, ChromaParams, ContrastParams, DbParams, Framing, MelBank, MelParams, Mfcc, MfccParams,
    Stft, StftParams, fft_frequencies, power_to_db, rms, spectral_bandwidth, spectral_centroid,
    spectral_contrast, spectral_flatness, spectral_rolloff, zero_crossing_rate,
};

use crate::signal::SAMPLE_RATE;
use crate::{CLIP, WIDE, group, same};

/// Plans for log-mel spectrograms with 128 bands.
pub(crate) struct LogMel {
    stft: Stft,
    bank: MelBank,
}

impl LogMel {
    pub(crate) fn new() -> Self {
        Self {
            stft: Stft::new(StftParams::default()).unwrap(),
            bank: MelBank::new(MelParams::default()).unwrap(),
        }
    }

    pub(crate) fn process(&self, y: &[f32]) -> Array2<f32> {
        let mel = self.bank.process_signal(&self.stft, y).unwrap();
        power_to_db(mel.view(), &DbParams::default()).unwrap()
    }
}

fn rosa_mel(y: &[f64]) -> Matrix {
    rosa::mel_spectrogram(y, &rosa::MelSpectrogramParams::new(f64::from(SAMPLE_RATE)))
}

fn rosa_log_mel(y: &[f64]) -> Vec<f64> {
    rosa::power_to_db(rosa_mel(y).as_slice(), 1.0, 1e-10, Some(80.0))
}

fn slice<T>(array: &Array2<T>) -> &[T] {
    array.as_slice().unwrap()
}

pub(crate) fn log_mel(c: &mut Criterion) {
    let y = &CLIP[..];
    let ours = LogMel::new();
    let mel_spec = BatchLogMelSpectrogram::new(BatchLogMelConfig {
        sample_rate: SAMPLE_RATE as usize,
        n_fft: 2048,
        win_length: 2048,
        hop_length: 512,
        n_mels: 128,
        log_zero_guard: 1e-10,
        ..BatchLogMelConfig::default()
    })
    .unwrap();
    let mut scratch = mel_spec.scratch();

    let db = ours.process(y);
    same("log_mel, rosa", slice(&db), &rosa_log_mel(&WIDE), 1e-5);
    // mel_spec uses natural logarithms, has no floor 80 dB below the maximum, and uses the symmetric Hann
    // window: a difference of 0.005 dB on average.
    let nepers = mel_spec
        .compute_flat_with_scratch(y, &mut scratch)
        .unwrap()
        .data;
    let floor = db.fold(f32::INFINITY, |a, b| a.min(*b));
    let theirs = nepers
        .iter()
        .map(|x| (x * 10.0 * std::f32::consts::LOG10_E).max(floor));
    let gap: f32 = db
        .iter()
        .zip(theirs)
        .map(|(a, b)| (a - b).abs())
        .sum::<f32>()
        / db.len() as f32;
    assert!(gap < 0.01, "log_mel, mel_spec: {gap} dB on average");

    let mut group = group(c, "log_mel");
    group.bench_function("timbral", |b| b.iter(|| ours.process(black_box(y))));
    group.bench_function("mel_spec", |b| {
        b.iter(|| {
            mel_spec
                .compute_flat_with_scratch(black_box(y), &mut scratch)
                .unwrap()
        });
    });
    group.bench_function("rosa", |b| b.iter(|| rosa_log_mel(black_box(&WIDE))));
    group.finish();
}

pub(crate) fn mfcc(c: &mut Criterion) {
    let y = &CLIP[..];
    let log_mel = LogMel::new();
    let mfcc = Mfcc::new(MfccParams::default()).unwrap();
    let ours = |y: &[f32]| mfcc.process(log_mel.process(y).view()).unwrap();
    let rosa = |y: &[f64]| rosa::mfcc(&rosa_mel(y), &rosa::MfccParams::default());

    same("mfcc, rosa", slice(&ours(y)), rosa(&WIDE).as_slice(), 1e-5);

    let mut group = group(c, "mfcc");
    group.bench_function("timbral", |b| b.iter(|| ours(black_box(y))));
    group.bench_function("rosa", |b| b.iter(|| rosa(black_box(&WIDE))));
    group.finish();
}

pub(crate) fn chroma(c: &mut Criterion) {
    let y = &CLIP[..];
    let stft = Stft::new(StftParams::default()).unwrap();
    let plan = |tuning| {
        Chroma::new(ChromaParams {
            tuning,
            ..ChromaParams::default()
        })
        .unwrap()
    };
    let ours = |chroma: &Chroma, y: &[f32]| chroma.process_signal(&stft, y).unwrap();
    let rosa = |tuning, y: &[f64]| {
        rosa::chroma_stft(
            y,
            &rosa::ChromaStftParams {
                tuning,
                ..Default::default()
            },
        )
    };

    // With a given tuning: rosa estimates it to 0.05 from another spectrogram, librosa and timbral to 0.01.
    let at_20_cents = ours(&plan(Some(0.2)), y);
    same(
        "chroma, rosa",
        slice(&at_20_cents),
        rosa(Some(0.2), &WIDE).as_slice(),
        1e-5,
    );

    let estimating = plan(None);
    let mut group = group(c, "chroma");
    group.bench_function("timbral", |b| b.iter(|| ours(&estimating, black_box(y))));
    group.bench_function("rosa", |b| b.iter(|| rosa(None, black_box(&WIDE))));
    group.finish();
}

pub(crate) fn shapes(c: &mut Criterion) {
    let magnitude = Stft::new(StftParams::default())
        .unwrap()
        .magnitude(&CLIP)
        .unwrap();
    let s = magnitude.view();
    let hz = &fft_frequencies(SAMPLE_RATE, 2048)[..];
    let wide = slice(&magnitude).iter().map(|x| f64::from(*x)).collect();
    let m = &Matrix::from_vec(wide, s.nrows(), s.ncols());
    let contrast = ContrastParams::default();
    let rosa_bandwidth =
        || rosa::spectral_bandwidth(m, hz, &rosa::spectral_centroid(m, hz), 2.0, true);

    let centroid = spectral_centroid(s, hz).unwrap();
    same(
        "centroid, rosa",
        &centroid,
        &rosa::spectral_centroid(m, hz),
        1e-9,
    );
    same(
        "bandwidth, rosa",
        &spectral_bandwidth(s, hz, 2.0).unwrap(),
        &rosa_bandwidth(),
        1e-9,
    );
    // Rolloff is a bin; timbral sums in f32, as librosa does, and may be off by one bin.
    let bin = hz[1] / 11_025.0;
    let rolloff = spectral_rolloff(s, hz, 0.85).unwrap();
    same(
        "rolloff, rosa",
        &rolloff,
        &rosa::spectral_rolloff(m, hz, 0.85),
        4.0 * bin,
    );
    let flatness = spectral_flatness(s, 1e-10, 2.0).unwrap();
    same(
        "flatness, rosa",
        &flatness,
        &rosa::spectral_flatness(m, 1e-10, 2.0),
        1e-6,
    );
    let theirs = rosa::spectral_contrast(m, hz, 200.0, 6, 0.02, false);
    same(
        "contrast, rosa",
        slice(&spectral_contrast(s, hz, &contrast).unwrap()),
        theirs.as_slice(),
        1e-5,
    );

    let mut group = group(c, "spectral");
    group.bench_function("centroid/timbral", |b| {
        b.iter(|| spectral_centroid(black_box(s), hz).unwrap())
    });
    group.bench_function("centroid/rosa", |b| {
        b.iter(|| rosa::spectral_centroid(black_box(m), hz))
    });
    group.bench_function("bandwidth/timbral", |b| {
        b.iter(|| spectral_bandwidth(black_box(s), hz, 2.0).unwrap());
    });
    group.bench_function("bandwidth/rosa", |b| b.iter(rosa_bandwidth));
    group.bench_function("rolloff/timbral", |b| {
        b.iter(|| spectral_rolloff(black_box(s), hz, 0.85).unwrap());
    });
    group.bench_function("rolloff/rosa", |b| {
        b.iter(|| rosa::spectral_rolloff(black_box(m), hz, 0.85))
    });
    group.bench_function("flatness/timbral", |b| {
        b.iter(|| spectral_flatness(black_box(s), 1e-10, 2.0).unwrap());
    });
    group.bench_function("flatness/rosa", |b| {
        b.iter(|| rosa::spectral_flatness(black_box(m), 1e-10, 2.0));
    });
    group.bench_function("contrast/timbral", |b| {
        b.iter(|| spectral_contrast(black_box(s), hz, &contrast).unwrap());
    });
    group.bench_function("contrast/rosa", |b| {
        b.iter(|| rosa::spectral_contrast(black_box(m), hz, 200.0, 6, 0.02, false));
    });
    group.finish();
}

pub(crate) fn temporal(c: &mut Criterion) {
    let y = &CLIP[..];
    let framing = Framing::default();
    let crossings = zero_crossing_rate(y, &framing).unwrap();
    same(
        "crossings, rosa",
        &crossings,
        &rosa::zero_crossing_rate(&WIDE, 2048, 512, true),
        1e-12,
    );
    same(
        "rms, rosa",
        &rms(y, &framing).unwrap(),
        &rosa::rms(&WIDE, 2048, 512, true),
        1e-6,
    );

    let mut group = group(c, "temporal");
    group.bench_function("zero_crossing_rate/timbral", |b| {
        b.iter(|| zero_crossing_rate(black_box(y), &framing).unwrap());
    });
    group.bench_function("zero_crossing_rate/rosa", |b| {
        b.iter(|| rosa::zero_crossing_rate(black_box(&WIDE), 2048, 512, true));
    });
    group.bench_function("rms/timbral", |b| {
        b.iter(|| rms(black_box(y), &framing).unwrap())
    });
    group.bench_function("rms/rosa", |b| {
        b.iter(|| rosa::rms(black_box(&WIDE), 2048, 512, true))
    });
    group.finish();
}
