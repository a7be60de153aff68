//! Every error of structure and effects; and their smallest inputs.

use ndarray::{Array2, array};
use timbral_dsp::*;

use crate::signal_errors::{assert_invalid, assert_wrong_length};

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
