use ndarray::{ArrayView2, Axis};

use super::paths::{Edge, Paths};

/// The SHAP values of `W` rows, computed at once.
#[derive(Debug)]
pub(super) struct Lanes<const W: usize> {
    /// The features of the rows.
    columns: Vec<[f32; W]>,
    /// The SHAP values so far, one per feature.
    pub(super) values: Vec<[f64; W]>,
    /// By level: whether a row follows all edges so far with the feature of the level.
    follows: Vec<[bool; W]>,
    /// By level and point: the product of the factors down to the level.
    products: Vec<[f64; W]>,
    /// By level and point: the weighted products of the leaves visited below.
    sums: Vec<[f64; W]>,
    /// By level and point: `g` of the feature; only for interaction values.
    gains: Vec<[f64; W]>,
}

/// The interaction values of `W` rows, computed at once.
#[derive(Debug)]
pub(super) struct Pairs<const W: usize> {
    /// Features `i > j` at `i (i - 1) / 2 + j`.
    values: Vec<[f64; W]>,
    /// The deepest edge of each feature on a path, as level and feature.
    path: Vec<(usize, usize)>,
}

impl<const W: usize> Pairs<W> {
    pub(super) fn new(n_features: usize) -> Self {
        Self {
            values: vec![[0.0; W]; n_features * n_features.saturating_sub(1) / 2],
            path: Vec::new(),
        }
    }

    /// The values of two different features.
    pub(super) fn get(&self, i: usize, j: usize) -> &[f64; W] {
        &self.values[Self::index(i, j)]
    }

    fn index(i: usize, j: usize) -> usize {
        let (i, j) = (i.max(j), i.min(j));
        i * (i - 1) / 2 + j
    }
}

impl<const W: usize> Lanes<W> {
    /// All rows, `W` at a time.
    pub(super) fn blocks(rows: ArrayView2<'_, f32>) -> Vec<Self> {
        let block = |rows: ArrayView2<'_, f32>| {
            let mut columns = vec![[0.0; W]; rows.ncols()];
            for (to, from) in columns.iter_mut().zip(rows.columns()) {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
            Self {
                values: vec![[0.0; W]; columns.len()],
                columns,
                follows: Vec::new(),
                products: Vec::new(),
                sums: Vec::new(),
                gains: Vec::new(),
            }
        };
        rows.axis_chunks_iter(Axis(0), W).map(block).collect()
    }

    /// Adds the contributions of the paths of a tree.
    #[inline(always)]
    pub(super) fn add(&mut self, paths: &Paths<'_>, mut pairs: Option<&mut Pairs<W>>) {
        let n = paths.points.len();
        let size = (paths.depth + 1) * n;
        self.follows.resize(paths.depth + 1, [true; W]);
        self.follows[0] = [true; W];
        for state in [&mut self.products, &mut self.sums, &mut self.gains] {
            state.resize(size, [0.0; W]);
        }
        self.products[..n].fill([1.0; W]);

        // The edges of the current path.
        let mut open: Vec<usize> = Vec::with_capacity(paths.depth);
        for (index, edge) in paths.edges.iter().enumerate() {
            while open.len() >= edge.level {
                if let Some(index) = open.pop() {
                    self.close(paths, index);
                }
            }
            self.open(paths, index, edge, pairs.is_some());
            open.push(index);
            if let (Some(pairs), Some(_)) = (&mut pairs, edge.leaf) {
                self.add_pairs(paths, &open, pairs);
            }
        }
        while let Some(index) = open.pop() {
            self.close(paths, index);
        }
    }

    /// Descends an edge.
    #[inline(always)]
    fn open(&mut self, paths: &Paths<'_>, index: usize, edge: &Edge<'_>, gains: bool) {
        let n = paths.points.len();
        let column = &self.columns[edge.split.feature as usize];
        let above = self.follows[edge.above];
        let mut follows = [false; W];
        for i in 0..W {
            let left = if column[i].is_nan() {
                edge.split.default_left
            } else {
                column[i] < edge.split.threshold
            };
            follows[i] = above[i] & (left == edge.left);
        }
        if let Some(set) = edge.categories {
            for i in (0..W).filter(|&i| !column[i].is_nan()) {
                follows[i] = above[i] & (set.goes_left(column[i]) == edge.left);
            }
        }
        self.follows[edge.level] = follows;
        let (parents, products) = self.products.split_at_mut(edge.level * n);
        let parents = &parents[(edge.level - 1) * n..];
        let sums = &mut self.sums[edge.level * n..];
        let factors = &paths.factors[index * n..];
        for p in 0..n {
            let (factors, parents, products) = (&factors[p], &parents[p], &mut products[p]);
            for i in 0..W {
                let stays = if above[i] {
                    factors.left
                } else {
                    edge.fraction
                };
                let factor = if follows[i] { factors.followed } else { stays };
                products[i] = parents[i] * factor;
            }
            let leaf = edge.leaf.map_or(0.0, |leaf| leaf * paths.points[p].weight);
            for i in 0..W {
                sums[p][i] = products[i] * leaf;
            }
            if gains {
                let gains = &mut self.gains[edge.level * n + p];
                for i in 0..W {
                    gains[i] = if follows[i] {
                        factors.follows
                    } else {
                        factors.off
                    };
                }
            }
        }
    }

    /// Leaves an edge after all leaves below it.
    #[inline(always)]
    fn close(&mut self, paths: &Paths<'_>, index: usize) {
        let n = paths.points.len();
        let edge = &paths.edges[index];
        let (above, follows) = (&self.follows[edge.above], &self.follows[edge.level]);
        let (parents, sums) = self.sums.split_at_mut(edge.level * n);
        let parents = &mut parents[(edge.level - 1) * n..];
        let factors = &paths.factors[index * n..];
        let mut values = self.values[edge.split.feature as usize];
        for p in 0..n {
            let (factors, parents, sums) = (&factors[p], &mut parents[p], &sums[p]);
            for i in 0..W {
                let left = if above[i] { factors.gain_left } else { 0.0 };
                let gain = if follows[i] {
                    factors.gain_followed
                } else {
                    left
                };
                values[i] += sums[i] * gain;
                parents[i] += sums[i];
            }
        }
        self.values[edge.split.feature as usize] = values;
    }

    /// Adds the contribution of the leaf at the end of the open edges to each pair of features.
    #[inline(always)]
    fn add_pairs(&self, paths: &Paths<'_>, open: &[usize], pairs: &mut Pairs<W>) {
        let n = paths.points.len();
        pairs.path.clear();
        for index in open.iter().rev() {
            let edge = &paths.edges[*index];
            let feature = edge.split.feature as usize;
            if pairs.path.iter().all(|(_, seen)| *seen != feature) {
                pairs.path.push((edge.level, feature));
            }
        }
        let gains = |level: usize| &self.gains[level * n..][..n];
        let sums = &self.sums[open.len() * n..];
        for (k, &(a, feature_a)) in pairs.path.iter().enumerate() {
            for &(b, feature_b) in &pairs.path[..k] {
                let values = &mut pairs.values[Pairs::<W>::index(feature_a, feature_b)];
                for ((sum, gain_a), gain_b) in sums.iter().zip(gains(a)).zip(gains(b)) {
                    for i in 0..W {
                        values[i] += 0.5 * sum[i] * gain_a[i] * gain_b[i];
                    }
                }
            }
        }
    }
}
