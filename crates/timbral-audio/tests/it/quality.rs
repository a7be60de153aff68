//! The quality of the resampler: bounds of the numbers in its documentation.

use std::f64::consts::{PI, TAU};

use timbral_audio::{ResampleParams, ResampleQuality, Resampler};

/// Ratios with one, two and all of soxr's stages.
const PAIRS: [(u32, u32); 5] = [
    (44_100, 22_050),
    (48_000, 22_050),
    (16_000, 22_050),
    (96_000, 11_025),
    (8_000, 44_100),
];
const QUALITIES: [ResampleQuality; 3] = [
    ResampleQuality::SoxrHq,
    ResampleQuality::KaiserBest,
    ResampleQuality::KaiserBest2022,
];
const SECONDS: f64 = 2.0;

/// Part of the output at each end that is ignored: there the filter extends beyond the signal.
const EDGE: usize = 8;

fn resample(x: &[f32], from: u32, to: u32, quality: ResampleQuality) -> Vec<f32> {
    let params = ResampleParams {
        quality,
        ..Default::default()
    };
    let mut resampler = Resampler::new(from, to, &params).unwrap();
    resampler.resample(x).unwrap()
}

fn sampled(rate: u32, signal: impl Fn(f64) -> f64) -> Vec<f32> {
    let n = (SECONDS * f64::from(rate)) as usize;
    (0..n)
        .map(|i| signal(i as f64 / f64::from(rate)) as f32)
        .collect()
}

/// dB by which the mean square of `a - b` without the ends is below that of a sine of amplitude 0.5.
fn db_below_the_tone(a: &[f32], b: impl Fn(usize) -> f64) -> f64 {
    let middle = a.len() / EDGE..a.len() - a.len() / EDGE;
    let n = middle.len() as f64;
    let power = middle
        .map(|i| (f64::from(a[i]) - b(i)).powi(2))
        .sum::<f64>()
        / n;
    10.0 * (0.125 / power.max(1e-30)).log10()
}

/// A tone at `part` of the lower Nyquist frequency: dB that it loses, and by which all else is below it.
fn tone(from: u32, to: u32, quality: ResampleQuality, part: f64) -> (f64, f64) {
    let hz = part * f64::from(from.min(to)) / 2.0;
    let sine = |t: f64| 0.5 * (TAU * hz * t).sin();
    let y = resample(&sampled(from, sine), from, to, quality);
    let rate = f64::from(to);
    // The phase is kept, so the amplitude is a projection.
    let middle = y.len() / EDGE..y.len() - y.len() / EDGE;
    let (mut yx, mut xx) = (0.0, 0.0);
    for i in middle {
        let x = sine(i as f64 / rate);
        yx += f64::from(y[i]) * x;
        xx += x * x;
    }
    let gain = yx / xx;
    let rest = db_below_the_tone(&y, |i| gain * sine(i as f64 / rate));
    (-20.0 * gain.abs().log10(), rest)
}

/// Tones in the passband lose at most 0.01 dB (soxr's interpolating filter), and neither images nor
/// rounding are above -110 dB: the filters have 120 dB, sums and transforms in f32 about 130.
#[test]
fn the_passband_is_flat() {
    for (from, to) in PAIRS {
        for (quality, end) in QUALITIES.into_iter().zip([0.91, 0.87, 0.84]) {
            // resampy's step through the table is rounded down, which costs 0.1 dB at 96 to 11.025 kHz.
            if quality != ResampleQuality::SoxrHq && from > 48_000 {
                continue;
            }
            for part in [0.01, 0.1, 0.3, 0.5, 0.7, end] {
                let (loss, rest) = tone(from, to, quality, part);
                assert!(
                    loss.abs() < 0.011,
                    "{quality:?} {from} to {to}, {part}: {loss:.4} dB"
                );
                // resampy steps by whole points of its table, which is coarse for lower rates.
                let least = if quality == ResampleQuality::SoxrHq {
                    110.0
                } else {
                    60.0
                };
                assert!(
                    rest > least,
                    "{quality:?} {from} to {to}, {part}: {rest:.1} dB"
                );
            }
        }
    }
}

/// The -6 dB points of the documentation.
#[test]
fn half_the_amplitude_is_left_at_the_cutoff() {
    for (from, to) in PAIRS {
        for (quality, cutoff) in QUALITIES.into_iter().zip([0.956_872, 0.947_594, 0.917_347]) {
            let (loss, _) = tone(from, to, quality, cutoff);
            // resampy's step through the table is rounded down: at 96 to 11.025 kHz by 1 %, which moves
            // the cutoff.
            let exact = quality != ResampleQuality::KaiserBest || from < 96_000;
            assert!(
                !exact || (loss - 6.02).abs() < 0.3,
                "{quality:?} {from} to {to}: {loss:.3} dB"
            );
        }
    }
}

/// A tone above the new Nyquist frequency is removed.
#[test]
fn tones_above_the_new_nyquist_frequency_are_removed() {
    for (from, to) in [(44_100, 22_050), (48_000, 22_050), (96_000, 11_025)] {
        for part in [1.0005, 1.01, 1.05, 1.2, 1.5, 1.9] {
            let hz = part * f64::from(to) / 2.0;
            let x = sampled(from, |t| 0.5 * (TAU * hz * t).sin());
            let y = resample(&x, from, to, ResampleQuality::SoxrHq);
            let rejection = db_below_the_tone(&y, |_| 0.0);
            assert!(
                rejection > 115.0,
                "{from} to {to}, {hz} Hz: {rejection:.1} dB"
            );
        }
    }
}

/// A sweep through the passband follows its formula, up to the 0.01 dB (-59 dB) of the passband.
#[test]
fn a_sweep_follows_its_formula() {
    for (from, to) in PAIRS {
        let top = 0.9 * f64::from(from.min(to)) / 2.0;
        let sweep = |t: f64| 0.5 * (TAU * 20.0 * t + PI * (top - 20.0) * t * t / 2.0).sin();
        let y = resample(&sampled(from, sweep), from, to, ResampleQuality::SoxrHq);
        let snr = db_below_the_tone(&y, |i| sweep(i as f64 / f64::from(to)));
        assert!(snr > 60.0, "{from} to {to}: {snr:.1} dB");
    }
}

/// Rates without a common factor, where every output has a place of its own between two inputs.
#[test]
fn rates_without_a_common_factor() {
    for (from, to) in [(22_051, 22_050), (44_056, 44_100), (11_127, 44_101)] {
        let (loss, rest) = tone(from, to, ResampleQuality::SoxrHq, 0.3);
        assert!(
            loss.abs() < 1e-4 && rest > 110.0,
            "{from} to {to}: {loss} {rest:.1} dB"
        );
    }
}

/// The widest ratios that are accepted.
#[test]
fn the_widest_ratios() {
    for (from, to) in [
        (768_000, 1_000),
        (1_000, 768_000),
        (767_999, 1_001),
        (1_001, 767_999),
    ] {
        for quality in QUALITIES {
            let n = 50 * from as usize / 1000;
            let y = resample(&vec![0.5; n], from, to, quality);
            assert_eq!(y.len(), (n * to as usize).div_ceil(from as usize));
            assert!(
                y.iter().all(|v| v.is_finite() && v.abs() < 0.7),
                "{from} {to} {quality:?}"
            );
        }
    }
}
