use std::borrow::Cow;

use ndarray::{Array2, ArrayView1, ArrayView2, s};
use timbral_core::parallel;

use super::layout::{Block, Layout};
use super::vectors::LeafVectors;
use crate::error::{Error, Result};
use crate::loss::Objective;
use crate::math::exp;
use crate::model::Model;
use crate::simd::dispatch;

/// The most rows computed at once.
const BLOCK: usize = 256;

/// The smallest number of rows computed at once, and the step of the number.
const LANES: usize = 64;

/// Up to this many rows it is faster to descend the trees one row at a time.
const FEW: usize = 16;

/// A model laid out for prediction, by [`Model::compile`].
///
/// The margin of a row is the base margin plus the leaves that the row reaches, added in f32 in the order of
/// the trees, as in XGBoost: results equal XGBoost's to the last bit. They do not depend on the number of
/// threads, on the other rows or on the memory order.
///
/// NaN is a missing value. Columns of categories hold the numbers of the categories
/// ([`Model::category_values`]); unknown categories go left
/// ([`Tree::with_categories`](crate::Tree::with_categories)).
#[derive(Debug, Clone)]
pub struct Predictor {
    objective: Objective,
    n_features: usize,
    base_margin: Vec<f32>,
    /// The output of each tree.
    outputs: Vec<u32>,
    layout: Layout,
    /// The leaves if they are vectors.
    vectors: Option<LeafVectors>,
}

impl Model {
    /// Makes the predictor of the model. It uses the rounds up to [`best_iteration`](Self::best_iteration), or
    /// all rounds if there is none. For other rounds call [`slice`](Self::slice) first.
    ///
    /// ```
    /// use ndarray::array;
    /// use timbral_boost::{BoostParams, Dataset, Objective, Training};
    /// let features = array![[0.0], [1.0], [f32::NAN]];
    /// let data = Dataset::new(features.view(), &[-1.0, 1.0, 1.0])?;
    /// let params = BoostParams {
    ///     objective: Objective::SquaredError,
    ///     n_rounds: 1,
    ///     learning_rate: 1.0,
    ///     lambda: 0.0,
    ///     ..Default::default()
    /// };
    /// let predictor = Training::new(&params, &data).run()?.model.compile();
    /// assert_eq!(predictor.margins(features.view())?, array![[-1.0], [1.0], [1.0]]);
    /// assert_eq!(predictor.margins_row(&[0.5])?, [-1.0]);
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    pub fn compile(&self) -> Predictor {
        let n_trees = self.n_best_trees();
        let (trees, outputs) = (&self.trees[..n_trees], &self.tree_outputs[..n_trees]);
        let layout = Layout::new(trees);
        Predictor {
            objective: self.objective.clone(),
            n_features: self.n_features,
            base_margin: self.base_margin(),
            outputs: outputs.to_vec(),
            vectors: LeafVectors::new(trees, outputs, self.n_outputs(), &layout.nodes),
            layout,
        }
    }
}

impl Predictor {
    /// Number of feature columns.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Number of margins per row: one per class for `multi:softprob` and `multi:softmax`, one per fraction for
    /// `reg:quantileerror` and `reg:expectileerror`, one per output for a custom loss or several targets, else
    /// one.
    pub fn n_outputs(&self) -> usize {
        self.base_margin.len()
    }

