//! Every rule of what takes a spectrogram.

use ndarray::Array2;
use timbral_dsp::{
    Chroma, ChromaParams, ContrastParams, DbParams, MelBank, MelParams, Mfcc, MfccParams,
    PiptrackParams, amplitude_to_db, estimate_tuning, piptrack, pitch_tuning, power_to_db,
    spectral_bandwidth, spectral_centroid, spectral_contrast, spectral_flatness, spectral_rolloff,
};

use crate::errors::{misfits, refuses};

#[test]
fn filter_rules() {
    let mel = MelParams::default();
    refuses(
        "sample_rate",
        0,
        MelBank::new(MelParams {
            sample_rate: 0,
            ..mel
        }),
    );
    refuses("n_fft", 1, MelBank::new(MelParams { n_fft: 1, ..mel }));
    refuses("n_mels", 0, MelBank::new(MelParams { n_mels: 0, ..mel }));
    for fmin in [-1.0, f64::NAN] {
        refuses("fmin", fmin, MelBank::new(MelParams { fmin, ..mel }));
    }
    for fmax in [100.0, 99.0, f64::INFINITY, f64::NAN] {
        refuses(
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
    misfits(
        "power rows",
        1025,
        1024,
        bank.process(Array2::zeros((1024, 2)).view()),
    );

    let mfcc = MfccParams::default();
    refuses("n_mels", 0, Mfcc::new(MfccParams { n_mels: 0, ..mfcc }));
    for n_mfcc in [0, 129] {
        refuses("n_mfcc", n_mfcc, Mfcc::new(MfccParams { n_mfcc, ..mfcc }));
    }
    for lifter in [-1.0, f64::NAN, f64::INFINITY] {
        refuses("lifter", lifter, Mfcc::new(MfccParams { lifter, ..mfcc }));
    }
    let plan = Mfcc::new(mfcc).unwrap();
    misfits(
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
        refuses("amin", amin, power_to_db(s.view(), &params));
        refuses("amin", amin, amplitude_to_db(s.view(), &params));
    }
    for top_db in [-1.0, f32::NAN] {
        let params = DbParams {
            top_db: Some(top_db),
            ..DbParams::default()
        };
        refuses("top_db", top_db, power_to_db(s.view(), &params));
        refuses("top_db", top_db, amplitude_to_db(s.view(), &params));
    }
}

#[test]
fn pitch_rules() {
    let default = PiptrackParams::default();
    let s = Array2::ones((9, 3));
    let params = PiptrackParams {
        sample_rate: 0,
        ..default
    };
    refuses("sample_rate", 0, piptrack(s.view(), &params));
    refuses(
        "sample_rate",
        0,
        estimate_tuning(s.view(), &params, 0.01, 12),
    );
    for threshold in [-0.1, f32::NAN] {
        let params = PiptrackParams {
            threshold,
            ..default
        };
        refuses("threshold", threshold, piptrack(s.view(), &params));
    }
    for resolution in [0.0, 1.0, -0.5, 9e-7, f64::NAN] {
        refuses(
            "resolution",
            resolution,
            pitch_tuning(&[440.0], resolution, 12),
        );
        refuses(
            "resolution",
            resolution,
            estimate_tuning(s.view(), &default, resolution, 12),
        );
    }
    refuses("bins_per_octave", 0, pitch_tuning(&[440.0], 0.01, 0));
    refuses(
        "bins_per_octave",
        0,
        estimate_tuning(s.view(), &default, 0.01, 0),
    );

    let chroma = ChromaParams::default();
    refuses(
        "sample_rate",
        0,
        Chroma::new(ChromaParams {
            sample_rate: 0,
            ..chroma
        }),
    );
    refuses("n_fft", 1, Chroma::new(ChromaParams { n_fft: 1, ..chroma }));
    refuses(
        "n_chroma",
        0,
        Chroma::new(ChromaParams {
            n_chroma: 0,
            ..chroma
        }),
    );
    for bad in [f64::NAN, f64::INFINITY] {
        refuses(
            "ctroct",
            bad,
            Chroma::new(ChromaParams {
                ctroct: bad,
                ..chroma
            }),
        );
        refuses(
            "tuning",
            bad,
            Chroma::new(ChromaParams {
                tuning: Some(bad),
                ..chroma
            }),
        );
    }
    for octwidth in [0.0, -1.0, f64::NAN] {
        refuses(
            "octwidth",
            octwidth,
            Chroma::new(ChromaParams {
                octwidth: Some(octwidth),
                ..chroma
            }),
        );
    }
    let plan = Chroma::new(chroma).unwrap();
    misfits("power rows", 1025, 9, plan.process(s.view()));
}

#[test]
fn shape_rules() {
    let s = Array2::ones((9, 3));
    let short = [0.0; 8];
    misfits("frequencies", 9, 8, spectral_centroid(s.view(), &short));
    misfits(
        "frequencies",
        9,
        8,
        spectral_bandwidth(s.view(), &short, 2.0),
    );
    misfits(
        "frequencies",
        9,
        8,
        spectral_rolloff(s.view(), &short, 0.85),
    );
    let default = ContrastParams::default();
    misfits(
        "frequencies",
        9,
        8,
        spectral_contrast(s.view(), &short, &default),
    );
    misfits(
        "frequencies",
        1,
        0,
        spectral_rolloff(Array2::zeros((0, 3)).view(), &[], 0.85),
    );

    let f: Vec<f64> = (0..9).map(|k| f64::from(k) * 1500.0).collect();
    for p in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refuses("p", p, spectral_bandwidth(s.view(), &f, p));
    }
    for share in [0.0, 1.0, -0.1, f32::NAN] {
        refuses("roll_percent", share, spectral_rolloff(s.view(), &f, share));
    }
    for bad in [0.0, -1.0, f32::NAN] {
        refuses("amin", bad, spectral_flatness(s.view(), bad, 2.0));
        refuses("power", bad, spectral_flatness(s.view(), 1e-10, bad));
    }
    for fmin in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refuses(
            "fmin",
            fmin,
            spectral_contrast(s.view(), &f, &ContrastParams { fmin, ..default }),
        );
    }
    // Nine bins, 1500 Hz apart: none in 200..400 Hz.
    refuses("fmin", 200, spectral_contrast(s.view(), &f, &default));
    for n_bands in [0, 65] {
        refuses(
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
        refuses(
            "quantile",
            quantile,
            spectral_contrast(s.view(), &f, &params),
        );
    }
}
