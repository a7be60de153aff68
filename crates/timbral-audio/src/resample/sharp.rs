//! A symmetric filter by fast convolution in blocks, which at the same time multiplies or divides the sample
//! rate by a power of two.
//!
//! Each block is transformed, multiplied by the frequency response and transformed back with the length
//! of the output rate (overlap-save). The response of a symmetric filter is real, so one complex transform
//! carries two blocks, as real and imaginary part. Sixteen transforms run side by side, one in every lane
//! of a [`LaneFftF32`], so that every instruction set computes the same bits.

use pulp::{Simd, WithSimd};
use timbral_core::{LaneFftF32, LaneFilterF32};

use super::kaiser::WIDTH;
use super::simd::{LANES, Lane, arch, from_lanes, into_lanes};

/// Blocks of one round: two in each of the transforms side by side.
const BLOCKS: usize = 2 * LANES;

/// Longest transform of [`LaneFftF32`].
const MAX_LENGTH: usize = 4096;

/// A planned filter with the signal so far.
#[derive(Debug, Clone)]
pub(super) struct Sharp {
    /// Both transforms in one, for most lengths.
    filter: Option<LaneFilterF32>,
    /// Transforms of the lengths of the input and the output.
    forward: LaneFftF32,
    inverse: LaneFftF32,
    inputs: Side,
    outputs: Side,
    /// The response at the bins of the longer transform, divided by the length of the first.
    gain: Vec<f32>,
    /// Zeros before the first input.
    zeros: usize,
    /// Outputs so far.
    done: u64,
    /// Input that the next round needs.
    input: Vec<f32>,
    scratch: Scratch,
}

/// A block at the input or at the output rate.
#[derive(Debug, Clone, Copy)]
struct Side {
    length: usize,
    /// Samples at each end that are not valid.
    margin: usize,
    /// Samples from one block to the next.
    hop: usize,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    /// Two blocks per lane.
    tile: [Vec<Lane>; 2],
    work: [Vec<f32>; 2],
    spectrum: [Vec<f32>; 2],
}

impl Sharp {
    /// Changes the rate by `to / from`, of which one is 1 and the other a power of two. The impulse response is
    /// shorter than `half` samples of the higher rate on each side; `response(f)` is for some f times the higher
    /// rate. The first `lead` outputs, a multiple of `to`, come before time 0.
    pub(super) fn new(
        (from, to): (usize, usize),
        half: f64,
        lead: usize,
        response: impl Fn([f64; WIDTH]) -> [f64; WIDTH],
    ) -> Option<Self> {
        // Whole at the other rate, and twice that, so that the shortest transform has 16 points.
        let factor = from.max(to);
        let margin = (half.ceil() as usize).next_multiple_of(2 * factor);
        let length = (8 * margin).next_power_of_two().min(MAX_LENGTH);
        let hop = length.checked_sub(2 * margin)?;
        let side = |factor: usize| Side {
            length: length / factor,
            margin: margin / factor,
            hop: hop / factor,
        };
        let (inputs, outputs) = (side(to), side(from));
        let scale = 1.0 / inputs.length as f64;
        let bins = (0..=length / 2).step_by(WIDTH).flat_map(|first| {
            let f = std::array::from_fn(|i| (first + i) as f64 / length as f64);
            response(f).map(|response| (scale * response) as f32)
        });
        let mut gain: Vec<f32> = bins.take(length / 2 + 1).collect();
        gain.extend_from_within(1..length / 2);
        gain[length / 2 + 1..].reverse();
        let mut sharp = Self {
            filter: LaneFilterF32::new(inputs.length, outputs.length),
            forward: LaneFftF32::new(inputs.length)?,
            inverse: LaneFftF32::new(outputs.length)?,
            inputs,
            outputs,
            gain,
            zeros: inputs.margin + lead * from / to,
            done: 0,
            input: Vec::new(),
            scratch: Scratch::default(),
        };
        sharp.reset();
        Some(sharp)
    }

    pub(super) fn reset(&mut self) {
        self.input.clear();
        self.input.resize(self.zeros, 0.0);
        self.done = 0;
    }