    /// The margins of rows, of shape `(n_rows, n_outputs)`; XGBoost's `predict(output_margin=True)`.
    /// [`values`](Self::values) gives the predicted numbers, [`probabilities`](Self::probabilities) the
    /// probabilities of classes.
    ///
    /// # Errors
    /// [`Error::Features`] if the number of columns is not the number of features.
    pub fn margins(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        self.check(rows.ncols())?;
        if rows.nrows() <= FEW {
            let mut margins = repeated(&self.base_margin, rows.nrows());
            for (row, mut margins) in rows.rows().into_iter().zip(margins.rows_mut()) {
                if let Some(margins) = margins.as_slice_mut() {
                    self.add(&contiguous(row), margins);
                }
            }
            return Ok(margins);
        }
        if let Some(vectors) = &self.vectors {
            let mut margins = repeated(&self.base_margin, rows.nrows());
            in_blocks(rows, &mut margins, |rows, margins| {
                if rows.nrows() <= LANES {
                    vectors.add_block::<LANES>(&self.layout, rows, margins);
                } else {
                    vectors.add_block::<BLOCK>(&self.layout, rows, margins);
                }
            });
            return Ok(margins);
        }
        let outputs = |tree: usize| self.outputs[tree] as usize;
        let add = |sum: &mut f32, value: f32| *sum += value;
        Ok(self.predict(rows, &self.layout.values, &self.base_margin, outputs, add))
    }

    /// The margins of one row.
    ///
    /// # Errors
    /// As [`margins`](Self::margins).
    pub fn margins_row(&self, row: &[f32]) -> Result<Vec<f32>> {
        self.check(row.len())?;
        let mut margins = self.base_margin.clone();
        self.add(row, &mut margins);
        Ok(margins)
    }

    /// Adds the leaves that a row reaches to its margins.
    fn add(&self, row: &[f32], margins: &mut [f32]) {
        let mut ranks = vec![0; self.layout.columns.len()];
        self.layout.columns.rank_row(row, &mut ranks);
        if self.layout.full.is_empty() {
            self.layout
                .walk(&ranks, row, |tree, leaf| match &self.vectors {
                    Some(vectors) => vectors.add(leaf, margins),
                    None => margins[self.outputs[tree] as usize] += self.layout.values[leaf],
                });
        } else {
            self.layout.full.add(&ranks, &self.outputs, margins);
        }
    }

    /// The probability of each class, of shape `(n_rows, n_classes)`. It is the softmax of the margins; for
    /// `binary:logistic` it is `1 - p` and `p = 1 / (1 + e^-m)`.
    ///
    /// # Errors
    /// As [`margins`](Self::margins); [`Error::Unsupported`] if the model has no classes.
    pub fn probabilities(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        self.check_classes("probabilities")?;
        let mut margins = self.margins(rows)?;
        if self.objective == Objective::Logistic {
            let p = margins.column(0).mapv(logistic);
            return Ok(ndarray::stack![ndarray::Axis(1), p.mapv(|p| 1.0 - p), p]);
        }
        for mut row in margins.rows_mut() {
            if let Some(row) = row.as_slice_mut() {
                softmax(row);
            }
        }
        Ok(margins)
    }

    /// The probability of each class for one row.
    ///
    /// # Errors
    /// As [`probabilities`](Self::probabilities).
    pub fn probabilities_row(&self, row: &[f32]) -> Result<Vec<f32>> {
        self.check_classes("probabilities")?;
        let mut margins = self.margins_row(row)?;
        if self.objective == Objective::Logistic {
            let p = logistic(margins[0]);
            return Ok(vec![1.0 - p, p]);
        }
        softmax(&mut margins);
        Ok(margins)
    }

    /// The class of each row: the class with the greatest margin, or the first of several with the same margin.
    /// For `binary:logistic` it is class 1 if the margin is above 0.
    ///
    /// # Errors
    /// As [`probabilities`](Self::probabilities).
    pub fn classes(&self, rows: ArrayView2<'_, f32>) -> Result<Vec<usize>> {
        self.check_classes("classes")?;
        Ok(self.margins(rows)?.rows().into_iter().map(class).collect())
    }

    /// The class of one row.
    ///
    /// # Errors
    /// As [`probabilities`](Self::probabilities).
    pub fn class_row(&self, row: &[f32]) -> Result<usize> {
        self.check_classes("classes")?;
        Ok(class(self.margins_row(row)?.as_slice().into()))
    }

