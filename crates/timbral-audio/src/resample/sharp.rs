//! A symmetric filter by fast convolution in blocks, which at the same time changes the sample rate.
//!
//! Each block is transformed, multiplied by the frequency response and transformed back with the length
//! of the output rate (overlap-save). The response of a symmetric filter is real, so one complex transform
//! carries two blocks, as real and imaginary part. Sixteen transforms run side by side, one in every lane
//! of a row, so that every instruction set computes the same bits.

use std::cell::Cell;

use pulp::{Simd, WithSimd};
use timbral_core::MixedFftF32;

use super::head::Head;
use super::kaiser::WIDTH;
use super::simd::{LANES, Lane, arch, from_lanes, into_lanes};

/// Blocks of one round: two in each of the transforms side by side.
const BLOCKS: usize = 2 * LANES;

/// Longest transform of [`MixedFftF32`].
const MAX_LENGTH: usize = 4096;

/// A planned filter with the signal so far.
#[derive(Debug, Clone)]
pub(super) struct Sharp {
    /// From the input and to the output.
    transforms: [MixedFftF32; 2],
    /// Bins on each side of 0 that both transforms have. Only those are not 0, unless the output has a whole
    /// multiple of the samples.
    bins: usize,
    inputs: Side,
    outputs: Side,
    /// Inputs on each side of an output that it depends on.
    reach: usize,
    /// The response at the bins of the longer transform, divided by the length of the first.
    gain: Vec<f32>,
    head: Option<Head>,
    /// Outputs so far.
    done: u64,
    /// Input that the next round needs, between calls.
    input: Vec<f32>,
    scratch: Scratch,
}

/// A block at the input or at the output rate.
#[derive(Debug, Clone, Copy)]
struct Side {
    length: usize,
    /// Samples at the start that are not valid.
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
    /// Changes the rate by the reduced fraction `to / from`; `None` if no transforms fit. The impulse response is
    /// shorter than `half` samples of the higher rate on each side; `response(f)` is for some f times the higher
    /// rate. `head` is taken from the first outputs.
    pub(super) fn new(
        (from, to): (usize, usize),
        half: f64,
        head: Option<Head>,
        response: impl Fn([f64; WIDTH]) -> [f64; WIDTH],
    ) -> Option<Self> {
        let factor = from.max(to);
        // In units of `from` inputs and `to` outputs: blocks begin at whole ones.
        let half = half / factor as f64;
        let reach = (half * from as f64).ceil() as usize;
        let margin = half.ceil() as usize;
        let hop = |length: usize| (length as f64 - half).floor() as usize - margin;
        // Values per output; those of long transforms wait longer for memory.
        let cost = |length: &usize| {
            let values = (length * (from + to)) as f64;
            values * (1.0 + values / 16384.0) / hop(*length) as f64
        };
        // Few of the possible ones, whose cost differs little from the best.
        let step = (MAX_LENGTH / 32 / factor).max(1);
        let lengths = (step..=MAX_LENGTH / factor).step_by(step).filter(|length| {
            // For whole multiples an even number of bins, so that each is on one side.
            *length > 2 * margin + 1
                && (from > 1 || length.is_multiple_of(2))
                && [from, to].iter().all(|n| MixedFftF32::fits(length * n))
        });
        let length = lengths.min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
        let new = |side: usize| MixedFftF32::new(length * side);
        let transforms = [new(from)?, new(to)?];
        let side = |factor: usize| Side {
            length: length * factor,
            margin: margin * factor,
            hop: hop(length) * factor,
        };
        let (inputs, outputs) = (side(from), side(to));
        let all = length * factor;
        let scale = 1.0 / inputs.length as f64;
        let bins = (0..=all / 2).step_by(WIDTH).flat_map(|first| {
            let f = std::array::from_fn(|i| (first + i) as f64 / all as f64);
            response(f).map(|response| (scale * response) as f32)
        });
        let mut gain: Vec<f32> = bins.take(all / 2 + 1).collect();
        gain.extend_from_within(1..all - all / 2);
        gain[all / 2 + 1..].reverse();
        let mut sharp = Self {
            transforms,
            bins: length * from.min(to) / 2,
            inputs,
            outputs,
            reach,
            gain,
            head,
            done: 0,
            input: Vec::new(),
            scratch: Scratch::default(),
        };
        sharp.reset();
        Some(sharp)
    }

    pub(super) fn reset(&mut self) {
        self.input.clear();
        self.input.resize(self.inputs.margin, 0.0);
        self.done = 0;
    }

