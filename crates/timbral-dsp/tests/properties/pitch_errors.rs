//! Every error of pitch and of functions of whole signals; and their smallest inputs.

use timbral_dsp::*;

use crate::signal_errors::assert_invalid;

#[test]
fn bad_parameters_of_pitch_are_named() {
    let yin = YinParams::default();
    for (name, value, params) in [
        (
            "sample_rate",
            "0",
            YinParams {
                sample_rate: 0,
                ..yin
            },
        ),
        (
            "frame_length",
            "3",
            YinParams {
                frame_length: 3,
                ..yin
            },
        ),
        (
            "hop_length",
            "0",
            YinParams {
                hop_length: 0,
                ..yin
            },
        ),
        (
            "fmax",
            "11026",
            YinParams {
                fmax: 11_026.0,
                ..yin
            },
        ),
        (
            "fmax",
            "NaN",
            YinParams {
                fmax: f64::NAN,
                ..yin
            },
        ),
        ("fmin", "0", YinParams { fmin: 0.0, ..yin }),
        (
            "fmin",
            "3000",
            YinParams {
                fmin: 3000.0,
                ..yin
            },
        ),
        ("fmin", "10", YinParams { fmin: 10.0, ..yin }),
        (
            "trough_threshold",
            "NaN",
            YinParams {
                trough_threshold: f64::NAN,
                ..yin
            },
        ),
    ] {
        assert_invalid(name, value, Yin::new(params));
        assert_invalid(
            name,
            value,
            Pyin::new(PyinParams {
                yin: params,
                ..PyinParams::default()
            }),
        );
    }
    let pyin = PyinParams::default();
    for (name, value, params) in [
        (
            "n_thresholds",
            "0",
            PyinParams {
                n_thresholds: 0,
                ..pyin
            },
        ),
        (
            "beta_parameters",
            "0",
            PyinParams {
                beta_parameters: (2.0, 0.0),
                ..pyin
            },
        ),
        (
            "boltzmann_parameter",
            "0",
            PyinParams {
                boltzmann_parameter: 0.0,
                ..pyin
            },
        ),
        (
            "resolution",
            "2",
            PyinParams {
                resolution: 2.0,
                ..pyin
            },
        ),
        (
            "resolution",
            "0.001",
            PyinParams {
                resolution: 0.001,
                ..pyin
            },
        ),
        (
            "max_transition_rate",
            "-1",
            PyinParams {
                max_transition_rate: -1.0,
                ..pyin
            },
        ),
        (
            "max_transition_rate",
            "1000",
            PyinParams {
                max_transition_rate: 1000.0,
                ..pyin
            },
        ),
        (
            "switch_prob",
            "2",
            PyinParams {
                switch_prob: 2.0,
                ..pyin
            },
        ),
        (
            "no_trough_prob",
            "NaN",
            PyinParams {
                no_trough_prob: f64::NAN,
                ..pyin
            },
        ),
        (
            "transition_min_prob",
            "0.9",
            PyinParams {
                transition_min_prob: Some(0.9),
                ..pyin
            },
        ),
    ] {
        assert_invalid(name, value, Pyin::new(params));
    }
}

#[test]
fn bad_and_small_signals_have_named_errors_or_results() {
    let (yin, pyin) = (
        Yin::new(YinParams::default()).unwrap(),
        Pyin::new(PyinParams::default()).unwrap(),
    );
    let (silence, emphasis) = (SilenceParams::default(), EmphasisParams::default());
    type Function<'a> = (&'a str, Box<dyn Fn(&[f32]) -> Result<usize> + 'a>);
    let functions: [Function<'_>; 6] = [
        ("yin", Box::new(|y| yin.process(y).map(|f| f.len()))),
        ("pyin", Box::new(|y| pyin.process(y).map(|p| p.f0.len()))),
        ("trim", Box::new(|y| trim(y, &silence).map(|r| r.len()))),
        ("split", Box::new(|y| split(y, &silence).map(|r| r.len()))),
        (
            "preemphasis",
            Box::new(|y| preemphasis(y, &emphasis).map(|y| y.len())),
        ),
        (
            "deemphasis",
            Box::new(|y| deemphasis(y, &emphasis).map(|y| y.len())),
        ),
    ];
    for (name, function) in &functions {
        assert!(
            matches!(
                function(&[]),
                Err(Error::TooShort {
                    name: "signal",
                    got: 0,
                    ..
                })
            ),
            "{name}"
        );
        for bad in [f32::NAN, f32::INFINITY] {
            let result = function(&[1.0, bad, 0.0]);
            assert!(
                matches!(
                    result,
                    Err(Error::NotFinite {
                        name: "signal",
                        index: 1,
                        ..
                    })
                ),
                "{name}"
            );
        }
        assert!(function(&[0.5, -0.5]).unwrap() >= 1, "{name}");
        assert!(function(&[f32::MAX, f32::MIN, 0.0]).is_ok(), "{name}");
    }
    assert_eq!(yin.process(&[1.0]).unwrap().len(), 1);
    assert_eq!(pyin.process(&[1.0]).unwrap().voiced.len(), 1);
    assert!(preemphasis(&[1.0], &emphasis).is_err());
    let zi = EmphasisParams {
        zi: Some(0.0),
        ..emphasis
    };
    assert_eq!(preemphasis(&[1.0], &zi), Ok(vec![1.0]));
    assert_invalid(
        "coef",
        2,
        preemphasis(
            &[1.0, 2.0],
            &EmphasisParams {
                coef: 2.0,
                ..emphasis
            },
        ),
    );
    assert_invalid(
        "zi",
        "NaN",
        deemphasis(
            &[1.0],
            &EmphasisParams {
                zi: Some(f32::NAN),
                ..emphasis
            },
        ),
    );
    assert_invalid(
        "top_db",
        -1,
        trim(
            &[1.0],
            &SilenceParams {
                top_db: -1.0,
                ..silence
            },
        ),
    );
    assert_invalid(
        "hop_length",
        0,
        split(
            &[1.0],
            &SilenceParams {
                hop_length: 0,
                ..silence
            },
        ),
    );
    let reference = Reference::Value(f32::NAN);
    assert_invalid(
        "reference",
        "NaN",
        split(
            &[1.0],
            &SilenceParams {
                reference,
                ..silence
            },
        ),
    );
}