    /// The index in [`Tree::nodes`](crate::Tree::nodes) of the leaf that each row reaches in each
    /// tree, `(n_rows, n_trees)`: XGBoost's `predict(pred_leaf=True)`.
    ///
    /// # Errors
    /// As [`margins`](Self::margins).
    pub fn leaf_indices(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<u32>> {
        self.check(rows.ncols())?;
        let zeros = vec![0; self.layout.n_trees()];
        let set = |to: &mut u32, node: u32| *to = node;
        Ok(self.predict(rows, &self.layout.nodes, &zeros, |tree| tree, set))
    }

    /// The probability of each label, of shape `(n_rows, n_outputs)`: `1 / (1 + e^-m)` of each margin `m`. It
    /// is for models of labels that do not exclude each other (`binary:logistic` with several targets); their
    /// probabilities do not add up to 1. For `binary:logistic` with one target it is the probability of class
    /// 1.
    ///
    /// ```
    /// use timbral_boost::{BoostParams, Dataset, Objective};
    /// let features = ndarray::array![[0.0], [1.0]];
    /// let params = BoostParams { objective: Objective::Logistic, n_rounds: 0, ..Default::default() };
    /// let predictor = params.fit(&Dataset::new(features.view(), &[0.0, 1.0])?)?.compile();
    /// assert_eq!(predictor.label_probabilities(features.view())?, ndarray::array![[0.5], [0.5]]);
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`margins`](Self::margins); [`Error::Unsupported`] for other objectives.
    pub fn label_probabilities(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        if !self.objective.is_logistic() {
            return Err(Error::Unsupported {
                path: None,
                what: format!("probabilities of labels of {}", self.objective.name()),
            });
        }
        Ok(self.margins(rows)?.mapv_into(logistic))
    }

    /// The predicted number of each row and output, of shape `(n_rows, n_outputs)`; XGBoost's `predict` for
    /// models of numbers. It is the margin `m`, or `e^m` for `count:poisson`, `reg:gamma` and `reg:tweedie`.
    ///
    /// Several quantiles of a row are in ascending order. Of several expectiles the first is `m`; each further
    /// one is `1e-6 + ln(1 + e^m)` above the one before it.
    ///
    /// ```
    /// use timbral_boost::{BoostParams, Dataset, Objective};
    /// let features = ndarray::array![[0.0], [1.0]];
    /// let params = BoostParams { objective: Objective::Gamma, n_rounds: 0, ..Default::default() };
    /// let predictor = params.fit(&Dataset::new(features.view(), &[1.0, 3.0])?)?.compile();
    /// assert!((predictor.values(features.view())?[[0, 0]] - 2.0).abs() < 1e-6);
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`margins`](Self::margins); [`Error::Unsupported`] for models of classes.
    pub fn values(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        if self.objective.is_logistic() || self.objective.is_multiclass() {
            return Err(Error::Unsupported {
                path: None,
                what: format!(
                    "numbers of {}, which predicts classes",
                    self.objective.name()
                ),
            });
        }
        let mut values = self.margins(rows)?;
        if self.objective.has_log_link() {
            values.mapv_inplace(exp);
        }
        if self.n_outputs() > 1 {
            for mut row in values.rows_mut() {
                if let Some(row) = row.as_slice_mut() {
                    self.objective.order(row);
                }
            }
        }
        Ok(values)
    }

    fn check(&self, width: usize) -> Result<()> {
        if width == self.n_features {
            return Ok(());
        }
        Err(Error::Features {
            expected: self.n_features,
            got: width,
        })
    }

    fn check_classes(&self, what: &str) -> Result<()> {
        if self.objective == Objective::Logistic || self.objective.is_multiclass() {
            return Ok(());
        }
        let n = self.n_outputs();
        let name = self.objective.name();
        let what = match self.objective.is_logistic() && n > 1 {
            true => format!(
                "{what} of classes: the model predicts {n} labels that do not exclude each other ({name} \
                 with {n} targets); see Predictor::label_probabilities"
            ),
            false => format!("{what} of {name}, which predicts numbers, not classes"),
        };
        Err(Error::Unsupported { path: None, what })
    }

    /// The results of all rows. Each starts as `start`; for each tree `update` combines the entry
    /// `slot(tree)` with the entry of `table` for the leaf that the row reaches.
    fn predict<T: Copy + Default + Send + Sync>(
        &self,
        rows: ArrayView2<'_, f32>,
        table: &[T],
        start: &[T],
        slot: impl Fn(usize) -> usize + Sync,
        update: impl Fn(&mut T, T) + Sync,
    ) -> Array2<T> {
        let mut out = repeated(start, rows.nrows());
        in_blocks(rows, &mut out, |rows, out| {
            if rows.nrows() <= LANES {
                self.scan::<LANES, T>(rows, table, out, &slot, &update);
            } else {
                self.scan::<BLOCK, T>(rows, table, out, &slot, &update);
            }
        });
        out
    }

    fn scan<const W: usize, T: Copy + Default>(
        &self,
        rows: ArrayView2<'_, f32>,
        table: &[T],
        out: &mut [T],
        slot: &impl Fn(usize) -> usize,
        update: &impl Fn(&mut T, T),
    ) {
        let width = out.len() / rows.nrows();
        // Results slot by slot.
        let mut results: Vec<[T; W]> = out[..width].iter().map(|start| [*start; W]).collect();
        let mut ranks = vec![[0; W]; self.layout.columns.len()];
        let copied: Vec<f32> = if self.layout.has_wide() {
            rows.iter().copied().collect()
        } else {
            Vec::new()
        };
        dispatch(
            #[inline(always)]
            || {
                self.layout.columns.rank_block(rows, &mut ranks);
                let block = Block {
                    ranks: &ranks,
                    rows: &copied,
                    n_features: self.n_features,
                };
                self.layout.scan(&block, table, |tree, found| {
                    for (result, found) in results[slot(tree)].iter_mut().zip(found) {
                        update(result, *found);
                    }
                });
            },
        );
        for (row, out) in out.chunks_exact_mut(width).enumerate() {
            for (out, results) in out.iter_mut().zip(&results) {
                *out = results[row];
            }
        }
    }
}

