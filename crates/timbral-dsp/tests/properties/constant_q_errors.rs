//! Every error of the constant-Q transforms and of what is made of them.

use ndarray::{Array2, array};
use timbral_dsp::{
    CensParams, ChromaCqt, ChromaCqtParams, Cqt, CqtParams, Error, HybridCqt, Intervals, PseudoCqt,
    Window, chroma_cens, tonnetz,
};

use crate::signal_errors::{assert_invalid, assert_wrong_length};

#[test]
fn bad_parameters_are_named() {
    let default = CqtParams::default;
    for (name, value, params) in [
        (
            "sample_rate",
            "0",
            CqtParams {
                sample_rate: 0,
                ..default()
            },
        ),
        (
            "hop_length",
            "0",
            CqtParams {
                hop_length: 0,
                ..default()
            },
        ),
        (
            "fmin",
            "0",
            CqtParams {
                fmin: 0.0,
                ..default()
            },
        ),
        (
            "fmin",
            "NaN",
            CqtParams {
                fmin: f64::NAN,
                ..default()
            },
        ),
        (
            "n_bins",
            "0",
            CqtParams {
                n_bins: 0,
                ..default()
            },
        ),
        (
            "n_bins",
            "8193",
            CqtParams {
                n_bins: 8193,
                ..default()
            },
        ),
        // Ten octaves above C1 are beyond 11 025 Hz.
        (
            "n_bins",
            "120",
            CqtParams {
                n_bins: 120,
                ..default()
            },
        ),
        (
            "bins_per_octave",
            "0",
            CqtParams {
                bins_per_octave: 0,
                ..default()
            },
        ),
        (
            "tuning",
            "inf",
            CqtParams {
                tuning: f64::INFINITY,
                ..default()
            },
        ),
        (
            "gamma",
            "-1",
            CqtParams {
                gamma: Some(-1.0),
                ..default()
            },
        ),
        (
            "filter_scale",
            "0",
            CqtParams {
                filter_scale: 0.0,
                ..default()
            },
        ),
        (
            "filter_scale",
            "1000",
            CqtParams {
                filter_scale: 1000.0,
                ..default()
            },
        ),
        (
            "filter_scale",
            "0.04",
            CqtParams {
                filter_scale: 0.04,
                fmin: 4000.0,
                n_bins: 1,
                window: Window::Boxcar,
                bins_per_octave: 5,
                ..default()
            },
        ),
        (
            "sparsity",
            "1",
            CqtParams {
                sparsity: 1.0,
                ..default()
            },
        ),
        (
            "bins_per_octave",
            "12",
            CqtParams {
                intervals: Intervals::Ratios(vec![1.0]),
                ..default()
            },
        ),
        (
            "intervals",
            "2",
            CqtParams {
                intervals: Intervals::Ratios(vec![1.0, 2.0]),
                bins_per_octave: 2,
                ..default()
            },
        ),
        (
            "intervals",
            "1.5",
            CqtParams {
                intervals: Intervals::Ratios(vec![1.5, 1.5]),
                bins_per_octave: 2,
                ..default()
            },
        ),
    ] {
        assert_invalid(name, value, Cqt::new(params.clone()));
        assert_invalid(name, value, HybridCqt::new(params.clone()));
        assert_invalid(name, value, PseudoCqt::new(params));
    }
    let chroma = ChromaCqtParams::default;
    for (name, value, params) in [
        (
            "n_chroma",
            "0",
            ChromaCqtParams {
                n_chroma: 0,
                ..chroma()
            },
        ),
        (
            "bins_per_octave",
            "13",
            ChromaCqtParams {
                bins_per_octave: 13,
                ..chroma()
            },
        ),
        (
            "n_octaves",
            "0",
            ChromaCqtParams {
                n_octaves: 0,
                ..chroma()
            },
        ),
        (
            "n_octaves",
            "9999",
            ChromaCqtParams {
                n_octaves: 9999,
                ..chroma()
            },
        ),
        (
            "threshold",
            "NaN",
            ChromaCqtParams {
                threshold: f32::NAN,
                ..chroma()
            },
        ),
        (
            "n_bins",
            "360",
            ChromaCqtParams {
                n_octaves: 10,
                ..chroma()
            },
        ),
    ] {
        assert_invalid(name, value, ChromaCqt::new(params));
    }
    let params = CensParams {
        win_len_smooth: Some(0),
        ..CensParams::default()
    };
    assert_invalid(
        "win_len_smooth",
        0,
        chroma_cens(array![[1.0]].view(), &params),
    );
}

#[test]
fn bad_signals_are_named() {
    let cqt = Cqt::new(CqtParams::default()).unwrap();
    let hybrid = HybridCqt::new(CqtParams::default()).unwrap();
    let pseudo = PseudoCqt::new(CqtParams {
        fmin: 1000.0,
        n_bins: 12,
        ..CqtParams::default()
    })
    .unwrap();
    let chroma = ChromaCqt::new(ChromaCqtParams::default()).unwrap();
    let results = |y: &[f32]| {
        [
            cqt.magnitude(y),
            cqt.process(y).map(|c| c.mapv(|z| z.re)),
            hybrid.process(y),
            pseudo.process(y),
            chroma.process_signal(y),
        ]
    };
    for result in results(&[]) {
        assert!(
            matches!(
                result,
                Err(Error::TooShort {
                    name: "signal",
                    got: 0,
                    ..
                })
            ),
            "{result:?}"
        );
    }
    for bad in [f32::NAN, f32::INFINITY] {
        for result in results(&[0.0, bad, 1.0, 0.0]) {
            let found = matches!(
                result,
                Err(Error::NotFinite {
                    name: "signal",
                    index: 1,
                    ..
                })
            );
            assert!(found, "{result:?}");
        }
    }
    // The highest octave is at a sixteenth of the rate.
    let low = Cqt::new(CqtParams {
        n_bins: 24,
        hop_length: 4096,
        ..CqtParams::default()
    })
    .unwrap();
    let short = Error::TooShort {
        name: "signal",
        needed: 32,
        got: 31,
    };
    assert_eq!(low.magnitude(&[0.5; 31]), Err(short));
    assert_eq!(low.magnitude(&[0.5; 32]).unwrap().dim(), (24, 1));
}

#[test]
fn bad_arrays_are_named() {
    let chroma = ChromaCqt::new(ChromaCqtParams::default()).unwrap();
    let few = Array2::zeros((251, 3));
    assert_wrong_length("magnitude rows", 252, 251, chroma.process(few.view()));
    let mut bad = Array2::zeros((252, 2));
    bad[[1, 1]] = f32::NAN;
    let result = chroma.process(bad.view());
    assert!(matches!(
        result,
        Err(Error::NotFinite {
            name: "magnitude",
            index: 3,
            ..
        })
    ));
    let bad = array![[1.0, f32::INFINITY]];
    let result = chroma_cens(bad.view(), &CensParams::default());
    assert!(matches!(
        result,
        Err(Error::NotFinite {
            name: "chroma",
            index: 1,
            ..
        })
    ));
    let result = tonnetz(bad.view());
    assert!(matches!(
        result,
        Err(Error::NotFinite {
            name: "chroma",
            index: 1,
            ..
        })
    ));
    assert!(tonnetz(Array2::zeros((0, 3)).view()).is_err());
    assert_eq!(
        tonnetz(Array2::zeros((12, 0)).view()).unwrap().dim(),
        (6, 0)
    );
}
