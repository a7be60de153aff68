use ndarray::Array2;
use num_complex::Complex;
use serde::Deserialize;
use timbral_dsp::{
    Cqt, DbParams, Error, GriffinLimParams, Icqt, Iirt, IirtParams, MelBank, MelParams, Mfcc,
    MfccParams, NmfParams, PathEnhanceParams, PitchShiftParams, Stft, StftParams, decompose,
    griffinlim_cqt, magphase, mel_to_stft, mfcc_to_mel, path_enhance, path_to_steps, pitch_shift,
    power_to_db, timelag_filter,
};

use crate::constant_q::{cqt_params, pad_mode, window};
use crate::digest::{ComplexDigest, Digest, Tolerance};
use crate::signals::{flat, signal};
use crate::{Params, boolean, float, integer};

/// Samples that are not compared: one of the lowest octave. What filters answer before the signal begins is lost in soxr.
const FIRST: usize = 128;

fn cases<T: serde::de::DeserializeOwned>(section: &str) -> Vec<T> {
    crate::cases(include_str!("../golden/inverse.json"), section)
}

/// A fraction of the largest value.
const fn of_largest(of_largest: f64) -> Tolerance {
    Tolerance {
        relative: 0.0,
        of_largest,
        absolute: 0.0,
    }
}

/// soxr's low-pass and ours differ by 2e-6 where the rate changes by 8 or more, and by some 1e-5 as far as the rest of what
/// is lost in the first samples rings; at the end samples of one frame divide by a window of few values.
const OCTAVES: Tolerance = of_largest(1e-4);

/// Complex numbers with both parts in -0.5..0.5.
fn plane(rows: usize, columns: usize) -> Array2<Complex<f32>> {
    let [mut re, im] = [1, 2].map(|seed| flat(rows, columns, seed) - 0.5);
    let mut im = im.iter();
    re.map_mut(|re| Complex::new(*re, *im.next().expect("as many")))
}

#[derive(Deserialize)]
struct IcqtCase {
    source: Option<String>,
    length: Option<usize>,
    params: Params,
    samples: Digest,
}

#[test]
fn signals_of_constant_q_transforms_equal_librosas() {
    for case in cases::<IcqtCase>("icqt") {
        let params = cqt_params(&case.params);
        let what = format!("{:?} {:?} {:?}", case.source, case.length, case.params);
        let transform = match &case.source {
            Some(source) => {
                let plan = Cqt::new(params.clone()).expect(&what);
                plan.process(&signal(source)).expect(&what)
            }
            None => plane(params.n_bins, 40),
        };
        let plan = Icqt::new(params).expect(&what);
        let got = plan.process(transform.view(), case.length).expect(&what);
        case.samples.assert_series(&got[FIRST..], OCTAVES, &what);
    }
}

#[derive(Deserialize)]
struct GriffinLimCase {
    source: String,
    n_iter: usize,
    momentum: f64,
    length: Option<usize>,
    params: Params,
    samples: Digest,
}

#[test]
fn phases_of_constant_q_transforms_equal_librosas() {
    for case in cases::<GriffinLimCase>("griffinlim_cqt") {
        let cqt = cqt_params(&case.params);
        let what = format!("{} {} {:?}", case.source, case.n_iter, case.params);
        let plan = Cqt::new(cqt.clone()).expect(&what);
        let magnitude = plan.magnitude(&signal(&case.source)).expect(&what);
        let params = GriffinLimParams {
            n_iter: case.n_iter,
            momentum: case.momentum,
            length: case.length,
            seed: None,
            ..GriffinLimParams::default()
        };
        let got = griffinlim_cqt(magnitude.view(), &cqt, &params).expect(&what);
        // An iteration divides bins by their magnitudes, and what soxr loses in the first samples is in all frames that the
        // longest filters reach, half a second.
        let tolerance = match case.n_iter {
            0 => OCTAVES,
            _ => of_largest(2e-2),
        };
        case.samples.assert_series(&got[FIRST..], tolerance, &what);
    }
}

/// Straight lines between samples.
fn lines(y: &[f32], from: f64, to: f64) -> Result<Vec<f32>, Error> {
    let n = (y.len() as f64 * to / from).ceil() as usize;
    let last = y.len() - 1;
    let value = |i: usize| {
        let at = i as f64 * (from / to);
        let low = (at as usize).min(last);
        let (a, b) = (f64::from(y[low]), f64::from(y[(low + 1).min(last)]));
        ((b - a) * (at - low as f64) + a) as f32
    };
    Ok((0..n).map(value).collect())
}

/// Means of neighbours.
fn means(y: &[f32], from: f64, to: f64) -> Result<Vec<f32>, Error> {
    let factor = (from / to).round() as usize;
    let mean = |part: &[f32]| {
        (part.iter().copied().map(f64::from).sum::<f64>() / part.len() as f64) as f32
    };
    Ok(y.chunks(factor).map(mean).collect())
}

