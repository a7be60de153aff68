//! Every error of what leads back to signals, of semitones, components and paths; and their smallest inputs.

use ndarray::{Array2, array};
use num_complex::Complex;
use timbral_dsp::*;

use crate::signal_errors::{assert_invalid, assert_wrong_length};

/// The samples at another rate, of the nearest neighbours.
fn nearest(y: &[f32], from: f64, to: f64) -> Result<Vec<f32>> {
    let n = (y.len() as f64 * to / from) as usize;
    Ok((0..n).map(|i| y[(i as f64 * from / to) as usize]).collect())
}

#[test]
fn bad_input_of_inverse_constant_q_transforms_is_named() {
    let plan = Icqt::new(CqtParams::default()).unwrap();
    let one = Array2::from_elem((84, 1), Complex::new(1.0f32, 0.0));
    let few = one.slice(ndarray::s![..83, ..]).to_owned();
    assert_wrong_length("transform rows", 84, 83, plan.process(few.view(), None));
    assert!(plan.process(Array2::zeros((84, 0)).view(), None).is_err());
    let length = usize::MAX / 8;
    assert_invalid("length", length, plan.process(one.view(), Some(length)));
    assert_eq!(plan.process(one.view(), None), Ok(vec![]));
    assert_eq!(plan.process(one.view(), Some(0)), Ok(vec![]));
    assert_eq!(plan.process(one.view(), Some(700)).unwrap().len(), 700);
    let silence = Array2::zeros((84, 5));
    assert_eq!(plan.process(silence.view(), None), Ok(vec![0.0; 2048]));
    // What is not a number stays one, as in the inverse Fourier transform.
    let nan = Array2::from_elem((84, 5), Complex::new(f32::NAN, 0.0));
    assert!(
        plan.process(nan.view(), None)
            .unwrap()
            .iter()
            .any(|y| y.is_nan())
    );
    let params = CqtParams {
        n_bins: 0,
        ..CqtParams::default()
    };
    assert_invalid("n_bins", 0, Icqt::new(params.clone()));

    let lim = GriffinLimParams::default();
    let magnitude = Array2::from_elem((84, 3), 1.0f32);
    assert_invalid("n_bins", 0, griffinlim_cqt(magnitude.view(), &params, &lim));
    let params = CqtParams::default();
    let wide = Array2::zeros((85, 3));
    assert_wrong_length(
        "magnitude rows",
        84,
        85,
        griffinlim_cqt(wide.view(), &params, &lim),
    );
    assert_invalid(
        "magnitude",
        -1,
        griffinlim_cqt((-&magnitude).view(), &params, &lim),
    );
    let bad = magnitude.mapv(|_| f32::NAN);
    assert!(griffinlim_cqt(bad.view(), &params, &lim).is_err());
    assert!(griffinlim_cqt(Array2::zeros((84, 0)).view(), &params, &lim).is_err());
    let short = GriffinLimParams {
        length: Some(512),
        ..lim
    };
    assert_wrong_length(
        "magnitude columns",
        2,
        3,
        griffinlim_cqt(magnitude.view(), &params, &short),
    );
    let bad = GriffinLimParams {
        momentum: -1.0,
        ..lim
    };
    assert_invalid(
        "momentum",
        -1,
        griffinlim_cqt(magnitude.view(), &params, &bad),
    );
    let silence = griffinlim_cqt(Array2::zeros((84, 3)).view(), &params, &lim);
    assert_eq!(silence, Ok(vec![0.0; 1024]));
}

#[test]
fn bad_input_of_semitones_is_named() {
    let params = IirtParams::default();
    for tuning in [1.5, -1.5, f64::NAN] {
        assert_invalid("tuning", tuning, Iirt::new(IirtParams { tuning, ..params }));
    }
    for win_length in [0, (1 << 24) + 1] {
        assert_invalid(
            "win_length",
            win_length,
            Iirt::new(IirtParams {
                win_length,
                ..params
            }),
        );
    }
    for hop_length in [0, (1 << 24) + 1] {
        assert_invalid(
            "hop_length",
            hop_length,
            Iirt::new(IirtParams {
                hop_length,
                ..params
            }),
        );
    }
    assert_invalid(
        "sample_rate",
        0,
        Iirt::new(IirtParams {
            sample_rate: 0,
            ..params
        }),
    );
    let plan = Iirt::new(params).unwrap();
    assert!(plan.process(&[], nearest).is_err());
    assert!(plan.process(&[f32::NAN; 4000], nearest).is_err());
    assert!(
        plan.process(&[0.5; 4000], |_, _, _| Ok::<_, Error>(vec![f32::NAN]))
            .is_err()
    );
    assert_eq!(plan.process(&[0.0], nearest), Ok(Array2::zeros((85, 1))));
    assert_eq!(
        plan.process(&[0.5], |_, _, _| Ok::<_, Error>(vec![]))
            .unwrap()
            .dim(),
        (85, 1)
    );
    let edges = Iirt::new(IirtParams {
        center: false,
        win_length: 20,
        ..params
    })
    .unwrap();
    assert!(matches!(
        edges.process(&[0.5; 30], nearest),
        Err(Error::TooShort { needed: 28, .. })
    ));
    let stopped = plan.process(&[0.5; 4000], |_, _, _| {
        Err(Error::TooShort {
            name: "x",
            needed: 1,
            got: 0,
        })
    });
    assert!(matches!(stopped, Err(Error::TooShort { name: "x", .. })));
}

