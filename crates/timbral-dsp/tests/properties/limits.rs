//! Silence, empty and single cells, NaN, huge sizes.

use ndarray::Array2;
use num_complex::Complex;
use timbral_dsp::{
    Chroma, ChromaParams, ContrastParams, DbParams, Error, FeatureParams, FeatureSet, Framing,
    Hpss, HpssParams, MelBank, MelParams, MelScale, Mfcc, MfccParams, PadMode, PiptrackParams,
    Reference, Stft, StftParams, amplitude_to_db, db_to_power, estimate_tuning, fft_frequencies,
    piptrack, pitch_tuning, power_to_db, rms, spectral_bandwidth, spectral_centroid,
    spectral_contrast, spectral_flatness, spectral_rolloff, zero_crossing_rate,
};

use crate::signals::{flat, signed};

#[test]
fn silence_has_defined_values() {
    for params in [FeatureParams::gtzan(), FeatureParams::librosa()] {
        let set = FeatureSet::new(params).unwrap();
        for n in [1, 100, 5000, 30000] {
            let values = set.process(&vec![0.0; n]).unwrap();
            for (name, value) in set.names().iter().zip(values) {
                let what = format!("{name} of {n} zeros: {value}");
                match name.as_str() {
                    // -100 dB in 128 bands, summed in f32: 128 roundings at up to 1131.
                    "mfcc1_mean" => assert!((value + 100.0 * 128f64.sqrt()).abs() < 4e-3, "{what}"),
                    // Rounding of 128 terms of 100 that cancel.
                    name if name.starts_with("mfcc") => assert!(value.abs() < 1e-4, "{what}"),
                    "tempo" => assert!(value >= 0.0 && value.is_finite(), "{what}"),
                    _ => assert_eq!(value, 0.0, "{what}"),
                }
            }
        }
    }
    let zeros = Array2::<f32>::zeros((1025, 3));
    let f = fft_frequencies(22050, 2048);
    assert_eq!(spectral_centroid(zeros.view(), &f), Ok(vec![0.0; 3]));
    assert_eq!(spectral_bandwidth(zeros.view(), &f, 2.0), Ok(vec![0.0; 3]));
    assert_eq!(spectral_rolloff(zeros.view(), &f, 0.85), Ok(vec![0.0; 3]));
    // All values are raised to amin, so the spectrum is flat.
    let flatness = spectral_flatness(zeros.view(), 1e-10, 2.0).unwrap();
    assert!(
        flatness.iter().all(|v| (v - 1.0).abs() < 1e-12),
        "{flatness:?}"
    );
    let contrast = spectral_contrast(zeros.view(), &f, &ContrastParams::default());
    assert_eq!(contrast, Ok(Array2::zeros((7, 3))));
    let peaks = PiptrackParams::default();
    assert_eq!(piptrack(zeros.view(), &peaks), Ok(vec![]));
    assert_eq!(estimate_tuning(zeros.view(), &peaks, 0.01, 12), Ok(0.0));
    let chroma = Chroma::new(ChromaParams::default())
        .unwrap()
        .process(zeros.view());
    assert_eq!(chroma, Ok(Array2::zeros((12, 3))));
    let half = Array2::from_elem((1025, 3), 0.5);
    assert_eq!(
        Hpss::new(HpssParams::default())
            .unwrap()
            .masks(zeros.view()),
        (half.clone(), half)
    );
    let margins = HpssParams {
        margin_harm: 2.0,
        ..HpssParams::default()
    };
    assert_eq!(
        Hpss::new(margins).unwrap().masks(zeros.view()),
        (zeros.clone(), zeros.clone())
    );
    let db = power_to_db(zeros.view(), &DbParams::default()).unwrap();
    assert!(db.iter().all(|v| *v == -100.0), "{db:?}");
    let relative = DbParams {
        reference: Reference::Max,
        ..DbParams::default()
    };
    assert_eq!(power_to_db(zeros.view(), &relative), Ok(zeros));
}

