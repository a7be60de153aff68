//! Transforms, pitch, onsets and effects equal librosa 1.0.0: the values in `golden/*.json` were made by
//! `golden/features.py`, those of `analysis` and `inverse` by `golden/analysis.py` and `golden/inverse.py`.
//!
//! - `analysis`: harmonics, reassigned spectra, states from classifiers, common parts
//! - `constant_q`: constant-Q transforms, their chroma, CENS and tonal centroids
//! - `inverse`: transforms and features back to signals, filters, components, paths
//! - `pitch`: YIN, pYIN, sequences of states
//! - `spectra`: weighting, PCEN, polynomials
//! - `structure`: similar frames, parts, warping, stretching, phases found
//! - `time`: onsets, pulse, tempo ratios, silence, emphasis

#[allow(dead_code, reason = "shared with other tests, which need more")]
#[path = "../common/digest.rs"]
mod digest;
#[allow(dead_code, reason = "shared with other tests, which need more")]
#[path = "../common/signals.rs"]
mod signals;

mod analysis;
mod constant_q;
mod inverse;
mod pitch;
mod spectra;
mod structure;
mod time;

/// The parameters that differ from the default.
type Params = std::collections::BTreeMap<String, serde_json::Value>;

/// The cases of one section of a file.
fn cases<T: serde::de::DeserializeOwned>(file: &str, section: &str) -> Vec<T> {
    let file: serde_json::Value = serde_json::from_str(file).expect("the file is JSON");
    let section: Vec<T> =
        serde_json::from_value(file[section].clone()).expect("the section matches its type");
    assert!(!section.is_empty());
    section
}

fn float(value: &serde_json::Value) -> f64 {
    value.as_f64().expect("a number")
}

fn integer(value: &serde_json::Value) -> usize {
    value.as_u64().expect("an integer") as usize
}

fn boolean(value: &serde_json::Value) -> bool {
    value.as_bool().expect("a boolean")
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().expect("a text")
}
