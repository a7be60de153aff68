//! Features with one value per spectrum, and contrast.

use serde::Deserialize;
use timbral_dsp::{
    ContrastParams, Stft, StftParams, fft_frequencies, spectral_bandwidth, spectral_centroid,
    spectral_contrast, spectral_flatness, spectral_rolloff,
};

use crate::cases;
use crate::digest::{Digest, Tolerance};
use crate::signals::{flat, signal};

#[derive(Deserialize)]
struct ShapesCase {
    source: String,
    centroid: Digest,
    bandwidth: Digest,
    bandwidth_3: Digest,
    rolloff: Digest,
    rolloff_50: Digest,
    flatness: Digest,
    flatness_1: Digest,
    contrast: Digest,
    contrast_linear: Digest,
    contrast_other: Digest,
}

/// librosa first divides each bin by the f32 sum of its spectrum and rounds. The pairwise sum of 1025
/// numbers is accurate to a few units in the last place.
const NORMALISED: Tolerance = Tolerance {
    relative: 4e-7,
    of_largest: 0.0,
    absolute: 0.0,
};
/// The same for cubes, which give large weights to a few faint, distant bins.
const CUBED: Tolerance = Tolerance {
    relative: 2e-6,
    ..NORMALISED
};
/// The frequency of a bin: exact except for the digits of the file.
const BIN: Tolerance = Tolerance {
    relative: 1e-12,
    of_largest: 0.0,
    absolute: 0.0,
};
/// librosa averages 1025 f32 logarithms of size up to 23 in f32; the exponential turns the absolute
/// error of the mean into a relative one.
const FLATNESS: Tolerance = Tolerance {
    relative: 6e-6,
    of_largest: 0.0,
    absolute: 0.0,
};
/// Means of a few f32, as decibels of up to 100: f32 logarithms here, f64 there.
const CONTRAST: Tolerance = Tolerance {
    relative: 4e-7,
    of_largest: 4e-7,
    absolute: 1e-5,
};
/// Differences of means of a few f32, relative to the largest magnitude.
const CONTRAST_LINEAR: f64 = 2.4e-7;

#[test]
fn shapes_equal_librosas() {
    let frequencies = fft_frequencies(22050, 2048);
    for case in cases::<ShapesCase>("shapes") {
        let magnitude = if case.source == "flat:1025:20:71" {
            flat(1025, 20, 71).mapv(f32::sqrt)
        } else {
            let plan = Stft::new(StftParams::default()).expect("valid parameters");
            plan.magnitude(&signal(&case.source))
                .expect("a valid signal")
        };
        let (s, what) = (magnitude.view(), &case.source);
        let check = |digest: &Digest, name: &str, tolerance, got: timbral_dsp::Result<Vec<f64>>| {
            let what = format!("{name} of {what}");
            digest.assert_series(&got.expect(&what), tolerance, &what);
        };
        check(
            &case.centroid,
            "centroid",
            NORMALISED,
            spectral_centroid(s, &frequencies),
        );
        let bandwidth = |p| spectral_bandwidth(s, &frequencies, p);
        check(&case.bandwidth, "bandwidth", NORMALISED, bandwidth(2.0));
        check(&case.bandwidth_3, "bandwidth 3", CUBED, bandwidth(3.0));
        let rolloff = |roll_percent| spectral_rolloff(s, &frequencies, roll_percent);
        check(&case.rolloff, "rolloff", BIN, rolloff(0.85));
        check(&case.rolloff_50, "rolloff 50", BIN, rolloff(0.5));
        check(
            &case.flatness,
            "flatness",
            FLATNESS,
            spectral_flatness(s, 1e-10, 2.0),
        );
        check(
            &case.flatness_1,
            "flatness 1",
            FLATNESS,
            spectral_flatness(s, 1e-6, 1.0),
        );
        let check = |digest: &Digest, tolerance, params: ContrastParams| {
            let what = format!("{params:?} of {what}");
            let got = spectral_contrast(s, &frequencies, &params).expect(&what);
            digest.assert(got.view(), tolerance, &what);
        };
        let default = ContrastParams::default();
        let largest = magnitude.iter().copied().fold(0.0, f32::max);
        let absolute = CONTRAST_LINEAR * f64::from(largest);
        let linear = Tolerance {
            relative: 0.0,
            of_largest: 0.0,
            absolute,
        };
        check(&case.contrast, CONTRAST, default);
        check(
            &case.contrast_linear,
            linear,
            ContrastParams {
                linear: true,
                ..default
            },
        );
        let other = ContrastParams {
            fmin: 100.0,
            n_bands: 4,
            quantile: 0.2,
            linear: false,
            ..ContrastParams::default()
        };
        check(&case.contrast_other, CONTRAST, other);
    }
}
