use serde::Deserialize;
use timbral_dsp::{
    DbParams, PcenParams, Weighting, fft_frequencies, frequency_weighting, pcen,
    perceptual_weighting, poly_features,
};

use crate::digest::{Digest, Tolerance};
use crate::signals::flat;
use crate::{Params, float, integer};

fn cases<T: serde::de::DeserializeOwned>(section: &str) -> Vec<T> {
    crate::cases(include_str!("../golden/spectra.json"), section)
}

const HERTZ: [f64; 8] = [0.0, 1.0, 20.0, 100.0, 440.0, 1000.0, 3000.0, 11025.0];

fn weighting(kind: &str) -> Weighting {
    match kind {
        "A" => Weighting::A,
        "B" => Weighting::B,
        "C" => Weighting::C,
        "D" => Weighting::D,
        _ => Weighting::Z,
    }
}

#[derive(Deserialize)]
struct WeightingCase {
    kind: String,
    min_db: f64,
    decibels: Vec<f64>,
}

#[test]
fn weights_equal_librosas() {
    for case in cases::<WeightingCase>("weighting") {
        let got = frequency_weighting(&HERTZ, weighting(&case.kind), Some(case.min_db));
        for (got, expected) in got.expect("a number").iter().zip(&case.decibels) {
            // Logarithms of up to 200 dB cancel; the file has nine digits.
            let off = (got - expected).abs();
            assert!(
                off <= 6e-9 * expected.abs() + 1e-12,
                "{}: {got}, librosa {expected}",
                case.kind
            );
        }
    }
}

#[derive(Deserialize)]
struct PerceptualCase {
    kind: String,
    decibels: Digest,
}

#[test]
fn perceptual_weighting_equals_librosas() {
    // One rounding to f32 of decibels, and that of the sum.
    const DECIBELS: Tolerance = Tolerance {
        relative: 5e-7,
        of_largest: 5e-7,
        absolute: 0.0,
    };
    let power = flat(8, 10, 3) * 100.0;
    for case in cases::<PerceptualCase>("perceptual") {
        let kind = weighting(&case.kind);
        let got = perceptual_weighting(power.view(), &HERTZ, kind, &DbParams::default());
        let got = got.expect("matching shapes");
        case.decibels.assert_f32(got.view(), DECIBELS, &case.kind);
    }
}

#[derive(Deserialize)]
struct PcenCase {
    scale: f32,
    params: Params,
    pcen: Digest,
}

#[test]
fn normalised_energies_equal_librosas() {
    // f64 on both sides, here rounded to f32.
    const PCEN: Tolerance = Tolerance {
        relative: 6e-8,
        of_largest: 0.0,
        absolute: 0.0,
    };
    for case in cases::<PcenCase>("pcen") {
        let mut params = PcenParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "sample_rate" => params.sample_rate = integer(value) as u32,
                "hop_length" => params.hop_length = integer(value),
                "gain" => params.gain = float(value),
                "bias" => params.bias = float(value),
                "power" => params.power = float(value),
                "time_constant" => params.time_constant = float(value),
                "eps" => params.eps = float(value),
                "b" => params.b = value.as_f64(),
                "max_size" => params.max_size = integer(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} {params:?}", case.scale);
        let got = pcen((flat(20, 50, 7) * case.scale).view(), &params).expect(&what);
        case.pcen.assert_f32(got.view(), PCEN, &what);
    }
}

#[derive(Deserialize)]
struct PolyCase {
    order: usize,
    poly: Vec<Digest>,
}

#[test]
fn polynomials_equal_librosas() {
    // Least squares with columns of powers: the condition number is below 1e4 for order 4.
    const POLY: Tolerance = Tolerance {
        relative: 0.0,
        of_largest: 1e-9,
        absolute: 0.0,
    };
    let spectrogram = flat(513, 30, 9);
    let frequencies = fft_frequencies(22_050, 1024);
    for case in cases::<PolyCase>("poly") {
        let got = poly_features(spectrogram.view(), &frequencies, case.order);
        let got = got.expect("distinct frequencies");
        for (row, expected) in got.outer_iter().zip(&case.poly) {
            let what = format!("order {}", case.order);
            expected.assert_series(&row.to_vec(), POLY, &what);
        }
    }
}
