//! Peaks, tuning, chroma.

use ndarray::Array2;
use serde::Deserialize;
use timbral_dsp::{
    Chroma, ChromaParams, PiptrackParams, Stft, StftParams, estimate_tuning, piptrack, pitch_tuning,
};

use crate::cases;
use crate::digest::{Digest, Tolerance};
use crate::signals::{flat, lcg, signal};

/// `flat:rows:columns:seed`, `steps:...` (the same rounded down to eighths, with many ties), or the
/// power spectrogram of a signal.
fn spectrogram(source: &str) -> Array2<f32> {
    let cells = |args: &str| {
        let args: Vec<usize> = args
            .split(':')
            .map(|a| a.parse().expect("an integer"))
            .collect();
        flat(args[0], args[1], args[2] as u32)
    };
    if let Some(args) = source.strip_prefix("flat:") {
        return cells(args);
    }
    if let Some(args) = source.strip_prefix("steps:") {
        return cells(args).mapv(|v| (v * 8.0).floor() / 8.0);
    }
    let plan = Stft::new(StftParams::default()).expect("valid parameters");
    plan.power(&signal(source)).expect("a valid signal")
}

#[derive(Deserialize)]
struct PiptrackCase {
    source: String,
    sample_rate: u32,
    fmin: f64,
    fmax: f64,
    threshold: f32,
    n: usize,
    every: usize,
    frames: Vec<usize>,
    bins: Vec<usize>,
    frequencies: Vec<f64>,
    magnitudes: Vec<f64>,
}

#[test]
fn peaks_equal_librosas() {
    // The offset from the centre of the bin, below 1 bin, is a quotient of differences of three powers,
    // each rounded to f32; near a flat maximum the differences are small.
    const FREQUENCY: f64 = 1e-6;
    // A power and a fraction of it.
    const MAGNITUDE: f64 = 1e-6;
    for case in cases::<PiptrackCase>("piptrack") {
        let params = PiptrackParams {
            sample_rate: case.sample_rate,
            fmin: case.fmin,
            fmax: case.fmax,
            threshold: case.threshold,
            ..PiptrackParams::default()
        };
        let what = format!("{} {params:?}", case.source);
        let mut peaks = piptrack(spectrogram(&case.source).view(), &params).expect(&what);
        peaks.sort_by_key(|peak| (peak.frame, peak.bin));
        assert_eq!(peaks.len(), case.n, "{what}: number of peaks");
        for (i, peak) in peaks.iter().step_by(case.every).enumerate() {
            assert_eq!(
                (peak.frame, peak.bin),
                (case.frames[i], case.bins[i]),
                "{what}: peak {i}"
            );
            let (hertz, height) = (case.frequencies[i], case.magnitudes[i]);
            let off = (f64::from(peak.frequency) / hertz - 1.0).abs();
            assert!(off <= FREQUENCY, "{what}: {peak:?}, librosa {hertz} Hz");
            let off = (f64::from(peak.magnitude) / height - 1.0).abs();
            assert!(
                off <= MAGNITUDE,
                "{what}: {peak:?}, librosa's height {height}"
            );
        }
    }
}

#[derive(Deserialize)]
struct TuningCase {
    source: String,
    resolution: f64,
    bins_per_octave: usize,
    tuning: f64,
}

/// The estimate is an edge of a histogram, `i / n - 0.5` in f64.
const EDGE: f64 = 1e-12;

#[test]
fn estimated_tunings_equal_librosas() {
    for case in cases::<TuningCase>("tuning") {
        let (resolution, bins) = (case.resolution, case.bins_per_octave);
        let power = spectrogram(&case.source);
        let got = estimate_tuning(power.view(), &PiptrackParams::default(), resolution, bins);
        let off = got.map(|tuning| (tuning - case.tuning).abs() <= EDGE);
        let expected = case.tuning;
        assert_eq!(
            off,
            Ok(true),
            "{} {resolution} {bins}: librosa {expected}",
            case.source
        );
    }
}

#[derive(Deserialize)]
struct PitchTuningCase {
    n: usize,
    seed: u32,
    resolution: f64,
    bins_per_octave: usize,
    tuning: f64,
}

#[test]
fn tunings_of_pitches_equal_librosas() {
    for case in cases::<PitchTuningCase>("pitch_tuning") {
        let pitches: Vec<f32> = lcg(case.n, case.seed).iter().map(|v| v * 4000.0).collect();
        let got =
            pitch_tuning(&pitches, case.resolution, case.bins_per_octave).expect("valid arguments");
        let PitchTuningCase {
            n,
            resolution,
            bins_per_octave,
            tuning,
            ..
        } = case;
        let what = format!("{n} pitches, {resolution}, {bins_per_octave}");
        assert!(
            (got - tuning).abs() <= EDGE,
            "{what}: {got}, librosa {tuning}"
        );
    }
}

#[derive(Deserialize)]
struct WeightsCase {
    tuning: f64,
    sample_rate: u32,
    n_fft: usize,
    n_chroma: usize,
    ctroct: f64,
    octwidth: Option<f64>,
    weights: Digest,
}

#[test]
fn chroma_banks_equal_librosas() {
    // f64 Gaussians rounded once to f32; in the tails the rounding of the exponent matters.
    const WEIGHTS: Tolerance = Tolerance {
        relative: 1.3e-7,
        of_largest: 1e-12,
        absolute: 0.0,
    };
    for case in cases::<WeightsCase>("chroma_weights") {
        let params = ChromaParams {
            sample_rate: case.sample_rate,
            n_fft: case.n_fft,
            n_chroma: case.n_chroma,
            tuning: None,
            ctroct: case.ctroct,
            octwidth: case.octwidth,
            ..ChromaParams::default()
        };
        let what = format!("{params:?} tuned by {}", case.tuning);
        let weights = Chroma::new(params).expect(&what).weights(case.tuning);
        case.weights.assert_f32(weights.view(), WEIGHTS, &what);
    }
}

#[derive(Deserialize)]
struct ChromaCase {
    source: String,
    tuning: Option<f64>,
    n_chroma: usize,
    octwidth: Option<f64>,
    chroma: Digest,
}

#[test]
fn chromagrams_equal_librosas() {
    // Sums of up to 1025 f32 products of one sign, in another order, divided by another such sum.
    const CHROMA: Tolerance = Tolerance {
        relative: 4e-6,
        of_largest: 0.0,
        absolute: 0.0,
    };
    for case in cases::<ChromaCase>("chroma") {
        let params = ChromaParams {
            tuning: case.tuning,
            n_chroma: case.n_chroma,
            octwidth: case.octwidth,
            ..ChromaParams::default()
        };
        let what = format!("{} {params:?}", case.source);
        let plan = Chroma::new(params).expect(&what);
        let got = plan.process(spectrogram(&case.source).view()).expect(&what);
        case.chroma.assert_f32(got.view(), CHROMA, &what);
    }
}
