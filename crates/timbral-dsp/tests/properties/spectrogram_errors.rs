//! Every error of functions of spectrograms.

use ndarray::Array2;
use timbral_dsp::{
    Chroma, ChromaParams, ContrastParams, DbParams, MelBank, MelParams, Mfcc, MfccParams,
    PiptrackParams, amplitude_to_db, estimate_tuning, piptrack, pitch_tuning, power_to_db,
    spectral_bandwidth, spectral_centroid, spectral_contrast, spectral_flatness, spectral_rolloff,
};

use crate::signal_errors::{assert_invalid, assert_wrong_length};

#[test]
fn filter_errors() {
    let mel = MelParams::default();
    assert_invalid(
        "sample_rate",
        0,
        MelBank::new(MelParams {
            sample_rate: 0,
            ..mel
        }),
    );
    assert_invalid("n_fft", 1, MelBank::new(MelParams { n_fft: 1, ..mel }));
    assert_invalid("n_mels", 0, MelBank::new(MelParams { n_mels: 0, ..mel }));
    for fmin in [-1.0, f64::NAN] {
        assert_invalid("fmin", fmin, MelBank::new(MelParams { fmin, ..mel }));
    }
    for fmax in [100.0, 99.0, f64::INFINITY, f64::NAN] {
        assert_invalid(
            "fmax",
            fmax,
            MelBank::new(MelParams {
                fmin: 100.0,
                fmax: Some(fmax),
                ..mel
            }),
        );
    }
    let bank = MelBank::new(mel).unwrap();
    assert_wrong_length(
        "power rows",
        1025,
        1024,
        bank.process(Array2::zeros((1024, 2)).view()),
    );

    let mfcc = MfccParams::default();
    assert_invalid("n_mels", 0, Mfcc::new(MfccParams { n_mels: 0, ..mfcc }));
    for n_mfcc in [0, 129] {
        assert_invalid("n_mfcc", n_mfcc, Mfcc::new(MfccParams { n_mfcc, ..mfcc }));
    }
    for lifter in [-1.0, f64::NAN, f64::INFINITY] {
        assert_invalid("lifter", lifter, Mfcc::new(MfccParams { lifter, ..mfcc }));
    }
    let plan = Mfcc::new(mfcc).unwrap();
    assert_wrong_length(
        "mel_db rows",
        128,
        127,
        plan.process(Array2::zeros((127, 2)).view()),
    );

    let s = Array2::ones((3, 3));
    for amin in [0.0, -1.0, f32::NAN] {
        let params = DbParams {
            amin,
            ..DbParams::default()
        };
        assert_invalid("amin", amin, power_to_db(s.view(), &params));
        assert_invalid("amin", amin, amplitude_to_db(s.view(), &params));
    }
    for top_db in [-1.0, f32::NAN] {
        let params = DbParams {
            top_db: Some(top_db),
            ..DbParams::default()
        };
        assert_invalid("top_db", top_db, power_to_db(s.view(), &params));
        assert_invalid("top_db", top_db, amplitude_to_db(s.view(), &params));
    }
}

