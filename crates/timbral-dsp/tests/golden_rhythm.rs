//! Rhythm features equal librosa 1.0.0: the values in `golden/rhythm.json` were made by
//! `golden/rhythm.py`, which also describes the signals.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2};
use serde::Deserialize;
use timbral_dsp::{
    Aggregate, BeatParams, BeatTracker, DeltaMode, DeltaParams, OnsetParams, Tempo, TempoParams,
    Tempogram, TempogramParams, Window, autocorrelate, delta, fourier_tempogram, onset_strength,
    tempo_frequencies,
};

#[derive(Deserialize)]
struct Golden {
    tempo: Vec<TempoCase>,
    beat: Vec<BeatCase>,
    tempogram: Vec<TempogramCase>,
    autocorrelate: Vec<AutocorrelateCase>,
    onset: Vec<OnsetCase>,
    delta: Vec<DeltaCase>,
}

/// The parameters that differ from the default.
type Params = BTreeMap<String, serde_json::Value>;

#[derive(Deserialize)]
struct TempoCase {
    envelope: String,
    params: Params,
    lag: usize,
}

#[derive(Deserialize)]
struct BeatCase {
    envelope: String,
    params: Params,
    beats: Vec<usize>,
}

#[derive(Deserialize)]
struct ArrayCase {
    shape: (usize, usize),
    at: Vec<(usize, usize)>,
    values: Vec<f64>,
    sum: f64,
}

#[derive(Deserialize)]
struct TempogramCase {
    envelope: String,
    win_length: usize,
    center: bool,
    window: String,
    tempogram: ArrayCase,
    fourier_re: ArrayCase,
    fourier_im: ArrayCase,
}

#[derive(Deserialize)]
struct AutocorrelateCase {
    envelope: String,
    max_size: Option<usize>,
    lags: Vec<f64>,
}

#[derive(Deserialize)]
struct OnsetCase {
    rows: usize,
    columns: usize,
    seed: u32,
    params: Params,
    envelope: Vec<f64>,
}

#[derive(Deserialize)]
struct DeltaCase {
    columns: usize,
    width: usize,
    order: usize,
    mode: String,
    delta: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/rhythm.json")).expect("the file matches the types")
}

fn lcg(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0
    };
    (0..n).map(|_| next()).collect()
}

fn signal(name: &str) -> Vec<f32> {
    let mut parts = name.split(':');
    let kind = parts.next().unwrap_or_default();
    let args: Vec<usize> = parts
        .map(|part| part.parse().expect("an integer"))
        .collect();
    let n = args[0];
    let add_noise = |clicks: Vec<usize>, seed: usize, divisor: f32| -> Vec<f32> {
        let noise = lcg(n, seed as u32);
        clicks
            .iter()
            .zip(noise)
            .map(|(click, noise)| *click as f32 + noise / divisor)
            .collect()
    };
    match (kind, &args[1..]) {
        ("noise", [seed]) => lcg(n, *seed as u32),
        ("constant", [value]) => vec![*value as f32; n],
        ("clicks", [a, b]) => {
            let strength = |t: usize| 1 + usize::from((t * b / a).is_multiple_of(4));
            let click = |t: usize| if (t * b) % a < *b { strength(t) } else { 0 };
            add_noise((0..n).map(click).collect(), *a, 16.0)
        }
        ("bare", [period]) => (0..n)
            .map(|t| f32::from(u8::from(t % period == period / 2)))
            .collect(),
        ("chirp", []) => {
            let beat = |t: usize| (60 * t + t * t / 20) / 1200;
            let click = |t: usize| if t == 0 { 1 } else { beat(t) - beat(t - 1) };
            add_noise((0..n).map(click).collect(), 5, 8.0)
        }
        ("step", [seed]) => {
            let gain = |t: usize| if t < n / 2 { 1.0 } else { 1_048_576.0 };
            lcg(n, *seed as u32)
                .iter()
                .enumerate()
                .map(|(t, v)| v * gain(t))
                .collect()
        }
        ("signed", [seed]) => lcg(n, *seed as u32).iter().map(|v| v - 0.5).collect(),
        _ => panic!("unknown signal {name}"),
    }
}

