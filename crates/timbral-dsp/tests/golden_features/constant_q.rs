use ndarray::Array2;
use serde::Deserialize;
use serde_json::Value;
use timbral_dsp::{
    CensParams, ChromaCqt, ChromaCqtParams, Cqt, CqtParams, HybridCqt, Intervals, Norm, PadMode,
    PseudoCqt, Window, chroma_cens, tonnetz,
};

use crate::digest::{ComplexDigest, Digest, Tolerance};
use crate::signals::{flat, signal};
use crate::{Params, boolean, float, integer, text};

fn cases<T: serde::de::DeserializeOwned>(section: &str) -> Vec<T> {
    crate::cases(include_str!("../golden/constant_q.json"), section)
}

/// soxr's low-pass and ours differ by 2.2e-7 (-133 dB) per octave, over up to six octaves, and by 2e-6 where
/// the highest octave needs a lower rate; both round to f32: sums of some ten products of bins that the ends of
/// a frame make nearly as large as the largest.
const TRANSFORM: Tolerance = Tolerance {
    relative: 0.0,
    of_largest: 5e-6,
    absolute: 0.0,
};

pub(crate) fn norm(value: &Value) -> Norm {
    match text(value) {
        "None" => Norm::None,
        "L1" => Norm::L1,
        "L2" => Norm::L2,
        "Max" => Norm::Max,
        other => panic!("unknown norm {other}"),
    }
}

pub(crate) fn pad_mode(value: &Value) -> PadMode {
    match text(value) {
        "Zero" => PadMode::Zero,
        "Reflect" => PadMode::Reflect,
        "Edge" => PadMode::Edge,
        other => panic!("unknown padding {other}"),
    }
}

pub(crate) fn window(value: &Value) -> Window {
    match text(value) {
        "Hann" => Window::Hann,
        "Hamming" => Window::Hamming,
        "Blackman" => Window::Blackman,
        "Bartlett" => Window::Bartlett,
        "Boxcar" => Window::Boxcar,
        other => panic!("unknown window {other}"),
    }
}

fn intervals(value: &Value) -> Intervals {
    match value {
        Value::String(name) if name == "pythagorean" => Intervals::Pythagorean,
        Value::Array(ratios) => Intervals::Ratios(ratios.iter().map(float).collect()),
        other => panic!("unknown intervals {other}"),
    }
}

pub(crate) fn cqt_params(params: &Params) -> CqtParams {
    let mut out = CqtParams::default();
    for (name, value) in params {
        match name.as_str() {
            "sample_rate" => out.sample_rate = integer(value) as u32,
            "hop_length" => out.hop_length = integer(value),
            "fmin" => out.fmin = float(value),
            "n_bins" => out.n_bins = integer(value),
            "bins_per_octave" => out.bins_per_octave = integer(value),
            "intervals" => out.intervals = intervals(value),
            "tuning" => out.tuning = float(value),
            "gamma" => out.gamma = value.as_f64(),
            "filter_scale" => out.filter_scale = float(value),
            "norm" => out.norm = norm(value),
            "sparsity" => out.sparsity = float(value),
            "window" => out.window = window(value),
            "scale" => out.scale = boolean(value),
            "pad_mode" => out.pad_mode = pad_mode(value),
            _ => panic!("unknown parameter {name}"),
        }
    }
    out
}

#[derive(Deserialize)]
struct BandsCase {
    params: Params,
    frequencies: Digest,
    lengths: Digest,
}

#[test]
fn frequencies_and_lengths_equal_librosas() {
    // A few roundings of f64; lengths are quotients of differences of squares near 1.
    const EXACT: Tolerance = Tolerance {
        relative: 1e-12,
        of_largest: 0.0,
        absolute: 0.0,
    };
    for case in cases::<BandsCase>("bands") {
        let what = format!("{:?}", case.params);
        let cqt = Cqt::new(cqt_params(&case.params)).expect(&what);
        let frequencies = cqt.frequencies();
        case.frequencies.assert_series(frequencies, EXACT, &what);
        let lengths = cqt.filter_lengths();
        case.lengths.assert_series(&lengths, EXACT, &what);
    }
}

#[derive(Deserialize)]
struct CqtCase {
    source: String,
    params: Params,
    cqt: ComplexDigest,
}

#[test]
fn transforms_equal_librosas() {
    for case in cases::<CqtCase>("cqt") {
        let what = format!("{} {:?}", case.source, case.params);
        let plan = Cqt::new(cqt_params(&case.params)).expect(&what);
        let y = signal(&case.source);
        let got = plan.process(&y).expect(&what);
        case.cqt.assert(got.view(), TRANSFORM, &what);
        let magnitude = plan.magnitude(&y).expect(&what);
        for (m, z) in magnitude.iter().zip(&got) {
            // One square root of a sum, against the exact one of f64.
            let exact = f64::from(z.re).hypot(f64::from(z.im));
            assert!(
                (f64::from(*m) - exact).abs() <= 3e-7 * exact + 1e-18,
                "{what}"
            );
        }
    }
}

