//! Scaling, shifting, memory order.

use ndarray::{Array2, ArrayView2, ShapeBuilder, s};
use num_complex::Complex;
use timbral_dsp::{
    Chroma, ChromaParams, ContrastParams, DbParams, FeatureParams, FeatureSet, Framing, Hpss,
    HpssParams, MelBank, MelParams, Mfcc, MfccParams, PadMode, PiptrackParams, Stft, StftParams,
    amplitude_to_db, estimate_tuning, fft_frequencies, piptrack, power_to_db, rms,
    spectral_bandwidth, spectral_centroid, spectral_contrast, spectral_flatness, spectral_rolloff,
    zero_crossing_rate,
};

use crate::signals::{flat, signal};

#[test]
fn a_gain_changes_only_features_of_loudness() {
    // Powers of two change no bit of a mantissa, so the results must be equal, not only close.
    let set = FeatureSet::new(FeatureParams::librosa()).expect("valid parameters");
    let y = signal("mix:30000");
    let reference = set.process(&y).expect("a valid signal");
    let framing = Framing::default();
    let energy = rms(&y, &framing).expect("a valid signal");
    let keeps = [
        "chroma_stft",
        "spectral_centroid",
        "spectral_bandwidth",
        "rolloff",
        "zero_crossing_rate",
    ];
    for exponent in [-9, -3, 1, 8] {
        let gain = 2f32.powi(exponent);
        let scaled: Vec<f32> = y.iter().map(|v| v * gain).collect();
        let got = set.process(&scaled).expect("a valid signal");
        for (i, name) in set.names().iter().enumerate() {
            let expected = match name.as_str() {
                _ if keeps.iter().any(|stem| name.starts_with(stem)) => reference[i],
                "rms_mean" => reference[i] * f64::from(gain),
                "rms_var" => reference[i] * f64::from(gain).powi(2),
                _ => continue,
            };
            assert_eq!(got[i], expected, "{name} at 2^{exponent}");
        }
        let louder: Vec<f32> = energy.iter().map(|r| r * gain).collect();
        assert_eq!(rms(&scaled, &framing), Ok(louder), "2^{exponent}");
    }
}

#[test]
fn a_shift_by_a_hop_shifts_the_frames() {
    let y = signal("mix:6000");
    for (hop_length, n_fft) in [(64, 256), (100, 333), (512, 512)] {
        for center in [true, false] {
            let params = StftParams {
                n_fft,
                hop_length,
                center,
                pad_mode: PadMode::Reflect,
                ..StftParams::default()
            };
            let plan = Stft::new(params).expect("valid parameters");
            let (whole, later) = (plan.process(&y), plan.process(&y[hop_length..]));
            let (whole, later) = (
                whole.expect("a valid signal"),
                later.expect("a valid signal"),
            );
            // Frames that reach into the mirrored ends differ.
            let edge = if center {
                (n_fft / 2).div_ceil(hop_length)
            } else {
                0
            };
            let end = later.ncols() - edge;
            assert!(end > edge + 3, "{params:?}");
            let (a, b) = (
                whole.slice(s![.., edge + 1..end + 1]),
                later.slice(s![.., edge..end]),
            );
            assert_eq!(a, b, "{params:?}");
        }
    }
}

/// The same cells in C order, in Fortran order, and as every second cell of a larger array.
fn orders(a: &Array2<f32>) -> [Array2<f32>; 3] {
    let (rows, columns) = a.dim();
    let mut fortran = Array2::zeros((rows, columns).f());
    fortran.assign(a);
    let sparse = Array2::from_shape_fn((2 * rows, 2 * columns), |(i, j)| {
        if i % 2 == 0 && j % 2 == 0 {
            a[[i / 2, j / 2]]
        } else {
            f32::NAN
        }
    });
    [a.clone(), fortran, sparse]
}

