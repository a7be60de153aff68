use ndarray::Array2;
use serde::Deserialize;
use timbral_dsp::{
    Aggregate, CrossSimilarityParams, DtwParams, DtwStep, GriffinLimParams, RecurrenceParams,
    SimilarityMode, Stft, StftParams, TempogramParams, agglomerative, cross_similarity, dtw,
    griffinlim, hybrid_tempogram, lag_to_recurrence, metrogram, nn_filter, recurrence_matrix,
    recurrence_to_lag, remix, subsegment, time_stretch,
};

use crate::digest::{Digest, Tolerance};
use crate::signals::{flat, signal};
use crate::time::envelope;
use crate::{Params, boolean, float, integer};

fn cases<T: serde::de::DeserializeOwned>(section: &str) -> Vec<T> {
    crate::cases(include_str!("../golden/structure.json"), section)
}

/// A few roundings of f64.
const EXACT: Tolerance = Tolerance {
    relative: 1e-12,
    of_largest: 1e-15,
    absolute: 0.0,
};

#[derive(Deserialize)]
struct StretchCase {
    source: String,
    rate: f64,
    samples: Digest,
}

#[test]
fn stretched_signals_equal_librosas() {
    // librosa adds up to 60 angles in f32, with sums up to some hundred: a few roundings of 1e-5 each.
    const SAMPLES: Tolerance = Tolerance {
        relative: 0.0,
        of_largest: 1e-4,
        absolute: 0.0,
    };
    let stft = Stft::new(StftParams::default()).expect("the default");
    for case in cases::<StretchCase>("stretch") {
        let what = format!("{} {}", case.source, case.rate);
        let got = time_stretch(&signal(&case.source), case.rate, &stft).expect(&what);
        case.samples.assert_series(&got, SAMPLES, &what);
    }
}

#[derive(Deserialize)]
struct GriffinLimCase {
    source: String,
    n_iter: usize,
    momentum: f64,
    length: Option<usize>,
    samples: Digest,
}

#[test]
fn found_phases_equal_librosas() {
    // Every iteration divides by the magnitudes of bins that may be 1e-3 of the largest: the rounding of f32 grows.
    // librosa itself in f64 and f32 differs by 1e-5 after four iterations on these signals.
    const SAMPLES: Tolerance = Tolerance {
        relative: 0.0,
        of_largest: 5e-5,
        absolute: 0.0,
    };
    let stft = Stft::new(StftParams::default()).expect("the default");
    for case in cases::<GriffinLimCase>("griffinlim") {
        let params = GriffinLimParams {
            n_iter: case.n_iter,
            momentum: case.momentum,
            length: case.length,
            seed: None,
            ..GriffinLimParams::default()
        };
        let what = format!("{} {params:?}", case.source);
        let magnitude = stft.magnitude(&signal(&case.source)).expect(&what);
        let got = griffinlim(magnitude.view(), &stft, &params).expect(&what);
        case.samples.assert_series(&got, SAMPLES, &what);
    }
}

#[derive(Deserialize)]
struct RemixCase {
    source: String,
    intervals: Vec<(usize, usize)>,
    align: bool,
    samples: Digest,
}

#[test]
fn remixed_signals_equal_librosas() {
    for case in cases::<RemixCase>("remix") {
        let what = format!("{} {:?}", case.source, case.intervals);
        let parts: Vec<_> = case.intervals.iter().map(|(a, b)| *a..*b).collect();
        let got = remix(&signal(&case.source), &parts, case.align).expect(&what);
        case.samples.assert_series(&got, EXACT, &what);
    }
}

#[derive(Deserialize)]
struct DtwCase {
    features: usize,
    n: usize,
    m: usize,
    seed: u32,
    subseq: bool,
    steps: Option<Vec<[f64; 4]>>,
    cost: Digest,
    path: Vec<(usize, usize)>,
}

#[test]
fn warping_paths_equal_librosas() {
    for case in cases::<DtwCase>("dtw") {
        let mut params = DtwParams {
            subseq: case.subseq,
            ..DtwParams::default()
        };
        if let Some(steps) = &case.steps {
            let step = |s: &[f64; 4]| DtwStep {
                size: (s[0] as usize, s[1] as usize),
                add: s[2],
                multiply: s[3],
            };
            params.steps = steps.iter().map(step).collect();
        }
        let what = format!("{} x {} {params:?}", case.n, case.m);
        let x = flat(case.features, case.n, case.seed);
        let y = flat(case.features, case.m, case.seed + 1);
        let got = dtw(x.view(), y.view(), &params).expect(&what);
        assert_eq!(got.path, case.path, "{what}");
        let cost = got.cost.mapv(|c| if c.is_finite() { c } else { -1.0 });
        case.cost.assert(cost.view(), EXACT, &what);
    }
}

fn mode(name: &str) -> SimilarityMode {
    match name {
        "connectivity" => SimilarityMode::Connectivity,
        "distance" => SimilarityMode::Distance,
        "affinity" => SimilarityMode::Affinity,
        other => panic!("unknown mode {other}"),
    }
}

#[derive(Deserialize)]
struct RecurrenceCase {
    features: usize,
    n: usize,
    seed: u32,
    mode: String,
    params: Params,
    rec: Digest,
}

