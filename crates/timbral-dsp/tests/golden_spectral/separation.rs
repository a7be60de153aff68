//! Harmonic-percussive masks and parts.

use ndarray::Zip;
use num_complex::Complex;
use serde::Deserialize;
use timbral_dsp::{Hpss, HpssParams};

use crate::cases;
use crate::digest::{ComplexDigest, Digest, Tolerance};
use crate::signals::flat;

#[derive(Deserialize)]
struct HpssCase {
    rows: usize,
    columns: usize,
    win_harm: usize,
    win_perc: usize,
    power: Option<f32>,
    margin_harm: f32,
    margin_perc: f32,
    sparse: bool,
    masks: (Digest, Digest),
    parts: (ComplexDigest, ComplexDigest),
}

#[test]
fn masks_and_parts_equal_librosas() {
    // Medians are exact; the quotient, its powers and the sum of two powers round a few times in f32.
    const MASK: Tolerance = Tolerance {
        relative: 6e-7,
        of_largest: 0.0,
        absolute: 1e-30,
    };
    // librosa multiplies the magnitude by the mask and by the phase, a quotient by the magnitude.
    const PART: Tolerance = Tolerance {
        relative: 1.2e-6,
        of_largest: 1e-30,
        absolute: 0.0,
    };
    for case in cases::<HpssCase>("hpss") {
        let (rows, columns) = (case.rows, case.columns);
        let params = HpssParams {
            win_harm: case.win_harm,
            win_perc: case.win_perc,
            power: case.power.unwrap_or(f32::INFINITY),
            margin_harm: case.margin_harm,
            margin_perc: case.margin_perc,
            ..HpssParams::default()
        };
        let mut s = flat(rows, columns, 61);
        if case.sparse {
            Zip::from(&mut s)
                .and(&flat(rows, columns, 62))
                .for_each(|s, u| {
                    *s = if *u < 0.7 { 0.0 } else { *s };
                });
        }
        let what = format!("{rows} x {columns}, sparse {}, {params:?}", case.sparse);
        let plan = Hpss::new(params).expect(&what);
        let (harmonic, percussive) = plan.masks(s.view());
        case.masks
            .0
            .assert_f32(harmonic.view(), MASK, &format!("harmonic mask, {what}"));
        case.masks
            .1
            .assert_f32(percussive.view(), MASK, &format!("percussive mask, {what}"));
        let (re, im) = (flat(rows, columns, 63), flat(rows, columns, 64));
        let z = Zip::from(&s)
            .and(&re)
            .and(&im)
            .map_collect(|s, re, im| Complex::new(s * (2.0 * re - 1.0), s * (2.0 * im - 1.0)));
        let (harmonic, percussive) = plan.process(z.view());
        case.parts
            .0
            .assert(harmonic.view(), PART, &format!("harmonic, {what}"));
        case.parts
            .1
            .assert(percussive.view(), PART, &format!("percussive, {what}"));
    }
}
