//! Lower sample rates for lower octaves.
//!
//! librosa resamples by soxr at quality HQ. For powers of two soxr has half-band filters, which are flat in the
//! final passband, and one sharp Kaiser-windowed sinc. The numbers were fitted to the impulse responses of
//! soxr. A second of noise through one halving differs from soxr's by -133 dB.
//!
//! As in soxr, the output of a filter before the start of the signal does not reach the next stage, while the
//! output after the end of the signal does.

use std::f64::consts::PI;

use super::fast_halving::{FastHalving, HalvingScratch};
use crate::simd::dispatch;

/// The cutoff of the sharp filter in units of the Nyquist frequency of the lower rate.
const CUTOFF: f64 = 0.956_872;

/// Outputs computed together.
const BLOCK: usize = 64;

/// A planned change to the rate divided by `2^halvings`, scaled so that the energy stays.
#[derive(Debug, Clone)]
pub(super) struct Decimator {
    stages: Vec<Halving>,
}

impl Decimator {
    /// For at least 1 halving.
    pub(super) fn new(halvings: usize) -> Self {
        // Half-band filters have 8 taps on each side, or 9 where there are more than two of them. Beta and half
        // length in samples of the lower rate.
        let (side, beta, half) = if halvings < 4 {
            (15, 13.419_67, 8.669_14)
        } else {
            (17, 14.945_62, 9.709_93)
        };
        let half_band = Halving::new(side, 1.0, |n| kernel(n as f64 / 2.0, 1.0, beta, half));
        let mut stages = vec![half_band; halvings - 1];
        let sharp = Sharp::new(halvings);
        let gain = libm::ldexp(1.0, halvings as i32).sqrt();
        stages.push(Halving::new(sharp.side, gain, |n| sharp.value(n)));
        Self { stages }
    }

    /// Samples that remain of `n`.
    pub(super) fn output_len(&self, n: usize) -> usize {
        self.stages.iter().fold(n, |n, _| n.div_ceil(2))
    }

    /// Fills `out` with the samples at the lower rate; beyond its ends the signal is zero.
    pub(super) fn process(&self, x: &[f32], scratch: &mut DecimatorScratch, out: &mut Vec<f32>) {
        let DecimatorScratch { halving, between } = scratch;
        for (i, stage) in self.stages.iter().enumerate() {
            if i == 0 {
                stage.process(x, halving, out);
            } else {
                std::mem::swap(between, out);
                stage.process(between, halving, out);
            }
        }
        // soxr rounds the number of samples to the nearest one; librosa adds a zero if one is missing.
        let factor = 1 << self.stages.len();
        out.truncate((x.len() + factor / 2) / factor);
        out.resize(self.output_len(x.len()), 0.0);
    }
}

/// The last low-pass, sharp at the edge of the lower band.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sharp {
    /// Taps on each side of the middle one.
    pub(super) side: usize,
    beta: f64,
    /// Half of its length in samples of the lower rate.
    half: f64,
}

impl Sharp {
    /// The filter of some halvings. The more halvings there are, the higher the attenuation.
    pub(super) fn new(halvings: usize) -> Self {
        let bits = libm::log2(halvings as f64);
        let taps = ((2.0 * (192.49 + 9.92 * bits) + 3.0).ceil() / 4.0).floor() * 4.0 + 1.0;
        Self {
            side: (taps as usize - 1) / 2,
            beta: 13.04 + 0.6711 * bits + 0.0003 * bits * bits,
            half: taps / 4.0,
        }
    }

    /// The tap at distance `n`, up to a factor.
    pub(super) fn value(&self, n: usize) -> f64 {
        kernel(n as f64 / 2.0, CUTOFF, self.beta, self.half)
    }
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct DecimatorScratch {
    halving: HalvingScratch,
    between: Vec<f32>,
}

/// A symmetric low-pass that keeps every second sample.
#[derive(Debug, Clone)]
struct Halving {
    /// Pairs of samples before the output on which it depends.
    lead: usize,
    /// The weights of even and of odd samples, from `2 lead` samples before the output on.
    taps: [Vec<f32>; 2],
    /// The same filter by fast convolution, for long filters on short and on long signals.
    fast: Option<[FastHalving; 2]>,
}

/// Filters with fewer taps on each side are faster by definition.
const SHORT: usize = 48;

/// Signals from this length on fill enough long blocks.
const LONG_SIGNAL: usize = 18_000;

impl Halving {
    /// The filter whose tap at distance `n <= side` is `value(n)`, scaled to the gain.
    fn new(side: usize, gain: f64, value: impl Fn(usize) -> f64) -> Self {
        let centre = side.next_multiple_of(2);
        let tap = |n: usize| match n.abs_diff(centre) {
            distance if distance > side => 0.0,
            distance => value(distance),
        };
        let n = centre + side + 1;
        let sum: f64 = (0..n).map(tap).sum();
        let taps = |from: usize| {
            let taps = (from..n).step_by(2).map(|n| (gain / sum * tap(n)) as f32);
            taps.collect()
        };
        let side_taps: Vec<f64> = (0..=side).map(|n| gain / sum * value(n)).collect();
        let fast = |n: usize| (side >= SHORT).then(|| FastHalving::new(n, &side_taps))?;
        Self {
            lead: centre / 2,
            taps: [taps(0), taps(1)],
            fast: fast(1024).zip(fast(2048)).map(|(a, b)| [a, b]),
        }
    }

