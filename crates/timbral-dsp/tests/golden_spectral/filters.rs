//! Decibels, mels, cepstra.

use serde::Deserialize;
use timbral_dsp::{
    DbParams, MelBank, MelNorm, MelParams, MelScale, Mfcc, MfccParams, Reference, amplitude_to_db,
    db_to_power, power_to_db,
};

use crate::cases;
use crate::digest::{Digest, Tolerance};
use crate::signals::{flat, lcg};

#[derive(Deserialize)]
struct DbCase {
    kind: String,
    reference: Option<f32>,
    amin: f32,
    top_db: Option<f32>,
    db: Digest,
}

#[test]
fn decibels_equal_librosas() {
    // Both round a logarithm in f32 (three units in the last place, relative or of 1 dB), and a
    // difference of two of up to 100 dB.
    const DECIBELS: Tolerance = Tolerance {
        relative: 4e-7,
        of_largest: 1.2e-7,
        absolute: 4e-7,
    };
    // Positive numbers over 12 decades, some of them zero.
    let (mantissas, exponents) = (flat(40, 50, 31), flat(40, 50, 32));
    let levels = ndarray::Zip::from(&mantissas)
        .and(&exponents)
        .map_collect(|m, e| m * 2f32.powi((e * 41.0).floor() as i32 - 30));
    for case in cases::<DbCase>("db") {
        let params = DbParams {
            reference: case.reference.map_or(Reference::Max, Reference::Value),
            amin: case.amin,
            top_db: case.top_db,
            ..DbParams::default()
        };
        let got = match case.kind.as_str() {
            "power" => power_to_db(levels.view(), &params),
            "amplitude" => amplitude_to_db(levels.view(), &params),
            other => panic!("unknown kind {other}"),
        };
        let what = format!("{} {params:?}", case.kind);
        case.db
            .assert_f32(got.expect(&what).view(), DECIBELS, &what);
    }
}

#[derive(Deserialize)]
struct DbToPowerCase {
    reference: f32,
    power: Vec<f64>,
}

#[test]
fn powers_of_decibels_equal_librosas() {
    // 10^x of an f32 x of up to 9 that is rounded twice: 9 ln 10 times 1.2e-7, plus that of the power.
    const ROUNDING: f64 = 3e-6;
    for case in cases::<DbToPowerCase>("db_to_power") {
        for (i, expected) in case.power.iter().enumerate() {
            let db = -90.0 + 5.0 * i as f32;
            let got = f64::from(db_to_power(db, case.reference));
            let off = (got / expected - 1.0).abs();
            assert!(
                off < ROUNDING,
                "{db} dB over {}: {got}, librosa {expected}",
                case.reference
            );
        }
    }
}

#[derive(Deserialize)]
struct MelScaleCase {
    htk: bool,
    hertz: Vec<f64>,
    mels: Vec<f64>,
    back: Vec<f64>,
}

#[test]
fn mel_scales_equal_librosas() {
    // A few f64 roundings; a logarithm or exponential in between magnifies them tenfold.
    const ROUNDING: f64 = 4e-15;
    let close = |got: f64, expected: f64, what: &str| {
        assert!(
            (got - expected).abs() <= ROUNDING * expected.abs(),
            "{what}: {got}, librosa {expected}"
        );
    };
    for case in cases::<MelScaleCase>("mel_scale") {
        let (scale, top) = if case.htk {
            (MelScale::Htk, 4000.0)
        } else {
            (MelScale::Slaney, 60.0)
        };
        for (hertz, expected) in case.hertz.iter().zip(&case.mels) {
            close(
                scale.from_hz(*hertz),
                *expected,
                &format!("{scale:?}, {hertz} Hz"),
            );
        }
        for (i, expected) in case.back.iter().enumerate() {
            let mels = top * i as f64 / 12.0;
            close(
                scale.to_hz(mels),
                *expected,
                &format!("{scale:?}, {mels} mel"),
            );
        }
    }
}

#[derive(Deserialize)]
struct MelCase {
    sample_rate: u32,
    n_fft: usize,
    n_mels: usize,
    fmin: f64,
    fmax: Option<f64>,
    htk: bool,
    height: bool,
    weights: Digest,
    peaks: Vec<usize>,
    heights: Vec<f64>,
    mel: Digest,
}

#[test]
fn mel_banks_equal_librosas() {
    // f64 triangles rounded to f32 twice; near a corner, edges in f64 cancel to 1e-12 of a height.
    const WEIGHTS: Tolerance = Tolerance {
        relative: 1.2e-7,
        of_largest: 1e-11,
        absolute: 0.0,
    };
    // Sums of f32 products of one sign: up to 1025 roundings, mostly of random signs.
    const BANDS: Tolerance = Tolerance {
        relative: 1e-6,
        of_largest: 0.0,
        absolute: 0.0,
    };
    for case in cases::<MelCase>("mel") {
        let params = MelParams {
            sample_rate: case.sample_rate,
            n_fft: case.n_fft,
            n_mels: case.n_mels,
            fmin: case.fmin,
            fmax: case.fmax,
            scale: if case.htk {
                MelScale::Htk
            } else {
                MelScale::Slaney
            },
            norm: if case.height {
                MelNorm::Height
            } else {
                MelNorm::Slaney
            },
            ..MelParams::default()
        };
        let what = format!("{params:?}");
        let bank = MelBank::new(params).expect(&what);
        let weights = bank.weights();
        case.weights.assert_f32(weights.view(), WEIGHTS, &what);
        let sampled = weights.outer_iter().step_by((case.n_mels / 16).max(1));
        for ((row, peak), height) in sampled.zip(&case.peaks).zip(&case.heights) {
            let off = (f64::from(row[*peak]) - height).abs();
            assert!(
                off <= 1.3e-7 * height,
                "{what} bin {peak}: {}, librosa {height}",
                row[*peak]
            );
        }
        let mel = bank
            .process(flat(case.n_fft / 2 + 1, 20, 41).view())
            .expect(&what);
        case.mel
            .assert_f32(mel.view(), BANDS, &format!("bands of {what}"));
    }
}

#[derive(Deserialize)]
struct MfccCase {
    n_mels: usize,
    n_mfcc: usize,
    lifter: f64,
    mfcc: Digest,
}

#[test]
fn cepstra_equal_librosas() {
    // A sum of 128 f32 products of up to 80 that mostly cancel: relative to the largest, which is
    // coefficient 0, some units in the last place.
    const CEPSTRUM: Tolerance = Tolerance {
        relative: 2e-7,
        of_largest: 3e-7,
        absolute: 0.0,
    };
    for case in cases::<MfccCase>("mfcc") {
        let params = MfccParams {
            n_mels: case.n_mels,
            n_mfcc: case.n_mfcc,
            lifter: case.lifter,
            ..MfccParams::default()
        };
        let what = format!("{params:?}");
        let levels = lcg(case.n_mels * 37, 51)
            .iter()
            .map(|v| -80.0 * v)
            .collect();
        let levels = ndarray::Array2::from_shape_vec((case.n_mels, 37), levels).expect("the shape");
        let got = Mfcc::new(params)
            .and_then(|plan| plan.process(levels.view()))
            .expect(&what);
        case.mfcc.assert_f32(got.view(), CEPSTRUM, &what);
    }
}
