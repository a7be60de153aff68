//! Every error of pitch, onsets, sequences, weighting and effects; and their smallest inputs.

use ndarray::{Array2, array};
use timbral_dsp::*;

use crate::signal_errors::{assert_invalid, assert_wrong_length};

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

#[test]
fn bad_envelopes_and_parameters_of_onsets_are_named() {
    let detect = OnsetDetectParams::default();
    let bad = [0.0, f32::NAN];
    let is_bad = |result: Result<usize>| matches!(result, Err(Error::NotFinite { index: 1, .. }));
    assert!(is_bad(onset_detect(&bad, &detect).map(|f| f.len())));
    assert!(is_bad(
        peak_pick(&bad, &PeakPickParams::default()).map(|f| f.len())
    ));
    assert!(is_bad(onset_backtrack(&[0], &bad).map(|f| f.len())));
    assert!(is_bad(plp(&bad, &PlpParams::default()).map(|f| f.len())));
    assert_eq!(onset_detect(&[], &detect), Ok(vec![]));
    assert_eq!(onset_detect(&[f32::MAX, f32::MIN], &detect), Ok(vec![]));
    assert!(plp(&[], &PlpParams::default()).is_err());
    assert_eq!(plp(&[1.0], &PlpParams::default()).unwrap().len(), 1);
    assert!(onset_backtrack(&[3], &[0.0; 3]).is_err());
    assert_invalid(
        "hop_length",
        0,
        onset_detect(
            &[],
            &OnsetDetectParams {
                hop_length: 0,
                ..detect
            },
        ),
    );
    let peaks = PeakPickParams::default();
    assert_invalid(
        "post_max",
        0,
        peak_pick(
            &[],
            &PeakPickParams {
                post_max: 0,
                ..peaks
            },
        ),
    );
    assert_invalid(
        "post_avg",
        0,
        peak_pick(
            &[],
            &PeakPickParams {
                post_avg: 0,
                ..peaks
            },
        ),
    );
    assert_invalid(
        "delta",
        -1,
        peak_pick(
            &[],
            &PeakPickParams {
                delta: -1.0,
                ..peaks
            },
        ),
    );
    let huge = PeakPickParams {
        pre_max: usize::MAX,
        post_max: usize::MAX,
        wait: usize::MAX,
        ..peaks
    };
    assert_eq!(peak_pick(&[0.0, 1.0], &huge), Ok(vec![1]));
    let pulse = PlpParams::default();
    assert_invalid(
        "win_length",
        1,
        plp(
            &[1.0],
            &PlpParams {
                win_length: 1,
                ..pulse
            },
        ),
    );
    assert_invalid(
        "tempo_max",
        20,
        plp(
            &[1.0],
            &PlpParams {
                tempo_max: Some(20.0),
                ..pulse
            },
        ),
    );
    assert_invalid(
        "tempo_min",
        "NaN",
        plp(
            &[1.0],
            &PlpParams {
                tempo_min: Some(f64::NAN),
                ..pulse
            },
        ),
    );

    let s_db = Array2::zeros((4, 3));
    let multi =
        |channels: &[usize]| onset_strength_multi(s_db.view(), channels, &OnsetParams::default());
    assert!(multi(&[0]).is_err());
    assert_invalid("channels", 2, multi(&[2, 2]));
    assert_invalid("channels", 0, multi(&[0, 5]));
    assert_eq!(multi(&[0, 1, 4]).unwrap().dim(), (2, 3));

    let ratio = TempogramRatioParams::default;
    let tempogram = Array2::<f64>::ones((5, 2));
    for (name, value, params) in [
        (
            "start_bpm",
            "0",
            TempogramRatioParams {
                start_bpm: 0.0,
                ..ratio()
            },
        ),
        (
            "std_bpm",
            "0",
            TempogramRatioParams {
                std_bpm: 0.0,
                ..ratio()
            },
        ),
        (
            "max_tempo",
            "0",
            TempogramRatioParams {
                max_tempo: Some(0.0),
                ..ratio()
            },
        ),
        (
            "factors",
            "-1",
            TempogramRatioParams {
                factors: vec![-1.0],
                ..ratio()
            },
        ),
        (
            "bpm",
            "NaN",
            TempogramRatioParams {
                bpm: Some(vec![1.0, f64::NAN]),
                ..ratio()
            },
        ),
    ] {
        assert_invalid(name, value, tempogram_ratio(tempogram.view(), &params));
    }
    let one = TempogramRatioParams {
        bpm: Some(vec![1.0]),
        ..ratio()
    };
    assert_wrong_length("bpm", 2, 1, tempogram_ratio(tempogram.view(), &one));
    assert!(tempogram_ratio(Array2::ones((2, 2)).view(), &ratio()).is_err());
    assert!(tempogram_ratio(Array2::from_elem((5, 2), f64::NAN).view(), &ratio()).is_err());
}

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

