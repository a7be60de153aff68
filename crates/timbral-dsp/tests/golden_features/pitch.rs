use ndarray::Array2;
use serde::Deserialize;
use timbral_dsp::{
    Pyin, PyinParams, StackParams, ViterbiParams, Yin, YinParams, stack_memory, transition_local,
    viterbi,
};

use crate::constant_q::pad_mode;
use crate::digest::{Digest, Tolerance};
use crate::signals::{flat, signal};
use crate::{Params, boolean, float, integer};

fn cases<T: serde::de::DeserializeOwned>(section: &str) -> Vec<T> {
    crate::cases(include_str!("../golden/pitch.json"), section)
}

/// Sets the parameter; false if it is not one of YIN.
fn set(params: &mut YinParams, name: &str, value: &serde_json::Value) -> bool {
    match name {
        "sample_rate" => params.sample_rate = integer(value) as u32,
        "fmin" => params.fmin = float(value),
        "fmax" => params.fmax = float(value),
        "frame_length" => params.frame_length = integer(value),
        "hop_length" => params.hop_length = integer(value),
        "trough_threshold" => params.trough_threshold = float(value),
        "center" => params.center = boolean(value),
        "pad_mode" => params.pad_mode = pad_mode(value),
        _ => return false,
    }
    true
}

#[derive(Deserialize)]
struct YinCase {
    source: String,
    params: Params,
    f0: Digest,
}

#[test]
fn yin_equals_librosas() {
    // librosa's differences are f32: off by some 1e-6 of the energy of a frame, about the curvature of the difference
    // around a period, so that the vertex moves by 1e-4 samples or so.
    const F0: Tolerance = Tolerance {
        relative: 2e-5,
        of_largest: 0.0,
        absolute: 0.0,
    };
    for case in cases::<YinCase>("yin") {
        let what = format!("{} {:?}", case.source, case.params);
        let mut params = YinParams::default();
        for (name, value) in &case.params {
            assert!(set(&mut params, name, value), "unknown parameter {name}");
        }
        let plan = Yin::new(params).expect(&what);
        let got = plan.process(&signal(&case.source)).expect(&what);
        case.f0.assert_series(&got, F0, &what);
    }
}

#[derive(Deserialize)]
struct PyinCase {
    source: String,
    params: Params,
    f0: Vec<f64>,
    voiced: Vec<u8>,
    probability: Vec<f64>,
}

#[test]
fn pyin_equals_librosas() {
    // Sums of probabilities that both sides round to f32.
    const PROBABILITY: f64 = 1e-6;
    for case in cases::<PyinCase>("pyin") {
        let what = format!("{} {:?}", case.source, case.params);
        let mut params = PyinParams {
            fill_na: Some(0.0),
            ..PyinParams::default()
        };
        for (name, value) in &case.params {
            if set(&mut params.yin, name, value) {
                continue;
            }
            match name.as_str() {
                "n_thresholds" => params.n_thresholds = integer(value),
                "beta_parameters" => params.beta_parameters = (float(&value[0]), float(&value[1])),
                "boltzmann_parameter" => params.boltzmann_parameter = float(value),
                "resolution" => params.resolution = float(value),
                "max_transition_rate" => params.max_transition_rate = float(value),
                "switch_prob" => params.switch_prob = float(value),
                "no_trough_prob" => params.no_trough_prob = float(value),
                "transition_min_prob" => params.transition_min_prob = value.as_f64(),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let plan = Pyin::new(params).expect(&what);
        let got = plan.process(&signal(&case.source)).expect(&what);
        let voiced: Vec<u8> = got.voiced.iter().map(|v| u8::from(*v)).collect();
        for (t, (p, expected)) in got
            .voiced_probability
            .iter()
            .zip(&case.probability)
            .enumerate()
        {
            assert!(
                (p - expected).abs() <= PROBABILITY,
                "{what}, frame {t}: {p}, librosa {expected}"
            );
        }
        assert_eq!(voiced, case.voiced, "{what}");
        assert_eq!(got.f0.len(), case.f0.len(), "{what}");
        for (t, (f, expected)) in got.f0.iter().zip(&case.f0).enumerate() {
            // The same pitch, stored with nine digits.
            assert!(
                (f - expected).abs() <= 6e-9 * expected,
                "{what}, frame {t}: {f}, librosa {expected}"
            );
        }
    }
}

#[derive(Deserialize)]
struct ViterbiCase {
    n_states: usize,
    n_steps: usize,
    seed: u32,
    least: Option<f64>,
    initial: bool,
    states: Vec<usize>,
    log: f64,
}

#[test]
fn paths_equal_librosas() {
    for case in cases::<ViterbiCase>("viterbi") {
        let what = format!("{} states, {} steps", case.n_states, case.n_steps);
        let double = |rows, columns, seed| flat(rows, columns, seed).mapv(f64::from);
        let prob = double(case.n_states, case.n_steps, case.seed);
        let mut transition: Array2<f64> = double(case.n_states, case.n_states, case.seed + 1);
        for mut row in transition.outer_iter_mut() {
            let sum = row.sum();
            row /= sum;
        }
        let p_init = case.initial.then(|| {
            let p = double(1, case.n_states, case.seed + 2);
            (&p / p.sum()).into_raw_vec_and_offset().0
        });
        let params = ViterbiParams {
            p_init,
            transition_min_prob: case.least,
            ..ViterbiParams::default()
        };
        let got = viterbi(prob.view(), transition.view(), &params).expect(&what);
        assert_eq!(got.states, case.states, "{what}");
        // A sum of as many logarithms as steps, each within a rounding.
        let off = (got.log_probability - case.log).abs();
        assert!(off <= 1e-13 * case.log.abs(), "{what}: {off:e}");
    }
}

#[derive(Deserialize)]
struct LocalCase {
    n_states: usize,
    width: usize,
    transition: Digest,
}

#[test]
fn local_transitions_equal_librosas() {
    // A sum of some weights and one division.
    const EXACT: Tolerance = Tolerance {
        relative: 1e-15,
        of_largest: 0.0,
        absolute: 0.0,
    };
    for case in cases::<LocalCase>("local") {
        let what = format!("{} states, width {}", case.n_states, case.width);
        let got = transition_local(case.n_states, case.width).expect(&what);
        case.transition.assert(got.view(), EXACT, &what);
    }
}

#[derive(Deserialize)]
struct StackCase {
    n_steps: usize,
    delay: isize,
    pad_mode: serde_json::Value,
    stacked: Digest,
}

#[test]
fn stacked_frames_equal_librosas() {
    for case in cases::<StackCase>("stack") {
        let params = StackParams {
            n_steps: case.n_steps,
            delay: case.delay,
            pad_mode: pad_mode(&case.pad_mode),
            ..StackParams::default()
        };
        let got = stack_memory(flat(3, 20, 1).view(), &params).expect("valid parameters");
        // Copies, but the means are sums.
        let tolerance = Tolerance {
            relative: 1e-12,
            ..Tolerance::default()
        };
        case.stacked
            .assert_f32(got.view(), tolerance, &format!("{params:?}"));
    }
}