#[derive(Deserialize)]
struct MagnitudeCase {
    source: String,
    params: Params,
    magnitude: Digest,
}

#[test]
fn pseudo_transforms_equal_librosas() {
    for case in cases::<MagnitudeCase>("pseudo") {
        let what = format!("{} {:?}", case.source, case.params);
        let plan = PseudoCqt::new(cqt_params(&case.params)).expect(&what);
        let got = plan.process(&signal(&case.source)).expect(&what);
        case.magnitude.assert_f32(got.view(), TRANSFORM, &what);
    }
}

#[test]
fn hybrid_transforms_equal_librosas() {
    for case in cases::<MagnitudeCase>("hybrid") {
        let what = format!("{} {:?}", case.source, case.params);
        let plan = HybridCqt::new(cqt_params(&case.params)).expect(&what);
        let got = plan.process(&signal(&case.source)).expect(&what);
        case.magnitude.assert_f32(got.view(), TRANSFORM, &what);
    }
}

#[derive(Deserialize)]
struct ChromaCase {
    source: String,
    params: Params,
    chroma: Digest,
}

fn chroma_params(params: &Params) -> ChromaCqtParams {
    let mut out = ChromaCqtParams::default();
    for (name, value) in params {
        match name.as_str() {
            "fmin" => out.fmin = float(value),
            "n_chroma" => out.n_chroma = integer(value),
            "n_octaves" => out.n_octaves = integer(value),
            "bins_per_octave" => out.bins_per_octave = integer(value),
            "intervals" => {
                // The defaults of chroma_vqt.
                out.intervals = intervals(value);
                out.bins_per_octave = 12;
                out.tuning = Some(0.0);
            }
            "gamma" => out.gamma = value.as_f64(),
            "tuning" => out.tuning = value.as_f64(),
            "threshold" => out.threshold = float(value) as f32,
            "norm" => out.norm = norm(value),
            "hybrid" => out.hybrid = boolean(value),
            _ => panic!("unknown parameter {name}"),
        }
    }
    out
}

#[test]
fn chromagrams_equal_librosas() {
    // The error of the transform, of sums of some twenty bins and of the frame's largest sum. Frames that are far
    // quieter than the loudest one are scaled up, and the error with them.
    const CHROMA: Tolerance = Tolerance {
        relative: 1e-5,
        of_largest: 1e-4,
        absolute: 0.0,
    };
    for case in cases::<ChromaCase>("chroma") {
        let what = format!("{} {:?}", case.source, case.params);
        let plan = ChromaCqt::new(chroma_params(&case.params)).expect(&what);
        let got = plan.process_signal(&signal(&case.source)).expect(&what);
        case.chroma.assert_f32(got.view(), CHROMA, &what);
    }
}

#[derive(Deserialize)]
struct CensCase {
    rows: usize,
    columns: usize,
    seed: u32,
    source: Option<String>,
    params: Params,
    cens: Digest,
}

#[test]
fn cens_equal_librosas() {
    // Sums of at most 43 f64 products, rounded to f32, and one division.
    const CENS: Tolerance = Tolerance {
        relative: 3e-7,
        of_largest: 3e-7,
        absolute: 0.0,
    };
    for case in cases::<CensCase>("cens") {
        let what = format!("{:?} {} {:?}", case.source, case.seed, case.params);
        let mut params = CensParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "norm" => params.norm = norm(value),
                "win_len_smooth" => params.win_len_smooth = value.as_u64().map(|n| n as usize),
                "smoothing_window" => params.smoothing_window = window(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let chroma: Array2<f32> = match &case.source {
            None => flat(case.rows, case.columns, case.seed),
            Some(source) => ChromaCqt::new(ChromaCqtParams {
                norm: Norm::None,
                ..ChromaCqtParams::default()
            })
            .and_then(|plan| plan.process_signal(&signal(source)))
            .expect(&what),
        };
        let got = chroma_cens(chroma.view(), &params).expect(&what);
        case.cens.assert_f32(got.view(), CENS, &what);
    }
}

#[derive(Deserialize)]
struct TonnetzCase {
    rows: usize,
    columns: usize,
    seed: u32,
    tonnetz: Digest,
}

#[test]
fn tonal_centroids_equal_librosas() {
    // Fractions rounded to f32, times at most 1, added up.
    const TONNETZ: Tolerance = Tolerance {
        relative: 0.0,
        of_largest: 0.0,
        absolute: 2e-7,
    };
    for case in cases::<TonnetzCase>("tonnetz") {
        let chroma = flat(case.rows, case.columns, case.seed);
        let got = tonnetz(chroma.view()).expect("finite values");
        case.tonnetz
            .assert(got.view(), TONNETZ, &case.seed.to_string());
    }
}
