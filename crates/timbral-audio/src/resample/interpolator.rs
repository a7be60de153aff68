//! Short interpolating filters, for signals without content near the Nyquist frequency.

use super::kaiser::KaiserSinc;
use super::polyphase::Polyphase;

/// Taps of every output.
pub(super) const TAPS: usize = 16;

/// Inputs before the time of an output that it needs, besides the nearest.
const BEFORE: usize = TAPS / 2 - 1;

/// A filter of at most 16 taps, at steps of the reduced fraction `step / phases` of a signal that is sampled at
/// `rate` times the lower rate.
pub(super) fn plan(kernel: &KaiserSinc, rate: f64, ratio: (u64, u64)) -> Polyphase {
    Polyphase::new(ratio, BEFORE, TAPS, |place| {
        let weights: Vec<f64> = (0..TAPS)
            .map(|j| kernel.at((j as f64 - BEFORE as f64 - place) / rate))
            .collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|w| w / sum).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// A cosine at 0.9 of the lower Nyquist frequency, with few phases and with more than a table has.
    #[test]
    fn a_tone_keeps_its_values() {
        for (rate, step, phases) in [(2.0, 3, 2), (2.177, 320, 147), (3.9, 3001, 2900)] {
            // The images begin at `2 rate - 1`.
            let cutoff = f64::min(rate, 1.447 * rate - 1.0);
            let kernel = KaiserSinc::new(cutoff, 14.0, TAPS as f64 / 2.0 / rate);
            let gain = kernel.response(0.125).at(0.9);
            let tone = |t: f64| (PI * 0.9 * t / rate).cos();
            let x: Vec<f32> = (0..4000).map(|i| tone(f64::from(i)) as f32).collect();
            let mut out = Vec::new();
            let mut plan = plan(&kernel, rate, (step, phases));
            plan.push(&x, &mut out);
            plan.finish(0, &mut out);
            assert!(out.len() > 1800);
            // Without those that need inputs before the first.
            for (k, y) in out.iter().enumerate().skip(TAPS) {
                let exact = gain * tone(k as f64 * step as f64 / phases as f64);
                // -120 dB of images, f32 rounding.
                assert!((f64::from(*y) - exact).abs() < 1e-6, "{rate} {k}");
            }
        }
    }
}
