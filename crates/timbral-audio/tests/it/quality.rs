//! The quality of the resampler: lower bounds of the numbers in its documentation.

use std::f64::consts::TAU;

use timbral_audio::{ResampleParams, Resampler};

const PAIRS: [(u32, u32); 3] = [(44_100, 22_050), (48_000, 22_050), (16_000, 22_050)];
const SECONDS: f64 = 2.0;

/// Samples at both ends that are ignored: there the filter extends beyond the signal. Half the longest
/// filter here is 320 samples.
const EDGE: usize = 2000;

fn resample(x: &[f32], from: u32, to: u32) -> Vec<f32> {
    let mut resampler = Resampler::new(from, to, &ResampleParams::default()).unwrap();
    resampler.resample(x).unwrap()
}

fn sampled(rate: u32, signal: impl Fn(f64) -> f64) -> Vec<f32> {
    let n = (SECONDS * f64::from(rate)) as usize;
    (0..n)
        .map(|i| signal(i as f64 / f64::from(rate)) as f32)
        .collect()
}

/// Mean square of `a - b` without the ends.
fn error_power(a: &[f32], b: impl Fn(usize) -> f64) -> f64 {
    let middle = EDGE..a.len() - EDGE;
    let n = middle.len() as f64;
    middle
        .map(|i| (f64::from(a[i]) - b(i)).powi(2))
        .sum::<f64>()
        / n
}

/// A sine of amplitude 0.5 has power 0.125.
fn db_below_the_tone(power: f64) -> f64 {
    10.0 * (0.125 / power.max(1e-30)).log10()
}

/// Every tone below 0.9 of the lower Nyquist frequency keeps its phase and amplitude.
///
/// The bound: rounding input and output to f32 leaves two errors, uniform within 2^-25 for values in
/// 0.25..0.5 and smaller below, together about -150 dB; soxr HQ has 90 to 134 dB.
#[test]
fn the_passband_is_exact_to_f32_rounding() {
    for (from, to) in PAIRS {
        let nyquist = f64::from(from.min(to)) / 2.0;
        for part in [0.01, 0.1, 0.3, 0.5, 0.7, 0.85, 0.9] {
            let tone = |t: f64| 0.5 * (TAU * part * nyquist * t).sin();
            let y = resample(&sampled(from, tone), from, to);
            let snr = db_below_the_tone(error_power(&y, |i| tone(i as f64 / f64::from(to))));
            assert!(
                snr > 145.0,
                "{from} to {to}, {part} of Nyquist: {snr:.1} dB"
            );
        }
    }
}

/// The same for a sweep through the passband.
#[test]
fn a_sweep_follows_its_formula() {
    for (from, to) in PAIRS {
        let top = 0.9 * f64::from(from.min(to)) / 2.0;
        let sweep = |t: f64| 0.5 * (TAU * (20.0 * t + (top - 20.0) * t * t / 4.0)).sin();
        let y = resample(&sampled(from, sweep), from, to);
        let snr = db_below_the_tone(error_power(&y, |i| sweep(i as f64 / f64::from(to))));
        assert!(snr > 145.0, "{from} to {to}: {snr:.1} dB");
    }
}

/// A tone above the new Nyquist frequency is removed, down to the f32 rounding noise of the input
/// (150 dB below the tone), which is far above the window's sidelobes.
#[test]
fn tones_above_the_new_nyquist_frequency_are_removed() {
    for (from, to) in [(44_100, 22_050), (48_000, 22_050)] {
        let nyquist = f64::from(to) / 2.0;
        for part in [1.0005, 1.01, 1.05, 1.2, 1.5, 1.9] {
            let hz = part * nyquist;
            let y = resample(&sampled(from, |t| 0.5 * (TAU * hz * t).sin()), from, to);
            let rejection = db_below_the_tone(error_power(&y, |_| 0.0));
            assert!(
                rejection > 140.0,
                "{from} to {to}, {hz} Hz: {rejection:.1} dB"
            );
        }
    }
}

/// The transition band is narrow: soxr HQ loses 0.1 dB at 0.94 of the Nyquist frequency.
#[test]
fn the_passband_reaches_0_96_of_nyquist() {
    for (from, to) in PAIRS {
        let hz = 0.96 * f64::from(from.min(to)) / 2.0;
        let y = resample(&sampled(from, |t| 0.5 * (TAU * hz * t).sin()), from, to);
        let loss = db_below_the_tone(error_power(&y, |_| 0.0));
        assert!(loss.abs() < 0.1, "{from} to {to}: {loss:.3} dB");
    }
}

/// Other pairs of rates.
#[test]
fn other_pairs_of_rates() {
    for (from, to) in [
        (8_000, 22_050),
        (11_025, 22_050),
        (32_000, 22_050),
        (44_100, 16_000),
        (96_000, 22_050),
        (192_000, 44_100),
        (22_050, 44_100),
        (44_100, 48_000),
    ] {
        let tone = |t: f64| 0.5 * (TAU * 440.0 * t).sin();
        let y = resample(&sampled(from, tone), from, to);
        let snr = db_below_the_tone(error_power(&y, |i| tone(i as f64 / f64::from(to))));
        assert!(snr > 140.0, "{from} to {to}: {snr:.1} dB");
    }
}

/// Without a common factor the blocks, and with them the filter, are two seconds long: the ends of the
/// signal are near everywhere, and truncating a sinc 10^4 samples from its centre gives an error of
/// 10^-5.
#[test]
fn rates_without_a_common_factor() {
    let tone = |t: f64| 0.5 * (TAU * 440.0 * t).sin();
    let y = resample(&sampled(22_051, tone), 22_051, 22_050);
    let snr = db_below_the_tone(error_power(&y, |i| tone(i as f64 / 22_050.0)));
    assert!(snr > 100.0, "{snr:.1} dB");
}
