use ndarray::{Array3, Array4, ArrayView2, s};
use timbral_core::InvalidParameter;
use timbral_core::parallel;

use super::lanes::{Lanes, Pairs};
use super::paths::Paths;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::simd::dispatch;

/// Rows per task; the paths of a tree are computed once per task.
const CHUNK: usize = 128;

/// Rows computed at once for SHAP values.
const MANY: usize = 32;

/// The same for few rows, and for interaction values.
const FEW: usize = 8;

/// The largest number of entries of a result (8 GiB).
const MAX_NUMBERS: usize = 1 << 31;

impl Model {
    /// SHAP values of shape `(n_rows, n_outputs, n_features + 1)`: the contribution of each feature to a
    /// margin, and as the last entry the expected margin. Their sum is the margin.
    ///
    /// These are the Shapley values of the path-dependent expectation (Lundberg et al. 2018, algorithm 2);
    /// XGBoost's `predict(pred_contribs=True)`. They are computed in f64, with one polynomial per path (as Yu
    /// et al. 2022, Linear TreeShap) and Gauss-Legendre quadrature. The rounds used are those of
    /// [`compile`](Self::compile).
    ///
    /// ```
    /// use ndarray::array;
    /// use timbral_boost::{BoostParams, Dataset, Objective, Training};
    /// let features = array![[0.0], [1.0]];
    /// let data = Dataset::new(features.view(), &[-1.0, 1.0])?;
    /// let params = BoostParams {
    ///     objective: Objective::SquaredError,
    ///     n_rounds: 1,
    ///     learning_rate: 1.0,
    ///     lambda: 0.0,
    ///     ..Default::default()
    /// };
    /// let model = Training::new(&params, &data).run()?.model;
    /// assert_eq!(model.shap_values(features.view())?, array![[[-1.0, 0.0]], [[1.0, 0.0]]]);
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Features`] if the number of columns is not the number of features;
    /// [`Error::Unsupported`] for a tree deeper than 512; [`Error::InvalidParameter`] for a result of
    /// more than 2^31 numbers.
    pub fn shap_values(&self, rows: ArrayView2<'_, f32>) -> Result<Array3<f32>> {
        let n = self.n_features + 1;
        let mut out = Array3::zeros(self.result_shape(rows, n, 1)?);
        self.explain(rows, out.as_slice_mut(), n, |class, rows, out| {
            if rows.nrows() <= FEW {
                self.values::<FEW>(class, rows, out)
            } else {
                self.values::<MANY>(class, rows, out)
            }
        })?;
        Ok(out)
    }

    /// SHAP interaction values of shape `(n_rows, n_outputs, n_features + 1, n_features + 1)`; XGBoost's
    /// `predict(pred_interactions=True)`. Each row of a matrix sums to the SHAP value of its feature. The
    /// off-diagonal entries are half the Shapley interaction indices, and the last entry is the expected
    /// margin.
    ///
    /// # Errors
    /// As [`shap_values`](Self::shap_values).
    pub fn shap_interaction_values(&self, rows: ArrayView2<'_, f32>) -> Result<Array4<f32>> {
        let n = self.n_features + 1;
        let (n_rows, n_outputs, _) = self.result_shape(rows, n, n)?;
        let mut out = Array4::zeros((n_rows, n_outputs, n, n));
        self.explain(rows, out.as_slice_mut(), n * n, |class, rows, out| {
            self.interactions(class, rows, out)
        })?;
        Ok(out)
    }

    fn result_shape(
        &self,
        rows: ArrayView2<'_, f32>,
        width: usize,
        height: usize,
    ) -> Result<(usize, usize, usize)> {
        if rows.ncols() != self.n_features {
            return Err(Error::Features {
                expected: self.n_features,
                got: rows.ncols(),
            });
        }
        let shape = (rows.nrows(), self.n_outputs(), width);
        let sizes = [shape.0, shape.1, shape.2, height];
        match sizes
            .iter()
            .try_fold(1_usize, |product, n| product.checked_mul(*n))
        {
            Some(size) if size <= MAX_NUMBERS => Ok(shape),
            _ => {
                let reason = "the result would have more than 2^31 numbers";
                let value = format!("{} rows", rows.nrows());
                Err(InvalidParameter::new("rows", value, reason).into())
            }
        }
    }

    /// Calls `one(output, rows, out)` for each output and each chunk of rows; `out` holds the results
    /// of the rows, all outputs of a row together.
    fn explain(
        &self,
        rows: ArrayView2<'_, f32>,
        out: Option<&mut [f32]>,
        size: usize,
        one: impl Fn(usize, ArrayView2<'_, f32>, &mut [f32]) -> Result<()> + Sync,
    ) -> Result<()> {
        let width = self.n_outputs() * size;
        let per_thread = rows.nrows().div_ceil(rayon::current_num_threads());
        let n = per_thread.next_multiple_of(FEW).clamp(FEW, CHUNK);
        let chunks = out.unwrap_or_default().chunks_mut((n * width).max(1));
        parallel::try_map_each(chunks, 1, &|i, out| {
            let rows = rows.slice(s![i * n.., ..]);
            let rows = rows.slice(s![..out.len() / width, ..]);
            (0..self.n_outputs()).try_for_each(|output| one(output, rows, out))
        })
        .map(drop)
    }

    /// Calls `visit` with the paths of each tree of an output; returns the expected margin.
    fn for_each_tree(&self, output: usize, mut visit: impl FnMut(&Paths<'_>)) -> Result<f64> {
        let mut paths = Paths::default();
        let mut expected = f64::from(self.base_margin()[output]);
        let trees = self
            .trees
            .iter()
            .zip(&self.tree_outputs)
            .take(self.n_best_trees());
        for (tree, &of_tree) in trees {
            match tree.vectors() {
                Some(_) => paths.set(tree, output)?,
                None if of_tree as usize == output => paths.set(tree, 0)?,
                None => continue,
            }
            expected += paths.mean;
            visit(&paths);
        }
        Ok(expected)
    }

    fn values<const W: usize>(
        &self,
        output: usize,
        rows: ArrayView2<'_, f32>,
        out: &mut [f32],
    ) -> Result<()> {
        let mut lanes = Lanes::<W>::blocks(rows);
        let expected = self.for_each_tree(output, |paths| {
            for lanes in &mut lanes {
                dispatch(
                    #[inline(always)]
                    || lanes.add(paths, None),
                );
            }
        })?;
        let size = self.n_features + 1;
        let out = out
            .chunks_exact_mut(size)
            .skip(output)
            .step_by(self.n_outputs());
        for (row, out) in out.enumerate() {
            let lanes = &lanes[row / W];
            for (out, values) in out.iter_mut().zip(&lanes.values) {
                *out = values[row % W] as f32;
            }
            out[size - 1] = expected as f32;
        }
        Ok(())
    }

    fn interactions(
        &self,
        output: usize,
        rows: ArrayView2<'_, f32>,
        out: &mut [f32],
    ) -> Result<()> {
        let mut lanes = Lanes::<FEW>::blocks(rows);
        let mut pairs: Vec<_> = lanes.iter().map(|_| Pairs::new(self.n_features)).collect();
        let expected = self.for_each_tree(output, |paths| {
            for (lanes, pairs) in lanes.iter_mut().zip(&mut pairs) {
                dispatch(
                    #[inline(always)]
                    || lanes.add(paths, Some(pairs)),
                );
            }
        })?;
        let size = self.n_features + 1;
        let out = out
            .chunks_exact_mut(size * size)
            .skip(output)
            .step_by(self.n_outputs());
        for (row, out) in out.enumerate() {
            let (lanes, pairs) = (&lanes[row / FEW], &pairs[row / FEW]);
            for i in 0..self.n_features {
                let mut rest = lanes.values[i][row % FEW];
                for j in (0..self.n_features).filter(|j| *j != i) {
                    let value = pairs.get(i, j)[row % FEW];
                    out[i * size + j] = value as f32;
                    rest -= value;
                }
                out[i * size + i] = rest as f32;
            }
            out[size * size - 1] = expected as f32;
        }
        Ok(())
    }
}
