//! STFT and its inverse.

use ndarray::Zip;
use num_complex::Complex;
use serde::Deserialize;
use timbral_dsp::{Stft, StftParams};

use crate::cases;
use crate::digest::{ComplexDigest, Digest, Tolerance};
use crate::frames::{pad_mode, window};
use crate::signals::{flat, signal};

#[derive(Deserialize)]
struct Params {
    n_fft: usize,
    hop_length: usize,
    win_length: Option<usize>,
    window: String,
    center: bool,
    pad_mode: String,
}

impl Params {
    fn plan(&self) -> Stft {
        let params = StftParams {
            n_fft: self.n_fft,
            hop_length: self.hop_length,
            win_length: self.win_length,
            window: window(&self.window),
            center: self.center,
            pad_mode: pad_mode(&self.pad_mode),
            ..StftParams::default()
        };
        Stft::new(params).expect("valid parameters")
    }
}

#[derive(Deserialize)]
struct StftCase {
    signal: String,
    params: Params,
    spectrum: ComplexDigest,
    power: Digest,
}

#[test]
fn spectra_equal_librosas() {
    // Both transform in f64 and round once to f32: at most one unit in the last place (1.2e-7), plus
    // the rounding of the f64 transform.
    const SPECTRUM: Tolerance = Tolerance {
        relative: 1.2e-7,
        of_largest: 1e-14,
        absolute: 0.0,
    };
    // Twice that, plus the roundings of a magnitude and of a square.
    const POWER: Tolerance = Tolerance {
        relative: 6e-7,
        of_largest: 1e-27,
        absolute: 0.0,
    };
    for case in cases::<StftCase>("stft") {
        let plan = case.params.plan();
        let y = signal(&case.signal);
        let what = format!("{} {:?}", case.signal, plan.params());
        let spectrum = plan.process(&y).expect(&what);
        case.spectrum.assert(spectrum.view(), SPECTRUM, &what);
        let power = plan.power(&y).expect(&what);
        case.power
            .assert_f32(power.view(), POWER, &format!("power {what}"));
        let magnitude = plan.magnitude(&y).expect(&what);
        Zip::from(&spectrum)
            .and(&power)
            .and(&magnitude)
            .for_each(|s, p, m| {
                // A magnitude below 1e-19 has a square below f32's normal numbers.
                assert!(
                    (s.norm() - m).abs() <= 3e-7 * m + 1e-19,
                    "{what}: {s} has magnitude {m}"
                );
                assert_eq!(m * m, *p, "{what}");
            });
    }
}

#[derive(Deserialize)]
struct IstftCase {
    params: Params,
    columns: usize,
    length: Option<usize>,
    signal: Digest,
}

#[test]
fn resynthesis_equals_librosas() {
    // f32 transforms: a few units in the last place relative to the frame. The division by the sum of
    // squared windows magnifies them where it is small (near the ends, without centring).
    const SIGNAL: Tolerance = Tolerance {
        relative: 2e-7,
        of_largest: 5e-7,
        absolute: 0.0,
    };
    for case in cases::<IstftCase>("istft") {
        let plan = case.params.plan();
        let (re, im) = (
            flat(plan.n_bins(), case.columns, 21),
            flat(plan.n_bins(), case.columns, 22),
        );
        let spectrum = Zip::from(&re)
            .and(&im)
            .map_collect(|re, im| Complex::new(2.0 * re - 1.0, 2.0 * im - 1.0));
        let what = format!(
            "{} frames to {:?}, {:?}",
            case.columns,
            case.length,
            plan.params()
        );
        let got = plan.inverse(spectrum.view(), case.length).expect(&what);
        case.signal.assert_series(&got, SIGNAL, &what);
    }
}
