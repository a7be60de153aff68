//! The O(n^2) definition against the fast code.

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};
use num_complex::Complex;
use proptest::prelude::*;
use timbral_dsp::{Framing, Hpss, HpssParams, Mfcc, MfccParams, PadMode, Stft, StftParams, Window};

use crate::signals::{flat, signed};

const WINDOWS: [Window; 5] = [
    Window::Hann,
    Window::Hamming,
    Window::Blackman,
    Window::Bartlett,
    Window::Boxcar,
];
const PADS: [PadMode; 3] = [PadMode::Zero, PadMode::Reflect, PadMode::Edge];

/// `S[k, t]` by the sum in its definition.
fn naive_stft(y: &[f32], params: &StftParams) -> Array2<Complex<f64>> {
    let n_fft = params.n_fft;
    let framing = Framing {
        frame_length: n_fft,
        hop_length: params.hop_length,
        center: params.center,
        pad_mode: params.pad_mode,
        ..Framing::default()
    };
    let win_length = params.win_length.unwrap_or(n_fft);
    let taper = params.window.periodic(win_length);
    let left = (n_fft - win_length) / 2;
    let pad = if params.center { n_fft / 2 } else { 0 };
    let sample = |t: usize, n: usize| {
        let at = (t * params.hop_length + n) as isize - pad as isize;
        let y = params
            .pad_mode
            .source(at, y.len())
            .map_or(0.0, |s| f64::from(y[s]));
        let w = n
            .checked_sub(left)
            .and_then(|i| taper.get(i))
            .copied()
            .unwrap_or(0.0);
        y * w
    };
    let n_frames = framing
        .n_frames(y.len())
        .expect("the signal is long enough");
    Array2::from_shape_fn((n_fft / 2 + 1, n_frames), |(k, t)| {
        let turn = |n: usize| {
            Complex::from_polar(1.0, -2.0 * PI * ((k * n) % n_fft) as f64 / n_fft as f64)
        };
        (0..n_fft).map(|n| turn(n) * sample(t, n)).sum()
    })
}

/// Allows one rounding to f32, and the rounding of the f64 sums relative to the largest value.
fn assert_spectrum(got: &Array2<Complex<f32>>, expected: &Array2<Complex<f64>>, what: &str) {
    assert_eq!(got.dim(), expected.dim(), "{what}");
    let largest = expected.iter().map(|v| v.norm()).fold(0.0, f64::max);
    for ((at, got), expected) in got.indexed_iter().zip(expected) {
        let parts = [(got.re, expected.re), (got.im, expected.im)];
        for (got, expected) in parts.map(|(got, expected)| (f64::from(got), expected)) {
            let allowed = 6e-8 * expected.abs() + 2e-14 * largest;
            assert!(
                (got - expected).abs() <= allowed,
                "{what} {at:?}: {got}, definition {expected}"
            );
        }
    }
}

#[test]
fn the_transform_equals_its_definition() {
    let y = signed(200, 1);
    for n_fft in 2..=64 {
        let params = StftParams {
            n_fft,
            hop_length: 1 + n_fft / 3,
            win_length: (n_fft % 3 == 0).then_some(n_fft - n_fft / 4),
            window: WINDOWS[n_fft % 5],
            center: n_fft % 4 != 1,
            pad_mode: PADS[n_fft % 3],
            ..StftParams::default()
        };
        let got = Stft::new(params)
            .and_then(|plan| plan.process(&y))
            .expect("a valid signal");
        assert_spectrum(&got, &naive_stft(&y, &params), &format!("{params:?}"));
    }
}

#[test]
fn transforms_of_unusual_lengths_equal_their_definition() {
    for n_fft in [97, 128, 210, 251, 256, 360, 509, 512, 1000, 1021] {
        let y = signed(2 * n_fft, n_fft as u32);
        let params = StftParams {
            n_fft,
            hop_length: n_fft,
            ..StftParams::default()
        };
        let got = Stft::new(params)
            .and_then(|plan| plan.process(&y))
            .expect("a valid signal");
        assert_spectrum(&got, &naive_stft(&y, &params), &format!("{params:?}"));
    }
}