#[derive(Deserialize)]
struct IirtCase {
    source: String,
    params: Params,
    power: Digest,
}

#[test]
fn the_power_of_semitones_equals_librosas() {
    for case in cases::<IirtCase>("iirt") {
        let mut params = IirtParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "tuning" => params.tuning = float(value),
                "win_length" => params.win_length = integer(value),
                "hop_length" => params.hop_length = integer(value),
                "center" => params.center = boolean(value),
                "pad_mode" => params.pad_mode = pad_mode(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} {params:?}", case.source);
        let plan = Iirt::new(params).expect(&what);
        let got = plan.process(&signal(&case.source), means).expect(&what);
        // Filters of order 8 in f64, whose poles are within 1e-3 of the unit circle, of f32 samples; sums rounded to f32.
        let tolerance = Tolerance {
            relative: 1e-6,
            of_largest: 1e-9,
            absolute: 0.0,
        };
        case.power.assert_f32(got.view(), tolerance, &what);
    }
}

#[derive(Deserialize)]
struct PitchShiftCase {
    source: String,
    n_steps: f64,
    bins_per_octave: f64,
    samples: Digest,
}

#[test]
fn shifted_signals_equal_librosas() {
    let stft = Stft::new(StftParams::default()).expect("the default");
    for case in cases::<PitchShiftCase>("pitch_shift") {
        let params = PitchShiftParams {
            n_steps: case.n_steps,
            bins_per_octave: case.bins_per_octave,
            ..PitchShiftParams::default()
        };
        let what = format!("{} {params:?}", case.source);
        let got = pitch_shift(&signal(&case.source), &params, &stft, lines).expect(&what);
        // The tolerance of the stretched signal.
        case.samples.assert_series(&got, of_largest(1e-4), &what);
    }
}

#[derive(Deserialize)]
struct DecomposeCase {
    rows: usize,
    columns: usize,
    seed: u32,
    n_components: Option<usize>,
    sort: bool,
    params: Params,
    components: Digest,
    activations: Digest,
    objective: f64,
}

