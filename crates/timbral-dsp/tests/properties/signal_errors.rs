//! Every error of functions of signals, and the assertions for errors.

use ndarray::Array2;
use num_complex::Complex;
use timbral_dsp::{
    Error, FeatureParams, FeatureSet, Framing, Hpss, HpssParams, Result, Stft, StftParams, rms,
    zero_crossing_rate,
};

/// Asserts that the result is the error of the parameter `name` with that value.
#[track_caller]
pub(crate) fn assert_invalid<T: std::fmt::Debug>(
    name: &str,
    value: impl std::fmt::Display,
    result: Result<T>,
) {
    match &result {
        Err(error @ Error::InvalidParameter(invalid)) => {
            assert_eq!((invalid.name, &invalid.value), (name, &value.to_string()));
            let reason = invalid.reason;
            assert_eq!(error.to_string(), format!("{name} = {value}: {reason}"));
        }
        _ => panic!("{name} = {value} gave {result:?}"),
    }
}

/// Asserts that the result is the error of an argument with the wrong length.
#[track_caller]
pub(crate) fn assert_wrong_length<T: std::fmt::Debug>(
    name: &str,
    expected: usize,
    got: usize,
    result: Result<T>,
) {
    match result {
        Err(Error::Shape {
            name: n,
            expected: e,
            got: g,
        }) => {
            assert_eq!((n, e, g), (name, expected, got));
        }
        other => panic!("{name}: {got} for {expected} gave {other:?}"),
    }
}

#[test]
fn stft_errors() {
    let default = StftParams::default();
    for n_fft in [0, 1] {
        let params = StftParams {
            n_fft,
            hop_length: 1,
            ..default
        };
        assert_invalid("n_fft", n_fft, Stft::new(params));
    }
    for win_length in [0, 2049] {
        let params = StftParams {
            win_length: Some(win_length),
            ..default
        };
        assert_invalid("win_length", win_length, Stft::new(params));
    }
    assert_invalid(
        "hop_length",
        0,
        Stft::new(StftParams {
            hop_length: 0,
            ..default
        }),
    );

    let plan = Stft::new(StftParams {
        n_fft: 16,
        hop_length: 4,
        ..default
    })
    .unwrap();
    assert_eq!(
        plan.process(&[]),
        Err(Error::TooShort {
            name: "signal",
            needed: 1,
            got: 0
        })
    );
    let uncentred = Stft::new(StftParams {
        center: false,
        ..*plan.params()
    })
    .unwrap();
    let short = Error::TooShort {
        name: "signal",
        needed: 16,
        got: 15,
    };
    assert_eq!(uncentred.power(&[0.0; 15]), Err(short));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut y = [0.0; 100];
        (y[70], y[90]) = (bad, bad);
        for result in [
            plan.magnitude(&y),
            plan.power(&y),
            plan.process(&y).map(|s| s.mapv(|v| v.re)),
        ] {
            let found = matches!(
                result,
                Err(Error::NotFinite {
                    name: "signal",
                    index: 70,
                    ..
                })
            );
            assert!(found, "{bad}: {result:?}");
        }
    }
    let mut scratch = plan.make_scratch();
    let mut wrong = Array2::<Complex<f32>>::zeros((8, 26));
    let y = [0.0; 100];
    assert_wrong_length(
        "spectrum rows",
        9,
        8,
        plan.process_with_scratch(&y, wrong.view_mut(), &mut scratch),
    );
    let mut wrong = Array2::<Complex<f32>>::zeros((9, 25));
    assert_wrong_length(
        "spectrum columns",
        26,
        25,
        plan.process_with_scratch(&y, wrong.view_mut(), &mut scratch),
    );
    assert_wrong_length(
        "spectrum rows",
        9,
        10,
        plan.inverse(Array2::zeros((10, 3)).view(), None),
    );
    let none = Error::TooShort {
        name: "spectrum columns",
        needed: 1,
        got: 0,
    };
    assert_eq!(plan.inverse(Array2::zeros((9, 0)).view(), None), Err(none));
}

#[test]
fn framing_errors() {
    let default = Framing::default();
    for framing in [
        Framing {
            frame_length: 0,
            ..default
        },
        Framing {
            hop_length: 0,
            ..default
        },
    ] {
        let name = if framing.frame_length == 0 {
            "frame_length"
        } else {
            "hop_length"
        };
        assert_invalid(name, 0, framing.n_frames(9));
        assert_invalid(name, 0, rms(&[1.0; 9], &framing));
        assert_invalid(name, 0, zero_crossing_rate(&[1.0; 9], &framing));
    }
    let short = Error::TooShort {
        name: "signal",
        needed: 2048,
        got: 2047,
    };
    let framing = Framing {
        center: false,
        ..default
    };
    assert_eq!(rms(&[0.0; 2047], &framing), Err(short.clone()));
    assert_eq!(zero_crossing_rate(&[0.0; 2047], &framing), Err(short));
    for y in [[f32::NAN, 1.0], [f32::INFINITY, 1.0]] {
        assert!(matches!(
            rms(&y, &default),
            Err(Error::NotFinite { index: 0, .. })
        ));
        assert!(matches!(
            zero_crossing_rate(&y, &default),
            Err(Error::NotFinite { index: 0, .. })
        ));
    }
}

#[test]
fn separation_errors() {
    let default = HpssParams::default();
    assert_invalid(
        "win_harm",
        0,
        Hpss::new(HpssParams {
            win_harm: 0,
            ..default
        }),
    );
    assert_invalid(
        "win_perc",
        0,
        Hpss::new(HpssParams {
            win_perc: 0,
            ..default
        }),
    );
    for power in [0.0, -1.0, f32::NAN] {
        assert_invalid("power", power, Hpss::new(HpssParams { power, ..default }));
    }
    for margin in [0.9, f32::NAN, f32::INFINITY] {
        assert_invalid(
            "margin_harm",
            margin,
            Hpss::new(HpssParams {
                margin_harm: margin,
                ..default
            }),
        );
        assert_invalid(
            "margin_perc",
            margin,
            Hpss::new(HpssParams {
                margin_perc: margin,
                ..default
            }),
        );
    }
}

#[test]
fn vector_errors() {
    let default = FeatureParams::default();
    assert_invalid(
        "sample_rate",
        0,
        FeatureSet::new(FeatureParams {
            sample_rate: 0,
            ..default
        }),
    );
    assert_invalid(
        "n_fft",
        1,
        FeatureSet::new(FeatureParams {
            n_fft: 1,
            ..default
        }),
    );
    assert_invalid(
        "hop_length",
        0,
        FeatureSet::new(FeatureParams {
            hop_length: 0,
            ..default
        }),
    );
    assert_invalid(
        "n_mels",
        0,
        FeatureSet::new(FeatureParams {
            n_mels: 0,
            ..default
        }),
    );
    assert_invalid(
        "n_mfcc",
        129,
        FeatureSet::new(FeatureParams {
            n_mfcc: 129,
            ..default
        }),
    );
    let set = FeatureSet::new(default).unwrap();
    assert_eq!(
        set.process(&[]),
        Err(Error::TooShort {
            name: "signal",
            needed: 1,
            got: 0
        })
    );
    let y = [0.0, 1.0, f32::NEG_INFINITY];
    assert!(matches!(
        set.process(&y),
        Err(Error::NotFinite {
            name: "signal",
            index: 2,
            ..
        })
    ));
}
