use serde::Deserialize;
use timbral_dsp::{
    MellinParams, ReassignedParams, RqaParams, SalienceParams, Stft, StftParams, ViterbiParams,
    f0_harmonics, fft_frequencies, fmt, interp_harmonics, reassigned_spectrogram, rqa, salience,
    transition_loop, viterbi_binary, viterbi_discriminative,
};

use crate::digest::{Digest, Tolerance};
use crate::signals::{flat, signal};
use crate::{Params, boolean, float, integer};

fn cases<T: serde::de::DeserializeOwned>(section: &str) -> Vec<T> {
    crate::cases(include_str!("../golden/analysis.json"), section)
}

#[derive(Deserialize)]
struct HarmonicsCase {
    source: String,
    factors: Vec<f64>,
    harmonics: Vec<Digest>,
    f0: Digest,
    salience: Digest,
    weighted: Digest,
}

#[test]
fn harmonics_equal_librosas() {
    // The rounding of the spectra to f32.
    const ROUNDING: Tolerance = Tolerance {
        relative: 1e-6,
        of_largest: 1e-7,
        absolute: 0.0,
    };
    let stft = Stft::new(StftParams::default()).expect("the default");
    let hertz = fft_frequencies(22050, 2048);
    for case in cases::<HarmonicsCase>("harmonics") {
        let what = &case.source[..];
        let spectrum = stft.magnitude(&signal(what)).expect(what);
        let energy = interp_harmonics(spectrum.view(), &hertz, &case.factors).expect(what);
        for (energy, expected) in energy.outer_iter().zip(&case.harmonics) {
            expected.assert(energy, ROUNDING, what);
        }
        let last = (spectrum.ncols() - 1) as f64;
        let f0: Vec<f64> = (0..spectrum.ncols())
            .map(|t| 80.0 + t as f64 * ((900.0 - 80.0) / last))
            .collect();
        let energy = f0_harmonics(spectrum.view(), &f0, &hertz, &case.factors).expect(what);
        // A rounding of f0 between two bins of which one is far louder.
        let slope = Tolerance {
            relative: 1e-5,
            ..ROUNDING
        };
        case.f0.assert(energy.view(), slope, what);
        let params = SalienceParams {
            harmonics: case.factors.clone(),
            fill_value: 0.0,
            ..SalienceParams::default()
        };
        let peaks = salience(spectrum.view(), &hertz, &params).expect(what);
        case.salience.assert(peaks.view(), ROUNDING, what);
        let weights = (1..=case.factors.len()).map(|i| 1.0 / i as f64);
        let params = SalienceParams {
            weights: Some(weights.collect()),
            filter_peaks: false,
            ..params
        };
        let smooth = salience(spectrum.view(), &hertz, &params).expect(what);
        case.weighted.assert(smooth.view(), ROUNDING, what);
    }
}

#[derive(Deserialize)]
struct ReassignedCase {
    source: String,
    params: Params,
    kept: usize,
    frequencies: Digest,
    times: Digest,
    magnitudes: Digest,
}

#[test]
fn reassigned_spectra_equal_librosas() {
    // A quotient of two numbers of f32, of which the divisor is at least 1e-3 of the largest here.
    const QUOTIENT: Tolerance = Tolerance {
        relative: 1e-5,
        of_largest: 1e-5,
        absolute: 0.0,
    };
    for case in cases::<ReassignedCase>("reassigned") {
        let mut params = ReassignedParams {
            ref_power: 1e-2,
            ..ReassignedParams::default()
        };
        for (name, value) in &case.params {
            match name.as_str() {
                "center" => params.stft.center = boolean(value),
                "clip" => params.clip = boolean(value),
                "n_fft" => params.stft.n_fft = integer(value),
                "hop_length" => params.stft.hop_length = integer(value),
                _ => panic!("{name}"),
            }
        }
        if !case.params.contains_key("hop_length") {
            params.stft.hop_length = params.stft.n_fft / 4;
        }
        let what = &case.source[..];
        let got = reassigned_spectrogram(&signal(what), &params).expect(what);
        let kept = got.frequencies.iter().filter(|f| f.is_finite()).count();
        assert_eq!(kept, case.kept, "{what}");
        let or_zero = |v: f64| if v.is_nan() { 0.0 } else { v };
        case.frequencies
            .assert(got.frequencies.mapv(or_zero).view(), QUOTIENT, what);
        case.times
            .assert(got.times.mapv(or_zero).view(), QUOTIENT, what);
        let rounding = Tolerance {
            of_largest: 1e-7,
            ..Tolerance::default()
        };
        case.magnitudes
            .assert_f32(got.magnitudes.view(), rounding, what);
    }
}