fn spectrogram(rows: usize, columns: usize, seed: u32) -> Array2<f32> {
    let levels = lcg(rows * columns, seed)
        .iter()
        .map(|v| v * -80.0)
        .collect();
    Array2::from_shape_vec((rows, columns), levels).expect("as many levels as cells")
}

fn float(value: &serde_json::Value) -> f64 {
    value.as_f64().expect("a number")
}

fn integer(value: &serde_json::Value) -> usize {
    value.as_u64().expect("an integer") as usize
}

fn boolean(value: &serde_json::Value) -> bool {
    value.as_bool().expect("a boolean")
}

fn tempo_params(params: &Params) -> TempoParams {
    let mut out = TempoParams::default();
    for (name, value) in params {
        match name.as_str() {
            "sample_rate" => out.sample_rate = integer(value) as u32,
            "hop_length" => out.hop_length = integer(value),
            "start_bpm" => out.start_bpm = float(value),
            "std_bpm" => out.std_bpm = float(value),
            "ac_size" => out.ac_size = float(value),
            "max_tempo" => out.max_tempo = value.as_f64(),
            _ => panic!("unknown parameter {name}"),
        }
    }
    out
}

fn beat_params(params: &Params) -> BeatParams {
    let mut out = BeatParams::default();
    for (name, value) in params {
        match name.as_str() {
            "sample_rate" => out.sample_rate = integer(value) as u32,
            "hop_length" => out.hop_length = integer(value),
            "start_bpm" => out.start_bpm = float(value),
            "tightness" => out.tightness = float(value),
            "trim" => out.trim = boolean(value),
            "bpm" => out.bpm = value.as_f64(),
            _ => panic!("unknown parameter {name}"),
        }
    }
    out
}

fn onset_params(params: &Params) -> OnsetParams {
    let mut out = OnsetParams::default();
    for (name, value) in params {
        match name.as_str() {
            "lag" => out.lag = integer(value),
            "max_size" => out.max_size = integer(value),
            "detrend" => out.detrend = boolean(value),
            "center" => out.center = boolean(value),
            "n_fft" => out.n_fft = integer(value),
            "hop_length" => out.hop_length = integer(value),
            "aggregate" => {
                out.aggregate = match value.as_str() {
                    Some("Mean") => Aggregate::Mean,
                    Some("Median") => Aggregate::Median,
                    _ => panic!("unknown aggregate {value}"),
                }
            }
            _ => panic!("unknown parameter {name}"),
        }
    }
    out
}

fn assert_close(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (got - expected).abs() <= tolerance,
        "{what}: {got}, librosa {expected}"
    );
}

fn assert_array(got: ArrayView2<'_, f64>, expected: &ArrayCase, tolerance: f64, what: &str) {
    assert_eq!(got.dim(), expected.shape, "{what}");
    for (at, value) in expected.at.iter().zip(&expected.values) {
        // The file has nine digits.
        let tolerance = tolerance + 1e-8 * value.abs();
        assert_close(got[*at], *value, tolerance, &format!("{what} {at:?}"));
    }
    let magnitude: f64 = got.iter().map(|v| v.abs()).sum();
    let tolerance = tolerance * got.len() as f64 + 1e-8 * magnitude;
    assert_close(got.sum(), expected.sum, tolerance, &format!("{what} sum"));
}

#[test]
fn tempos_equal_librosas() {
    for case in golden().tempo {
        let params = tempo_params(&case.params);
        let got = Tempo::new(params).and_then(|plan| plan.process(&signal(&case.envelope)));
        let expected = tempo_frequencies(case.lag + 1, params.hop_length, params.sample_rate);
        assert_eq!(
            got,
            Ok(expected[case.lag]),
            "{} {params:?} lag {}",
            case.envelope,
            case.lag
        );
    }
}

#[test]
fn beats_equal_librosas() {
    for case in golden().beat {
        let params = beat_params(&case.params);
        let got = BeatTracker::new(params).and_then(|plan| plan.process(&signal(&case.envelope)));
        let frames = got.map(|beats| beats.frames);
        assert_eq!(frames, Ok(case.beats), "{} {params:?}", case.envelope);
    }
}

