//! The feature vectors of two synthesised clips side by side:
//! `cargo run --release -p timbral-dsp --example feature_vector`.

use timbral_dsp::{FeatureParams, FeatureSet, Result};

const RATE: usize = 22_050;

/// Four seconds: two decaying notes per second over an optional click at each beat.
fn clip(hertz: f64, click: f32) -> Vec<f32> {
    let sample = |n: usize| {
        let since_beat = n % (RATE / 2);
        let t = since_beat as f64 / RATE as f64;
        let tone = (std::f64::consts::TAU * hertz * t).sin() * (-4.0 * t).exp();
        tone as f32 * 0.5 + if since_beat == 0 { click } else { 0.0 }
    };
    (0..4 * RATE).map(sample).collect()
}

#[allow(clippy::print_stdout)]
fn main() -> Result<()> {
    let set = FeatureSet::new(FeatureParams::librosa())?;
    // One working memory for all clips of a thread.
    let mut scratch = set.make_scratch();
    let low = set.process_with_scratch(&clip(110.0, 0.0), &mut scratch)?;
    let high = set.process_with_scratch(&clip(1760.0, 0.5), &mut scratch)?;

    println!(
        "{:<24} {:>14} {:>14}",
        "feature", "110 Hz", "1760 Hz, click"
    );
    for ((name, low), high) in set.names().iter().zip(low).zip(high) {
        println!("{name:<24} {low:>14.4} {high:>14.4}");
    }
    Ok(())
}
