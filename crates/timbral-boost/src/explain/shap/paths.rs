use super::quadrature::{Point, gauss_legendre};
use crate::error::{Error, Result};
use crate::model::{CategorySet, Children, Tree};

/// The largest depth of a leaf; it bounds memory and time.
const MAX_DEPTH: usize = 512;

/// The edges of a tree, parents before children.
///
/// Let `z` be the fraction of the training rows of a node (its cover) that follow an edge, and `o` 1 if
/// the explained row follows it, else 0, both multiplied over the edges of one feature. A leaf of value
/// `v` contributes to feature `i` on its path
/// `v (o_i - z_i) integral_0^1 prod_(j != i) (z_j (1 - t) + o_j t) dt`.
/// The integrand is a polynomial, so that its integral is a weighted sum over a few points `t`.
#[derive(Debug, Default)]
pub(super) struct Paths<'t> {
    pub(super) edges: Vec<Edge<'t>>,
    /// Factors of edge `e` at point `p`: `factors[e * points.len() + p]`.
    pub(super) factors: Vec<Factors>,
    pub(super) points: Vec<Point>,
    /// The mean of the leaves, weighted by cover.
    pub(super) mean: f64,
    pub(super) depth: usize,
}

/// The edge from a node to its child.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge<'t> {
    /// Number of edges from the root, this one included.
    pub(super) level: usize,
    pub(super) split: Children,
    /// The categories that go right, if the split is categorical.
    pub(super) categories: Option<&'t CategorySet>,
    pub(super) left: bool,
    /// The level of the next edge above with the same feature; 0 if there is none.
    pub(super) above: usize,
    /// The cover of the child divided by that of the node.
    pub(super) fraction: f64,
    /// The value of the child if it is a leaf.
    pub(super) leaf: Option<f64>,
}

/// The effect of an edge at a point `t`: `f(z, o) = z (1 - t) + o t` and `g(z, o) = (o - z) / f(z, o)` of
/// its feature down to this edge, compared with those down to the next edge above with the same
/// feature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors {
    /// The quotient of the `f` for a row that follows the edge.
    pub(super) followed: f64,
    /// The same for a row that leaves the path here.
    pub(super) left: f64,
    /// The difference of the `g` for a row that follows the edge.
    pub(super) gain_followed: f64,
    /// The same for a row that leaves the path here.
    pub(super) gain_left: f64,
    /// `g` for a row that follows the edge.
    pub(super) follows: f64,
    /// `g` for a row that has left the path.
    pub(super) off: f64,
}

/// An edge on the path to the one being added.
#[derive(Debug, Clone, Copy, Default)]
struct Above {
    feature: u32,
    /// Product of the fractions of the edges of the feature.
    feature_fraction: f64,
    /// Product of all fractions.
    fraction: f64,
    n_features: usize,
}

impl<'t> Paths<'t> {
    /// Replaces the paths by those of `tree` with the values of one of its outputs.
    pub(super) fn set(&mut self, tree: &'t Tree, output: usize) -> Result<()> {
        let nodes = tree.nodes();
        let value = |leaf: usize| f64::from(tree.leaf_values(leaf)[output]);
        self.edges.clear();
        self.factors.clear();
        (self.mean, self.depth) = (0.0, 0);
        let Some(root) = nodes[0].children else {
            self.mean = value(0);
            return Ok(());
        };
        let mut path = vec![Above {
            fraction: 1.0,
            ..Above::default()
        }];
        let mut feature_fractions = Vec::with_capacity(nodes.len());
        let mut n_features = 0;
        let mut open = vec![(0, root, false, 1), (0, root, true, 1)];
        while let Some((parent, split, left, level)) = open.pop() {
            if level > MAX_DEPTH {
                return Err(Error::Unsupported {
                    path: None,
                    what: format!("SHAP values of a tree deeper than {MAX_DEPTH}"),
                });
            }
            let index = if left { split.left } else { split.right } as usize;
            let child = &nodes[index];
            let covers = [child.sum_hessian, nodes[parent].sum_hessian].map(f64::from);
            let fraction = if covers[1] > 0.0 {
                covers[0] / covers[1]
            } else {
                0.0
            };
            path.truncate(level);
            let above = path
                .iter()
                .skip(1)
                .rposition(|a| a.feature == split.feature);
            let above = above.map_or(0, |i| i + 1);
            let before = if above == 0 {
                1.0
            } else {
                path[above].feature_fraction
            };
            let last = path[level - 1];
            let here = Above {
                feature: split.feature,
                feature_fraction: before * fraction,
                fraction: last.fraction * fraction,
                n_features: last.n_features + usize::from(above == 0),
            };
            path.push(here);
            n_features = n_features.max(here.n_features);
            feature_fractions.push((before, here.feature_fraction));
            self.depth = self.depth.max(level);
            self.edges.push(Edge {
                level,
                split,
                categories: tree.category_set(parent),
                left,
                above,
                fraction,
                leaf: child.children.is_none().then(|| value(index)),
            });
            if let Some(split) = child.children {
                open.push((index, split, false, level + 1));
                open.push((index, split, true, level + 1));
            } else {
                self.mean += here.fraction * value(index);
            }
        }
        let n_points = n_features.div_ceil(2);
        if self.points.len() != n_points {
            self.points = gauss_legendre(n_points);
        }
        for (before, after) in feature_fractions {
            self.factors
                .extend(self.points.iter().map(|p| factors(before, after, p.t)));
        }
        Ok(())
    }
}

fn factors(before: f64, after: f64, t: f64) -> Factors {
    let above = before * (1.0 - t) + t;
    let here = after * (1.0 - t) + t;
    let follows = (1.0 - after) / here;
    let off = -1.0 / (1.0 - t);
    let gain_above = (1.0 - before) / above;
    Factors {
        followed: here / above,
        left: after * (1.0 - t) / above,
        gain_followed: follows - gain_above,
        gain_left: off - gain_above,
        follows,
        off,
    }
}
