//! Every error of composed feature sets.

use timbral_dsp::{
    Error, Feature, FeatureColumns, FeatureSet, FeatureSetParams, Result, Statistic,
};

fn set(text: &str) -> Result<FeatureSet> {
    FeatureSet::new(text.parse::<FeatureSetParams>()?)
}

/// The name of the parameter that is refused.
fn refused(result: Result<FeatureSet>) -> &'static str {
    match result {
        Err(Error::InvalidParameter(error)) => error.name,
        Err(Error::TooShort { name, .. }) => name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn text_that_is_no_set_is_named() {
    for (text, name) in [
        ("", "features"),
        (" ; ;", "features"),
        ("mfc", "feature"),
        ("mfcc(", "feature"),
        ("mfcc()", "feature"),
        ("mfcc)", "feature"),
        ("mfcc(n_mfcc)", "feature"),
        ("mfcc(n_mels=64,n_mfcc=1,n=2)", "feature"),
        ("mfcc(n_mfcc=-1)", "n_mfcc"),
        ("mfcc(n_mfcc=1e3)", "n_mfcc"),
        ("mfcc,,rms", "feature"),
        ("mfcc:", "statistic"),
        ("mfcc:mode", "statistic"),
        ("mfcc:q1.5", "statistic"),
        ("mfcc:qNaN", "statistic"),
        ("mfcc:mean,mean", "features"),
        ("mfcc,mfcc", "features"),
        ("tonnetz(chroma=stft)", "chroma"),
        ("rms(spectrum=1)", "spectrum"),
        ("tempo(aggregate=max)", "aggregate"),
        ("spectral_bandwidth(p=x)", "p"),
    ] {
        assert_eq!(refused(set(text)), name, "{text}");
    }
}

#[test]
fn parameters_out_of_range_are_named() {
    for (text, name) in [
        ("chroma_stft(n_chroma=0)", "feature"),
        ("chroma_stft(n_chroma=1201)", "n_chroma"),
        ("chroma_cqt(bins_per_octave=13)", "bins_per_octave"),
        ("chroma_cqt(n_octaves=0)", "n_octaves"),
        ("chroma_cqt(n_octaves=18446744073709551615)", "n_octaves"),
        ("chroma_cqt(n_octaves=9)", "n_bins"),
        ("chroma_vqt(bins_per_octave=0)", "feature"),
        ("chroma_cens(win_len_smooth=0)", "win_len_smooth"),
        (
            "tonnetz(chroma=cens,win_len_smooth=65537)",
            "win_len_smooth",
        ),
        ("melspectrogram(n_mels=4097)", "n_mels"),
        ("mfcc(n_mfcc=129)", "n_mfcc"),
        ("spectral_bandwidth(p=0)", "p"),
        ("spectral_bandwidth(p=inf)", "p"),
        ("spectral_contrast(n_bands=18446744073709551615)", "feature"),
        ("spectral_contrast(n_bands=7)", "fmin"),
        ("spectral_contrast(quantile=1)", "quantile"),
        ("spectral_contrast(fmin=-1)", "fmin"),
        ("spectral_rolloff(roll_percent=1)", "roll_percent"),
        ("poly_features(order=9)", "order"),
        ("onset_strength(n_mels=0)", "n_mels"),
        ("tempo(n_mels=5000)", "n_mels"),
        ("tempogram(win_length=2)", "win_length"),
        ("tempogram_ratio(win_length=65537)", "win_length"),
        ("tempogram_ratio(win_length=0)", "win_length"),
        ("plp(win_length=0)", "win_length"),
        ("yin(fmin=1)", "fmin"),
        ("pyin(fmax=20000)", "fmax"),
        (
            "mfcc(n_mels=4096,n_mfcc=4096),mfcc(n_mels=4095,n_mfcc=4095),mfcc(n_mels=4094,n_mfcc=4094)",
            "features",
        ),
        (
            "chroma_cqt(bins_per_octave=600,n_octaves=7)",
            "bins_per_octave",
        ),
        // 65 536 columns are the most.
        ("tempogram(win_length=65536):mean,std", "features"),
    ] {
        assert_eq!(refused(set(text)), name, "{text}");
    }
}

#[test]
fn sets_made_by_hand_are_checked() {
    let mean = [Statistic::Mean];
    let rms = FeatureColumns::new(Feature::Rms { spectrum: false }, &mean);
    let tempo: FeatureColumns = "tempo".parse().unwrap();
    assert!(tempo.statistics.is_empty());
    let of = |columns: Vec<FeatureColumns>| FeatureSet::new(FeatureSetParams::new(columns));
    assert!(of(vec![rms.clone(), tempo.clone()]).is_ok());
    for (columns, name) in [
        (vec![], "features"),
        (vec![rms.clone(), rms.clone()], "features"),
        (
            vec![FeatureColumns {
                statistics: vec![],
                ..rms.clone()
            }],
            "feature",
        ),
        (
            vec![FeatureColumns {
                statistics: mean.to_vec(),
                ..tempo
            }],
            "feature",
        ),
        (
            vec![FeatureColumns {
                statistics: vec![Statistic::Quantile(f64::NAN)],
                ..rms.clone()
            }],
            "quantile",
        ),
        (vec![rms.clone().named("")], "name"),
        (vec![rms.clone().named("a,b")], "name"),
        (vec![rms.clone().named("x".repeat(65))], "name"),
    ] {
        assert_eq!(refused(of(columns)), name);
    }
    for params in [
        FeatureSetParams {
            sample_rate: 0,
            ..FeatureSetParams::fma()
        },
        FeatureSetParams {
            n_fft: 1,
            ..FeatureSetParams::fma()
        },
        FeatureSetParams {
            hop_length: 0,
            ..FeatureSetParams::fma()
        },
        // Filters of C8 reach beyond half of this rate.
        FeatureSetParams {
            sample_rate: 8000,
            ..FeatureSetParams::fma()
        },
    ] {
        assert!(matches!(
            FeatureSet::new(params),
            Err(Error::InvalidParameter(_))
        ));
    }
}

#[test]
fn signals_that_cannot_be_used_are_named() {
    for text in [
        "fma",
        "mfcc,chroma_cqt:mean,std",
        "yin",
        "harmonic",
        "tempo",
    ] {
        let set = set(text).unwrap();
        assert!(
            matches!(set.process(&[]), Err(Error::TooShort { .. })),
            "{text}"
        );
        for bad in [f32::NAN, f32::INFINITY] {
            let error = set.process(&[0.0, bad]);
            assert!(
                matches!(error, Err(Error::NotFinite { index: 1, .. })),
                "{text}"
            );
        }
        let mut scratch = set.make_scratch();
        let mut stream = set.stream(&mut scratch);
        assert!(stream.push(&[0.0, f32::NAN]).is_err());
        assert!(stream.finish().is_err());
        // One sample is enough, and a stream that failed takes another signal.
        stream.push(&[0.5]).unwrap();
        let values = stream.finish().unwrap().unwrap();
        assert_eq!(values, set.process(&[0.5]).unwrap(), "{text}");
        assert!(values.iter().all(|v| v.is_finite()));
    }
    let deltas = set("rms:delta_mean").unwrap();
    assert!(deltas.process(&[0.5]).is_err());
    let loud = set("fma").unwrap().process(&vec![f32::MAX; 4000]);
    assert!(matches!(loud, Err(Error::NotFinite { .. })));
    let long = set("mfcc").unwrap();
    let mut scratch = long.make_scratch();
    let mut stream = long.stream(&mut scratch);
    // Arrays of many rows per frame: that limit is small enough for a test.
    let heavy = set("tempogram(win_length=2560)").unwrap();
    let mut heavy_scratch = heavy.make_scratch();
    let mut heavy_stream = heavy.stream(&mut heavy_scratch);
    let block = vec![0.0; 1 << 20];
    for _ in 0..8 {
        heavy_stream.push(&block).unwrap();
        stream.push(&block).unwrap();
    }
    stream.push(&block).unwrap();
    let error = heavy_stream.push(&block);
    // 3 x 2560 numbers of the feature, 128 mel bands and an envelope per frame of 512 samples.
    let most = (1 << 27) / (3 * 2560 + 129) * 512;
    assert!(
        matches!(error, Err(Error::TooLong { limit, .. }) if limit == most),
        "{error:?}"
    );
}
