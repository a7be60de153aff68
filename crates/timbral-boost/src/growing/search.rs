use rayon::prelude::*;

use super::histogram::Line;
use super::regularisation::{NodeSums, Regularisation};
use super::split::{Column, Split};
use super::tree_params::TreeParams;
use crate::data::{Cuts, LANES};

/// Half an epsilon: the largest relative error of one rounding.
const ROUNDING: f32 = f32::EPSILON / 2.0;

/// The relative error of an estimated gain, compared with that of the scan: both round at most a
/// dozen times, and add only numbers above zero.
const ESTIMATE_ERROR: f32 = 32.0 * ROUNDING;

/// The largest ratio of the weight of a node to the smallest weight of a child for which the sums on
/// the right may be computed in f32.
const MAX_F32_RATIO: f32 = 4096.0;

/// The largest gain of each feature of a word, estimated in f32.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Estimates([f32; LANES]);

/// The search for the best split of a node.
///
/// The largest gain of each feature is estimated in f32 with a known error bound. Only the features
/// that may hold the best split are then scanned as in XGBoost, so that the result is the same as if
/// all were scanned.
#[derive(Clone, Copy)]
pub(crate) struct Search<'a> {
    pub(crate) params: &'a TreeParams,
    pub(crate) cuts: &'a Cuts,
}

impl Search<'_> {
    /// Estimates the gains of the features of a word, from its part of the histogram of a node.
    pub(crate) fn estimate(&self, node: &NodeSums, word: usize, lines: &[Line]) -> Estimates {
        if !self.can_estimate(node) {
            return Estimates([f32::INFINITY; LANES]);
        }
        let estimate = |left| {
            pulp::Arch::new().dispatch(GainKernel {
                search: self,
                node,
                lines,
                left,
            })
        };
        let Estimates(mut gains) = estimate(Line::default());
        let mut missing = Line::default();
        for feature in word * LANES..self.cuts.n_features().min((word + 1) * LANES) {
            missing.set(feature % LANES, self.column(feature, lines).missing());
        }
        if missing != Line::default() {
            let Estimates(others) = estimate(missing);
            for (gain, other) in gains.iter_mut().zip(others) {
                *gain = gain.max(other);
            }
        }
        Estimates(gains)
    }

    /// Whether gains depend on the sums alone and f32 can hold their squares and products; children
    /// without weight are excluded.
    fn can_estimate(&self, node: &NodeSums) -> bool {
        let least = self.params.regularisation.min_child_weight;
        let lambda = self.params.regularisation.lambda;
        self.params.regularisation.is_plain()
            && least > 0.0
            && least + lambda >= 1e-9
            && node.sums[1] as f32 + 2.0 * lambda <= 1e15
    }

    /// The ratio of the weight of a node to the smallest weight of a child.
    fn ratio(&self, node: &NodeSums) -> f32 {
        let lambda = self.params.regularisation.lambda;
        let least = self.params.regularisation.min_child_weight;
        (node.sums[1] as f32 + lambda) / (least + lambda)
    }

    /// Whether the sums on the right may be computed in f32.
    fn allows_f32(&self, node: &NodeSums) -> bool {
        self.params.regularisation.alpha == 0.0 && self.ratio(node) <= MAX_F32_RATIO
    }

    /// The relative error of the estimated gains of a node, compared with those of the scan.
    ///
    /// With gradients `l` and `r` and weights `a` and `b` on the two sides (lambda included), a
    /// difference in f32 has an error of two roundings of `|l| + |r|` or `a + b`. That changes
    /// `r^2 / b` by 4 roundings of itself and of `|l| |r| / b`, which is at most half the gain
    /// times the root of `a / b`, and by two of itself times `(a + b) / b`.
    fn relative_error(&self, node: &NodeSums) -> f32 {
        if self.allows_f32(node) {
            let ratio = self.ratio(node);
            ESTIMATE_ERROR + ROUNDING * (4.0 + 2.0 * ratio.sqrt() + 2.0 * ratio)
        } else {
            ESTIMATE_ERROR
        }
    }

    /// The best split among features, in ascending order, whose gains were estimated; among equal
    /// splits the first.
    pub(crate) fn best<'h>(
        &self,
        node: &NodeSums,
        features: &[usize],
        of_word: impl Fn(usize) -> &'h [Line] + Sync,
        estimates: &[Estimates],
    ) -> Option<Split> {
        let scan = |feature: usize| {
            let mut best = None;
            let column = self.column(feature, of_word(feature / LANES));
            let regularisation = &self.params.regularisation;
            regularisation.scan(&column, node, &mut best);
            best
        };
        let gain = |feature: usize| estimates[feature / LANES].0[feature % LANES];
        let promising =
            (features.iter().copied()).reduce(|a, b| if gain(b) > gain(a) { b } else { a })?;
        let first = scan(promising);
        let known_gain = first.map_or(0.0, |split| split.loss_change) + node.gain;
        let min_gain = known_gain - 2.0 * self.relative_error(node) * known_gain.abs();
        let candidates: Vec<usize> = (features.iter().copied())
            .filter(|&feature| feature == promising || gain(feature) >= min_gain)
            .collect();
        const FEATURES: usize = 128;
        let splits: Vec<Option<Split>> = (candidates.par_iter().with_min_len(FEATURES))
            .map(|&f| if f == promising { first } else { scan(f) })
            .collect();
        splits.into_iter().flatten().reduce(|best, split| {
            if split.loss_change > best.loss_change {
                split
            } else {
                best
            }
        })
    }

    fn column<'h>(&self, feature: usize, lines: &'h [Line]) -> Column<'h> {
        let constraints = &self.params.monotone_constraints;
        Column {
            feature,
            lines,
            n_bins: self.cuts.n_bins(feature),
            has_missing: self.cuts.has_missing(feature),
            monotone: constraints.get(feature).copied().unwrap_or(0),
        }
    }
}