/// Calls `work` with blocks of rows and their results, in parallel.
fn in_blocks<T: Send>(
    rows: ArrayView2<'_, f32>,
    out: &mut Array2<T>,
    work: impl Fn(ArrayView2<'_, f32>, &mut [T]) + Sync,
) {
    let (n_rows, width) = out.dim();
    let per_thread = n_rows.div_ceil(rayon::current_num_threads());
    let n = per_thread.next_multiple_of(LANES).clamp(LANES, BLOCK);
    let Some(values) = out.as_slice_mut().filter(|values| !values.is_empty()) else {
        return;
    };
    parallel::for_each(values.chunks_mut(n * width), 1, &|i, out: &mut [T]| {
        let rows = rows.slice(s![i * n.., ..]);
        work(rows.slice(s![..out.len() / width, ..]), out);
    });
}

/// `n_rows` equal rows.
fn repeated<T: Copy>(row: &[T], n_rows: usize) -> Array2<T> {
    Array2::from_shape_fn((n_rows, row.len()), |(_, i)| row[i])
}

fn contiguous(row: ArrayView1<'_, f32>) -> Cow<'_, [f32]> {
    row.to_slice()
        .map_or_else(|| Cow::Owned(row.to_vec()), Cow::Borrowed)
}

fn logistic(margin: f32) -> f32 {
    1.0 / (1.0 + exp(-margin))
}

fn softmax(margins: &mut [f32]) {
    let greatest = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for margin in &mut *margins {
        *margin = exp(*margin - greatest);
        sum += f64::from(*margin);
    }
    for margin in margins {
        *margin /= sum as f32;
    }
}

fn class(margins: ArrayView1<'_, f32>) -> usize {
    if margins.len() == 1 {
        return usize::from(margins[0] > 0.0);
    }
    let mut best = 0;
    for (class, margin) in margins.iter().enumerate() {
        if *margin > margins[best] {
            best = class;
        }
    }
    best
}
