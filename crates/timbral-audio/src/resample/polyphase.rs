//! Samples of a signal at equally spaced times: one dot product per output.
//!
//! The weights repeat after some outputs, so 16 repetitions are computed side by side, one in each lane:
//! every weight then serves 16 products, and no sum runs across lanes.

use pulp::{Simd, WithSimd};

use super::simd::{LANES, Lane, arch, from_lanes, into_lanes};

/// Ratios with more phases than this are computed from neighbouring rows of a table: a linear interpolation
/// in steps of 1/2048 sample has an error of -130 dB.
const MAX_PHASES: u64 = 2048;

/// Most values of a table that is interpolated, 16 MiB. Only filters of thousands of taps reach it, which
/// change little from phase to phase.
const MAX_VALUES: u64 = 1 << 22;

/// Least outputs of a lane: short blocks would read most inputs twice.
const MIN_BLOCK: u64 = 128;

/// Outputs at the times `k step / phases`, `k = 0, 1, ...`, in samples of the input.
#[derive(Debug, Clone)]
pub(super) struct Polyphase {
    /// The whole part of a step and the numerator of the rest.
    step: (u64, u64),
    phases: u64,
    /// Phases in the table, if they are not those of the outputs.
    interpolated: Option<u64>,
    /// The taps, phase after phase.
    weights: Vec<f32>,
    taps: usize,
    /// Inputs and outputs of one lane.
    block: (usize, usize),
    tiles: [Vec<Lane>; 2],
    /// Zeros before the first input.
    before: usize,
    /// Inputs from the first one that the next output needs.
    input: Vec<f32>,
    /// Inputs to drop before `input` begins there.
    ahead: usize,
    /// Numerator of the place of the next output between two inputs.
    phase: u64,
}

impl Polyphase {
    /// For a step of the reduced fraction `step / phases`. An output between the inputs i and `i + 1` is a
    /// weighted sum of the inputs `i - before + j`, `j < taps`; `weights(p)` are the weights at the place
    /// `i + p`, `0 <= p <= 1`.
    pub(super) fn new(
        (step, phases): (u64, u64),
        before: usize,
        taps: usize,
        weights: impl Fn(f64) -> Vec<f64>,
    ) -> Self {
        let interpolated =
            (phases > MAX_PHASES).then(|| (MAX_VALUES / taps as u64).clamp(1, MAX_PHASES));
        let n = interpolated.unwrap_or(phases);
        let rows = 0..n + u64::from(interpolated.is_some());
        let repeats = MIN_BLOCK.div_ceil(phases);
        let mut polyphase = Self {
            step: (step / phases, step % phases),
            phases,
            interpolated,
            weights: rows
                .flat_map(|i| weights(i as f64 / n as f64))
                .map(|w| w as f32)
                .collect(),
            taps,
            block: ((repeats * step) as usize, (repeats * phases) as usize),
            tiles: [Vec::new(), Vec::new()],
            before,
            input: Vec::new(),
            ahead: 0,
            phase: 0,
        };
        polyphase.reset();
        polyphase
    }

    /// The number of inputs that the first `n` outputs need.
    pub(super) fn inputs(&self, n: u64) -> u64 {
        let step = u128::from(self.step.0) * u128::from(self.phases) + u128::from(self.step.1);
        let last = u128::from(n.saturating_sub(1)) * step / u128::from(self.phases);
        // From the first needed input on, without the zeros that take the place of the inputs before the
        // signal.
        (last as u64 + self.taps as u64).saturating_sub(self.before as u64)
    }

    pub(super) fn reset(&mut self) {
        self.input.clear();
        self.input.resize(self.before, 0.0);
        self.ahead = 0;
        self.phase = 0;
    }

    /// Takes inputs and appends the outputs of all rounds that they complete.
    pub(super) fn push(&mut self, x: &[f32], out: &mut Vec<f32>) {
        let dropped = self.ahead.min(x.len());
        self.ahead -= dropped;
        self.input.extend_from_slice(&x[dropped..]);
        if self.interpolated.is_some() {
            self.one_by_one(out);
            return;
        }
        // Up to the last input of the last lane.
        let needed = LANES * self.block.0 - self.step.0 as usize + self.taps;
        let mut at = 0;
        while self.input.len() >= at + needed {
            let first = out.len();
            out.resize(first + LANES * self.block.1, 0.0);
            arch().dispatch(Round {
                plan: self,
                at,
                out: &mut out[first..],
            });
            at += LANES * self.block.0;
        }
        self.drop_inputs(at);
    }

    /// Appends the other outputs of the inputs so far and of `zeros` zeros after them.
    pub(super) fn finish(&mut self, zeros: usize, out: &mut Vec<f32>) {
        let dropped = self.ahead.min(zeros);
        self.ahead -= dropped;
        self.input.resize(self.input.len() + zeros - dropped, 0.0);
        self.one_by_one(out);
    }

    fn one_by_one(&mut self, out: &mut Vec<f32>) {
        let windows = (self.input.len() + 1).saturating_sub(self.taps);
        let at = arch().dispatch(OneByOne {
            plan: self,
            windows,
            out,
        });
        self.drop_inputs(at);
    }

