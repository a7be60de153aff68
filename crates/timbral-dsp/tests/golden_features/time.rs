use ndarray::Array2;
use serde::Deserialize;
use timbral_dsp::{
    Aggregate, DbParams, EmphasisParams, MelBank, MelParams, OnsetDetectParams, OnsetParams,
    PeakPickParams, PlpParams, Reference, SilenceParams, Stft, StftParams, Tempogram,
    TempogramParams, TempogramRatioParams, deemphasis, onset_backtrack, onset_detect,
    onset_strength, onset_strength_multi, peak_pick, plp, power_to_db, preemphasis, split,
    tempogram_ratio, trim,
};

use crate::digest::{Digest, Tolerance};
use crate::signals::{flat, lcg, signal};
use crate::{Params, boolean, float, integer};

fn cases<T: serde::de::DeserializeOwned>(section: &str) -> Vec<T> {
    crate::cases(include_str!("../golden/time.json"), section)
}

/// Random numbers, or the onset envelope of a signal.
pub(crate) fn envelope(source: &str) -> Vec<f32> {
    if let Some(arguments) = source.strip_prefix("flat:") {
        let (n, seed) = arguments.split_once(':').expect("length and seed");
        return lcg(n.parse().expect("a length"), seed.parse().expect("a seed"));
    }
    let stft = Stft::new(StftParams::default()).expect("the default");
    let bank = MelBank::new(MelParams::default()).expect("the default");
    let mel = bank.process_signal(&stft, &signal(source)).expect(source);
    let db = power_to_db(mel.view(), &DbParams::default()).expect(source);
    onset_strength(db.view(), &OnsetParams::default()).expect(source)
}

#[derive(Deserialize)]
struct DetectCase {
    source: String,
    params: Params,
    frames: Vec<usize>,
}

