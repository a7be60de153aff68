//! Every error of sequences of states, weighting and normalisation of spectra.

use ndarray::{Array2, array};
use timbral_dsp::*;

use crate::signal_errors::{assert_invalid, assert_wrong_length};

#[test]
fn bad_probabilities_and_spectra_are_named() {
    let default = ViterbiParams::default;
    let half = Array2::from_elem((2, 2), 0.5);
    let run = |prob: &Array2<f64>, transition: &Array2<f64>| {
        viterbi(prob.view(), transition.view(), &default())
    };
    assert_invalid("prob", "NaN", run(&array![[0.5], [f64::NAN]], &half));
    assert_invalid("prob", 2, run(&array![[0.5], [2.0]], &half));
    assert_invalid(
        "transition",
        1.5,
        run(&array![[0.5], [0.5]], &array![[0.75, 0.75], [0.5, 0.5]]),
    );
    assert_wrong_length("transition rows", 1, 2, run(&array![[0.5]], &half));
    assert!(run(&Array2::zeros((2, 0)), &half).is_err());
    assert!(run(&Array2::zeros((0, 2)), &half).is_err());
    for params in [
        ViterbiParams {
            p_init: Some(vec![0.5, 0.4]),
            ..default()
        },
        ViterbiParams {
            p_init: Some(vec![1.0]),
            ..default()
        },
        ViterbiParams {
            transition_min_prob: Some(0.6),
            ..default()
        },
        ViterbiParams {
            transition_min_prob: Some(f64::NAN),
            ..default()
        },
    ] {
        assert!(
            viterbi(half.view(), half.view(), &params).is_err(),
            "{params:?}"
        );
    }
    assert_invalid("n_states", 0, transition_uniform(0));
    assert_invalid("n_states", 1, transition_loop(1, 0.5));
    assert_invalid("prob", "NaN", transition_cycle(3, f64::NAN));
    assert_invalid("width", 4, transition_local(3, 4));

    let stack = StackParams::default();
    let data = array![[1.0f32]];
    assert_invalid(
        "n_steps",
        0,
        stack_memory(
            data.view(),
            &StackParams {
                n_steps: 0,
                ..stack
            },
        ),
    );
    assert_invalid(
        "delay",
        0,
        stack_memory(data.view(), &StackParams { delay: 0, ..stack }),
    );
    assert!(stack_memory(Array2::zeros((2, 0)).view(), &stack).is_err());

    let level = PcenParams::default();
    for (name, value, params) in [
        (
            "gain",
            "-1",
            PcenParams {
                gain: -1.0,
                ..level
            },
        ),
        (
            "bias",
            "NaN",
            PcenParams {
                bias: f64::NAN,
                ..level
            },
        ),
        (
            "power",
            "-1",
            PcenParams {
                power: -1.0,
                ..level
            },
        ),
        (
            "time_constant",
            "0",
            PcenParams {
                time_constant: 0.0,
                ..level
            },
        ),
        ("eps", "0", PcenParams { eps: 0.0, ..level }),
        (
            "b",
            "2",
            PcenParams {
                b: Some(2.0),
                ..level
            },
        ),
        (
            "max_size",
            "0",
            PcenParams {
                max_size: 0,
                ..level
            },
        ),
        ("spectrogram", "-1", level),
    ] {
        assert_invalid(name, value, pcen(array![[-1.0]].view(), &params));
    }
    assert!(pcen(array![[f32::INFINITY]].view(), &level).is_err());
    assert_eq!(
        pcen(Array2::zeros((3, 0)).view(), &level).unwrap().dim(),
        (3, 0)
    );
    let huge = PcenParams {
        max_size: usize::MAX,
        ..level
    };
    assert!(
        pcen(array![[f32::MAX], [0.0]].view(), &huge)
            .unwrap()
            .iter()
            .all(|v| v.is_finite())
    );

    let two = array![[1.0f32], [2.0]];
    assert_invalid("order", 9, poly_features(two.view(), &[0.0, 1.0], 9));
    assert_invalid("frequencies", 1, poly_features(two.view(), &[1.0, 1.0], 1));
    assert_wrong_length("frequencies", 2, 1, poly_features(two.view(), &[1.0], 1));
    assert!(poly_features(two.view(), &[0.0, 1.0], 2).is_err());
    assert!(poly_features(two.view(), &[0.0, f64::NAN], 1).is_err());
    let db = DbParams::default();
    assert_wrong_length(
        "frequencies",
        2,
        1,
        perceptual_weighting(two.view(), &[1.0], Weighting::A, &db),
    );
    assert_invalid(
        "min_db",
        "NaN",
        frequency_weighting(&[1.0], Weighting::B, Some(f64::NAN)),
    );
}
