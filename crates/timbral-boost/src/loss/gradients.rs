use timbral_core::parallel;

use super::custom::Loss;
use super::objective::{Objective, expectile_step, side};
use super::ranking::Ranking;
use crate::math::exp;
use crate::random::Key;

/// Numbers per register; the gradients of a row are padded to a multiple of it.
pub(crate) const WIDTH: usize = 4;

/// Rows per task.
const CHUNK: usize = 1024;

/// Rows computed at once.
const LANES: usize = 16;

/// The smallest hessian.
const LEAST: f32 = 1e-16;

/// If all margins of a row are below this, they are compared with the highest of them instead of 0. XGBoost
/// compares them with 0 and makes NaN: the exponentials of numbers below -104 are 0, and so is their sum.
const LOWEST: f32 = -80.0;

/// What is minimised.
#[derive(Clone, Copy)]
pub(crate) enum Boosted<'a> {
    Objective(&'a Objective),
    Loss(&'a dyn Loss),
}

/// The gradients of all rows for some outputs: gradient and hessian of the `k`-th of them of row `r` at
/// `r * width + 2 k`.
#[derive(Debug)]
pub(crate) struct Gradients {
    values: Vec<f32>,
    width: usize,
}

/// The margins of some outputs, from output `first` on.
#[derive(Clone, Copy)]
pub(crate) struct Outputs<'a> {
    pub(crate) margins: &'a [Vec<f32>],
    pub(crate) first: usize,
    /// Where the other outputs are not there: what a softmax needs of them.
    pub(crate) shares: Option<&'a Shares>,
}

#[cfg(test)]
impl<'a> Outputs<'a> {
    pub(crate) fn all(margins: &'a [Vec<f32>]) -> Self {
        Self {
            margins,
            first: 0,
            shares: None,
        }
    }
}

/// Numbers per row for some outputs.
pub(crate) fn width(n_outputs: usize) -> usize {
    match n_outputs {
        1 => 2,
        _ => (2 * n_outputs).next_multiple_of(WIDTH),
    }
}

