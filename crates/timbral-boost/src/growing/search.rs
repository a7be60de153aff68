use timbral_core::parallel;

use super::categorical::CategoricalScan;
use super::estimate::{Estimates, Estimator, largest_gains};
use super::histogram::{Bins, Lanes, Line, Visit, Word, visit_lines};
use super::regularisation::{NodeSums, Sums};
use super::split::{Column, Split};
use super::tree_params::TreeParams;
use crate::data::{Cuts, LANES};

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
    fn estimator<'n>(&'n self, node: &'n NodeSums) -> Estimator<'n> {
        Estimator {
            regularisation: &self.params.regularisation,
            node,
        }
    }

    pub(super) fn can_estimate(&self, node: &NodeSums) -> bool {
        self.estimator(node).is_possible()
    }

    /// Estimates the gains of the features of a word, from its part of the histogram of a node.
    pub(crate) fn estimate(&self, node: &NodeSums, word: usize, lines: &[Line]) -> Estimates {
        let visitor = self.visitor([Some(node), None]);
        let mut gains = visit_lines(&visitor, lines);
        self.raise(visitor.estimators[0], word, lines, &mut gains);
        gains
    }

    /// Finishes a word of the histogram of a node and estimates the gains of its features.
    pub(super) fn finish(&self, node: &NodeSums, word: usize, bins: Word<'_>) -> Estimates {
        let visitor = self.visitor([Some(node), None]);
        let (lines, mut gains) = bins.finish(&visitor);
        self.raise(visitor.estimators[0], word, lines, &mut gains);
        gains
    }

    /// Finishes a word of the histograms of two nodes and estimates the gains of the features of both, or of one
    /// where the other is not wanted.
    pub(super) fn finish_both(
        &self,
        nodes: [Option<&NodeSums>; 2],
        word: usize,
        bins: Word<'_>,
    ) -> [Estimates; 2] {
        let visitor = self.visitor(nodes);
        let (lines, mut gains) = bins.finish_both(&visitor);
        for (i, gains) in gains.iter_mut().enumerate() {
            self.raise(visitor.estimators[i], word, lines[i], gains);
        }
        gains
    }

    /// Raises estimates to the gains of splits with missing values on the left.
    fn raise(
        &self,
        estimator: Option<Estimator<'_>>,
        word: usize,
        lines: &[Line],
        gains: &mut Estimates,
    ) {
        if let Some(estimator) = estimator
            && let Some(left) = self.missing(word, lines)
        {
            let visitor = Visitor {
                estimators: [Some(estimator), None],
                left: [left; 2],
            };
            gains.raise(&visit_lines(&visitor, lines));
        }
    }

    /// Estimates the gains of nodes where they are wanted.
    pub(super) fn visitor<'n>(&'n self, nodes: [Option<&'n NodeSums>; 2]) -> Visitor<'n> {
        Visitor {
            estimators: nodes.map(|node| self.estimator(node?).if_possible()),
            left: Default::default(),
        }
    }

    /// The sums of the rows in which the features of a word are missing, unless all are zero.
    fn missing(&self, word: usize, lines: &[Line]) -> Option<Lanes> {
        let mut missing = Lanes::default();
        let features = word * LANES..self.cuts.n_features().min((word + 1) * LANES);
        for feature in features.filter(|&feature| self.cuts.has_missing(feature)) {
            let lane = feature % LANES;
            let sums = lines[self.cuts.n_bins(feature)].get(lane);
            [missing.gradients[lane], missing.hessians[lane]] = sums;
        }
        (missing != Lanes::default()).then_some(missing)
    }

    /// The search of a categorical feature.
    pub(super) fn categorical<'n>(&'n self, node: &'n NodeSums) -> CategoricalScan<'n> {
        CategoricalScan {
            params: &self.params.categories,
            regularisation: &self.params.regularisation,
            node,
        }
    }

    /// The best split among features, in ascending order, whose gains were estimated; among equal
    /// splits the first. `bins` writes the sums of the bins of a feature.
    pub(super) fn best(
        &self,
        node: &NodeSums,
        features: &[usize],
        bins: impl Fn(usize, &mut Vec<Sums>) + Sync,
        gain: impl Fn(usize) -> f32 + Sync,
    ) -> Option<Split> {
        let estimator = self.estimator(node);
        let scan = |memory: &mut Vec<Sums>, feature: usize| {
            memory.clear();
            bins(feature, memory);
            let column = Column {
                feature,
                bins: &memory[..self.cuts.n_bins(feature)],
                has_missing: self.cuts.has_missing(feature),
                monotone: self.params.monotone(feature),
            };
            if self.cuts.is_categorical(feature) {
                return self.categorical(node).run(&column);
            }
            let mut best = None;
            if estimator.is_possible() {
                estimator.scan(&column, &mut best);
            } else {
                self.params.regularisation.scan(&column, node, &mut best);
            }
            best
        };
        // Categories are not estimated: those gains are of splits that a number could have.
        let is_scanned = |feature| self.cuts.is_categorical(feature);
        let estimate = |feature| match is_scanned(feature) {
            false => gain(feature),
            true => f32::NEG_INFINITY,
        };
        let promising = (features.iter().copied())
            .reduce(|a, b| if estimate(b) > estimate(a) { b } else { a })?;
        let mut memory = Vec::new();
        let first = scan(&mut memory, promising);
        let known_gain = first.map_or(0.0, |split| split.loss_change) + node.gain;
        let min_gain = known_gain - 2.0 * estimator.relative_error() * known_gain.abs();
        let candidates: Vec<usize> = (features.iter().copied())
            .filter(|&f| f == promising || gain(f) >= min_gain || is_scanned(f))
            .collect();
        let scan = |memory: &mut Vec<Sums>, feature: usize| {
            if feature == promising {
                first
            } else {
                scan(memory, feature)
            }
        };
        let better = |best: Option<Split>, split: Option<Split>| {
            let gain = |split: Option<Split>| split.map_or(0.0, |split| split.loss_change);
            if gain(split) > gain(best) {
                split
            } else {
                best
            }
        };
        const FEATURES: usize = 128;
        if candidates.len() <= FEATURES {
            let splits = candidates.iter().map(|&feature| scan(&mut memory, feature));
            return splits.fold(None, better);
        }
        let scan = |memory: &mut Vec<Sums>, i: usize| scan(memory, candidates[i]);
        let splits = parallel::map_init(candidates.len(), FEATURES, &Vec::new, &scan);
        splits.into_iter().fold(None, better)
    }
}