#[test]
fn bad_input_of_pitch_shift_is_named() {
    let stft = Stft::new(StftParams::default()).unwrap();
    let params = PitchShiftParams::default();
    let shift = |params| pitch_shift(&[0.5; 4000], &params, &stft, nearest);
    for n_steps in [200.0, f64::NAN, f64::INFINITY] {
        assert_invalid(
            "n_steps",
            n_steps,
            shift(PitchShiftParams { n_steps, ..params }),
        );
    }
    for bins in [0.0, -1.0, f64::NAN] {
        let bad = PitchShiftParams {
            bins_per_octave: bins,
            ..params
        };
        assert_invalid("bins_per_octave", bins, shift(bad));
    }
    assert_invalid(
        "sample_rate",
        0,
        shift(PitchShiftParams {
            sample_rate: 0,
            ..params
        }),
    );
    let up = PitchShiftParams {
        n_steps: 5.0,
        ..params
    };
    assert!(pitch_shift(&[], &up, &stft, nearest).is_err());
    assert!(pitch_shift(&[f32::NAN; 9], &up, &stft, nearest).is_err());
    assert_eq!(pitch_shift(&[0.5], &up, &stft, nearest).unwrap().len(), 1);
    assert_eq!(
        pitch_shift(&[0.0; 5000], &up, &stft, nearest),
        Ok(vec![0.0; 5000])
    );
    assert_eq!(shift(params).unwrap().len(), 4000);
}

#[test]
fn bad_input_of_components_is_named() {
    let params = NmfParams::default();
    let s = array![[1.0f32, 2.0], [0.0, 1.0]];
    for n in [0, 1025] {
        let bad = NmfParams {
            n_components: Some(n),
            ..params
        };
        assert_invalid("n_components", n, decompose(s.view(), &bad));
    }
    let many = Array2::zeros((1025, 2));
    assert_invalid("n_components", 1025, decompose(many.view(), &params));
    for max_iter in [0, 100_001] {
        let bad = NmfParams { max_iter, ..params };
        assert_invalid("max_iter", max_iter, decompose(s.view(), &bad));
    }
    for tol in [-1.0, f64::NAN] {
        assert_invalid(
            "tol",
            tol,
            decompose(s.view(), &NmfParams { tol, ..params }),
        );
    }
    assert_invalid("magnitude", -1, decompose(array![[-1.0]].view(), &params));
    assert!(decompose(array![[f32::NAN]].view(), &params).is_err());
    for shape in [(0, 2), (2, 0)] {
        let one = NmfParams {
            n_components: Some(1),
            ..params
        };
        assert!(decompose(Array2::zeros(shape).view(), &one).is_err());
    }
    let silence = decompose(Array2::zeros((3, 4)).view(), &params).unwrap();
    assert_eq!(
        (silence.components.dim(), silence.activations.dim()),
        ((3, 3), (3, 4))
    );
    assert!(silence.components.iter().all(|v| *v == 0.0));
    let single = decompose(array![[4.0f32]].view(), &params).unwrap();
    assert!((single.components[[0, 0]] * single.activations[[0, 0]] - 4.0).abs() < 1e-5);
    // More components than values: a random start, the same for the same seed.
    let more = NmfParams {
        n_components: Some(5),
        max_iter: 500,
        ..params
    };
    let parts = decompose(s.view(), &more).unwrap();
    assert_eq!(decompose(s.view(), &more).unwrap(), parts);
    assert_ne!(
        decompose(s.view(), &NmfParams { seed: 1, ..more }).unwrap(),
        parts
    );
    let again = parts.components.dot(&parts.activations);
    assert!(
        again.iter().zip(&s).all(|(a, b)| (a - b).abs() < 1e-2),
        "{again}"
    );
}