    /// Fills `out` with all samples up to the last one that depends on `x`.
    fn process(&self, x: &[f32], scratch: &mut HalvingScratch, out: &mut Vec<f32>) {
        let n = x.len().div_ceil(2) + self.lead;
        if let Some(fast) = &self.fast {
            return fast[usize::from(x.len() >= LONG_SIGNAL)].process(x, n, scratch, out);
        }
        let blocks = n.div_ceil(BLOCK);
        out.clear();
        out.resize(blocks * BLOCK, 0.0);
        let mut samples = vec![0.0; self.lead + blocks * BLOCK + self.lead + 1];
        let (pairs, last) = x.as_chunks::<2>();
        for (phase, taps) in self.taps.iter().enumerate() {
            let (inside, after) = samples[self.lead..].split_at_mut(pairs.len());
            dispatch(
                #[inline(always)]
                || {
                    for (to, from) in inside.iter_mut().zip(pairs) {
                        *to = from[phase];
                    }
                },
            );
            after[0] = last.first().copied().filter(|_| phase == 0).unwrap_or(0.0);
            for (b, out) in out.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
                let samples = &samples[b * BLOCK..];
                dispatch(
                    #[inline(always)]
                    || add_filtered(samples, taps, out),
                );
            }
        }
        out.truncate(n);
    }
}

/// `out[i] += sum_j taps[j] samples[i + j]`.
#[inline(always)]
fn add_filtered(samples: &[f32], taps: &[f32], out: &mut [f32; BLOCK]) {
    let mut sums = [0.0f32; BLOCK];
    for (j, tap) in taps.iter().enumerate() {
        // As many samples as taps and a block follow, so the chunk always exists.
        if let Some(window) = samples[j..].first_chunk::<BLOCK>() {
            for i in 0..BLOCK {
                sums[i] += tap * window[i];
            }
        }
    }
    for i in 0..BLOCK {
        out[i] += sums[i];
    }
}

/// The Kaiser-windowed sinc at `t` samples of the lower rate, up to a factor.
fn kernel(t: f64, cutoff: f64, beta: f64, half: f64) -> f64 {
    let x = PI * cutoff * t;
    let sinc = if t == 0.0 { 1.0 } else { libm::sin(x) / x };
    let u = t / half;
    sinc * bessel_i0(beta * (1.0 - u * u).max(0.0).sqrt())
}

/// The modified Bessel function of order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..60 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_tone_keeps_its_shape_and_a_high_one_vanishes() {
        for halvings in [1, 2, 3, 5] {
            let factor = 1usize << halvings;
            let decimator = Decimator::new(halvings);
            let run = |u: f64| {
                let tone = |n: usize| (u * PI * n as f64 / factor as f64).cos() as f32;
                let y: Vec<f32> = (0..4096 * factor).map(tone).collect();
                let mut out = Vec::new();
                decimator.process(&y, &mut DecimatorScratch::default(), &mut out);
                out
            };
            let low = run(0.5);
            assert_eq!(low.len(), 4096);
            let gain = (factor as f64).sqrt();
            for (k, y) in low.iter().enumerate().skip(200).take(3600) {
                let expected = gain * (0.5 * PI * k as f64).cos();
                // Hundreds of f32 products, and half-band filters that are flat within 2e-6.
                let off = (f64::from(*y) - expected).abs();
                assert!(off < 4e-6 * gain, "{factor} {k} {off}");
            }
            // Below the stop band's -100 dB, in the middle of the signal.
            let high = run(1.01);
            let loudest = high[300..3700].iter().fold(0.0f32, |a, y| a.max(y.abs()));
            assert!(f64::from(loudest) < 2e-5 * gain, "{factor}");
        }
    }

    #[test]
    fn every_length_is_rounded_up() {
        let (mut scratch, mut out) = (DecimatorScratch::default(), vec![1.0; 1000]);
        for n in [0, 1, 2, 3, 127, 128, 129] {
            Decimator::new(1).process(&vec![1.0; n], &mut scratch, &mut out);
            assert_eq!(out.len(), n.div_ceil(2));
            assert_eq!(Decimator::new(3).output_len(n), n.div_ceil(8));
        }
    }
}
