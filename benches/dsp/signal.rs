//! The clip that is timed: music-like, computed by a formula, the same on every machine.

use std::f64::consts::TAU;

/// Samples per second.
pub(crate) const SAMPLE_RATE: u32 = 22_050;
/// Samples of a GTZAN clip of 30 s.
pub(crate) const LONG: usize = 661_794;
/// Samples of a segment of 3 s.
pub(crate) const SHORT: usize = 66_149;

/// Four chords in turn, struck twice per second and decaying, with a burst of noise on each beat.
///
/// The tuning is 20 cents above A4 = 440 Hz, so that estimating it is not trivial.
pub(crate) fn music(n: usize) -> Vec<f32> {
    const ROOTS: [f64; 4] = [0.0, 9.0, 5.0, 7.0];
    const BEAT: usize = SAMPLE_RATE as usize / 2;
    let mut noise = 2026u64;
    let mut y = Vec::with_capacity(n);
    for (beat, start) in (0..n).step_by(BEAT).enumerate() {
        let root = 110.0 * 2f64.powf((ROOTS[beat / 4 % 4] + 0.2) / 12.0);
        for i in 0..BEAT.min(n - start) {
            let t = i as f64 / f64::from(SAMPLE_RATE);
            let mut chord = 0.0;
            for step in [0.0, 4.0, 7.0, 12.0] {
                let phase = TAU * root * 2f64.powf(step / 12.0) * t;
                chord += (1..=8)
                    .map(|h| (f64::from(h) * phase).sin() / f64::from(h))
                    .sum::<f64>();
            }
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let hiss = (noise >> 33) as f64 / f64::from(1u32 << 30) - 1.0;
            let drum = hiss * ((-60.0 * t).exp() + 0.01);
            y.push((0.08 * chord * (-3.0 * t).exp() + 0.4 * drum) as f32);
        }
    }
    y
}
