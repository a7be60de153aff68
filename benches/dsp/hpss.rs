//! Harmonic-percussive separation. No other crate has it; it is compared with sorting each window.

use std::hint::black_box;

use criterion::Criterion;
use ndarray::{Array2, ArrayView2, s};
use timbral::dsp::{Hpss, HpssParams, Stft, StftParams};

use crate::{CLIP, group, same};

/// The window length of both median filters.
const WINDOW: usize = 31;

/// Index `i - WINDOW / 2` into a line of `n` values, extended by reflection with repeated end values.
fn mirrored(i: usize, n: usize) -> usize {
    let position = (i + 2 * n - WINDOW / 2) % (2 * n);
    position.min(2 * n - 1 - position)
}

/// The soft masks by definition: sort, square, divide.
fn naive_masks(magnitude: ArrayView2<'_, f32>) -> (Array2<f32>, Array2<f32>) {
    let (bins, frames) = magnitude.dim();
    let median = |value: &dyn Fn(usize) -> f32| {
        let mut window: [f32; WINDOW] = std::array::from_fn(value);
        window.sort_unstable_by(f32::total_cmp);
        window[WINDOW / 2]
    };
    let share = |(k, t): (usize, usize)| {
        let h = median(&|i| magnitude[[k, mirrored(t + i, frames)]]);
        let p = median(&|i| magnitude[[mirrored(k + i, bins), t]]);
        h * h / (h * h + p * p)
    };
    let harmonic = Array2::from_shape_fn((bins, frames), share);
    let percussive = harmonic.map(|h| 1.0 - h);
    (harmonic, percussive)
}

pub(crate) fn masks(c: &mut Criterion) {
    let hpss = Hpss::new(HpssParams::default()).unwrap();
    let whole = Stft::new(StftParams::default())
        .unwrap()
        .magnitude(&CLIP)
        .unwrap();
    // 1.5 s only, because sorting is slow.
    let part = whole.slice(s![.., 100..164]).to_owned();

    let (harmonic, percussive) = hpss.masks(part.view());
    let (naive_harmonic, naive_percussive) = naive_masks(part.view());
    let flat = |mask: &Array2<f32>| mask.as_slice().unwrap().to_vec();
    same(
        "harmonic mask",
        &flat(&harmonic),
        &flat(&naive_harmonic),
        1e-6,
    );
    same(
        "percussive mask",
        &flat(&percussive),
        &flat(&naive_percussive),
        1e-6,
    );

    let mut group = group(c, "hpss_masks");
    group.bench_function("64_frames/timbral", |b| {
        b.iter(|| hpss.masks(black_box(part.view())))
    });
    group.bench_function("64_frames/naive", |b| {
        b.iter(|| naive_masks(black_box(part.view())))
    });
    group.bench_function("1293_frames/timbral", |b| {
        b.iter(|| hpss.masks(black_box(whole.view())))
    });
    group.finish();
}

pub(crate) fn waveforms(c: &mut Criterion) {
    let y = &CLIP[..];
    let stft = Stft::new(StftParams::default()).unwrap();
    let hpss = Hpss::new(HpssParams::default()).unwrap();
    let separate = |y: &[f32]| hpss.process_signal(&stft, y).unwrap();

    // The masks sum to one, so the waveforms sum to the signal.
    let (harmonic, percussive) = separate(y);
    let sum: Vec<f32> = harmonic
        .iter()
        .zip(&percussive)
        .map(|(h, p)| h + p)
        .collect();
    same("harmonic + percussive", &sum, y, 1e-6);
    assert!(harmonic.iter().any(|x| x.abs() > 0.1) && percussive.iter().any(|x| x.abs() > 0.1));

    let mut group = group(c, "hpss_waveforms");
    group.bench_function("timbral", |b| b.iter(|| separate(black_box(y))));
    group.finish();
}