impl Gradients {
    pub(crate) fn new(n_rows: usize, n_outputs: usize) -> Self {
        let width = width(n_outputs);
        Self {
            values: vec![0.0; n_rows * width],
            width,
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn get(&self, row: u32, output: usize) -> [f32; 2] {
        let start = row as usize * self.width + 2 * output;
        [self.values[start], self.values[start + 1]]
    }

    /// Gradient and hessian of each output of a row, padded.
    pub(crate) fn row(&self, row: u32) -> &[f32] {
        &self.values[row as usize * self.width..][..self.width]
    }

    /// Whether every gradient and hessian is a finite number, and so is its square, of which gains are
    /// made.
    pub(crate) fn are_finite(&self) -> bool {
        let chunks = self.values.chunks(1 << 14);
        let are_finite = |_, chunk: &[f32]| chunk.iter().all(|x| (x * x).is_finite());
        !parallel::map_each(chunks, 1, &are_finite).contains(&false)
    }

    /// Computes the gradients of a ranking, which has labels and weights of its own; `key` is that of the draws of this
    /// round.
    pub(crate) fn rank(&mut self, ranking: &mut Ranking<'_>, margins: &[f32], key: Key) {
        let (pairs, _) = self.values.as_chunks_mut::<2>();
        ranking.gradients(margins, key, pairs);
    }

    /// Computes the gradients of some outputs; only those of a softmax can do without the other outputs.
    pub(crate) fn update(
        &mut self,
        boosted: Boosted<'_>,
        outputs: Outputs<'_>,
        labels: &[f32],
        weights: Option<&[f32]>,
    ) {
        let width = self.width;
        let margins = outputs.margins;
        let kinks: Vec<f32> = match boosted {
            Boosted::Objective(objective) => (margins.iter())
                .map(|margins| {
                    let residuals = margins.iter().zip(labels).map(|(m, y)| m - y);
                    objective.width(residuals, weights)
                })
                .collect(),
            Boosted::Loss(_) => Vec::new(),
        };
        let chunks = self.values.chunks_mut(CHUNK * width);
        parallel::for_each(chunks, 1, &|chunk, out: &mut [f32]| {
            let start = chunk * CHUNK;
            let labels = &labels[start..][..out.len() / width];
            match boosted {
                Boosted::Loss(loss) => {
                    custom(loss, width, margins, labels, start, out);
                }
                Boosted::Objective(Objective::Softprob { .. } | Objective::Softmax { .. }) => {
                    pulp::Arch::new().dispatch(Softmax {
                        width,
                        outputs,
                        labels,
                        start,
                        out,
                    });
                }
                Boosted::Objective(Objective::Expectile { alpha }) => {
                    expectiles(alpha, width, margins, labels, start, out);
                }
                Boosted::Objective(objective) => {
                    for (k, (margins, &kink)) in margins.iter().zip(&kinks).enumerate() {
                        let rows = out.chunks_exact_mut(width).zip(&margins[start..]);
                        for ((out, &margin), &y) in rows.zip(labels) {
                            let pair = objective.gradient(k, margin, y, kink);
                            out[2 * k..2 * k + 2].copy_from_slice(&pair);
                        }
                    }
                }
            }
            if let Some(weights) = weights {
                // The same least hessian as without weights, so that weights of 1 change no bit.
                let least = match boosted {
                    Boosted::Objective(objective) if objective.is_multiclass() => LEAST,
                    _ => f32::NEG_INFINITY,
                };
                for (pairs, &w) in out.chunks_exact_mut(width).zip(&weights[start..]) {
                    for pair in pairs.as_chunks_mut::<2>().0 {
                        *pair = [pair[0] * w, (pair[1] * w).max(least)];
                    }
                }
            }
        });
    }
}

/// The gradients of expectiles; a margin counts for its expectile and all that follow.
fn expectiles(
    alpha: &[f32],
    width: usize,
    margins: &[Vec<f32>],
    labels: &[f32],
    start: usize,
    out: &mut [f32],
) {
    let mut sums = vec![[0.0; 2]; alpha.len()];
    for (i, (out, &label)) in out.chunks_exact_mut(width).zip(labels).enumerate() {
        sums.fill([0.0; 2]);
        let mut expectile = margins[0][start + i];
        for (k, (alpha, margins)) in alpha.iter().zip(margins).enumerate() {
            if k > 0 {
                expectile += expectile_step(margins[start + i]);
            }
            let residual = expectile - label;
            let weight = side(*alpha, residual);
            for [g, h] in &mut sums[..=k] {
                *g += weight * residual;
                *h += weight;
            }
        }
        for (k, ([g, h], margins)) in sums.iter().zip(margins).enumerate() {
            let slope = match k {
                0 => 1.0,
                _ => 1.0 / (exp(-margins[start + i]) + 1.0),
            };
            (out[2 * k], out[2 * k + 1]) = (slope * g, slope * slope * h);
        }
    }
}

/// The gradients of a loss of the user's own.
fn custom(
    loss: &dyn Loss,
    width: usize,
    margins: &[Vec<f32>],
    labels: &[f32],
    start: usize,
    out: &mut [f32],
) {
    let mut of_row = vec![0.0; margins.len()];
    let mut pairs = vec![[0.0; 2]; margins.len()];
    for (i, (out, &label)) in out.chunks_exact_mut(width).zip(labels).enumerate() {
        of_row
            .iter_mut()
            .zip(margins)
            .for_each(|(m, margins)| *m = margins[start + i]);
        loss.gradients(label, &of_row, &mut pairs);
        out[..2 * pairs.len()].copy_from_slice(pairs.as_flattened());
    }
}

/// `g = p - [y = k]`, `h = 2 p (1 - p)` for some rows from `start` on.
struct Softmax<'a> {
    width: usize,
    outputs: Outputs<'a>,
    labels: &'a [f32],
    start: usize,
    out: &'a mut [f32],
}

impl pulp::WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self {
            width,
            outputs,
            labels,
            start,
            out,
        } = self;
        let mut exps = vec![[0.0_f32; LANES]; outputs.margins.len()];
        let blocks = out.chunks_mut(LANES * width).zip(labels.chunks(LANES));
        for (block, (out, labels)) in blocks.enumerate() {
            let start = start + block * LANES;
            let sums = match outputs.shares {
                None => block_shares(outputs.margins, start, labels.len(), &mut exps).1,
                Some(shares) => {
                    let (mut highest, mut sums) = ([0.0; LANES], [1.0; LANES]);
                    for (lane, share) in shares.0[start..][..labels.len()].iter().enumerate() {
                        [highest[lane], sums[lane]] = *share;
                    }
                    for (exps, margins) in exps.iter_mut().zip(outputs.margins) {
                        exps[..labels.len()].copy_from_slice(&margins[start..][..labels.len()]);
                        for lane in 0..LANES {
                            exps[lane] = exp(exps[lane] - highest[lane]);
                        }
                    }
                    sums
                }
            };
            for (k, exps) in exps.iter().enumerate() {
                for (lane, &label) in labels.iter().enumerate() {
                    let p = exps[lane] / sums[lane];
                    let class = (outputs.first + k) as f32;
                    let target = if label == class { 1.0 } else { 0.0 };
                    out[lane * width + 2 * k] = p - target;
                    out[lane * width + 2 * k + 1] = (2.0 * p * (1.0 - p)).max(LEAST);
                }
            }
        }
    }
}

