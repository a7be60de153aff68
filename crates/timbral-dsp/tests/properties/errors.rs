//! Every rule of what takes a signal, and the assertions that a rule is kept.

use ndarray::Array2;
use num_complex::Complex;
use timbral_dsp::{
    Error, FeatureParams, FeatureSet, Framing, Hpss, HpssParams, Result, Stft, StftParams, rms,
    zero_crossing_rate,
};

/// The result is the error about the parameter of that name, and says its value.
#[track_caller]
pub(crate) fn refuses<T: std::fmt::Debug>(
    name: &str,
    value: impl std::fmt::Display,
    result: Result<T>,
) {
    match &result {
        Err(
            error @ Error::InvalidParameter {
                name: got,
                value: said,
                reason,
            },
        ) => {
            assert_eq!((*got, said), (name, &value.to_string()));
            assert_eq!(error.to_string(), format!("{name} = {value}: {reason}"));
        }
        _ => panic!("{name} = {value} gave {result:?}"),
    }
}

#[track_caller]
pub(crate) fn misfits<T: std::fmt::Debug>(
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
fn stft_rules() {
    let default = StftParams::default();
    for n_fft in [0, 1] {
        let params = StftParams {
            n_fft,
            hop_length: 1,
            ..default
        };
        refuses("n_fft", n_fft, Stft::new(params));
    }
    for win_length in [0, 2049] {
        let params = StftParams {
            win_length: Some(win_length),
            ..default
        };
        refuses("win_length", win_length, Stft::new(params));
    }
    refuses(
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
    misfits(
        "spectrum rows",
        9,
        8,
        plan.process_with_scratch(&y, wrong.view_mut(), &mut scratch),
    );
    let mut wrong = Array2::<Complex<f32>>::zeros((9, 25));
    misfits(
        "spectrum columns",
        26,
        25,
        plan.process_with_scratch(&y, wrong.view_mut(), &mut scratch),
    );
    misfits(
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
fn framing_rules() {
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
        refuses(name, 0, framing.n_frames(9));
        refuses(name, 0, rms(&[1.0; 9], &framing));
        refuses(name, 0, zero_crossing_rate(&[1.0; 9], &framing));
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
fn separation_rules() {
    let default = HpssParams::default();
    refuses(
        "win_harm",
        0,
        Hpss::new(HpssParams {
            win_harm: 0,
            ..default
        }),
    );
    refuses(
        "win_perc",
        0,
        Hpss::new(HpssParams {
            win_perc: 0,
            ..default
        }),
    );
    for power in [0.0, -1.0, f32::NAN] {
        refuses("power", power, Hpss::new(HpssParams { power, ..default }));
    }
    for margin in [0.9, f32::NAN, f32::INFINITY] {
        refuses(
            "margin_harm",
            margin,
            Hpss::new(HpssParams {
                margin_harm: margin,
                ..default
            }),
        );
        refuses(
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
fn vector_rules() {
    let default = FeatureParams::default();
    refuses(
        "sample_rate",
        0,
        FeatureSet::new(FeatureParams {
            sample_rate: 0,
            ..default
        }),
    );
    refuses(
        "n_fft",
        1,
        FeatureSet::new(FeatureParams {
            n_fft: 1,
            ..default
        }),
    );
    refuses(
        "hop_length",
        0,
        FeatureSet::new(FeatureParams {
            hop_length: 0,
            ..default
        }),
    );
    refuses(
        "n_mels",
        0,
        FeatureSet::new(FeatureParams {
            n_mels: 0,
            ..default
        }),
    );
    refuses(
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