    /// The number of inputs that the first `n` outputs need.
    pub(super) fn inputs(&self, n: u64) -> u64 {
        n * self.inputs.length as u64 / self.outputs.length as u64 + 1 + self.inputs.margin as u64
    }

    /// Inputs of a round with all blocks.
    fn needed(&self) -> usize {
        (BLOCKS - 1) * self.inputs.hop + self.inputs.length
    }

    /// Appends the outputs of the rounds that `x` completes.
    pub(super) fn push(&mut self, x: &[f32], out: &mut Vec<f32>) {
        let (needed, hop) = (self.needed(), BLOCKS * self.inputs.hop);
        let mut input = std::mem::take(&mut self.input);
        let kept = input.len();
        // Where the next round begins, in the kept input and then x.
        let mut at = 0;
        while at < kept && kept + x.len() >= at + needed {
            input.extend_from_slice(&x[input.len() - kept..at + needed - kept]);
            self.round(&input[at..], BLOCKS, out);
            at += hop;
        }
        if at < kept {
            input.extend_from_slice(&x[input.len() - kept..]);
            input.drain(..at);
        } else {
            // These need no copy of their input.
            while x.len() >= at - kept + needed {
                self.round(&x[at - kept..][..needed], BLOCKS, out);
                at += hop;
            }
            input.clear();
            input.extend_from_slice(&x[at - kept..]);
        }
        self.input = input;
    }

    /// Appends the missing ones of the first `n` outputs, perhaps more, as if zeros followed.
    pub(super) fn finish(&mut self, n: u64, out: &mut Vec<f32>) {
        let mut input = std::mem::take(&mut self.input);
        while self.done < n {
            let blocks = (n - self.done).div_ceil(self.outputs.hop as u64);
            let blocks = blocks.min(BLOCKS as u64) as usize;
            input.resize(self.needed(), 0.0);
            self.round(&input, blocks, out);
            input.drain(..blocks * self.inputs.hop);
        }
        self.input = input;
    }

    /// Filters the first `blocks` blocks of `input`, which has those of a complete round.
    fn round(&mut self, input: &[f32], blocks: usize, out: &mut Vec<f32>) {
        let lanes = blocks.div_ceil(2);
        let Scratch {
            tile,
            work,
            spectrum,
        } = &mut self.scratch;
        let longer = self.inputs.length.max(self.outputs.length);
        let rows = longer.next_multiple_of(LANES);
        for (tile, (work, spectrum)) in tile.iter_mut().zip(work.iter_mut().zip(spectrum)) {
            tile.resize(rows, [0.0; LANES]);
            spectrum.resize(2 * self.bins * LANES, 0.0);
            let most = self.transforms.iter().map(MixedFftF32::work_len).max();
            let most = most.unwrap_or(0);
            work.resize(most * LANES, 0.0);
        }
        let first = out.len();
        out.resize(first + blocks * self.outputs.hop, 0.0);
        arch().dispatch(Round {
            plan: self,
            input,
            lanes,
            out: &mut out[first..],
        });
        self.silence(input, &mut out[first..]);
        if let Some(head) = self.head.as_ref().filter(|_| self.done == 0) {
            head.lose(&input[self.inputs.margin..], &mut out[first..]);
        }
        self.done += (blocks * self.outputs.hop) as u64;
    }

    /// Clears the outputs that depend on zeros alone: the transforms leave rounding there, of the loud rest of a block.
    fn silence(&self, input: &[f32], out: &mut [f32]) {
        let width = 2 * self.reach + 1;
        let (n, m) = (self.inputs.length, self.outputs.length);
        let mut at = 0;
        // A run of `width` zeros has one at a multiple of it.
        while at < input.len() {
            let before = input[..at].iter().rev().take(width);
            let before = before.take_while(|x| **x == 0.0).count();
            let after = input[at..].iter().take_while(|x| **x == 0.0).count();
            if after > 0 && before + after >= width {
                // The inputs in the middle of only zeros, counted from that of the first output.
                let first = (at + self.reach).saturating_sub(before + self.inputs.margin);
                let end = (at + after).saturating_sub(self.reach + self.inputs.margin);
                let end = (end * m).div_ceil(n).min(out.len());
                let first = (first * m).div_ceil(n).min(end);
                out[first..end].fill(0.0);
            }
            at += after.next_multiple_of(width).max(width);
        }
    }
}

fn cells<T>(values: &mut [T]) -> &[Cell<T>] {
    Cell::from_mut(values).as_slice_of_cells()
}

