//! Samples of a signal at equally spaced times: one dot product per output.

use pulp::{Simd, WithSimd};

use super::simd::{LANES, Lane, arch, transpose};

/// Ratios with more phases than this are computed from neighbouring rows of a table: a linear interpolation
/// in steps of 1/2048 sample has an error of -130 dB.
const MAX_PHASES: u64 = 2048;

/// Most values of a table that is interpolated, 16 MiB. Only filters of thousands of taps reach it, which
/// change little from phase to phase.
const MAX_VALUES: u64 = 1 << 22;

/// Outputs at the times `k step / phases`, `k = 0, 1, ...`, in samples of the input.
#[derive(Debug, Clone)]
pub(super) struct Polyphase {
    /// The whole part of a step and the numerator of the rest.
    step: (u64, u64),
    phases: u64,
    /// Phases in the table, if they are not those of the outputs.
    interpolated: Option<u64>,
    /// The taps, phase after phase, filled up with zeros to `width` rows per phase.
    rows: Vec<Lane>,
    width: usize,
    /// Inputs at the start that are not needed.
    spare: usize,
    /// Zeros before the first input.
    zeros: usize,
    /// Inputs from the first one that the next output needs.
    input: Vec<f32>,
    /// Inputs to drop before `input` begins there.
    ahead: u64,
    /// Numerator of the place of the next output between two inputs.
    phase: u64,
}

impl Polyphase {
    /// For a step of the reduced fraction `step / phases`. An output between the inputs i and `i + 1` is a
    /// weighted sum of the inputs `i - before + j`, `j < taps`; `weights(p)` are the weights at the place
    /// `i + p`, `0 <= p <= 1`. The first input is number `-lead`.
    pub(super) fn new(
        (step, phases): (u64, u64),
        before: usize,
        taps: usize,
        lead: usize,
        weights: impl Fn(f64) -> Vec<f64>,
    ) -> Self {
        let interpolated =
            (phases > MAX_PHASES).then(|| (MAX_VALUES / taps as u64).clamp(1, MAX_PHASES));
        let n = interpolated.unwrap_or(phases);
        let width = taps.div_ceil(LANES);
        let mut rows = Vec::new();
        for i in 0..n + u64::from(interpolated.is_some()) {
            let mut weights = weights(i as f64 / n as f64);
            weights.resize(width * LANES, 0.0);
            let (exact, _) = weights.as_chunks::<LANES>();
            rows.extend(exact.iter().map(|row| row.map(|w| w as f32)));
        }
        let mut polyphase = Self {
            step: (step / phases, step % phases),
            phases,
            interpolated,
            rows,
            width,
            spare: lead.saturating_sub(before),
            zeros: before.saturating_sub(lead),
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
        // From the first needed input on, less the zeros that stand for those before the signal.
        last as u64 + (self.width * LANES + self.spare - self.zeros) as u64
    }

    pub(super) fn reset(&mut self) {
        self.input.clear();
        self.input.resize(self.zeros, 0.0);
        self.ahead = self.spare as u64;
        self.phase = 0;
    }

    /// Appends the outputs that `x` completes.
    pub(super) fn push(&mut self, x: &[f32], out: &mut Vec<f32>) {
        let dropped = self.ahead.min(x.len() as u64);
        self.ahead -= dropped;
        self.input.extend_from_slice(&x[dropped as usize..]);
        if self.ahead > 0 {
            return;
        }
        let windows = (self.input.len() + 1).saturating_sub(self.width * LANES);
        let outputs =
            windows as f64 / (self.step.0 as f64 + self.step.1 as f64 / self.phases as f64);
        out.reserve(outputs as usize + 2);
        let at = arch().dispatch(Run {
            plan: self,
            windows,
            out,
        });
        let used = at.min(self.input.len());
        self.ahead = (at - used) as u64;
        self.input.drain(..used);
    }
}

/// The outputs whose inputs begin in the first `windows`; returns where those of the next begin.
struct Run<'a> {
    plan: &'a mut Polyphase,
    windows: usize,
    out: &'a mut Vec<f32>,
}

