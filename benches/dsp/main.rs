//! The time of each function of `timbral::dsp` on a clip of 30 s, compared with other crates.
//!
//! ```sh
//! cargo bench --bench dsp              # everything
//! cargo bench --bench dsp -- stft      # one group
//! cargo bench --bench dsp -- --test    # only the checks
//! ```
//!
//! Each group compares `timbral` with
//!
//! - `bare_ffts`: only the f32 transforms of realfft over the same frames, a lower bound (the forward
//!   transforms of timbral are in f64, as librosa's are);
//! - `rosa` 0.1, a port of librosa in f64;
//! - `mel_spec` 0.5, log-mel spectrograms in f32;
//! - `naive`: the definition.
//!
//! Results are checked before they are timed, against the other crate or a property; `same` has the
//! tolerance. Everything runs in one thread.

#![allow(clippy::unwrap_used, missing_docs)]

mod bare;
mod hpss;
mod rhythm;
mod signal;
mod timbre;
mod transform;
mod vector;

use std::sync::LazyLock;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};

/// The clip of 30 s, and in f64 for rosa.
static CLIP: LazyLock<Vec<f32>> = LazyLock::new(|| signal::music(signal::LONG));
static WIDE: LazyLock<Vec<f64>> = LazyLock::new(|| CLIP.iter().map(|x| f64::from(*x)).collect());

/// The functions take milliseconds to seconds: few samples, not in batches.
fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(20);
    group.sampling_mode(criterion::SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(1));
    group
}

/// Panics if numbers differ by more than `tolerance` times the largest magnitude.
fn same<A, B>(what: &str, ours: &[A], theirs: &[B], tolerance: f64)
where
    A: Copy + Into<f64>,
    B: Copy + Into<f64>,
{
    assert_eq!(ours.len(), theirs.len(), "{what}: lengths");
    let (mut error, mut largest) = (0.0f64, 0.0f64);
    for (a, b) in ours.iter().zip(theirs) {
        let (a, b): (f64, f64) = ((*a).into(), (*b).into());
        assert!(a.is_finite() && b.is_finite(), "{what}: {a} and {b}");
        error = error.max((a - b).abs());
        largest = largest.max(b.abs());
    }
    assert!(
        error <= tolerance * largest,
        "{what}: off by {error} of {largest}"
    );
}

criterion_group!(
    benches,
    transform::stft,
    transform::istft,
    timbre::log_mel,
    timbre::mfcc,
    timbre::chroma,
    timbre::shapes,
    timbre::temporal,
    hpss::masks,
    hpss::waveforms,
    rhythm::envelope,
    rhythm::tempo,
    rhythm::beats,
    vector::vector,
);
criterion_main!(benches);