#[derive(Deserialize)]
struct StatesCase {
    n: usize,
    steps: usize,
    seed: u32,
    weighted: bool,
    path: Vec<usize>,
    logp: f64,
    on: Vec<Vec<u8>>,
}

#[test]
fn sequences_of_states_equal_librosas() {
    for case in cases::<StatesCase>("states") {
        let random = flat(case.n, case.steps, case.seed).mapv(f64::from);
        let mut prob = &random + 0.01;
        for mut column in prob.columns_mut() {
            let sum = column.sum();
            column /= sum;
        }
        let params = ViterbiParams::default();
        let all = (case.n * (case.n + 1)) as f64 / 2.0;
        let p_state: Vec<f64> = (1..=case.n).map(|i| i as f64 / all).collect();
        let p_state = case.weighted.then_some(&p_state[..]);
        let stay = transition_loop(case.n, 0.6).expect("a matrix");
        let got =
            viterbi_discriminative(prob.view(), stay.view(), p_state, &params).expect("a sequence");
        assert_eq!(got.states, case.path);
        // A sum of some hundred logarithms.
        assert!((got.log_probability - case.logp).abs() < 1e-10);
        let (often, first) = (vec![0.3; case.n], vec![0.2; case.n]);
        let stay = transition_loop(2, 0.7).expect("a matrix");
        let (often, first) = (
            case.weighted.then_some(&often[..]),
            case.weighted.then_some(&first[..]),
        );
        let on =
            viterbi_binary(random.view(), stay.view(), often, first, &params).expect("sequences");
        for (got, expected) in on.outer_iter().zip(&case.on) {
            let got: Vec<u8> = got.iter().map(|on| u8::from(*on)).collect();
            assert_eq!(got, *expected);
        }
    }
}

#[derive(Deserialize)]
struct MellinCase {
    n: usize,
    seed: u32,
    params: Params,
    re: Digest,
    im: Digest,
}

#[test]
fn mellin_transforms_equal_librosas() {
    // Powers and splines in f64, and sums of some hundred.
    let rounding = Tolerance {
        relative: 1e-10,
        of_largest: 1e-11,
        absolute: 0.0,
    };
    for case in cases::<MellinCase>("mellin") {
        let y: Vec<f64> = flat(1, case.n, case.seed)
            .iter()
            .map(|v| f64::from(*v))
            .collect();
        let mut params = MellinParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "t_min" => params.t_min = float(value),
                "beta" => params.beta = float(value),
                "over_sample" => params.over_sample = float(value),
                "n_fmt" => params.n_fmt = Some(integer(value)),
                _ => panic!("{name}"),
            }
        }
        let got = fmt(&y, &params).expect("a transform");
        let part = |part: fn(&num_complex::Complex<f64>) -> f64| {
            ndarray::Array2::from_shape_fn((1, got.len()), |(_, k)| part(&got[k]))
        };
        case.re.assert(part(|z| z.re).view(), rounding, "re");
        case.im.assert(part(|z| z.im).view(), rounding, "im");
    }
}

#[derive(Deserialize)]
struct CommonCase {
    rows: usize,
    columns: usize,
    seed: u32,
    least: f64,
    params: Params,
    score: Digest,
    path: Vec<(usize, usize)>,
}

#[test]
fn common_parts_equal_librosas() {
    for case in cases::<CommonCase>("common") {
        let mut sim = flat(case.rows, case.columns, case.seed).mapv(f64::from);
        sim.mapv_inplace(|v| if v < case.least { 0.0 } else { v });
        for row in 0..case.rows {
            sim[[row, 0]] = 0.0;
            sim[[row, 1]] = 0.0;
        }
        let mut params = RqaParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "gap_onset" => params.gap_onset = float(value),
                "gap_extend" => params.gap_extend = float(value),
                "knight_moves" => params.knight_moves = boolean(value),
                _ => panic!("{name}"),
            }
        }
        let got = rqa(sim.view(), &params).expect("a path");
        // Sums of some ten numbers.
        let sums = Tolerance {
            of_largest: 1e-14,
            ..Tolerance::default()
        };
        case.score.assert(got.score.view(), sums, "score");
        assert_eq!(got.path, case.path, "{params:?}");
    }
}