/// Estimates the gains of the features of one or two nodes; what is not wanted or not possible is
/// [`Estimates::NONE`].
pub(super) struct Visitor<'a> {
    estimators: [Option<Estimator<'a>>; 2],
    /// The sums on the left before the first bin.
    left: [Lanes; 2],
}

impl Visit for Visitor<'_> {
    type Output = Estimates;

    #[inline(always)]
    fn visit<const N: usize>(&self, bins: impl Bins<N>) -> [Estimates; N] {
        let mut gains = [Estimates::NONE; N];
        let last = N - 1;
        let left = self.left;
        match self.estimators[..N] {
            [Some(a), Some(b)] => {
                [gains[0], gains[last]] = largest_gains(
                    [a, b],
                    left,
                    bins,
                    #[inline(always)]
                    |bins| [bins[0], bins[last]],
                );
            }
            [Some(a), ..] => {
                [gains[0]] = largest_gains(
                    [a],
                    [left[0]],
                    bins,
                    #[inline(always)]
                    |bins| [bins[0]],
                );
            }
            [.., Some(b)] => {
                [gains[last]] = largest_gains(
                    [b],
                    [left[1]],
                    bins,
                    #[inline(always)]
                    |bins| [bins[last]],
                );
            }
            _ => bins.for_each(|_| ()),
        }
        gains
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

    /// The best split by the full scan of features.
    fn scanned(
        search: &Search<'_>,
        node: &NodeSums,
        features: std::ops::Range<usize>,
        of_word: impl Fn(usize) -> Vec<Line>,
    ) -> Option<Split> {
        let mut best = None;
        for feature in features {
            let lines = of_word(feature / LANES);
            let bins: Vec<Sums> = lines.iter().map(|line| line.get(feature % LANES)).collect();
            let column = Column {
                feature,
                bins: &bins[..search.cuts.n_bins(feature)],
                has_missing: search.cuts.has_missing(feature),
                monotone: 0,
            };
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
            let cuts = Cuts::new(features.view(), None, None, 255);
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
                        histograms.build(&rows, gradient, &words, None, |word, bins| {
                            search.finish(&node, word, bins)
                        });
                    let of_word = |word| histograms.of_word(&histogram, word);
                    let bins = |feature: usize, bins: &mut Vec<Sums>| {
                        let lines = of_word(feature / LANES).iter();
                        bins.extend(lines.map(|line| line.get(feature % LANES)));
                    };
                    let gain = |feature: usize| estimates[feature / LANES].gain(feature % LANES);
                    let found = search.best(&node, &all, bins, gain);
                    let of_word = |word| of_word(word).to_vec();
                    let expected = scanned(&search, &node, 0..all.len(), of_word);
                    assert_eq!(found, expected, "{params:?}");
                    n_found += usize::from(found.is_some());
                }
            }
        }
        assert!(n_found > 150, "{n_found}");
    }

    #[test]
    fn estimated_gains_are_within_the_error_bound() {
        let features = table(Key::new(9));
        let cuts = Cuts::new(features.view(), None, None, 255);
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
            let estimator = search.estimator(&node);
            assert_eq!(estimator.allows_f32(), min_child_weight == 1.0);
            let (histogram, estimates) =
                histograms.build(&rows, gradient, &[true; 3], None, |word, bins| {
                    search.finish(&node, word, bins)
                });
            for feature in 0..features.ncols() {
                let of_word = |word| histograms.of_word(&histogram, word).to_vec();
                let best = scanned(&search, &node, feature..feature + 1, of_word);
                let gain = best.unwrap().loss_change + node.gain;
                let estimate = estimates[feature / LANES].gain(feature % LANES);
                let error = estimator.relative_error() * gain;
                assert!(
                    (estimate - gain).abs() <= error,
                    "{estimate} {gain} {error}"
                );
            }
        }
    }
}