#[test]
fn tempograms_equal_librosas() {
    for case in golden().tempogram {
        let window = match case.window.as_str() {
            "Hann" => Window::Hann,
            "Hamming" => Window::Hamming,
            "Blackman" => Window::Blackman,
            "Boxcar" => Window::Boxcar,
            other => panic!("unknown window {other}"),
        };
        let params = TempogramParams {
            win_length: case.win_length,
            center: case.center,
            window,
            ..TempogramParams::default()
        };
        let what = format!("{} {params:?}", case.envelope);
        let envelope = signal(&case.envelope);
        let tempogram = Tempogram::new(params).and_then(|plan| plan.process(&envelope));
        // Both round an FFT in f64; errors are relative to lag 0, which is 1 after normalisation.
        assert_array(
            tempogram.expect(&what).view(),
            &case.tempogram,
            1e-12,
            &what,
        );

        let fourier = fourier_tempogram(&envelope, &params).expect(&what);
        // The f32 spacing below the largest possible bin, which is the sum of the largest values.
        let largest = envelope.iter().fold(0.0f32, |max, v| max.max(v.abs()));
        let tolerance = 1e-7 * f64::from(largest) * case.win_length as f64;
        let re = fourier.mapv(|bin| f64::from(bin.re));
        let im = fourier.mapv(|bin| f64::from(bin.im));
        assert_array(re.view(), &case.fourier_re, tolerance, &what);
        assert_array(im.view(), &case.fourier_im, tolerance, &what);
    }
}

#[test]
fn autocorrelations_equal_librosas() {
    for case in golden().autocorrelate {
        let envelope: Vec<f64> = signal(&case.envelope)
            .iter()
            .map(|v| f64::from(*v))
            .collect();
        let got = autocorrelate(&envelope, case.max_size);
        assert_eq!(got.len(), case.lags.len(), "{}", case.envelope);
        for (l, (got, expected)) in got.iter().zip(&case.lags).enumerate() {
            // The file has nine digits; the rounding of the FFT is far smaller.
            let tolerance = 1e-8 * got.abs() + 1e-12 * case.lags[0];
            assert_close(
                *got,
                *expected,
                tolerance,
                &format!("{} lag {l}", case.envelope),
            );
        }
    }
}

#[test]
fn onset_strengths_equal_librosas() {
    for case in golden().onset {
        let params = onset_params(&case.params);
        let s_db = spectrogram(case.rows, case.columns, case.seed);
        let got = onset_strength(s_db.view(), &params).expect("valid parameters");
        assert_eq!(got.len(), case.envelope.len(), "{params:?}");
        for (t, (got, expected)) in got.iter().zip(&case.envelope).enumerate() {
            // The same f32 operations in the same order, so only the nine digits of the file differ.
            // librosa keeps the result of `detrend` in f64; here it is rounded to f32.
            let tolerance = if params.detrend { 7e-8 } else { 1e-8 } * expected.abs();
            assert_close(
                f64::from(*got),
                *expected,
                tolerance,
                &format!("{params:?} [{t}]"),
            );
        }
    }
}

#[test]
fn deltas_equal_librosas() {
    for case in golden().delta {
        let mode = match case.mode.as_str() {
            "Interp" => DeltaMode::Interp,
            "Nearest" => DeltaMode::Nearest,
            "Mirror" => DeltaMode::Mirror,
            "Constant" => DeltaMode::Constant,
            "Wrap" => DeltaMode::Wrap,
            other => panic!("unknown mode {other}"),
        };
        let params = DeltaParams {
            width: case.width,
            order: case.order,
            mode,
            ..DeltaParams::default()
        };
        let data = spectrogram(2, case.columns, 3);
        let got = delta(data.view(), &params).expect("valid parameters");
        assert_eq!(got.len(), case.delta.len(), "{params:?}");
        let half = case.width / 2;
        for (((row, t), got), expected) in got.indexed_iter().zip(&case.delta) {
            let is_end = t < half || t + half >= case.columns;
            // librosa fits the ends of `Interp` in f32: rounding of values up to 80, times the
            // condition number of a fit of degree `order`. Everything else is f64, rounded to f32
            // once: one unit in the last place if the exact value is half way between two.
            let is_fitted = mode == DeltaMode::Interp && is_end;
            let tolerance = if is_fitted {
                1e-3
            } else {
                1e-6 + 1.2e-7 * expected.abs()
            };
            let what = format!("{params:?} [{row}, {t}] of {}", case.columns);
            assert_close(f64::from(*got), *expected, tolerance, &what);
        }
    }
}
