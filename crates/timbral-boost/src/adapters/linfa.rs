use ::linfa::DatasetBase;
use ::linfa::dataset::AsSingleTargets;
use ::linfa::traits::{Fit, PredictInplace};
use nd16::{Array1, ArrayBase, Data, Ix2};
use ndarray::{Array2, ArrayView2, CowArray, ShapeBuilder};

use super::boosted_trees::{BoostedTrees, Target};
use crate::error::{Error, Result};
use crate::training::BoostParams;

/// Trains through linfa's trait, on features in f32 and labels in `usize` (classes) or `f32`.
///
/// Weights and feature names are taken from the data set. Contiguous tables, row by row or column by
/// column, are not copied. `params.fit(..)` is [`BoostParams::fit`]; to call the method of linfa write
/// `Fit::fit(&params, ..)`. linfa uses ndarray 0.16.
///
/// ```
/// # use nd16 as ndarray;
/// use linfa::prelude::*;
/// use timbral_boost::{BoostParams, Error, Objective};
/// let records = ndarray::Array2::from_shape_fn((200, 2), |(row, j)| (row * [37, 11][j] % 200) as f32);
/// let classes = records.column(0).mapv(|x| usize::from(x >= 50.0) + usize::from(x >= 120.0));
/// let (train, test) = Dataset::new(records, classes).split_with_ratio(0.75);
/// let params = BoostParams {
///     objective: Objective::Softprob { n_classes: 3 },
///     n_rounds: 10,
///     ..Default::default()
/// };
/// let trees = Fit::fit(&params, &train)?;
/// let accuracy = trees.predict(&test).confusion_matrix(&test)?.accuracy();
/// assert_eq!(accuracy, 0.98);
/// assert_eq!(trees.model().n_rounds(), 10);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidParameter`] if the objective has classes and the labels are `f32`, or the other way
/// round; else as [`Training::run`](crate::Training::run) and
/// [`Dataset::new`](crate::Dataset::new).
impl<D, T> Fit<ArrayBase<D, Ix2>, T, Error> for BoostParams
where
    D: Data<Elem = f32>,
    T: AsSingleTargets<Elem: Target>,
{
    type Object = BoostedTrees<T::Elem>;

    fn fit(&self, data: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Self::Object> {
        let labels = data.targets.as_single_targets();
        let weights = data.weights.to_vec();
        let mut model = Self::Object::train(
            self,
            table(&data.records).view(),
            labels.iter().copied(),
            (!weights.is_empty()).then_some(&weights),
        )?;
        let names = data.feature_names();
        if !names.is_empty() {
            model = model.with_feature_names(names.to_vec())?;
        }
        Ok(BoostedTrees::new(model))
    }
}

/// Predicts through linfa's trait, which has no errors.
///
/// # Panics
/// If the number of columns is not the number of features, or the length of `y` is not the number of
/// rows.
impl<D: Data<Elem = f32>, T: Target> PredictInplace<ArrayBase<D, Ix2>, Array1<T>>
    for BoostedTrees<T>
{
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<T>) {
        assert_eq!(x.nrows(), y.len(), "one prediction per row");
        match self.predictions(table(x).view()) {
            Ok(predicted) => *y = predicted.into(),
            Err(error) => panic!("{error}"),
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<T> {
        Array1::from_elem(x.nrows(), T::default())
    }
}

/// The same table for ndarray 0.17, copied only if it is not contiguous.
fn table<D: Data<Elem = f32>>(x: &ArrayBase<D, Ix2>) -> CowArray<'_, f32, ndarray::Ix2> {
    let by_row = || ArrayView2::from_shape(x.dim(), x.as_slice()?).ok();
    let by_column =
        || ArrayView2::from_shape(x.dim().f(), x.view().reversed_axes().to_slice()?).ok();
    match by_row().or_else(by_column) {
        Some(view) => view.into(),
        None => Array2::from_shape_fn(x.dim(), |cell| x[cell]).into(),
    }
}

#[cfg(test)]
mod tests {
    use nd16::{Array2, Axis, s};

    use super::*;

    #[test]
    fn only_tables_that_are_not_contiguous_are_copied() {
        let rows = Array2::from_shape_fn((4, 6), |(i, j)| (10 * i + j) as f32);
        let mut reversed = rows.view();
        reversed.invert_axis(Axis(1));
        let empty = rows.slice(s![..0, ..]);
        let tables = [
            (rows.view(), true),
            (rows.t(), true),
            (rows.slice(s![1..3, ..]), true),
            (rows.slice(s![..;2, ..]), false),
            (rows.slice(s![.., 1..3]), false),
            (reversed, false),
            (empty, true),
        ];
        for (x, is_view) in tables {
            let table = table(&x);
            assert_eq!(table.is_view(), is_view, "{x}");
            assert_eq!(table.dim(), x.dim());
            for ((i, j), value) in x.indexed_iter() {
                assert_eq!(table[[i, j]], *value);
            }
        }
    }
}