impl WithSimd for Run<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let Self { plan, windows, out } = self;
        let (width, phases) = (plan.width, plan.phases);
        let (step, rest) = (plan.step.0 as usize, plan.step.1);
        let (mut at, mut phase) = (0, plan.phase);
        let scale = plan.interpolated.unwrap_or(0) as f64 / phases as f64;
        let mut sums = [[0.0; LANES]; LANES];
        while at < windows {
            let mut n = 0;
            while n < LANES && at < windows {
                let (x, _) = plan.input[at..].as_chunks::<LANES>();
                sums[n] = if plan.interpolated.is_some() {
                    let place = phase as f64 * scale;
                    let i = place as usize;
                    let rows = &plan.rows[i * width..][..2 * width];
                    let part = (place - i as f64) as f32;
                    between(simd, &rows[..width], &rows[width..], part, x)
                } else {
                    products(simd, &plan.rows[phase as usize * width..][..width], x)
                };
                n += 1;
                at += step;
                phase += rest;
                if phase >= phases {
                    phase -= phases;
                    at += 1;
                }
            }
            out.extend_from_slice(&totals(simd, sums)[..n]);
        }
        plan.phase = phase;
        at
    }
}

/// The sums of `row[i] x[i]` in each of the 16 lanes.
#[inline(always)]
fn products<S: Simd>(simd: S, rows: &[Lane], x: &[Lane]) -> Lane {
    let mut sums = [0.0; LANES];
    let (sum, _) = S::as_mut_simd_f32s(&mut sums);
    for (row, x) in rows.iter().zip(x) {
        let (row, x) = (S::as_simd_f32s(row).0, S::as_simd_f32s(x).0);
        for ((sum, row), x) in sum.iter_mut().zip(row).zip(x) {
            *sum = simd.add_f32s(*sum, simd.mul_f32s(*row, *x));
        }
    }
    sums
}

/// The same for the rows `a + part (b - a)`.
#[inline(always)]
fn between<S: Simd>(simd: S, a: &[Lane], b: &[Lane], part: f32, x: &[Lane]) -> Lane {
    let part = simd.splat_f32s(part);
    let mut sums = [0.0; LANES];
    let (sum, _) = S::as_mut_simd_f32s(&mut sums);
    for ((a, b), x) in a.iter().zip(b).zip(x) {
        let (a, b) = (S::as_simd_f32s(a).0, S::as_simd_f32s(b).0);
        let x = S::as_simd_f32s(x).0;
        for (((sum, a), b), x) in sum.iter_mut().zip(a).zip(b).zip(x) {
            let row = simd.add_f32s(*a, simd.mul_f32s(part, simd.sub_f32s(*b, *a)));
            *sum = simd.add_f32s(*sum, simd.mul_f32s(row, *x));
        }
    }
    sums
}

/// The sum of every row, in the same order on every instruction set.
#[inline(always)]
fn totals<S: Simd>(simd: S, mut rows: [Lane; LANES]) -> Lane {
    transpose(&mut rows);
    let mut half = LANES / 2;
    while half > 0 {
        let (low, high) = rows.split_at_mut(half);
        for (a, b) in low.iter_mut().zip(&*high) {
            let (a, b) = (S::as_mut_simd_f32s(a).0, S::as_simd_f32s(b).0);
            for (a, b) in a.iter_mut().zip(b) {
                *a = simd.add_f32s(*a, *b);
            }
        }
        half /= 2;
    }
    rows[0]
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
            for (before, lead) in [(0, 0), (20, 0), (3, 4), (0, 5)] {
                let mut plan =
                    Polyphase::new((step, phases), before, before + 2, lead, weights(before));
                let x: Vec<f32> = (0..3000).map(|i| (i - lead as i32) as f32).collect();
                let (mut out, mut pieces) = (Vec::new(), Vec::new());
                plan.push(&x, &mut out);
                plan.reset();
                for piece in x.chunks(5) {
                    plan.push(piece, &mut pieces);
                }
                assert_eq!(out, pieces);
                let n = (1..).find(|n| plan.inputs(*n) > 3000).unwrap() - 1;
                assert_eq!(out.len() as u64, n, "{step} {phases} {before} {lead}");
                for (k, y) in out.iter().enumerate() {
                    let exact = k as f64 * step as f64 / phases as f64;
                    assert!(
                        (f64::from(*y) - exact).abs() < 3e-4,
                        "{step} {phases} {k}: {y}"
                    );
                }
            }
        }
    }
}