    /// The number of inputs that the first `n` outputs need.
    pub(super) fn inputs(&self, n: u64) -> u64 {
        n * self.inputs.length as u64 / self.outputs.length as u64 + 1 + self.inputs.margin as u64
    }

    /// Appends the outputs of the rounds that `x` completes.
    pub(super) fn push(&mut self, mut x: &[f32], out: &mut Vec<f32>) {
        let needed = (BLOCKS - 1) * self.inputs.hop + self.inputs.length;
        while !x.is_empty() {
            let n = x.len().min(needed - self.input.len());
            self.input.extend_from_slice(&x[..n]);
            x = &x[n..];
            if self.input.len() == needed {
                self.round(BLOCKS, out);
            }
        }
    }

    /// Appends the missing ones of the first `n` outputs, perhaps more, as if zeros followed.
    pub(super) fn finish(&mut self, n: u64, out: &mut Vec<f32>) {
        while self.done < n {
            let blocks = (n - self.done).div_ceil(self.outputs.hop as u64);
            let needed = (BLOCKS - 1) * self.inputs.hop + self.inputs.length;
            self.input.resize(needed, 0.0);
            self.round(blocks.min(BLOCKS as u64) as usize, out);
        }
    }

    /// Filters the first `blocks` blocks and drops what only they needed.
    fn round(&mut self, blocks: usize, out: &mut Vec<f32>) {
        let lanes = blocks.div_ceil(2);
        let Scratch {
            tile,
            work,
            spectrum,
        } = &mut self.scratch;
        let rows = self.inputs.length.max(self.outputs.length);
        for (tile, (work, spectrum)) in tile.iter_mut().zip(work.iter_mut().zip(spectrum)) {
            tile.resize(rows, [0.0; LANES]);
            let most = match &self.filter {
                Some(filter) => filter.work_len(),
                None => self.forward.work_len().max(self.inverse.work_len()),
            };
            work.resize(most * LANES, 0.0);
            if self.filter.is_none() {
                spectrum.resize(self.inputs.length * LANES, 0.0);
            }
        }
        let first = out.len();
        out.resize(first + blocks * self.outputs.hop, 0.0);
        arch().dispatch(Round {
            plan: self,
            lanes,
            out: &mut out[first..],
        });
        self.input.drain(..blocks * self.inputs.hop);
        self.done += (blocks * self.outputs.hop) as u64;
    }
}

struct Round<'a> {
    plan: &'a mut Sharp,
    lanes: usize,
    out: &'a mut [f32],
}

impl WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, lanes, out } = self;
        let Scratch {
            tile,
            work: [work_re, work_im],
            spectrum: [spectrum_re, spectrum_im],
        } = &mut plan.scratch;
        for (part, tile) in tile.iter_mut().enumerate() {
            // Block `2 l + part` goes into lane l.
            let Side { hop, length, .. } = plan.inputs;
            into_lanes(&plan.input[part * hop..], 2 * hop, &mut tile[..length]);
        }
        let [re, im] = tile;
        let (re, _) = S::as_mut_simd_f32s(re.as_flattened_mut());
        let (im, _) = S::as_mut_simd_f32s(im.as_flattened_mut());
        let (work_re, _) = S::as_mut_simd_f32s(work_re);
        let (work_im, _) = S::as_mut_simd_f32s(work_im);
        let (spectrum_re, _) = S::as_mut_simd_f32s(spectrum_re);
        let (spectrum_im, _) = S::as_mut_simd_f32s(spectrum_im);
        let stride = LANES / S::F32_LANES;
        let (n, m) = (plan.inputs.length, plan.outputs.length);
        for column in 0..lanes.div_ceil(S::F32_LANES) {
            if let Some(filter) = &plan.filter {
                // The outputs overwrite the inputs only after all of these have been read.
                let (re, im) = (Cells::new(re), Cells::new(im));
                filter.run(
                    simd,
                    &plan.gain,
                    #[inline(always)]
                    |i| (re.get(i * stride + column), im.get(i * stride + column)),
                    (&mut *work_re, &mut *work_im),
                    #[inline(always)]
                    |i, v| {
                        re.set(i * stride + column, v.0);
                        im.set(i * stride + column, v.1);
                    },
                );
                continue;
            }
            plan.forward.run(
                simd,
                #[inline(always)]
                |i| (re[i * stride + column], im[i * stride + column]),
                (&mut *work_re, &mut *work_im),
                #[inline(always)]
                |k, v| (spectrum_re[k], spectrum_im[k]) = v,
            );
            // Real and imaginary parts are exchanged before and after, which makes the forward transform
            // the inverse one.
            plan.inverse.run(
                simd,
                #[inline(always)]
                |k| {
                    let g = simd.splat_f32s(plan.gain[k]);
                    let at = k & (n - 1);
                    let (x, y) = (spectrum_re[at], spectrum_im[at]);
                    let (x, y) = (simd.mul_f32s(g, x), simd.mul_f32s(g, y));
                    if m >= n {
                        return (y, x);
                    }
                    // Halving the rate folds the upper half of the spectrum onto the lower.
                    let g = simd.splat_f32s(plan.gain[k + m]);
                    let (u, v) = (spectrum_re[k + m], spectrum_im[k + m]);
                    (
                        simd.add_f32s(y, simd.mul_f32s(g, v)),
                        simd.add_f32s(x, simd.mul_f32s(g, u)),
                    )
                },
                (&mut *work_re, &mut *work_im),
                #[inline(always)]
                |i, v| (im[i * stride + column], re[i * stride + column]) = v,
            );
        }
        for (part, tile) in plan.scratch.tile.iter().enumerate() {
            let Side { hop, margin, .. } = plan.outputs;
            let first = (part * hop).min(out.len());
            from_lanes(&tile[margin..][..hop], 2 * hop, &mut out[first..]);
        }
    }
}