fn assert_same_in_any_order<T: PartialEq + std::fmt::Debug>(
    a: &Array2<f32>,
    what: &str,
    f: impl Fn(ArrayView2<'_, f32>) -> T,
) {
    let [c, fortran, sparse] = orders(a);
    let expected = f(c.view());
    assert_eq!(f(fortran.view()), expected, "{what}, Fortran order");
    assert_eq!(f(sparse.slice(s![..;2, ..;2])), expected, "{what}, strided");
    let mut flipped = a.slice(s![..;-1, ..]).to_owned();
    flipped.invert_axis(ndarray::Axis(0));
    assert_eq!(f(flipped.view()), expected, "{what}, negative stride");
}

#[test]
fn memory_order_does_not_matter() {
    let power = flat(257, 37, 5);
    let frequencies = fft_frequencies(22050, 512);
    let mel = MelBank::new(MelParams {
        n_fft: 512,
        n_mels: 40,
        ..MelParams::default()
    })
    .unwrap();
    assert_same_in_any_order(&power, "mel", |a| mel.process(a));
    let chroma = Chroma::new(ChromaParams {
        n_fft: 512,
        ..ChromaParams::default()
    })
    .unwrap();
    assert_same_in_any_order(&power, "chroma", |a| chroma.process(a));
    let mfcc = Mfcc::new(MfccParams {
        n_mels: 257,
        ..MfccParams::default()
    })
    .unwrap();
    assert_same_in_any_order(&power, "mfcc", |a| mfcc.process(a));
    let hpss = Hpss::new(HpssParams::default()).unwrap();
    assert_same_in_any_order(&power, "hpss", |a| hpss.masks(a));
    let db = DbParams::default();
    assert_same_in_any_order(&power, "power_to_db", |a| power_to_db(a, &db));
    assert_same_in_any_order(&power, "amplitude_to_db", |a| amplitude_to_db(a, &db));
    let peaks = PiptrackParams::default();
    assert_same_in_any_order(&power, "piptrack", |a| piptrack(a, &peaks));
    assert_same_in_any_order(&power, "tuning", |a| estimate_tuning(a, &peaks, 0.01, 12));
    assert_same_in_any_order(&power, "centroid", |a| spectral_centroid(a, &frequencies));
    assert_same_in_any_order(&power, "bandwidth", |a| {
        spectral_bandwidth(a, &frequencies, 2.0)
    });
    assert_same_in_any_order(&power, "bandwidth 3", |a| {
        spectral_bandwidth(a, &frequencies, 3.0)
    });
    assert_same_in_any_order(&power, "rolloff", |a| {
        spectral_rolloff(a, &frequencies, 0.85)
    });
    assert_same_in_any_order(&power, "flatness", |a| spectral_flatness(a, 1e-10, 2.0));
    let contrast = ContrastParams::default();
    assert_same_in_any_order(&power, "contrast", |a| {
        spectral_contrast(a, &frequencies, &contrast)
    });
    let stft = Stft::new(StftParams {
        n_fft: 512,
        hop_length: 128,
        ..StftParams::default()
    })
    .unwrap();
    assert_same_in_any_order(&power, "inverse", |a| {
        // The map keeps the order of its argument, or gives C order to a strided one.
        stft.inverse(a.map(|v| Complex::new(*v, 1.0 - v)).view(), None)
    });
}

#[test]
fn the_memory_order_of_the_output_does_not_matter() {
    let plan = Stft::new(StftParams {
        n_fft: 100,
        hop_length: 30,
        ..StftParams::default()
    })
    .unwrap();
    let y = signal("mix:1000");
    let expected = plan.process(&y).unwrap();
    let mut fortran = Array2::zeros(expected.dim().f());
    plan.process_with_scratch(&y, fortran.view_mut(), &mut plan.make_scratch())
        .unwrap();
    assert_eq!(fortran, expected);
    let (rows, columns) = expected.dim();
    let mut large = Array2::zeros((2 * rows, 3 * columns));
    let part = large.slice_mut(s![1..;2, 2..;3]);
    plan.process_with_scratch(&y, part, &mut plan.make_scratch())
        .unwrap();
    assert_eq!(large.slice(s![1..;2, 2..;3]), expected);
}

#[test]
fn crossings_do_not_depend_on_polarity() {
    let y = signal("noise:5000:9");
    let flipped: Vec<f32> = y.iter().map(|v| -v).collect();
    let framing = Framing::default();
    assert_eq!(
        zero_crossing_rate(&y, &framing),
        zero_crossing_rate(&flipped, &framing)
    );
}
