//! The form of a recording, and parameters at their limits.

use proptest::prelude::*;
use timbral_synth::{Error, SynthCorpus, SynthParams};

use crate::corpus;

fn check(samples: &[f32], n_samples: usize) {
    assert_eq!(samples.len(), n_samples);
    assert!(samples.iter().all(|v| v.is_finite()));
    let peak = samples.iter().fold(0.0f32, |peak, v| peak.max(v.abs()));
    // The peak is drawn from 0.5 to 0.98.
    assert!((0.49..=0.981).contains(&peak), "{peak}");
    let silent = samples.iter().filter(|v| **v == 0.0).count();
    assert!(silent < 2 + n_samples / 100, "{silent} zeros");
}

#[test]
fn recordings_are_well_formed() {
    let corpus = corpus(2, 4.0, 3);
    assert_eq!(corpus.len(), 20);
    for i in 0..20 {
        let recording = corpus.recording(i).unwrap();
        assert_eq!(recording.genre, SynthCorpus::genres()[i / 2]);
        assert_eq!(recording.name, format!("{}.{:05}", recording.genre, i % 2));
        check(&recording.samples, 88_200);
        // Every second has sound, not only the first beat.
        for second in recording.samples.chunks(22_050) {
            let power = second.iter().map(|v| v * v).sum::<f32>() / 22_050.0;
            assert!(power > 1e-6, "{}: power {power}", recording.name);
        }
    }
    assert_eq!(corpus.recording(20), None);
    assert_eq!(corpus.recording(usize::MAX), None);
}

#[test]
fn parameters_out_of_range_are_named() {
    let new = |recordings_per_genre, seconds| {
        SynthCorpus::new(SynthParams {
            recordings_per_genre,
            seconds,
            seed: u64::MAX,
            ..SynthParams::default()
        })
    };
    for (recordings, seconds, expected) in [
        (0, 1.0, "recordings_per_genre"),
        (100_001, 1.0, "recordings_per_genre"),
        (usize::MAX, 1.0, "recordings_per_genre"),
        (1, 0.0, "seconds"),
        (1, 0.099, "seconds"),
        (1, -1.0, "seconds"),
        (1, 600.1, "seconds"),
        (1, f64::INFINITY, "seconds"),
        (1, f64::NAN, "seconds"),
    ] {
        match new(recordings, seconds) {
            Err(Error::InvalidParameter(error)) => assert_eq!(error.name, expected),
            other => panic!("{recordings} {seconds}: {other:?}"),
        }
    }
    let last = new(100_000, 0.1).unwrap();
    let recording = last.recording(last.len() - 1).unwrap();
    assert_eq!(recording.name, "synth-wail.99999");
    check(&recording.samples, 2205);
    new(1, 600.0).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_seed_and_length_is_well_formed(seed: u64, index in 0..50usize, seconds in 0.1..2.0) {
        let recording = corpus(5, seconds, seed).recording(index).unwrap();
        check(&recording.samples, (seconds * 22_050.0) as usize);
    }
}