/// A slice that one closure reads and another writes.
struct Cells<'a, V>(&'a [std::cell::Cell<V>]);

impl<'a, V: Copy> Cells<'a, V> {
    #[inline(always)]
    fn new(values: &'a mut [V]) -> Self {
        Self(std::cell::Cell::from_mut(values).as_slice_of_cells())
    }

    #[inline(always)]
    fn get(&self, i: usize) -> V {
        self.0[i].get()
    }

    #[inline(always)]
    fn set(&self, i: usize, v: V) {
        self.0[i].set(v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// A Gaussian low-pass: `exp(-(f / 0.05)^2)` answers with `0.05 sqrt(pi) exp(-(pi 0.05 t)^2)`.
    fn response(f: f64) -> f64 {
        (-(f / 0.05).powi(2)).exp()
    }

    fn noise(n: usize) -> Vec<f32> {
        (0..n as u64)
            .map(|i| ((i * i * 7919 + i * 104_729) % 2001) as f32 / 1000.0 - 1.0)
            .collect()
    }

    #[test]
    fn blocks_give_the_convolution_at_every_rate() {
        let x = noise(9000);
        for (from, to) in [(1, 2), (1, 8), (1, 1), (2, 1)] {
            let mut sharp = Sharp::new((from, to), 40.0, 8, |f| f.map(response)).unwrap();
            let n = 9000 * to / from;
            let mut out = Vec::new();
            sharp.push(&x, &mut out);
            sharp.finish(n as u64 + 8, &mut out);
            // Time in samples of the higher rate.
            let (step_in, step_out) = (to as f64, from as f64);
            for k in (0..n + 8).step_by(37) {
                let t = (k as f64 - 8.0) * step_out;
                let exact: f64 = x
                    .iter()
                    .enumerate()
                    .map(|(i, x)| {
                        let d = std::f64::consts::PI * 0.05 * (t - i as f64 * step_in);
                        f64::from(*x) * 0.05 * (TAU / 2.0).sqrt() * (-d * d).exp() * step_in
                    })
                    .sum();
                // The rounding of a transform in f32.
                assert!(
                    (f64::from(out[k]) - exact).abs() < 2e-6,
                    "{from} {to} {k}: {} {exact}",
                    out[k]
                );
            }
            let mut pieces = Vec::new();
            sharp.reset();
            for piece in x.chunks(777) {
                sharp.push(piece, &mut pieces);
            }
            sharp.finish(n as u64 + 8, &mut pieces);
            assert_eq!(out, pieces);
        }
    }
}
