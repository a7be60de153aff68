//! Everything except rhythm equals librosa 1.0.0 and SciPy: the values in `golden/spectral.json` were
//! made by `golden/spectral.py`.
//!
//! - `frames`: windows, frame counts, RMS, zero crossings
//! - `transform`: STFT and its inverse
//! - `filters`: decibels, mels, cepstra
//! - `pitch`: peaks, tuning, chroma
//! - `shapes`: features with one value per spectrum, and contrast
//! - `separation`: harmonic-percussive masks and parts
//! - `vector`: the feature vector with both presets

#[path = "../common/digest.rs"]
mod digest;
#[path = "../common/signals.rs"]
mod signals;

mod filters;
mod frames;
mod pitch;
mod separation;
mod shapes;
mod transform;
mod vector;

/// The cases of one section of the file.
fn cases<T: serde::de::DeserializeOwned>(section: &str) -> Vec<T> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../golden/spectral.json")).expect("the file is JSON");
    let section: Vec<T> =
        serde_json::from_value(file[section].clone()).expect("the section matches its type");
    assert!(!section.is_empty());
    section
}
