//! Plans are immutable, can be shared between threads, and work with any scratch.

use ndarray::Array2;
use timbral_dsp::{
    BeatTracker, Chroma, ChromaParams, Error, FeatureParams, FeatureScratch, FeatureSet, Hpss,
    HpssParams, MelBank, MelParams, Mfcc, Stft, StftParams, StftScratch, Tempo, Tempogram,
};

use crate::signals::{signal, signed};

const fn assert_shared<T: Send + Sync + Clone>() {}

const _: () = {
    assert_shared::<Stft>();
    assert_shared::<MelBank>();
    assert_shared::<Mfcc>();
    assert_shared::<Chroma>();
    assert_shared::<Hpss>();
    assert_shared::<FeatureSet>();
    assert_shared::<Tempo>();
    assert_shared::<BeatTracker>();
    assert_shared::<Tempogram>();
    assert_shared::<StftScratch>();
    assert_shared::<FeatureScratch>();
    assert_shared::<Error>();
};

const SIGNALS: [&str; 6] = [
    "mix:40000",
    "noise:700:1",
    "zero:3000",
    "tone:9000:440",
    "mix:12345",
    "noise:40000:2",
];

#[test]
fn a_used_scratch_gives_the_same_vector() {
    for params in [FeatureParams::gtzan(), FeatureParams::librosa()] {
        let set = FeatureSet::new(params).unwrap();
        let mut scratch = set.make_scratch();
        for name in SIGNALS {
            let y = signal(name);
            let fresh = set.process(&y).unwrap();
            assert_eq!(
                set.process_with_scratch(&y, &mut scratch).unwrap(),
                fresh,
                "{name} {params:?}"
            );
        }
        // An error leaves it usable.
        assert!(
            set.process_with_scratch(&[1.0, f32::NAN], &mut scratch)
                .is_err()
        );
        assert!(set.process_with_scratch(&[], &mut scratch).is_err());
        let y = signal(SIGNALS[0]);
        assert_eq!(
            set.process_with_scratch(&y, &mut scratch),
            set.process(&y),
            "{params:?}"
        );
    }
}

#[test]
fn a_used_scratch_gives_the_same_spectrum() {
    for (n_fft, hop_length) in [(2048, 512), (1023, 100), (400, 160), (2, 1)] {
        let plan = Stft::new(StftParams {
            n_fft,
            hop_length,
            ..StftParams::default()
        })
        .unwrap();
        let mut scratch = plan.make_scratch();
        for name in SIGNALS {
            let y = signal(name);
            let fresh = plan.process(&y).unwrap();
            let mut got = Array2::from_elem(fresh.dim(), num_complex::Complex::new(f32::NAN, 1.0));
            plan.process_with_scratch(&y, got.view_mut(), &mut scratch)
                .unwrap();
            assert_eq!(got, fresh, "{name} {n_fft}");
            let back = plan.inverse(fresh.view(), None).unwrap();
            let again = plan
                .inverse_with_scratch(fresh.view(), None, &mut scratch)
                .unwrap();
            assert_eq!(again, back, "inverse, {name} {n_fft}");
        }
    }
}

#[test]
fn the_scratch_of_another_plan_of_equal_size_works() {
    let plan = |hop_length| {
        Stft::new(StftParams {
            hop_length,
            ..StftParams::default()
        })
        .unwrap()
    };
    let (a, b) = (plan(512), plan(300));
    let y = signal("mix:9000");
    let expected = a.process(&y).unwrap();
    let mut got = expected.clone();
    a.process_with_scratch(&y, got.view_mut(), &mut b.make_scratch())
        .unwrap();
    assert_eq!(got, expected);
}

#[test]
fn threads_sharing_a_plan_get_the_same_bits() {
    let set = FeatureSet::new(FeatureParams::gtzan()).unwrap();
    let expected: Vec<_> = SIGNALS
        .iter()
        .map(|name| set.process(&signal(name)).unwrap())
        .collect();
    // A new plan, so that the threads compete for its empty cache.
    let set = FeatureSet::new(FeatureParams::gtzan()).unwrap();
    std::thread::scope(|scope| {
        for first in 0..4 {
            let (set, expected) = (&set, &expected);
            scope.spawn(move || {
                for i in (first..first + SIGNALS.len()).map(|i| i % SIGNALS.len()) {
                    let got = set.process(&signal(SIGNALS[i])).unwrap();
                    assert_eq!(got, expected[i], "{} in thread {first}", SIGNALS[i]);
                }
            });
        }
    });
}

#[test]
fn a_chroma_plan_gives_the_same_weights_after_many_tunings() {
    let plan = Chroma::new(ChromaParams {
        n_fft: 64,
        ..ChromaParams::default()
    })
    .unwrap();
    let first = plan.weights(0.3);
    for i in 0..300 {
        plan.weights(f64::from(i) / 300.0 - 0.5);
    }
    assert_eq!(plan.weights(0.3), first);
    assert_eq!(plan.clone().weights(0.3), first);
    assert_ne!(plan.weights(0.2), first);
}

