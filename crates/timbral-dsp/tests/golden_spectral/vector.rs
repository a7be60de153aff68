//! The feature vector with both presets.

use serde::Deserialize;
use timbral_dsp::{FeatureParams, FeatureSet};

use crate::cases;
use crate::signals::signal;

#[derive(Deserialize)]
struct FeatureCase {
    signal: String,
    gtzan: bool,
    values: Vec<f64>,
}

/// One of the two must hold: librosa averages in f32, so that a variance far below the squared mean, or
/// a mean of values that cancel, has no relative precision there.
const RELATIVE: f64 = 1e-4;
const OF_SPREAD: f64 = 1e-5;

/// The fraction of values that must have a tenth of the allowed error.
const MOST: f64 = 0.99;

/// The standard deviation of each number among pieces of music, roughly.
fn spread(name: &str) -> f64 {
    const PAIRS: [(&str, f64, f64); 8] = [
        ("chroma_stft", 0.08, 0.008),
        ("rms", 0.07, 0.004),
        ("spectral_centroid", 700.0, 4e5),
        ("spectral_bandwidth", 500.0, 1e5),
        ("rolloff", 1600.0, 1.4e6),
        ("zero_crossing_rate", 0.04, 0.003),
        ("harmony", 0.002, 0.01),
        ("perceptr", 0.001, 0.006),
    ];
    const MFCC_MEANS: [f64; 20] = [
        100.0, 31.0, 22.0, 17.0, 12.0, 12.0, 10.0, 10.0, 8.0, 8.0, 7.0, 7.0, 6.0, 5.0, 5.0, 5.0,
        4.5, 4.0, 4.0, 4.0,
    ];
    const MFCC_VARS: [f64; 20] = [
        2800.0, 440.0, 290.0, 120.0, 100.0, 70.0, 60.0, 40.0, 40.0, 40.0, 40.0, 33.0, 33.0, 33.0,
        33.0, 33.0, 33.0, 33.0, 33.0, 33.0,
    ];
    let Some((stem, is_mean)) = name
        .strip_suffix("_mean")
        .map(|stem| (stem, true))
        .or_else(|| name.strip_suffix("_var").map(|stem| (stem, false)))
    else {
        assert_eq!(name, "tempo");
        return 0.0;
    };
    if let Some(i) = stem.strip_prefix("mfcc") {
        let i: usize = i.parse().expect("a number");
        return if is_mean {
            MFCC_MEANS[i - 1]
        } else {
            MFCC_VARS[i - 1]
        };
    }
    let (_, mean, var) = PAIRS
        .iter()
        .find(|(pair, ..)| *pair == stem)
        .expect("a known name");
    if is_mean { *mean } else { *var }
}

/// The power spectra of an impulse are flat to the last bit. Which bins are peaks, and therefore the
/// tuning of the chroma, depends on rounding.
fn depends_on_rounding(signal: &str, name: &str) -> bool {
    signal.starts_with("impulse") && name.starts_with("chroma")
}

#[test]
fn vectors_equal_librosas() {
    let mut misses = Vec::new();
    let (mut n, mut n_near) = (0u32, 0u32);
    for case in cases::<FeatureCase>("feature") {
        let params = if case.gtzan {
            FeatureParams::gtzan()
        } else {
            FeatureParams::librosa()
        };
        let set = FeatureSet::new(params).expect("valid parameters");
        let got = set.process(&signal(&case.signal)).expect("a valid signal");
        assert_eq!(
            (set.names().len(), got.len(), case.values.len()),
            (57, 57, 57)
        );
        for ((name, got), expected) in set.names().iter().zip(got).zip(case.values) {
            if depends_on_rounding(&case.signal, name) {
                continue;
            }
            let allowed = (RELATIVE * expected.abs()).max(OF_SPREAD * spread(name));
            let off = (got - expected).abs();
            n += 1;
            n_near += u32::from(off <= allowed / 10.0);
            if off.is_nan() || off > allowed {
                misses.push(format!(
                    "{} gtzan {} {name}: {got}, librosa {expected}",
                    case.signal, case.gtzan
                ));
            }
        }
    }
    assert!(
        misses.is_empty(),
        "{} of {n} are off:\n{}",
        misses.len(),
        misses.join("\n")
    );
    assert!(
        f64::from(n_near) >= MOST * f64::from(n),
        "{n_near} of {n} have a tenth of the allowed error"
    );
}