/// Computes the estimates from the splits after each bin; `left` are the sums that go left before the
/// first bin.
struct GainKernel<'a> {
    search: &'a Search<'a>,
    node: &'a NodeSums,
    lines: &'a [Line],
    left: Line,
}

impl pulp::WithSimd for GainKernel<'_> {
    type Output = Estimates;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Estimates {
        if self.search.allows_f32(self.node) {
            self.gains::<true>()
        } else {
            self.gains::<false>()
        }
    }
}

impl GainKernel<'_> {
    #[inline(always)]
    fn gains<const IN_F32: bool>(self) -> Estimates {
        let (all, mut left) = (self.node.sums, self.left);
        let Regularisation {
            lambda,
            alpha,
            min_child_weight,
            ..
        } = self.search.params.regularisation;
        let alpha = f64::from(alpha);
        // Soft thresholding by alpha, without branches.
        let shrunk = |g: f64| {
            let low = if g < -alpha { -alpha } else { g };
            (g - if low > alpha { alpha } else { low }) as f32
        };
        let all_f32 = all.map(|sum| sum as f32);
        let error = if IN_F32 {
            4.0 * ROUNDING * all_f32[1]
        } else {
            0.0
        };
        let min_weight = min_child_weight * (1.0 - ESTIMATE_ERROR) - error;
        let mut gains = [f32::NEG_INFINITY; LANES];
        for line in self.lines {
            let [mut g_left, mut h_left, mut g_right, mut h_right] = [[0.0_f32; LANES]; 4];
            for lane in 0..LANES {
                left.gradients[lane] += line.gradients[lane];
                left.hessians[lane] += line.hessians[lane];
                let [g, h] = left.get(lane);
                h_left[lane] = h as f32;
                if IN_F32 {
                    g_left[lane] = g as f32;
                    g_right[lane] = all_f32[0] - g_left[lane];
                    h_right[lane] = all_f32[1] - h_left[lane];
                } else {
                    g_left[lane] = shrunk(g);
                    g_right[lane] = shrunk(all[0] - g);
                    h_right[lane] = (all[1] - h) as f32;
                }
            }
            for lane in 0..LANES {
                let (h_left, h_right) = (h_left[lane], h_right[lane]);
                let lightest = if h_left < h_right { h_left } else { h_right };
                // One division only: it takes as long as all the rest.
                let (a, b) = (h_left + lambda, h_right + lambda);
                let [of_left, of_right] = [g_left[lane], g_right[lane]].map(|g| g * g);
                let gain = (of_left * b + of_right * a) / (a * b);
                let gain = if lightest >= min_weight {
                    gain
                } else {
                    f32::NEG_INFINITY
                };
                gains[lane] = if gain > gains[lane] {
                    gain
                } else {
                    gains[lane]
                };
            }
        }
        Estimates(gains)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::data::Binned;
    use crate::growing::histogram::Histograms;
    use crate::growing::regularisation::Bounds;
    use crate::random::Key;
    use crate::training::BoostParams;

    /// Columns with many and with few values, equal columns, and some with missing values.
    fn table(key: Key) -> Array2<f32> {
        Array2::from_shape_fn((2000, 21), |(row, column)| {
            let key = key.with(row as u64).with((column % 18) as u64);
            let value = key.uniform() as f32;
            match column % 6 {
                0 => (value * 3.0).floor(),
                1 => (value * 40.0).floor(),
                2 if key.with(1).uniform() < 0.3 => f32::NAN,
                _ => value,
            }
        })
    }

    /// The best split by the scan of each feature.
    fn scanned(search: &Search<'_>, node: &NodeSums, words: &[Vec<Line>]) -> Option<Split> {
        let mut best = None;
        for feature in 0..search.cuts.n_features() {
            let column = search.column(feature, &words[feature / LANES]);
            let regularisation = &search.params.regularisation;
            regularisation.scan(&column, node, &mut best);
        }
        best
    }

    #[test]
    fn the_search_finds_what_scanning_every_feature_finds() {
        let mut n_found = 0;
        for seed in 0..6 {
            let key = Key::new(seed);
            let features = table(key);
            let cuts = Cuts::new(features.view(), None, 255);
            let binned = Binned::<u8>::new(features.view(), &cuts);
            let histograms = Histograms::new(&binned, &cuts);
            let all: Vec<usize> = (0..features.ncols()).collect();
            let gradient = |row: u32| {
                let key = key.with(1000).with(u64::from(row));
                let signal = f32::from(features[[row as usize, 4]] < 0.3);
                let size = 10.0_f32.powi(-(key.with(2).uniform() * 6.0 * seed as f64) as i32 / 4);
                let p = key.uniform() as f32 * size;
                [p - signal, 2.0 * p * (1.0 - p)]
            };
            for n in [1, 2, 3, 7, 40, 300, 2000] {
                let rows: Vec<u32> = (0..n).map(|i| (i * (2000 / n)) as u32).collect();
                let sums = rows.iter().fold([0.0; 2], |sums, &row| {
                    let [g, h] = gradient(row).map(f64::from);
                    [sums[0] + g, sums[1] + h]
                });
                for (lambda, alpha, min_child_weight) in [
                    (1.0, 0.0, 1.0),
                    (0.0, 0.0, 1e-3),
                    (1e-3, 0.0, 1e-3),
                    (1.0, 0.3, 0.1),
                    (1.0, 0.0, 0.0),
                    (0.0, 0.0, 0.0),
                    (1e30, 0.0, 1.0),
                    (0.0, 0.0, 25.0),
                ] {
                    let params = BoostParams {
                        lambda,
                        alpha,
                        min_child_weight,
                        ..Default::default()
                    };
                    let params = params.tree_params();
                    let node = NodeSums::new(&params.regularisation, sums, Bounds::NONE);
                    let search = Search {
                        params: &params,
                        cuts: &cuts,
                    };
                    let words = [true; 3];
                    let (histogram, estimates) =
                        histograms.build(&rows, gradient, &words, None, |word, lines, _| {
                            search.estimate(&node, word, lines)
                        });
                    let of_word = |word| histograms.of_word(&histogram, word);
                    let found = search.best(&node, &all, of_word, &estimates);
                    let words: Vec<Vec<Line>> = (0..3).map(|w| of_word(w).to_vec()).collect();
                    assert_eq!(found, scanned(&search, &node, &words), "{params:?}");
                    n_found += usize::from(found.is_some());
                }
            }
        }
        assert!(n_found > 150, "{n_found}");
    }

    #[test]
    fn estimated_gains_are_within_the_error_bound() {
        let features = table(Key::new(9));
        let cuts = Cuts::new(features.view(), None, 255);
        let binned = Binned::<u8>::new(features.view(), &cuts);
        let histograms = Histograms::new(&binned, &cuts);
        let rows: Vec<u32> = (0..2000).collect();
        let gradient = |row: u32| [(f64::from(row) * 0.7).sin() as f32, 0.5];
        let sums = rows.iter().fold([0.0, 0.0], |[g, h], &row| {
            [g + f64::from(gradient(row)[0]), h + 0.5]
        });
        // A ratio of 501 allows f32, one of 100 001 does not.
        for min_child_weight in [1.0, 0.01] {
            let params = BoostParams {
                min_child_weight,
                lambda: if min_child_weight == 1.0 { 1.0 } else { 0.0 },
                ..Default::default()
            };
            let params = params.tree_params();
            let search = Search {
                params: &params,
                cuts: &cuts,
            };
            let node = NodeSums::new(&params.regularisation, sums, Bounds::NONE);
            assert_eq!(search.allows_f32(&node), min_child_weight == 1.0);
            let (histogram, estimates) =
                histograms.build(&rows, gradient, &[true; 3], None, |word, lines, _| {
                    search.estimate(&node, word, lines)
                });
            for feature in 0..features.ncols() {
                let lines = histograms.of_word(&histogram, feature / LANES);
                let mut best = None;
                let column = search.column(feature, lines);
                params.regularisation.scan(&column, &node, &mut best);
                let gain = best.unwrap().loss_change + node.gain;
                let estimate = estimates[feature / LANES].0[feature % LANES];
                let error = search.relative_error(&node) * gain;
                assert!(
                    (estimate - gain).abs() <= error,
                    "{estimate} {gain} {error}"
                );
            }
        }
    }
}