#[test]
fn single_features_equal_those_of_the_vector() {
    let set = FeatureSet::new(FeatureParams::librosa()).unwrap();
    let y = signal("mix:40000");
    let values = set.process(&y).unwrap();
    let value = |name: &str| values[set.names().iter().position(|n| n == name).unwrap()];
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let stft = Stft::new(StftParams::default()).unwrap();
    let frequencies = timbral_dsp::fft_frequencies(22050, 2048);
    let magnitude = stft.magnitude(&y).unwrap();
    let centroid = timbral_dsp::spectral_centroid(magnitude.view(), &frequencies).unwrap();
    let rolloff = timbral_dsp::spectral_rolloff(magnitude.view(), &frequencies, 0.85).unwrap();
    let chroma = Chroma::new(ChromaParams::default()).unwrap();
    let chroma = chroma.process(stft.power(&y).unwrap().view()).unwrap();
    let chroma: Vec<f64> = chroma.iter().map(|v| f64::from(*v)).collect();
    // The mean of up to 1000 f64 in another order.
    for (name, expected) in [
        ("spectral_centroid_mean", mean(&centroid)),
        ("rolloff_mean", mean(&rolloff)),
        ("chroma_stft_mean", mean(&chroma)),
    ] {
        let got = value(name);
        assert!(
            (got / expected - 1.0).abs() < 1e-12,
            "{name}: {got}, alone {expected}"
        );
    }
}

#[test]
fn process_signal_equals_process() {
    let y = signed(20_000, 3);
    for params in [
        StftParams::default(),
        StftParams {
            n_fft: 1000,
            hop_length: 300,
            ..StftParams::default()
        },
    ] {
        let n_fft = params.n_fft;
        let stft = Stft::new(params).unwrap();
        let power = stft.power(&y).unwrap();
        let mel = MelBank::new(MelParams {
            n_fft,
            ..MelParams::default()
        })
        .unwrap();
        assert_eq!(
            mel.process_signal(&stft, &y).unwrap(),
            mel.process(power.view()).unwrap()
        );
        for tuning in [None, Some(0.25)] {
            let chroma = Chroma::new(ChromaParams {
                n_fft,
                tuning,
                ..ChromaParams::default()
            })
            .unwrap();
            assert_eq!(
                chroma.process_signal(&stft, &y).unwrap(),
                chroma.process(power.view()).unwrap()
            );
        }
        let other = Stft::new(StftParams {
            n_fft: n_fft + 2,
            ..params
        })
        .unwrap();
        assert!(mel.process_signal(&other, &y).is_err());
    }
}

#[test]
fn separating_a_signal_equals_separating_its_spectrum() {
    let y = signed(40_000, 11);
    // Several chunks, whose medians reach into one tile, three or all.
    let short = StftParams {
        n_fft: 128,
        hop_length: 32,
        ..StftParams::default()
    };
    let wide = |win_harm| HpssParams {
        win_harm,
        ..HpssParams::default()
    };
    let margins = HpssParams {
        margin_harm: 2.0,
        margin_perc: 3.0,
        ..wide(17)
    };
    for (params, stft) in [
        (HpssParams::default(), StftParams::default()),
        (margins, StftParams::default()),
        (margins, short),
        (HpssParams::default(), short),
        (wide(80), short),
        (wide(3001), short),
    ] {
        let hpss = Hpss::new(params).unwrap();
        let stft = Stft::new(stft).unwrap();
        let parts = hpss.process(stft.process(&y).unwrap().view());
        let wave = |s: Array2<_>| stft.inverse(s.view(), Some(y.len())).unwrap();
        let (harmonic, percussive) = hpss.process_signal(&stft, &y).unwrap();
        for (got, want) in [(harmonic, wave(parts.0)), (percussive, wave(parts.1))] {
            assert_eq!(got.len(), y.len());
            for (i, (got, want)) in got.iter().zip(&want).enumerate() {
                // `process_signal` takes the root of a sum, `process` hypot: one rounding of the magnitude.
                assert!((got - want).abs() < 1e-6, "{params:?} {i}: {got} {want}");
            }
        }
    }
}

#[test]
fn the_scratch_of_another_transform_works() {
    let y = signed(9000, 7);
    let stft = |n_fft| {
        Stft::new(StftParams {
            n_fft,
            ..StftParams::default()
        })
        .unwrap()
    };
    for (a, b) in [(512, 2048), (2048, 512), (1000, 1024), (1024, 1000)] {
        let (a, b) = (stft(a), stft(b));
        let mut scratch = a.make_scratch();
        let mut spectrum = a.process(&y).unwrap();
        a.process_with_scratch(&y, spectrum.view_mut(), &mut scratch)
            .unwrap();
        let mut got = Array2::zeros((b.n_bins(), b.n_frames(y.len()).unwrap()));
        b.process_with_scratch(&y, got.view_mut(), &mut scratch)
            .unwrap();
        assert_eq!(got, b.process(&y).unwrap());
        let back = b
            .inverse_with_scratch(got.view(), None, &mut scratch)
            .unwrap();
        assert_eq!(back, b.inverse(got.view(), None).unwrap());
    }
}