#[test]
fn pitch_errors() {
    let default = PiptrackParams::default();
    let s = Array2::ones((9, 3));
    let params = PiptrackParams {
        sample_rate: 0,
        ..default
    };
    assert_invalid("sample_rate", 0, piptrack(s.view(), &params));
    assert_invalid(
        "sample_rate",
        0,
        estimate_tuning(s.view(), &params, 0.01, 12),
    );
    for threshold in [-0.1, f32::NAN] {
        let params = PiptrackParams {
            threshold,
            ..default
        };
        assert_invalid("threshold", threshold, piptrack(s.view(), &params));
    }
    for resolution in [0.0, 1.0, -0.5, 9e-7, f64::NAN] {
        assert_invalid(
            "resolution",
            resolution,
            pitch_tuning(&[440.0], resolution, 12),
        );
        assert_invalid(
            "resolution",
            resolution,
            estimate_tuning(s.view(), &default, resolution, 12),
        );
    }
    assert_invalid("bins_per_octave", 0, pitch_tuning(&[440.0], 0.01, 0));
    assert_invalid(
        "bins_per_octave",
        0,
        estimate_tuning(s.view(), &default, 0.01, 0),
    );

    let chroma = ChromaParams::default();
    assert_invalid(
        "sample_rate",
        0,
        Chroma::new(ChromaParams {
            sample_rate: 0,
            ..chroma
        }),
    );
    assert_invalid("n_fft", 1, Chroma::new(ChromaParams { n_fft: 1, ..chroma }));
    assert_invalid(
        "n_chroma",
        0,
        Chroma::new(ChromaParams {
            n_chroma: 0,
            ..chroma
        }),
    );
    for bad in [f64::NAN, f64::INFINITY] {
        assert_invalid(
            "ctroct",
            bad,
            Chroma::new(ChromaParams {
                ctroct: bad,
                ..chroma
            }),
        );
        assert_invalid(
            "tuning",
            bad,
            Chroma::new(ChromaParams {
                tuning: Some(bad),
                ..chroma
            }),
        );
    }
    for octwidth in [0.0, -1.0, f64::NAN] {
        assert_invalid(
            "octwidth",
            octwidth,
            Chroma::new(ChromaParams {
                octwidth: Some(octwidth),
                ..chroma
            }),
        );
    }
    let plan = Chroma::new(chroma).unwrap();
    assert_wrong_length("power rows", 1025, 9, plan.process(s.view()));
}

#[test]
fn shape_errors() {
    let s = Array2::ones((9, 3));
    let short = [0.0; 8];
    assert_wrong_length("frequencies", 9, 8, spectral_centroid(s.view(), &short));
    assert_wrong_length(
        "frequencies",
        9,
        8,
        spectral_bandwidth(s.view(), &short, 2.0),
    );
    assert_wrong_length(
        "frequencies",
        9,
        8,
        spectral_rolloff(s.view(), &short, 0.85),
    );
    let default = ContrastParams::default();
    assert_wrong_length(
        "frequencies",
        9,
        8,
        spectral_contrast(s.view(), &short, &default),
    );
    assert_wrong_length(
        "frequencies",
        1,
        0,
        spectral_rolloff(Array2::zeros((0, 3)).view(), &[], 0.85),
    );

    let f: Vec<f64> = (0..9).map(|k| f64::from(k) * 1500.0).collect();
    for p in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_invalid("p", p, spectral_bandwidth(s.view(), &f, p));
    }
    for percent in [0.0, 1.0, -0.1, f32::NAN] {
        assert_invalid(
            "roll_percent",
            percent,
            spectral_rolloff(s.view(), &f, percent),
        );
    }
    for bad in [0.0, -1.0, f32::NAN] {
        assert_invalid("amin", bad, spectral_flatness(s.view(), bad, 2.0));
        assert_invalid("power", bad, spectral_flatness(s.view(), 1e-10, bad));
    }
    for fmin in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_invalid(
            "fmin",
            fmin,
            spectral_contrast(s.view(), &f, &ContrastParams { fmin, ..default }),
        );
    }
    // Nine bins, 1500 Hz apart: none in 200..400 Hz.
    assert_invalid("fmin", 200, spectral_contrast(s.view(), &f, &default));
    for n_bands in [0, 65] {
        assert_invalid(
            "n_bands",
            n_bands,
            spectral_contrast(s.view(), &f, &ContrastParams { n_bands, ..default }),
        );
    }
    for quantile in [0.0, 1.0, f64::NAN] {
        let params = ContrastParams {
            quantile,
            ..default
        };
        assert_invalid(
            "quantile",
            quantile,
            spectral_contrast(s.view(), &f, &params),
        );
    }
}