    fn drop_inputs(&mut self, n: usize) {
        let used = n.min(self.input.len());
        self.ahead += n - used;
        self.input.drain(..used);
    }
}

/// 16 blocks, whose first one begins with input `at` and phase 0.
struct Round<'a> {
    plan: &'a mut Polyphase,
    at: usize,
    out: &'a mut [f32],
}

impl WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, at, out } = self;
        let (taps, (hop, outputs)) = (plan.taps, plan.block);
        let [x, y] = &mut plan.tiles;
        x.resize((hop + taps).next_multiple_of(LANES), [0.0; LANES]);
        y.resize(outputs, [0.0; LANES]);
        into_lanes(&plan.input[at..], hop, x);
        let (x, _) = S::as_simd_f32s(x.as_flattened());
        let stride = LANES / S::F32_LANES;
        let (mut first, mut phase) = (0, 0);
        for y in y.iter_mut() {
            let weights = &plan.weights[phase as usize * taps..][..taps];
            let rows = &x[first * stride..][..taps * stride];
            for (r, y) in S::as_mut_simd_f32s(y).0.iter_mut().enumerate() {
                let mut sum = simd.splat_f32s(0.0);
                for (w, x) in weights.iter().zip(rows.chunks_exact(stride)) {
                    sum = simd.add_f32s(sum, simd.mul_f32s(simd.splat_f32s(*w), x[r]));
                }
                *y = sum;
            }
            first += plan.step.0 as usize;
            phase += plan.step.1;
            if phase >= plan.phases {
                phase -= plan.phases;
                first += 1;
            }
        }
        from_lanes(y, outputs, out);
    }
}

/// The outputs whose inputs begin in the first `windows`; returns where those of the next begin.
struct OneByOne<'a> {
    plan: &'a mut Polyphase,
    windows: usize,
    out: &'a mut Vec<f32>,
}

impl WithSimd for OneByOne<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        let Self { plan, windows, out } = self;
        let taps = plan.taps;
        let scale = plan.interpolated.unwrap_or(0) as f64 / plan.phases as f64;
        let mut at = 0;
        while at < windows {
            let x = &plan.input[at..][..taps];
            out.push(if plan.interpolated.is_some() {
                let place = plan.phase as f64 * scale;
                let i = place as usize;
                let (a, b) = plan.weights[i * taps..][..2 * taps].split_at(taps);
                between(a, b, (place - i as f64) as f32, x)
            } else {
                // In the order of a lane's sum.
                let weights = &plan.weights[plan.phase as usize * taps..][..taps];
                weights.iter().zip(x).fold(0.0, |sum, (w, x)| sum + w * x)
            });
            at += plan.step.0 as usize;
            plan.phase += plan.step.1;
            if plan.phase >= plan.phases {
                plan.phase -= plan.phases;
                at += 1;
            }
        }
        at
    }
}

/// The sum of `(a + part (b - a)) x`, in the same order on every instruction set.
#[inline(always)]
fn between(a: &[f32], b: &[f32], part: f32, x: &[f32]) -> f32 {
    const WIDTH: usize = 8;
    let mut sums = [0.0f32; WIDTH];
    let (whole_a, rest_a) = a.as_chunks::<WIDTH>();
    let (whole_b, rest_b) = b.as_chunks::<WIDTH>();
    let (whole_x, rest_x) = x.as_chunks::<WIDTH>();
    for ((a, b), x) in whole_a.iter().zip(whole_b).zip(whole_x) {
        for i in 0..WIDTH {
            sums[i] += (a[i] + part * (b[i] - a[i])) * x[i];
        }
    }
    for (((sum, a), b), x) in sums.iter_mut().zip(rest_a).zip(rest_b).zip(rest_x) {
        *sum += (a + part * (b - a)) * x;
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights of the straight line between two inputs, and a line as the signal.
    #[test]
    fn straight_lines_keep_their_values() {
        let weights = |before: usize| {
            move |p: f64| {
                let mut w = vec![0.0; before];
                w.extend([1.0 - p, p]);
                w
            }
        };
        for (step, phases) in [
            (3, 2),
            (1, 3),
            (320, 147),
            (3001, 2900),
            (2900, 3001),
            (7, 1),
        ] {
            for before in [0, 3, 20] {
                let mut plan = Polyphase::new((step, phases), before, before + 2, weights(before));
                let x: Vec<f32> = (0..9000).map(|i| i as f32).collect();
                let (mut out, mut pieces) = (Vec::new(), Vec::new());
                plan.push(&x, &mut out);
                plan.finish(0, &mut out);
                plan.reset();
                for piece in x.chunks(5) {
                    plan.push(piece, &mut pieces);
                }
                plan.finish(0, &mut pieces);
                assert_eq!(out, pieces);
                let n = (1..).find(|n| plan.inputs(*n) > 9000).unwrap() - 1;
                assert_eq!(out.len() as u64, n, "{step} {phases} {before}");
                for (k, y) in out.iter().enumerate() {
                    let exact = k as f64 * step as f64 / phases as f64;
                    // A few roundings of numbers up to 9000.
                    assert!(
                        (f64::from(*y) - exact).abs() < 3e-3,
                        "{step} {phases} {k}: {y}"
                    );
                }
            }
        }
    }
}