/// Calls every function of an array with an array of the given shape; results are ignored.
fn call_everything(rows: usize, columns: usize, fill: impl Fn(usize) -> f32) {
    let cell = |(i, j): (usize, usize)| fill(i * columns + j);
    let a = Array2::from_shape_fn((rows, columns), cell);
    let f: Vec<f64> = (0..rows).map(|k| k as f64 * 40.0).collect();
    let _ = power_to_db(a.view(), &DbParams::default());
    let relative = DbParams {
        reference: Reference::Max,
        top_db: None,
        amin: 1e-30,
        ..DbParams::default()
    };
    let _ = amplitude_to_db(a.view(), &relative);
    let _ = spectral_centroid(a.view(), &f);
    let _ = spectral_bandwidth(a.view(), &f, 2.0);
    let _ = spectral_bandwidth(a.view(), &f, 0.5);
    let _ = spectral_rolloff(a.view(), &f, 0.85);
    let _ = spectral_flatness(a.view(), 1e-10, 2.0);
    let _ = spectral_contrast(a.view(), &f, &ContrastParams::default());
    let _ = piptrack(a.view(), &PiptrackParams::default());
    let _ = estimate_tuning(a.view(), &PiptrackParams::default(), 0.01, 12);
    for (win_harm, win_perc) in [(31, 31), (1, 2), (100, 3)] {
        for power in [2.0, 1.0, f32::INFINITY] {
            let params = HpssParams {
                win_harm,
                win_perc,
                power,
                ..HpssParams::default()
            };
            let hpss = Hpss::new(params).expect("valid parameters");
            let _ = hpss.masks(a.view());
            let _ = hpss.process(a.map(|v| Complex::new(*v, -*v)).view());
        }
    }
    if rows >= 1 {
        let mfcc = MfccParams {
            n_mels: rows,
            n_mfcc: 1,
            lifter: 0.0,
            ..MfccParams::default()
        };
        let _ = Mfcc::new(mfcc).expect("valid parameters").process(a.view());
    }
    if rows >= 2 {
        let n_fft = 2 * (rows - 1);
        let _ = MelBank::new(MelParams {
            n_fft,
            n_mels: 9,
            ..MelParams::default()
        })
        .expect("valid parameters")
        .process(a.view());
        let _ = Chroma::new(ChromaParams {
            n_fft,
            ..ChromaParams::default()
        })
        .expect("valid parameters")
        .process(a.view());
        let stft = Stft::new(StftParams {
            n_fft,
            hop_length: 7,
            ..StftParams::default()
        })
        .expect("valid parameters");
        let spectrum = a.map(|v| Complex::new(*v, *v));
        for length in [None, Some(0), Some(1), Some(1000)] {
            let _ = stft.inverse(spectrum.view(), length);
        }
    }
}

#[test]
fn empty_and_tiny_arrays_do_not_panic() {
    let shapes = [
        (0, 0),
        (0, 5),
        (5, 0),
        (1, 1),
        (1, 40),
        (40, 1),
        (2, 2),
        (3, 17),
        (257, 0),
        (257, 2),
    ];
    for (rows, columns) in shapes {
        call_everything(rows, columns, |i| i as f32);
    }
}

#[test]
fn extreme_cells_do_not_panic() {
    for bad in [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        1e-45,
        -0.0,
    ] {
        for (rows, columns) in [(1, 1), (65, 20), (513, 17)] {
            call_everything(rows, columns, |_| bad);
            call_everything(rows, columns, |i| if i % 7 == 3 { bad } else { i as f32 });
        }
        let _ = pitch_tuning(&[bad, 440.0, bad], 0.01, 12);
        let _ = db_to_power(bad, 1.0);
    }
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, f64::MAX] {
        for scale in [MelScale::Slaney, MelScale::Htk] {
            let _ = (scale.from_hz(bad), scale.to_hz(bad));
        }
        let frequencies = vec![bad; 65];
        let s = flat(65, 3, 1);
        let _ = spectral_centroid(s.view(), &frequencies);
        let _ = spectral_bandwidth(s.view(), &frequencies, 2.0);
        let _ = spectral_rolloff(s.view(), &frequencies, 0.5);
        let _ = spectral_contrast(s.view(), &frequencies, &ContrastParams::default());
        let params = PiptrackParams {
            fmin: bad,
            fmax: bad,
            ..PiptrackParams::default()
        };
        let _ = piptrack(s.view(), &params);
    }
}

#[test]
fn extreme_samples_do_not_panic() {
    let set = FeatureSet::new(FeatureParams::librosa()).unwrap();
    for gain in [f32::MAX, 1e30, 1e19, 1e-19, 1e-38, 1e-45] {
        let y: Vec<f32> = signed(5000, 1).iter().map(|v| v * gain).collect();
        let _ = set.process(&y);
        let _ = rms(&y, &Framing::default());
    }
}

#[test]
fn one_sample_is_enough() {
    for pad_mode in [PadMode::Zero, PadMode::Reflect, PadMode::Edge] {
        let set = FeatureSet::new(FeatureParams {
            pad_mode,
            ..FeatureParams::default()
        })
        .unwrap();
        for y in [[0.5], [0.0], [-1.0]] {
            let values = set.process(&y).unwrap();
            assert!(
                values.iter().all(|v| v.is_finite()),
                "{y:?} {pad_mode:?}: {values:?}"
            );
        }
    }
}

fn is_parameter_error<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::InvalidParameter(_)))
}

#[test]
fn powers_beyond_f32_are_an_error() {
    let set = FeatureSet::new(FeatureParams::default()).unwrap();
    for loud in [1e20, f32::MAX] {
        let y: Vec<f32> = signed(9000, 5).iter().map(|v| v * loud).collect();
        assert!(set.process(&y).is_err(), "{loud}");
    }
}