proptest! {
    #[test]
    fn resynthesis_gives_the_signal_back(
        n_fft in 4usize..200,
        hop_fraction in 0.01f64..=1.0,
        window in 0usize..5,
        n in 1usize..700,
        pad in 0usize..3,
        seed in any::<u32>(),
    ) {
        // With a hop of at most a quarter of a frame, no window here leaves a gap.
        let hop_length = ((n_fft as f64 / 4.0 * hop_fraction) as usize).max(1);
        let params = StftParams {
            n_fft,
            hop_length,
            window: WINDOWS[window],
            pad_mode: PADS[pad],
            ..StftParams::default()
        };
        let y = signed(n, seed);
        let plan = Stft::new(params).expect("valid parameters");
        let spectrum = plan.process(&y).expect("a valid signal");
        let back = plan.inverse(spectrum.view(), Some(n)).expect("a valid spectrum");
        prop_assert_eq!(back.len(), n);
        for (i, (got, expected)) in back.iter().zip(&y).enumerate() {
            // f32 transforms of numbers up to 1, divided by squares of at least 0.1.
            prop_assert!((got - expected).abs() < 5e-6, "{:?} [{}]: {} {}", params, i, got, expected);
        }
        let whole = plan.inverse(spectrum.view(), None).expect("a valid spectrum");
        let frames = plan.n_frames(n).expect("a valid signal");
        prop_assert_eq!(whole.len(), n_fft + hop_length * (frames - 1) - 2 * (n_fft / 2));
    }

    #[test]
    fn each_frame_keeps_its_energy(n_fft in 2usize..300, window in 0usize..5, seed in any::<u32>()) {
        let params = StftParams {
            n_fft,
            hop_length: n_fft,
            window: WINDOWS[window],
            center: false,
            ..StftParams::default()
        };
        let y = signed(3 * n_fft, seed);
        let power = Stft::new(params).and_then(|plan| plan.power(&y)).expect("a valid signal");
        let taper = params.window.periodic(n_fft);
        for (t, column) in power.columns().into_iter().enumerate() {
            // Bins that are their own mirror image count once.
            let once = |k: usize| k == 0 || 2 * k == n_fft;
            let sum: f64 = column.iter().enumerate()
                .map(|(k, p)| f64::from(*p) * if once(k) { 1.0 } else { 2.0 }).sum();
            let frame = &y[t * n_fft..][..n_fft];
            let energy: f64 =
                frame.iter().zip(&taper).map(|(y, w)| (f64::from(*y) * w).powi(2)).sum();
            // Each power is rounded to f32 a few times; at worst all errors have the same sign.
            let got = sum / n_fft as f64;
            prop_assert!((got - energy).abs() <= 4e-7 * energy, "{:?} frame {}: {} {}", params, t, got, energy);
        }
    }
}

#[test]
fn cepstra_equal_the_cosine_transform() {
    for (n_mels, n_mfcc) in [(1, 1), (2, 2), (5, 3), (31, 31), (40, 13), (128, 20)] {
        let levels = flat(n_mels, 19, 7).mapv(|v| -80.0 * v);
        let params = MfccParams {
            n_mels,
            n_mfcc,
            lifter: 0.0,
            ..MfccParams::default()
        };
        let got = Mfcc::new(params)
            .and_then(|plan| plan.process(levels.view()))
            .expect("valid arguments");
        let n = n_mels as f64;
        for ((i, t), got) in got.indexed_iter() {
            let term =
                |m: usize| f64::from(levels[[m, t]]) * (PI * i as f64 * (m as f64 + 0.5) / n).cos();
            let scale = if i == 0 { 1.0 / n } else { 2.0 / n };
            let expected = scale.sqrt() * (0..n_mels).map(term).sum::<f64>();
            // f32 products and sums: relative to the sum of the magnitudes, 80 sqrt(2 n).
            let allowed = 6e-8 * 8.0 * 80.0 * (2.0 * n).sqrt();
            let off = (f64::from(*got) - expected).abs();
            assert!(
                off <= allowed,
                "{params:?} [{i}, {t}]: {got}, definition {expected}"
            );
        }
    }
}

/// The value of rank `width / 2` among the `width` values around each cell, mirrored with the ends
/// repeated.
fn naive_median(s: ArrayView2<'_, f32>, width: usize, along_time: bool) -> Array2<f32> {
    Array2::from_shape_fn(s.dim(), |(k, t)| {
        let (at, n) = if along_time {
            (t, s.ncols())
        } else {
            (k, s.nrows())
        };
        let value = |i: usize| {
            let position = (at + i) as isize - (width / 2) as isize;
            let folded = position.rem_euclid(2 * n as isize) as usize;
            let source = folded.min(2 * n - 1 - folded);
            if along_time {
                s[[k, source]]
            } else {
                s[[source, t]]
            }
        };
        let mut values: Vec<f32> = (0..width).map(value).collect();
        values.sort_by(f32::total_cmp);
        values[width / 2]
    })
}

#[test]
fn masks_equal_their_definition() {
    let windows = [
        (31, 31),
        (31, 3),
        (1, 31),
        (2, 5),
        (8, 31),
        (40, 17),
        (31, 32),
    ];
    // Including two frames, where SciPy's filter fails.
    let shapes = [
        (1, 1),
        (40, 1),
        (1, 40),
        (40, 2),
        (33, 3),
        (17, 16),
        (50, 47),
        (2, 2),
        (65, 33),
    ];
    for (rows, columns) in shapes {
        let s = flat(rows, columns, 3);
        for (win_harm, win_perc) in windows {
            let params = HpssParams {
                win_harm,
                win_perc,
                ..HpssParams::default()
            };
            let what = format!("{rows} x {columns} {params:?}");
            let (harm, perc) = (
                naive_median(s.view(), win_harm, true),
                naive_median(s.view(), win_perc, false),
            );
            let (harmonic, percussive) = Hpss::new(params).expect(&what).masks(s.view());
            for (at, got) in harmonic.indexed_iter() {
                let (h, p) = (f64::from(harm[at]).powi(2), f64::from(perc[at]).powi(2));
                let expected = if h + p == 0.0 { 0.5 } else { h / (h + p) };
                // A quotient, two squares and a sum in f32.
                let off = (f64::from(*got) - expected).abs();
                assert!(
                    off <= 4e-7 * expected,
                    "{what} {at:?}: {got}, definition {expected}"
                );
                let sum = got + percussive[at];
                assert!(
                    (sum - 1.0).abs() <= 2.4e-7,
                    "{what} {at:?}: the masks add up to {sum}"
                );
            }
        }
    }
}