#[test]
fn bad_input_of_structure_and_effects_is_named() {
    let stft = Stft::new(StftParams::default()).unwrap();
    let one = Array2::from_elem((1025, 1), num_complex::Complex::new(1.0f32, 0.0));
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_invalid("rate", rate, phase_vocoder(one.view(), rate));
        assert_invalid("rate", rate, time_stretch(&[0.5; 4], rate, &stft));
    }
    assert_invalid("rate", 1e-300, phase_vocoder(one.view(), 1e-300));
    assert!(phase_vocoder(Array2::zeros((3, 0)).view(), 1.0).is_err());
    assert_eq!(phase_vocoder(one.view(), 0.25).unwrap().dim(), (1025, 4));
    assert!(time_stretch(&[], 1.0, &stft).is_err());
    assert_eq!(time_stretch(&[0.5], 2.0, &stft), Ok(vec![]));

    let lim = GriffinLimParams::default();
    let magnitude = Array2::from_elem((1025, 3), 1.0f32);
    let few = Array2::<f32>::zeros((1024, 3));
    assert_wrong_length(
        "magnitude rows",
        1025,
        1024,
        griffinlim(few.view(), &stft, &lim),
    );
    assert_invalid(
        "momentum",
        -1,
        griffinlim(
            magnitude.view(),
            &stft,
            &GriffinLimParams {
                momentum: -1.0,
                ..lim
            },
        ),
    );
    assert_invalid(
        "n_iter",
        100_001,
        griffinlim(
            magnitude.view(),
            &stft,
            &GriffinLimParams {
                n_iter: 100_001,
                ..lim
            },
        ),
    );
    assert_invalid(
        "magnitude",
        -1,
        griffinlim((-&magnitude).view(), &stft, &lim),
    );
    assert!(griffinlim(magnitude.mapv(|_| f32::NAN).view(), &stft, &lim).is_err());
    assert!(griffinlim(Array2::zeros((1025, 0)).view(), &stft, &lim).is_err());
    let short = GriffinLimParams {
        length: Some(0),
        ..lim
    };
    assert!(griffinlim(magnitude.view(), &stft, &short).is_err());

    assert_invalid(
        "intervals",
        "2..1",
        remix(&[0.0; 3], &[std::ops::Range { start: 2, end: 1 }], true),
    );
    assert_invalid("intervals", "0..4", remix(&[0.0; 3], &[0..4, 0..1], true));
    assert_eq!(remix(&[], &[], true), Ok(vec![]));
    assert!(remix(&[f32::NAN], &[0..1, 0..1], false).is_err());

    let data = array![[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]];
    let bad = array![[1.0f32, f32::NAN]];
    assert_invalid("k", 0, agglomerative(data.view(), 0));
    assert_invalid("k", 7, agglomerative(data.view(), 7));
    assert!(agglomerative(bad.view(), 1).is_err());
    assert_invalid("n_segments", 0, subsegment(data.view(), &[], 0));
    assert_eq!(
        subsegment(Array2::zeros((1, 0)).view(), &[4], 2),
        Ok(vec![])
    );

    let rec = RecurrenceParams::default();
    assert_invalid(
        "width",
        0,
        recurrence_matrix(data.view(), &RecurrenceParams { width: 0, ..rec }),
    );
    assert_invalid(
        "width",
        2,
        recurrence_matrix(data.view(), &RecurrenceParams { width: 2, ..rec }),
    );
    assert_invalid(
        "k",
        0,
        recurrence_matrix(data.view(), &RecurrenceParams { k: Some(0), ..rec }),
    );
    assert_invalid("width", 1, recurrence_matrix(array![[1.0f32]].view(), &rec));
    let mode = SimilarityMode::Affinity;
    let bandwidth = Some(0.0);
    assert_invalid(
        "bandwidth",
        0,
        recurrence_matrix(data.view(), &RecurrenceParams { bandwidth, ..rec }),
    );
    let alike = Array2::<f32>::ones((2, 9));
    assert!(recurrence_matrix(alike.view(), &RecurrenceParams { mode, ..rec }).is_err());
    let all = RecurrenceParams {
        k: Some(usize::MAX),
        ..rec
    };
    assert_eq!(recurrence_matrix(data.view(), &all).unwrap().sum(), 30.0);
    let cross = CrossSimilarityParams::default();
    assert!(cross_similarity(bad.view(), data.view(), &cross).is_err());
    assert!(cross_similarity(data.view(), Array2::zeros((1, 0)).view(), &cross).is_err());
    assert_wrong_length(
        "data_ref rows",
        1,
        2,
        cross_similarity(data.view(), alike.view(), &cross),
    );

    let square = Array2::<f64>::ones((3, 3));
    assert_wrong_length(
        "rec rows",
        6,
        3,
        nn_filter(data.view(), square.view(), Aggregate::Mean),
    );
    assert_wrong_length(
        "rec rows",
        2,
        3,
        recurrence_to_lag(Array2::zeros((3, 2)).view(), true),
    );
    assert_invalid(
        "lag rows",
        5,
        lag_to_recurrence(Array2::zeros((5, 2)).view()),
    );
    assert_eq!(
        recurrence_to_lag(Array2::zeros((0, 0)).view(), true)
            .unwrap()
            .dim(),
        (0, 0)
    );

    let warp = DtwParams::default;
    assert_wrong_length("y rows", 1, 2, dtw(data.view(), alike.view(), &warp()));
    assert!(dtw(Array2::zeros((1, 0)).view(), data.view(), &warp()).is_err());
    assert!(dtw_of_costs(array![[f64::NAN]].view(), &warp()).is_err());
    let step = |size, add| DtwStep {
        size,
        add,
        multiply: 1.0,
    };
    for steps in [
        vec![],
        vec![step((0, 0), 0.0)],
        vec![step((1, 1025), 0.0)],
        vec![step((1, 1), -1.0)],
        vec![step((1, 1), 0.0)],
    ] {
        // Diagonal steps alone do not lead through a matrix that is no square.
        let result = dtw_of_costs(Array2::ones((2, 3)).view(), &DtwParams { steps, ..warp() });
        assert!(
            matches!(&result, Err(Error::InvalidParameter(e)) if e.name == "steps"),
            "{result:?}"
        );
    }

    let envelope = [1.0f32; 5];
    let tempogram = TempogramParams {
        win_length: 2,
        ..TempogramParams::default()
    };
    assert_invalid(
        "win_length",
        2,
        hybrid_tempogram(&envelope, 22050, 512, &tempogram),
    );
    assert_invalid(
        "hop_length",
        0,
        hybrid_tempogram(&envelope, 22050, 0, &TempogramParams::default()),
    );
    assert_invalid(
        "sample_rate",
        0,
        hybrid_tempogram(&envelope, 0, 512, &TempogramParams::default()),
    );
    assert!(hybrid_tempogram(&[], 22050, 512, &TempogramParams::default()).is_err());
    assert_invalid(
        "factors",
        0,
        metrogram(square.view(), &[1.0, 2.0, 3.0], &[0.0]),
    );
    assert_invalid(
        "frequencies",
        2,
        metrogram(square.view(), &[1.0, 2.0, 2.0], &[0.5]),
    );
    assert_wrong_length(
        "frequencies",
        3,
        1,
        metrogram(square.view(), &[1.0], &[0.5]),
    );
    assert!(metrogram(square.view(), &[1.0, 2.0, f64::INFINITY], &[0.5]).is_err());
}