#[test]
fn the_scratch_of_another_set_works() {
    let y: Vec<f32> = (0..9000).map(|n| (n as f32 * 0.1).sin()).collect();
    let sets = [
        FeatureParams::default(),
        FeatureParams {
            n_mfcc: 30,
            n_mels: 64,
            n_fft: 4096,
            ..FeatureParams::default()
        },
        FeatureParams {
            n_fft: 1000,
            hop_length: 300,
            n_mels: 32,
            ..FeatureParams::default()
        },
    ];
    let sets = sets.map(|params| FeatureSet::new(params).unwrap());
    for a in &sets {
        for b in &sets {
            let mut scratch = a.make_scratch();
            a.process_with_scratch(&y, &mut scratch).unwrap();
            let got = b.process_with_scratch(&y, &mut scratch).unwrap();
            assert_eq!(
                got,
                b.process(&y).unwrap(),
                "{:?} after {:?}",
                b.params(),
                a.params()
            );
        }
    }
}

#[test]
fn huge_sizes_are_errors() {
    for huge in [usize::MAX, usize::MAX - 1, usize::MAX / 2, 1 << 60, 1 << 40] {
        let mel = MelParams::default();
        assert!(
            is_parameter_error(MelBank::new(MelParams { n_fft: huge, ..mel })),
            "mel {huge}"
        );
        assert!(
            is_parameter_error(MelBank::new(MelParams {
                n_mels: huge,
                ..mel
            })),
            "mel {huge}"
        );
        let stft = StftParams::default();
        for stft in [
            StftParams {
                n_fft: huge,
                ..stft
            },
            StftParams {
                hop_length: huge,
                ..stft
            },
            StftParams {
                win_length: Some(huge),
                ..stft
            },
        ] {
            assert!(is_parameter_error(Stft::new(stft)), "{stft:?}");
        }
        let plan = Stft::new(stft).unwrap();
        let spectrum = plan.process(&[1.0; 5000]).unwrap();
        let longer = plan.inverse(spectrum.view(), Some(huge));
        assert!(is_parameter_error(longer), "{huge} samples");
        let hpss = HpssParams::default();
        for hpss in [
            HpssParams {
                win_harm: huge,
                ..hpss
            },
            HpssParams {
                win_perc: huge,
                ..hpss
            },
        ] {
            assert!(is_parameter_error(Hpss::new(hpss)), "{hpss:?}");
        }
        let set = FeatureParams::default();
        for set in [
            FeatureParams { n_fft: huge, ..set },
            FeatureParams {
                hop_length: huge,
                ..set
            },
            FeatureParams {
                n_mels: huge,
                ..set
            },
            FeatureParams {
                n_mfcc: huge,
                ..set
            },
        ] {
            assert!(is_parameter_error(FeatureSet::new(set)), "{set:?}");
        }
        let mfcc = MfccParams {
            n_mels: huge,
            ..MfccParams::default()
        };
        assert!(is_parameter_error(Mfcc::new(mfcc)), "mfcc {huge}");
        let chroma = ChromaParams::default();
        assert!(
            is_parameter_error(Chroma::new(ChromaParams {
                n_fft: huge,
                ..chroma
            })),
            "chroma {huge}"
        );
        assert!(
            is_parameter_error(Chroma::new(ChromaParams {
                n_chroma: huge,
                ..chroma
            })),
            "chroma {huge}"
        );
        for center in [true, false] {
            let framing = Framing {
                center,
                ..Framing::default()
            };
            for framing in [
                Framing {
                    frame_length: huge,
                    ..framing
                },
                Framing {
                    hop_length: huge,
                    ..framing
                },
            ] {
                assert!(is_parameter_error(framing.n_frames(5000)), "{framing:?}");
                assert!(
                    is_parameter_error(rms(&[1.0; 5000], &framing)),
                    "{framing:?}"
                );
                assert!(
                    is_parameter_error(zero_crossing_rate(&[1.0; 5000], &framing)),
                    "{framing:?}"
                );
            }
        }
        assert!(Framing::default().n_frames(huge).is_ok(), "{huge} samples");
        assert!(
            is_parameter_error(pitch_tuning(&[1.0], 1.0 / huge as f64, 12)),
            "{huge}"
        );
        // Any number of bins per octave is valid.
        let _ = pitch_tuning(&[441.0], 0.01, huge);
        let contrast = ContrastParams {
            n_bands: huge,
            ..ContrastParams::default()
        };
        let s = flat(65, 2, 1);
        let f = fft_frequencies(22050, 128);
        assert!(
            is_parameter_error(spectral_contrast(s.view(), &f, &contrast)),
            "{huge}"
        );
    }
}
