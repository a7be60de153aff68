//! Every error of onsets, pulse and tempo.

use ndarray::Array2;
use timbral_dsp::*;

use crate::signal_errors::{assert_invalid, assert_wrong_length};

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