#[test]
fn onsets_equal_librosas() {
    for case in cases::<DetectCase>("detect") {
        let mut params = OnsetDetectParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "sample_rate" => params.sample_rate = integer(value) as u32,
                "hop_length" => params.hop_length = integer(value),
                "backtrack" => params.backtrack = boolean(value),
                "normalize" => params.normalize = boolean(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let got = onset_detect(&envelope(&case.source), &params);
        assert_eq!(got, Ok(case.frames), "{} {params:?}", case.source);
    }
}

#[derive(Deserialize)]
struct PeaksCase {
    n: usize,
    seed: u32,
    params: Params,
    frames: Vec<usize>,
}

#[test]
fn peaks_equal_librosas() {
    for case in cases::<PeaksCase>("peaks") {
        let p = |name: &str| integer(&case.params[name]);
        let params = PeakPickParams {
            pre_max: p("pre_max"),
            post_max: p("post_max"),
            pre_avg: p("pre_avg"),
            post_avg: p("post_avg"),
            delta: float(&case.params["delta"]),
            wait: p("wait"),
            ..PeakPickParams::default()
        };
        let got = peak_pick(&lcg(case.n, case.seed), &params);
        assert_eq!(got, Ok(case.frames), "{params:?}");
    }
}

#[derive(Deserialize)]
struct BacktrackCase {
    n: usize,
    seed: u32,
    events: Vec<usize>,
    frames: Vec<usize>,
}

#[test]
fn minima_before_events_equal_librosas() {
    for case in cases::<BacktrackCase>("backtrack") {
        let got = onset_backtrack(&case.events, &lcg(case.n, case.seed));
        assert_eq!(got, Ok(case.frames), "{:?}", case.events);
    }
}

#[derive(Deserialize)]
struct MultiCase {
    channels: Vec<usize>,
    aggregate: String,
    params: Params,
    envelopes: Digest,
}

#[test]
fn envelopes_of_groups_equal_librosas() {
    // Sums of up to 40 f32 differences of decibels; detrending adds up their roundings.
    const DECIBELS: Tolerance = Tolerance {
        relative: 2e-6,
        of_largest: 3e-7,
        absolute: 0.0,
    };
    for case in cases::<MultiCase>("multi") {
        let mut params = OnsetParams::default();
        if case.aggregate == "Median" {
            params.aggregate = Aggregate::Median;
        }
        for (name, value) in &case.params {
            match name.as_str() {
                "max_size" => params.max_size = integer(value),
                "lag" => params.lag = integer(value),
                "center" => params.center = boolean(value),
                "detrend" => params.detrend = boolean(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{:?} {params:?}", case.channels);
        let s_db = flat(40, 60, 3) * -80.0;
        let got = onset_strength_multi(s_db.view(), &case.channels, &params).expect(&what);
        case.envelopes.assert_f32(got.view(), DECIBELS, &what);
    }
}

#[derive(Deserialize)]
struct PlpCase {
    source: String,
    params: Params,
    pulse: Digest,
}

#[test]
fn pulses_equal_librosas() {
    // A sum of some hundred f32 waves, and the rounding of the envelope that is made of a signal.
    const PULSE: Tolerance = Tolerance {
        relative: 0.0,
        of_largest: 2e-5,
        absolute: 0.0,
    };
    for case in cases::<PlpCase>("plp") {
        let mut params = PlpParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "sample_rate" => params.sample_rate = integer(value) as u32,
                "hop_length" => params.hop_length = integer(value),
                "win_length" => params.win_length = integer(value),
                "tempo_min" => params.tempo_min = value.as_f64(),
                "tempo_max" => params.tempo_max = value.as_f64(),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} {params:?}", case.source);
        let got = plp(&envelope(&case.source), &params).expect(&what);
        case.pulse.assert_series(&got, PULSE, &what);
    }
}

#[derive(Deserialize)]
struct RatioCase {
    source: String,
    params: Params,
    ratio: Digest,
}

#[test]
fn tempogram_ratios_equal_librosas() {
    // Interpolation of f64; the tempogram of an envelope that is made of a signal has the rounding of that.
    const RATIO: Tolerance = Tolerance {
        relative: 0.0,
        of_largest: 1e-5,
        absolute: 0.0,
    };
    for case in cases::<RatioCase>("ratio") {
        let (mut params, mut tempogram) =
            (TempogramRatioParams::default(), TempogramParams::default());
        let list = |value: &serde_json::Value| {
            value
                .as_array()
                .expect("a list")
                .iter()
                .map(float)
                .collect::<Vec<_>>()
        };
        for (name, value) in &case.params {
            match name.as_str() {
                "win_length" => tempogram.win_length = integer(value),
                "start_bpm" => params.start_bpm = float(value),
                "std_bpm" => params.std_bpm = float(value),
                "max_tempo" => params.max_tempo = value.as_f64(),
                "bpm" => params.bpm = Some(list(value)),
                "factors" => params.factors = list(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} {params:?}", case.source);
        let plan = Tempogram::new(tempogram).expect(&what);
        let tempogram: Array2<f64> = plan.process(&envelope(&case.source)).expect(&what);
        let got = tempogram_ratio(tempogram.view(), &params).expect(&what);
        case.ratio.assert(got.view(), RATIO, &what);
    }
}

#[derive(Deserialize)]
struct SilenceCase {
    source: String,
    params: Params,
    trim: (usize, usize),
    split: Vec<(usize, usize)>,
}

#[test]
fn loud_parts_equal_librosas() {
    for case in cases::<SilenceCase>("silence") {
        let mut params = SilenceParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "top_db" => params.top_db = float(value) as f32,
                "reference" => params.reference = Reference::Value(float(value) as f32),
                "frame_length" => params.frame_length = integer(value),
                "hop_length" => params.hop_length = integer(value),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} {params:?}", case.source);
        let y = signal(&case.source);
        assert_eq!(trim(&y, &params), Ok(case.trim.0..case.trim.1), "{what}");
        let parts: Vec<_> = case.split.iter().map(|(a, b)| *a..*b).collect();
        assert_eq!(split(&y, &params), Ok(parts), "{what}");
    }
}

#[derive(Deserialize)]
struct EmphasisCase {
    source: String,
    params: Params,
    pre: Digest,
    de: Digest,
}

#[test]
fn emphasis_equals_librosas() {
    // The same f32 operations in the same order; the digests have means.
    const SAMPLES: Tolerance = Tolerance {
        relative: 1e-7,
        of_largest: 1e-7,
        absolute: 0.0,
    };
    for case in cases::<EmphasisCase>("emphasis") {
        let mut params = EmphasisParams::default();
        for (name, value) in &case.params {
            match name.as_str() {
                "coef" => params.coef = float(value) as f32,
                "zi" => params.zi = Some(float(value) as f32),
                _ => panic!("unknown parameter {name}"),
            }
        }
        let what = format!("{} {params:?}", case.source);
        let y = signal(&case.source);
        let pre = preemphasis(&y, &params).expect(&what);
        case.pre.assert_series(&pre, SAMPLES, &what);
        let de = deemphasis(&y, &params).expect(&what);
        case.de.assert_series(&de, SAMPLES, &what);
    }
}
