//! Onset envelopes, tempo and beats, from the envelope and from the samples.

use std::hint::black_box;

use criterion::Criterion;
use timbral::dsp::{
    Aggregate, BeatParams, BeatTracker, OnsetParams, Tempo, TempoParams, onset_strength,
};

use crate::signal::SAMPLE_RATE;
use crate::timbre::LogMel;
use crate::{CLIP, WIDE, group, same};

/// The envelope from which the tempo is estimated.
const MEAN: OnsetParams = onsets(Aggregate::Mean);
/// The envelope from which beats are tracked.
const MEDIAN: OnsetParams = onsets(Aggregate::Median);

const fn onsets(aggregate: Aggregate) -> OnsetParams {
    OnsetParams {
        lag: 1,
        max_size: 1,
        detrend: false,
        center: true,
        n_fft: 2048,
        hop_length: 512,
        aggregate,
        _non_exhaustive: (),
    }
}

fn rosa_envelope(aggregate: rosa::Aggregate, y: &[f64]) -> Vec<f64> {
    let params = rosa::OnsetStrengthParams::new(f64::from(SAMPLE_RATE));
    rosa::onset_strength(
        y,
        &rosa::OnsetStrengthParams {
            aggregate,
            ..params
        },
    )
}

pub(crate) fn envelope(c: &mut Criterion) {
    let db = LogMel::new().process(&CLIP);
    for (params, aggregate) in [
        (MEAN, rosa::Aggregate::Mean),
        (MEDIAN, rosa::Aggregate::Median),
    ] {
        let theirs = rosa_envelope(aggregate, &WIDE);
        same(
            "onset strength, rosa",
            &onset_strength(db.view(), &params).unwrap(),
            &theirs,
            1e-5,
        );
    }
    let mut group = group(c, "onset_strength");
    for (name, params) in [("mean/timbral", MEAN), ("median/timbral", MEDIAN)] {
        group.bench_function(name, |b| {
            b.iter(|| onset_strength(black_box(db.view()), &params).unwrap())
        });
    }
    group.finish();
}

pub(crate) fn tempo(c: &mut Criterion) {
    let y = &CLIP[..];
    let log_mel = LogMel::new();
    let tempo = Tempo::new(TempoParams::default()).unwrap();
    let envelope = |y: &[f32]| onset_strength(log_mel.process(y).view(), &MEAN).unwrap();
    let ready = envelope(y);
    let params = rosa::TempoParams::new(f64::from(SAMPLE_RATE));
    let rosa_ready = rosa_envelope(rosa::Aggregate::Mean, &WIDE);

    // Two beats per second. rosa rounds the window of 8 s up, librosa and timbral round it down; the lag
    // is the same for a beat as clear as this.
    let bpm = tempo.process(&ready).unwrap();
    assert!((bpm - 120.0).abs() < 4.0, "tempo: {bpm}");
    same(
        "tempo, rosa",
        &[bpm],
        &[rosa::tempo(&rosa_ready, &params)],
        1e-12,
    );

    let mut group = group(c, "tempo");
    group.bench_function("from_envelope/timbral", |b| {
        b.iter(|| tempo.process(black_box(&ready)).unwrap())
    });
    group.bench_function("from_envelope/rosa", |b| {
        b.iter(|| rosa::tempo(black_box(&rosa_ready), &params))
    });
    group.bench_function("from_samples/timbral", |b| {
        b.iter(|| tempo.process(&envelope(black_box(y))).unwrap());
    });
    group.bench_function("from_samples/rosa", |b| {
        b.iter(|| {
            rosa::tempo(
                &rosa_envelope(rosa::Aggregate::Mean, black_box(&WIDE)),
                &params,
            )
        });
    });
    group.finish();
}

pub(crate) fn beats(c: &mut Criterion) {
    let y = &CLIP[..];
    let log_mel = LogMel::new();
    let tracker = BeatTracker::new(BeatParams::default()).unwrap();
    let envelope = |y: &[f32]| onset_strength(log_mel.process(y).view(), &MEDIAN).unwrap();
    let ready = envelope(y);
    let params = rosa::BeatTrackParams::new(f64::from(SAMPLE_RATE));
    let rosa_ready = rosa_envelope(rosa::Aggregate::Median, &WIDE);

    // 60 beats in 30 s, 21.53 frames apart.
    let beats = tracker.process(&ready).unwrap();
    let mut steps = beats.frames.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(
        beats.frames.len() >= 57 && steps.all(|n| n == 21 || n == 22),
        "{beats:?}"
    );
    // rosa does not trim a weak last beat; all other beats are equal.
    let (_, rosa_frames) = rosa::beat_track(&rosa_ready, &params);
    assert!(
        rosa_frames.starts_with(&beats.frames),
        "{:?}, rosa {rosa_frames:?}",
        beats.frames
    );

    let mut group = group(c, "beats");
    group.bench_function("from_envelope/timbral", |b| {
        b.iter(|| tracker.process(black_box(&ready)).unwrap())
    });
    group.bench_function("from_envelope/rosa", |b| {
        b.iter(|| rosa::beat_track(black_box(&rosa_ready), &params));
    });
    group.bench_function("from_samples/timbral", |b| {
        b.iter(|| tracker.process(&envelope(black_box(y))).unwrap());
    });
    group.bench_function("from_samples/rosa", |b| {
        b.iter(|| {
            rosa::beat_track(
                &rosa_envelope(rosa::Aggregate::Median, black_box(&WIDE)),
                &params,
            )
        });
    });
    group.finish();
}