#[test]
fn recurrence_matrices_equal_librosas() {
    for case in cases::<RecurrenceCase>("recurrence") {
        let mut params = RecurrenceParams {
            mode: mode(&case.mode),
            ..RecurrenceParams::default()
        };
        for (name, value) in &case.params {
            match name.as_str() {
                "k" => params.k = Some(integer(value)),
                "width" => params.width = integer(value),
                "sym" => params.sym = boolean(value),
                "self" => params.include_self = boolean(value),
                "bandwidth" => params.bandwidth = value.as_f64(),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} x {} {params:?}", case.features, case.n);
        let data = flat(case.features, case.n, case.seed);
        let got = recurrence_matrix(data.view(), &params).expect(&what);
        case.rec.assert(got.view(), EXACT, &what);
    }
}

#[derive(Deserialize)]
struct CrossCase {
    features: usize,
    n: usize,
    m: usize,
    seed: u32,
    mode: String,
    params: Params,
    similar: Digest,
}

#[test]
fn cross_similarities_equal_librosas() {
    // Where all frames are asked for scikit-learn takes distances from products, which lose half of the digits.
    const DISTANCES: Tolerance = Tolerance {
        relative: 1e-6,
        of_largest: 0.0,
        absolute: 0.0,
    };
    for case in cases::<CrossCase>("cross") {
        let mut params = CrossSimilarityParams {
            mode: mode(&case.mode),
            ..CrossSimilarityParams::default()
        };
        for (name, value) in &case.params {
            match name.as_str() {
                "k" => params.k = Some(integer(value)),
                "bandwidth" => params.bandwidth = Some(float(value)),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} and {} {params:?}", case.n, case.m);
        let data = flat(case.features, case.n, case.seed);
        let reference = flat(case.features, case.m, case.seed + 1);
        let got = cross_similarity(data.view(), reference.view(), &params).expect(&what);
        case.similar.assert(got.view(), DISTANCES, &what);
    }
}

#[derive(Deserialize)]
struct AgglomerativeCase {
    features: usize,
    n: usize,
    seed: u32,
    k: usize,
    frames: Vec<usize>,
    firsts: Vec<usize>,
    parts: Vec<usize>,
}

#[test]
fn parts_equal_librosas() {
    for case in cases::<AgglomerativeCase>("agglomerative") {
        let data = flat(case.features, case.n, case.seed);
        let what = format!("{} frames, {} parts", case.n, case.k);
        assert_eq!(
            agglomerative(data.view(), case.k),
            Ok(case.firsts),
            "{what}"
        );
        let got = subsegment(data.view(), &case.frames, case.k);
        assert_eq!(got, Ok(case.parts), "{what}");
    }
}

#[derive(Deserialize)]
struct NnFilterCase {
    n: usize,
    seed: u32,
    aggregate: String,
    filtered: Digest,
}

#[test]
fn filtered_frames_equal_librosas() {
    // Sums of some f32 in another order.
    const MEANS: Tolerance = Tolerance {
        relative: 3e-7,
        of_largest: 0.0,
        absolute: 0.0,
    };
    for case in cases::<NnFilterCase>("nn_filter") {
        let linked = |v: &f32| if *v < 0.1 { 1.0 } else { 0.0 };
        let rec: Array2<f64> = flat(case.n, case.n, case.seed).map(linked);
        let aggregate = match case.aggregate.as_str() {
            "Mean" => Aggregate::Mean,
            _ => Aggregate::Median,
        };
        let s = flat(6, case.n, case.seed + 1);
        let got = nn_filter(s.view(), rec.view(), aggregate).expect("matching shapes");
        case.filtered.assert_f32(got.view(), MEANS, &case.aggregate);
    }
}

#[derive(Deserialize)]
struct LagCase {
    n: usize,
    seed: u32,
    pad: bool,
    lag: Digest,
}

#[test]
fn lag_matrices_equal_librosas() {
    for case in cases::<LagCase>("lag") {
        let rec = flat(case.n, case.n, case.seed).mapv(f64::from);
        let lag = recurrence_to_lag(rec.view(), case.pad).expect("a square");
        case.lag.assert(lag.view(), EXACT, &case.n.to_string());
        assert_eq!(lag_to_recurrence(lag.view()), Ok(rec));
    }
}

#[derive(Deserialize)]
struct HybridCase {
    source: String,
    params: Params,
    hybrid: Digest,
    metre: Digest,
}

#[test]
fn hybrid_tempograms_and_metres_equal_librosas() {
    // The Fourier tempogram is rounded to f32, and near 0 the tempogram is the rounding of transforms, of which the
    // root is taken; the envelope of a signal has its own rounding.
    const TEMPOGRAM: Tolerance = Tolerance {
        relative: 0.0,
        of_largest: 2e-5,
        absolute: 0.0,
    };
    for case in cases::<HybridCase>("hybrid") {
        let mut params = TempogramParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "win_length" => params.win_length = integer(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} {params:?}", case.source);
        let hybrid = hybrid_tempogram(&envelope(&case.source), 22_050, 512, &params).expect(&what);
        case.hybrid.assert(hybrid.view(), TEMPOGRAM, &what);
        let per_minute = 22_050.0 * 60.0 / 512.0 / params.win_length as f64;
        let tempi: Vec<f64> = (0..hybrid.nrows()).map(|k| k as f64 * per_minute).collect();
        let factors = [1.0 / 3.0, 1.0 / 4.0, 1.0 / 5.0, 1.0 / 7.0];
        let metre = metrogram(hybrid.view(), &tempi, &factors).expect(&what);
        case.metre.assert(metre.view(), TEMPOGRAM, &what);
    }
}
