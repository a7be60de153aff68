//! Windows, frame counts, RMS, zero crossings.

use serde::Deserialize;
use timbral_dsp::{Framing, PadMode, Window, rms, zero_crossing_rate};

use crate::cases;
use crate::digest::{Digest, Tolerance};
use crate::signals::signal;

pub(crate) fn window(name: &str) -> Window {
    match name {
        "Hann" => Window::Hann,
        "Hamming" => Window::Hamming,
        "Blackman" => Window::Blackman,
        "Bartlett" => Window::Bartlett,
        "Boxcar" => Window::Boxcar,
        _ => panic!("unknown window {name}"),
    }
}

pub(crate) fn pad_mode(name: &str) -> PadMode {
    match name {
        "Zero" => PadMode::Zero,
        "Reflect" => PadMode::Reflect,
        "Edge" => PadMode::Edge,
        _ => panic!("unknown mode {name}"),
    }
}

#[derive(Deserialize)]
struct WindowCase {
    window: String,
    n: usize,
    periodic: bool,
    step: usize,
    values: Vec<f64>,
}

#[test]
fn windows_equal_scipys() {
    /// An f64 cosine of an argument below 4 pi that is rounded once or twice.
    const ROUNDING: f64 = 1e-15;
    for case in cases::<WindowCase>("window") {
        let window = window(&case.window);
        let got = if case.periodic {
            window.periodic(case.n)
        } else {
            window.symmetric(case.n)
        };
        assert_eq!(got.len(), case.n, "{window:?}");
        let sampled: Vec<f64> = got.into_iter().step_by(case.step).collect();
        assert_eq!(sampled.len(), case.values.len(), "{window:?} {}", case.n);
        for (i, (got, expected)) in sampled.iter().zip(&case.values).enumerate() {
            assert!(
                (got - expected).abs() <= ROUNDING,
                "{window:?} n {} periodic {} [{}]: {got}, scipy {expected}",
                case.n,
                case.periodic,
                i * case.step
            );
        }
    }
}

#[derive(Deserialize)]
struct FramesCase {
    n: usize,
    frame_length: usize,
    hop_length: usize,
    center: bool,
    n_frames: usize,
}

#[test]
fn frame_counts_equal_librosas() {
    for FramesCase {
        n,
        frame_length,
        hop_length,
        center,
        n_frames,
    } in cases("frames")
    {
        let framing = Framing {
            frame_length,
            hop_length,
            center,
            pad_mode: PadMode::Zero,
            ..Framing::default()
        };
        assert_eq!(framing.n_frames(n), Ok(n_frames), "{framing:?} of {n}");
    }
}

#[derive(Deserialize)]
struct TemporalCase {
    signal: String,
    frame_length: usize,
    hop_length: usize,
    center: bool,
    pad_mode: String,
    rms: Digest,
    zero_crossing_rate: Digest,
}

#[test]
fn energies_and_zero_crossings_equal_librosas() {
    /// librosa adds up to 2048 f32 squares in pairs: 11 roundings of a sum and one of the root.
    const ENERGY: Tolerance = Tolerance {
        relative: 4e-7,
        of_largest: 0.0,
        absolute: 0.0,
    };
    /// An integer divided by an integer: exact.
    const COUNT: Tolerance = Tolerance {
        relative: 0.0,
        of_largest: 0.0,
        absolute: 1e-12,
    };
    for case in cases::<TemporalCase>("temporal") {
        let y = signal(&case.signal);
        let framing = Framing {
            frame_length: case.frame_length,
            hop_length: case.hop_length,
            center: case.center,
            pad_mode: pad_mode(&case.pad_mode),
            ..Framing::default()
        };
        let what = format!("{} {framing:?}", case.signal);
        case.rms.assert_series(
            &rms(&y, &framing).expect(&what),
            ENERGY,
            &format!("rms {what}"),
        );
        let crossings = zero_crossing_rate(&y, &framing).expect(&what);
        case.zero_crossing_rate
            .assert_series(&crossings, COUNT, &format!("crossings {what}"));
    }
}