struct Round<'a> {
    plan: &'a mut Sharp,
    input: &'a [f32],
    lanes: usize,
    out: &'a mut [f32],
}

impl WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            plan,
            input,
            lanes,
            out,
        } = self;
        let Scratch {
            tile,
            work: [work_re, work_im],
            spectrum: [spectrum_re, spectrum_im],
        } = &mut plan.scratch;
        for (part, tile) in tile.iter_mut().enumerate() {
            // Block `2 l + part` goes into lane l.
            let Side { hop, length, .. } = plan.inputs;
            let rows = length.next_multiple_of(LANES);
            into_lanes(&input[part * hop..], 2 * hop, &mut tile[..rows]);
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
        let bins = plan.bins;
        let [re, im] = [re, im].map(cells);
        let [spectrum_re, spectrum_im] = [spectrum_re, spectrum_im].map(cells);
        for column in 0..lanes.div_ceil(S::F32_LANES) {
            // One call for both transforms, which is compiled once: the tile to the spectrum, and the spectrum to the
            // tile. For the inverse real and imaginary parts are exchanged before and after.
            for (transform, is_inverse) in plan.transforms.iter().zip([false, true]) {
                transform.run(
                    simd,
                    #[inline(always)]
                    |i| {
                        if !is_inverse {
                            let at = i * stride + column;
                            return (re[at].get(), im[at].get());
                        }
                        let at = if i < bins {
                            i
                        } else if m - i <= bins {
                            2 * bins + i - m
                        } else if m.is_multiple_of(n) {
                            i % n
                        } else {
                            return (simd.splat_f32s(0.0), simd.splat_f32s(0.0));
                        };
                        let g = simd.splat_f32s(plan.gain[i.min(m - i)]);
                        (
                            simd.mul_f32s(g, spectrum_im[at].get()),
                            simd.mul_f32s(g, spectrum_re[at].get()),
                        )
                    },
                    (&mut *work_re, &mut *work_im),
                    #[inline(always)]
                    |k, v| {
                        if is_inverse {
                            let at = k * stride + column;
                            im[at].set(v.0);
                            re[at].set(v.1);
                        } else if k < bins {
                            spectrum_re[k].set(v.0);
                            spectrum_im[k].set(v.1);
                        } else if n - k <= bins {
                            let at = 2 * bins + k - n;
                            spectrum_re[at].set(v.0);
                            spectrum_im[at].set(v.1);
                        }
                    },
                );
            }
        }
        for (part, tile) in plan.scratch.tile.iter().enumerate() {
            let Side { hop, margin, .. } = plan.outputs;
            let first = (part * hop).min(out.len());
            from_lanes(&tile[margin..][..hop], 2 * hop, &mut out[first..]);
        }
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
        for (from, to) in [
            (1, 2),
            (1, 8),
            (1, 1),
            (2, 1),
            (3, 2),
            (2, 3),
            (147, 160),
            (441, 160),
        ] {
            let mut sharp = Sharp::new((from, to), 40.0, None, |f| f.map(response)).unwrap();
            let n = 9000 * to / from;
            let mut out = Vec::new();
            sharp.push(&x, &mut out);
            sharp.finish(n as u64, &mut out);
            // Time in samples of the higher rate.
            let high = from.max(to) as f64;
            let (step_in, step_out) = (high / from as f64, high / to as f64);
            for k in (0..n).step_by(37) {
                let t = k as f64 * step_out;
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
            sharp.finish(n as u64, &mut pieces);
            assert_eq!(out, pieces);
        }
    }

    #[test]
    fn silence_beside_loud_samples_is_zero() {
        let response = |f: f64| (-(f * 20.0).powi(2)).exp();
        let mut x: Vec<f32> = (0..60_000)
            .map(|i| ((i * 37) % 101) as f32 - 50.0)
            .collect();
        x[20_000..40_000].fill(0.0);
        for (from, to) in [(2, 1), (1, 2), (147, 160)] {
            let mut sharp = Sharp::new((from, to), 40.0, None, |f| f.map(response)).unwrap();
            let (n, mut out) = (x.len() * to / from, Vec::new());
            sharp.push(&x, &mut out);
            sharp.finish(n as u64, &mut out);
            let output = |input: usize| input * to / from;
            assert!(
                out[output(20_050)..output(39_950)]
                    .iter()
                    .all(|y| *y == 0.0)
            );
            for near in [
                output(19_990)..output(20_010),
                output(39_990)..output(40_010),
            ] {
                assert!(out[near].iter().all(|y| *y != 0.0), "{from} {to}");
            }
        }
    }
}
