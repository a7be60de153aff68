//! Non-negative least squares for banks of triangles.

use crate::spectral::MelBank;

/// Sweeps over all bins at most.
const MAX_SWEEPS: usize = 2000;

/// The search ends with a sweep that lowers the objective by less than this fraction of it, or of the product
/// of its largest possible value and the next constant.
const TOLERANCE: f64 = 1e-6;
const FLOOR: f64 = 1e-14;

/// The number that is added to the squares of the bands, relative to the largest one, if bands are combinations
/// of others.
const RIDGE: f64 = 1e-12;

/// `min |A x - b|^2` with `x >= 0` for the weights `A` of a bank, of which each bin has at most two.
pub(super) struct Bank {
    /// The bands with weight of each bin.
    bins: Vec<[(usize, f64); 2]>,
    /// The sum of the squared weights of each bin.
    squares: Vec<f64>,
    /// `A A^T`, which is tridiagonal: only neighbouring triangles overlap.
    diagonal: Vec<f64>,
    beside: Vec<f64>,
}

impl Bank {
    pub(super) fn new(bank: &MelBank) -> Self {
        let n_mels = bank.params().n_mels;
        let (mut diagonal, mut beside) = (vec![0.0; n_mels], vec![0.0; n_mels]);
        let mut bins = vec![[(0, 0.0); 2]; bank.n_bins()];
        for (band, (first, weights)) in bank.bank().rows().enumerate() {
            for (bin, weight) in bins[first..].iter_mut().zip(weights) {
                let weight = f64::from(*weight);
                diagonal[band] += weight * weight;
                let [below, _] = *bin;
                if below.1 == 0.0 {
                    bin[0] = (band, weight);
                } else {
                    bin[1] = (band, weight);
                    beside[below.0] += below.1 * weight;
                }
            }
        }
        let largest = diagonal.iter().copied().fold(0.0, f64::max);
        // An empty band has no bins to change.
        let whole = |d: &f64| if *d == 0.0 { 1.0 } else { d + RIDGE * largest };
        Self {
            squares: bins.iter().map(|[a, b]| a.1 * a.1 + b.1 * b.1).collect(),
            diagonal: diagonal.iter().map(whole).collect(),
            beside,
            bins,
        }
    }

    /// Fills `x` with a solution for the bands `b`.
    ///
    /// There are many solutions. As in librosa, the search starts from the solution with the smallest sum of
    /// squares among those that may be negative, `A^T (A A^T)^-1 b`, with its negative values set to 0. It
    /// continues bin by bin.
    pub(super) fn solve(&self, b: &[f64], x: &mut [f64]) {
        let z = self.solve_squares(b);
        let mut rest = b.to_vec();
        for ((x, pair), square) in x.iter_mut().zip(&self.bins).zip(&self.squares) {
            let [(i, a), (j, c)] = *pair;
            *x = (a * z[i] + c * z[j]).max(0.0);
            if *square == 0.0 {
                *x = 0.0;
            }
            rest[i] -= a * *x;
            rest[j] -= c * *x;
        }
        let objective = |rest: &[f64]| rest.iter().map(|r| r * r).sum::<f64>();
        let floor = FLOOR * objective(b);
        let mut before = objective(&rest);
        for _ in 0..MAX_SWEEPS {
            if before <= floor {
                break;
            }
            for ((x, pair), square) in x.iter_mut().zip(&self.bins).zip(&self.squares) {
                if *square > 0.0 {
                    let [(i, a), (j, c)] = *pair;
                    let next = (*x + (a * rest[i] + c * rest[j]) / square).max(0.0);
                    let change = next - *x;
                    *x = next;
                    rest[i] -= a * change;
                    rest[j] -= c * change;
                }
            }
            let now = objective(&rest);
            if before - now <= TOLERANCE * before {
                break;
            }
            before = now;
        }
    }

    /// `(A A^T)^-1 b` by elimination without pivots, which a positive definite matrix does not need.
    fn solve_squares(&self, b: &[f64]) -> Vec<f64> {
        let n = b.len();
        let mut pivots = self.diagonal.clone();
        let mut z = b.to_vec();
        for i in 1..n {
            let factor = self.beside[i - 1] / pivots[i - 1];
            pivots[i] -= factor * self.beside[i - 1];
            // Rounding can remove all of a band that is a multiple of the one before.
            pivots[i] = pivots[i].max(RIDGE * self.diagonal[i]);
            z[i] -= factor * z[i - 1];
        }
        for i in (0..n).rev() {
            if i + 1 < n {
                z[i] -= self.beside[i] * z[i + 1];
            }
            z[i] /= pivots[i];
        }
        z
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::MelParams;

    /// `A x` by definition.
    fn bands(bank: &MelBank, x: &[f64]) -> Vec<f64> {
        let row = |row: ndarray::ArrayView1<'_, f32>| {
            row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum()
        };
        bank.weights().outer_iter().map(row).collect()
    }

    #[test]
    fn what_has_a_solution_is_solved() {
        for (n_mels, n_fft) in [(128, 2048), (40, 512), (128, 512), (3, 8)] {
            let params = MelParams {
                n_mels,
                n_fft,
                ..MelParams::default()
            };
            let bank = MelBank::new(params).unwrap();
            let exact: Vec<f64> = (0..bank.n_bins()).map(|k| (k * k % 17) as f64).collect();
            let b = bands(&bank, &exact);
            let mut x = vec![9.0; exact.len()];
            Bank::new(&bank).solve(&b, &mut x);
            assert!(x.iter().all(|x| *x >= 0.0));
            let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>();
            let off = norm(&mut bands(&bank, &x).iter().zip(&b).map(|(a, b)| a - b));
            assert!(
                off < 1e-6 * norm(&mut b.iter().copied()),
                "{n_mels} {n_fft} {off}"
            );
        }
    }

    #[test]
    fn what_has_none_ends_where_no_bin_can_improve() {
        let bank = MelBank::new(MelParams {
            n_mels: 20,
            n_fft: 256,
            ..MelParams::default()
        })
        .unwrap();
        let plan = Bank::new(&bank);
        let b: Vec<f64> = (0..20).map(|m| f64::from(m * 7 % 5) - 1.0).collect();
        let mut x = vec![0.0; bank.n_bins()];
        plan.solve(&b, &mut x);
        let rest: Vec<f64> = bands(&bank, &x)
            .iter()
            .zip(&b)
            .map(|(a, b)| b - a)
            .collect();
        for (x, [(i, a), (j, c)]) in x.iter().zip(&plan.bins) {
            // The condition of a minimum (Karush, Kuhn and Tucker), in units of the weights, 0.02, times the bands, 3.
            let slope = a * rest[*i] + c * rest[*j];
            assert!(slope < 1e-3 * 0.06, "{x} {slope}");
            assert!(*x == 0.0 || slope.abs() < 1e-3 * 0.06, "{x} {slope}");
        }
    }
}