#[test]
fn components_equal_scikit_learns() {
    for case in cases::<DecomposeCase>("decompose") {
        let (rows, columns, seed) = (case.rows, case.columns, case.seed);
        let square = |a: Array2<f32>| a.mapv(|v| f64::from(v) * f64::from(v));
        let parts = square(flat(rows, 3, seed)).dot(&square(flat(3, columns, seed + 1)));
        let noise = flat(rows, columns, seed + 2) * 0.1f32;
        let s = (parts + noise.mapv(f64::from)).mapv(|v| v as f32);
        let mut params = NmfParams {
            n_components: case.n_components,
            sort: case.sort,
            ..NmfParams::default()
        };
        for (name, value) in &case.params {
            match name.as_str() {
                "tol" => params.tol = float(value),
                "max_iter" => params.max_iter = integer(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{rows} {columns} {params:?}");
        let got = decompose(s.view(), &params).expect(&what);
        // One rounding to f32, and that of f64 over some hundred iterations.
        let tolerance = of_largest(1e-6);
        case.components
            .assert_f32(got.components.view(), tolerance, &what);
        case.activations
            .assert_f32(got.activations.view(), tolerance, &what);
        let again = got.components.dot(&got.activations);
        let objective: f64 = (&s - &again).iter().map(|d| f64::from(*d).powi(2)).sum();
        assert!(
            (objective - case.objective).abs() < 1e-4 * case.objective,
            "{what} {objective}"
        );
    }
}

#[derive(Deserialize)]
struct MelCase {
    source: String,
    n_mels: usize,
    n_fft: usize,
    power: f64,
    magnitude: Option<Digest>,
    rest: f64,
}

fn mel(source: &str, bank: &MelBank) -> Array2<f32> {
    let MelParams { n_mels, n_fft, .. } = *bank.params();
    if source == "flat" {
        return flat(n_mels, 12, 5);
    }
    if source == "even" {
        return bank
            .process(Array2::from_elem((n_fft / 2 + 1, 3), 4.0).view())
            .expect(source);
    }
    let stft = Stft::new(StftParams {
        n_fft,
        ..StftParams::default()
    });
    bank.process_signal(&stft.expect("valid"), &signal(source))
        .expect(source)
}

#[test]
fn spectra_of_mel_bands_equal_librosas() {
    for case in cases::<MelCase>("mel") {
        let bank = MelBank::new(MelParams {
            n_mels: case.n_mels,
            n_fft: case.n_fft,
            ..MelParams::default()
        })
        .expect("valid");
        let what = format!("{} {} {}", case.source, case.n_mels, case.n_fft);
        let bands = mel(&case.source, &bank);
        let got = mel_to_stft(bands.view(), &bank, case.power).expect(&what);
        let weights = bank.weights().mapv(f64::from);
        let again = weights.dot(&got.mapv(|s| f64::from(s).powf(case.power)));
        let energy: f64 = bands.iter().map(|m| f64::from(*m).powi(2)).sum();
        let off = again
            .iter()
            .zip(&bands)
            .map(|(a, m)| (a - f64::from(*m)).powi(2));
        let rest = off.sum::<f64>() / energy;
        // 1e-13: the rounding of the spectrogram to f32.
        assert!(
            rest <= case.rest + 1e-13,
            "{what}: {rest:e}, librosa {:e}",
            case.rest
        );
        if let Some(magnitude) = case.magnitude {
            // librosa's inverse matrix is f32.
            magnitude.assert_f32(got.view(), of_largest(1e-5), &what);
        }
    }
}

#[derive(Deserialize)]
struct MfccCase {
    source: String,
    n_mfcc: usize,
    lifter: f64,
    #[serde(rename = "ref")]
    reference: f32,
    mel: Digest,
}

#[test]
fn mel_bands_of_cepstra_equal_librosas() {
    let bank = MelBank::new(MelParams::default()).expect("the default");
    for case in cases::<MfccCase>("mfcc") {
        let plan = Mfcc::new(MfccParams {
            n_mfcc: case.n_mfcc,
            lifter: case.lifter,
            ..MfccParams::default()
        })
        .expect("valid");
        let what = format!("{} {}", case.source, case.n_mfcc);
        let db = power_to_db(mel(&case.source, &bank).view(), &DbParams::default()).expect(&what);
        let mfcc = plan.process(db.view()).expect(&what);
        let got = mfcc_to_mel(mfcc.view(), &plan, case.reference).expect(&what);
        // Coefficients of some hundred decibels in f32, through an exponential function.
        let tolerance = Tolerance {
            relative: 3e-5,
            ..Tolerance::default()
        };
        case.mel.assert_f32(got.view(), tolerance, &what);
    }
}

#[derive(Deserialize)]
struct EnhanceCase {
    rows: usize,
    columns: usize,
    seed: u32,
    n: usize,
    params: Params,
    smooth: Digest,
}

#[test]
fn enhanced_paths_equal_librosas() {
    for case in cases::<EnhanceCase>("enhance") {
        let mut params = PathEnhanceParams {
            n: case.n,
            ..PathEnhanceParams::default()
        };
        for (name, value) in &case.params {
            match name.as_str() {
                "zero_mean" => params.zero_mean = boolean(value),
                "clip" => params.clip = boolean(value),
                "max_ratio" => params.max_ratio = float(value),
                "min_ratio" => params.min_ratio = Some(float(value)),
                "n_filters" => params.n_filters = integer(value),
                "window" => params.window = window(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} {} {params:?}", case.rows, case.columns);
        let rec = flat(case.rows, case.columns, case.seed).mapv(f64::from);
        let got = path_enhance(rec.view(), &params).expect(&what);
        // Some thousand products in f64.
        case.smooth.assert(got.view(), of_largest(1e-12), &what);
    }
}

#[derive(Deserialize)]
struct StepsCase {
    path: Vec<(usize, usize)>,
    inverse: bool,
    steps: Vec<f64>,
}

#[test]
fn steps_of_paths_equal_librosas() {
    for case in cases::<StepsCase>("steps") {
        let got = path_to_steps(&case.path, case.inverse).expect("a path");
        assert_eq!(got.len(), case.steps.len());
        for (got, step) in got.iter().zip(&case.steps) {
            assert!((got - step).abs() < 1e-8 * step.max(1.0), "{got} {step}");
        }
    }
}

#[derive(Deserialize)]
struct MagphaseCase {
    power: f64,
    magnitude: Digest,
    phase: ComplexDigest,
}

#[test]
fn magnitudes_and_phases_equal_librosas() {
    for case in cases::<MagphaseCase>("magphase") {
        let mut spectrum = plane(5, 9);
        spectrum[[1, 2]] = Complex::new(0.0, 0.0);
        let (magnitude, phase) = magphase(spectrum.view(), case.power).expect("valid");
        // Two roundings of f32.
        let tolerance = of_largest(2e-7);
        case.magnitude
            .assert_f32(magnitude.view(), tolerance, "magnitude");
        case.phase.assert(phase.view(), tolerance, "phase");
    }
}

#[derive(Deserialize)]
struct TimelagCase {
    n: usize,
    seed: u32,
    pad: bool,
    filtered: Digest,
}

#[test]
fn filters_along_diagonals_equal_librosas() {
    for case in cases::<TimelagCase>("timelag") {
        let rec = flat(case.n, case.n, case.seed).mapv(f64::from);
        let difference = |lag: Array2<f64>| {
            let n = lag.ncols();
            Ok::<_, Error>(Array2::from_shape_fn(lag.dim(), |(l, t)| {
                lag[[l, t]] - lag[[l, (t + n - 1) % n]]
            }))
        };
        let got = timelag_filter(rec.view(), case.pad, difference).expect("square");
        case.filtered.assert(got.view(), of_largest(1e-15), "lag");
    }
}