/// The highest margin of each of up to [`LANES`] rows, and the sum of the exponentials, which are put into `exps`.
#[inline(always)]
fn block_shares(
    margins: &[Vec<f32>],
    start: usize,
    n: usize,
    exps: &mut [[f32; LANES]],
) -> ([f32; LANES], [f32; LANES]) {
    let mut highest = [f32::NEG_INFINITY; LANES];
    for (exps, margins) in exps.iter_mut().zip(margins) {
        exps[..n].copy_from_slice(&margins[start..][..n]);
        for (highest, &margin) in highest.iter_mut().zip(exps.iter()) {
            *highest = if margin > *highest { margin } else { *highest };
        }
    }
    // As XGBoost, at least a tiny positive number, unless then every exponential were 0.
    for highest in &mut highest {
        if *highest > LOWEST && *highest < f32::MIN_POSITIVE {
            *highest = f32::MIN_POSITIVE;
        }
    }
    let mut sums = [0.0_f64; LANES];
    for exps in exps {
        for lane in 0..LANES {
            exps[lane] = exp(exps[lane] - highest[lane]);
            sums[lane] += f64::from(exps[lane]);
        }
    }
    (highest, sums.map(|sum| sum as f32))
}

/// What the outputs of a softmax need of each other: the highest margin of each row, and the sum of the exponentials
/// relative to it. With it the gradients of some outputs can be computed when the margins of others have changed.
#[derive(Debug)]
pub(crate) struct Shares(Vec<[f32; 2]>);

impl Shares {
    pub(crate) fn new(margins: &[Vec<f32>]) -> Self {
        let mut shares = vec![[0.0; 2]; margins[0].len()];
        parallel::for_each(shares.chunks_mut(CHUNK), 1, &|chunk, shares| {
            pulp::Arch::new().dispatch(OfRows {
                margins,
                start: chunk * CHUNK,
                shares,
            });
        });
        Self(shares)
    }
}

struct OfRows<'a> {
    margins: &'a [Vec<f32>],
    start: usize,
    shares: &'a mut [[f32; 2]],
}

impl pulp::WithSimd for OfRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let mut exps = vec![[0.0_f32; LANES]; self.margins.len()];
        for (block, shares) in self.shares.chunks_mut(LANES).enumerate() {
            let start = self.start + block * LANES;
            let (highest, sums) = block_shares(self.margins, start, shares.len(), &mut exps);
            for (lane, share) in shares.iter_mut().enumerate() {
                *share = [highest[lane], sums[lane]];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn softmax(margins: &[f32]) -> Vec<f32> {
        let objective = Objective::Softprob {
            n_classes: margins.len(),
        };
        let margins: Vec<Vec<f32>> = margins.iter().map(|m| vec![*m]).collect();
        let mut gradients = Gradients::new(1, margins.len());
        let mut outputs = Outputs::all(&margins);
        gradients.update(Boosted::Objective(&objective), outputs, &[0.0], None);
        // One output at a time has the same bits.
        let shares = Shares::new(&margins);
        outputs.shares = Some(&shares);
        for k in 0..margins.len() {
            (outputs.margins, outputs.first) = (&margins[k..=k], k);
            let mut one = Gradients::new(1, 1);
            one.update(Boosted::Objective(&objective), outputs, &[0.0], None);
            assert_eq!(one.get(0, 0), gradients.get(0, k));
        }
        assert!(gradients.are_finite());
        (0..margins.len()).map(|k| gradients.get(0, k)[0]).collect()
    }

    /// A fit to music reached such margins in its 32nd round, with little regularisation.
    #[test]
    fn gradients_are_finite_however_low_all_margins_are() {
        for lowest in [-3e4, -200.0, -104.0, -90.0, -80.5] {
            let g = softmax(&[lowest, lowest + 1.0, lowest - 1e30]);
            let p = 1.0 / (1.0 + 1.0_f32.exp());
            // Steps of f32 at 3e4 are 2e-3.
            assert!((g[0] - (p - 1.0)).abs() < 1e-3 && (g[1] - (1.0 - p)).abs() < 1e-3);
            assert_eq!(g[2], 0.0);
        }
        assert_eq!(softmax(&[-79.0, -79.0]), [-0.5, 0.5]);
    }
}