#[test]
fn bad_input_of_inverse_features_is_named() {
    let bank = MelBank::new(MelParams::default()).unwrap();
    let mel = Array2::from_elem((128, 2), 1.0f32);
    for power in [0.0, -1.0, f64::NAN] {
        assert_invalid("power", power, mel_to_stft(mel.view(), &bank, power));
    }
    let few = Array2::zeros((127, 2));
    assert_wrong_length("mel rows", 128, 127, mel_to_stft(few.view(), &bank, 2.0));
    assert!(mel_to_stft(mel.mapv(|_| f32::INFINITY).view(), &bank, 2.0).is_err());
    assert_eq!(
        mel_to_stft(Array2::zeros((128, 0)).view(), &bank, 2.0)
            .unwrap()
            .dim(),
        (1025, 0)
    );
    let silence = mel_to_stft(Array2::zeros((128, 2)).view(), &bank, 2.0);
    assert_eq!(silence, Ok(Array2::zeros((1025, 2))));
    // Negative bands have nothing above 0 that is nearer.
    assert_eq!(
        mel_to_stft((-&mel).view(), &bank, 2.0),
        Ok(Array2::zeros((1025, 2)))
    );

    let lim = GriffinLimParams::default();
    let other = Stft::new(StftParams {
        n_fft: 1024,
        ..StftParams::default()
    })
    .unwrap();
    assert_wrong_length(
        "stft bins",
        1025,
        513,
        mel_to_audio(mel.view(), &bank, &other, 2.0, &lim),
    );
    let stft = Stft::new(StftParams::default()).unwrap();
    assert_eq!(
        mel_to_audio(mel.view(), &bank, &stft, 2.0, &lim)
            .unwrap()
            .len(),
        512
    );

    let plan = Mfcc::new(MfccParams::default()).unwrap();
    let mfcc = Array2::zeros((20, 2));
    for reference in [f32::NAN, f32::INFINITY] {
        assert_invalid(
            "reference",
            reference,
            mfcc_to_mel(mfcc.view(), &plan, reference),
        );
    }
    let few = Array2::zeros((19, 2));
    assert_wrong_length("mfcc rows", 20, 19, mfcc_to_mel(few.view(), &plan, 1.0));
    assert_eq!(
        mfcc_to_mel(mfcc.view(), &plan, 2.0),
        Ok(Array2::from_elem((128, 2), 2.0))
    );
    let small = MelBank::new(MelParams {
        n_mels: 40,
        ..MelParams::default()
    })
    .unwrap();
    let audio = mfcc_to_audio(mfcc.view(), &plan, 1.0, &small, &stft, &lim);
    assert_wrong_length("mel bands", 128, 40, audio);
    let loud = Array2::from_elem((20, 2), 1e9f32);
    assert!(mfcc_to_audio(loud.view(), &plan, 1.0, &bank, &stft, &lim).is_err());
    assert!(mfcc_to_audio(mfcc.view(), &plan, 1.0, &bank, &stft, &lim).is_ok());
}

#[test]
fn bad_input_of_paths_is_named() {
    let params = PathEnhanceParams::default();
    let rec = Array2::<f64>::eye(9);
    let enhance = |params| path_enhance(rec.view(), &params);
    for n in [0, 2, 1025] {
        assert_invalid("n", n, enhance(PathEnhanceParams { n, ..params }));
    }
    for max_ratio in [0.0, f64::NAN, 1001.0] {
        assert_invalid(
            "max_ratio",
            max_ratio,
            enhance(PathEnhanceParams {
                max_ratio,
                ..params
            }),
        );
    }
    for min in [0.0, f64::NAN, 2.5] {
        let bad = PathEnhanceParams {
            min_ratio: Some(min),
            ..params
        };
        assert_invalid("min_ratio", min, enhance(bad));
    }
    for n_filters in [0, 1001] {
        assert_invalid(
            "n_filters",
            n_filters,
            enhance(PathEnhanceParams {
                n_filters,
                ..params
            }),
        );
    }
    assert!(path_enhance(rec.mapv(|_| f64::NAN).view(), &params).is_err());
    assert_eq!(
        path_enhance(Array2::zeros((0, 3)).view(), &params)
            .unwrap()
            .dim(),
        (0, 3)
    );
    // Averages of a constant are the constant.
    for shape in [(1, 1), (1, 8), (5, 2)] {
        let smooth = path_enhance(Array2::from_elem(shape, 0.5).view(), &params).unwrap();
        assert!(smooth.iter().all(|v| (v - 0.5).abs() < 1e-12), "{smooth}");
    }

    assert!(path_to_steps(&[], false).is_err());
    let big = 1 << 32;
    assert_invalid("path", big, path_to_steps(&[(big, 0)], false));
    assert_eq!(path_to_steps(&[(7, 3)], false), Ok(vec![7.0]));
    // Gaps are bridged, whatever the order.
    assert_eq!(
        path_to_steps(&[(0, 4), (8, 0)], false),
        Ok(vec![8.0, 6.0, 4.0, 2.0, 0.0])
    );

    let spectrum = array![[Complex::new(f32::NAN, 0.0), Complex::new(1e-30, 0.0)]];
    for power in [0.0, -1.0, f64::NAN] {
        assert_invalid("power", power, magphase(spectrum.view(), power));
    }
    let (magnitude, phase) = magphase(spectrum.view(), 1.0).unwrap();
    assert!(magnitude[[0, 0]].is_nan() && phase[[0, 0]].re.is_nan());
    assert_eq!((magnitude[[0, 1]], phase[[0, 1]].re), (1e-30, 1.0));

    let wide = Array2::zeros((2, 3));
    let keep = |lag| Ok::<_, Error>(lag);
    assert_wrong_length("rec rows", 3, 2, timelag_filter(wide.view(), true, keep));
    let cut = |_| Ok::<_, Error>(Array2::zeros((4, 9)));
    assert_invalid("lag rows", 4, timelag_filter(rec.view(), true, cut));
}
