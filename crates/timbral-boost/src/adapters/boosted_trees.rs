use std::marker::PhantomData;

use ndarray::ArrayView2;
use timbral_core::check;

use crate::data::Dataset;
use crate::error::Result;
use crate::model::Model;
use crate::predict::Predictor;
use crate::training::BoostParams;

mod private {
    use super::{ArrayView2, Predictor, Result};

    pub trait Label: Copy + Default {
        const IS_CLASS: bool;
        fn to_f32(self) -> f32;
        fn predict(predictor: &Predictor, rows: ArrayView2<'_, f32>) -> Result<Vec<Self>>;
    }

    impl Label for usize {
        const IS_CLASS: bool = true;

        fn to_f32(self) -> f32 {
            self as f32
        }

        fn predict(predictor: &Predictor, rows: ArrayView2<'_, f32>) -> Result<Vec<Self>> {
            predictor.classes(rows)
        }
    }

    impl Label for f32 {
        const IS_CLASS: bool = false;

        fn to_f32(self) -> f32 {
            self
        }

        fn predict(predictor: &Predictor, rows: ArrayView2<'_, f32>) -> Result<Vec<Self>> {
            Ok(predictor.margins(rows)?.column(0).to_vec())
        }
    }
}

/// The type of the predictions of [`BoostedTrees`]: `usize` for classes, `f32` for numbers.
pub trait Target: private::Label {}

impl Target for usize {}
impl Target for f32 {}

/// A model trained through the traits of linfa or smartcore, with the feature `linfa` or `smartcore`.
///
/// `BoostedTrees<usize>` predict classes and are trained with the objectives that have classes,
/// `BoostedTrees<f32>` predict numbers and are trained with the others. The implementations of `Fit`
/// for [`BoostParams`] (linfa) and of `SupervisedEstimator` (smartcore) have examples.
#[derive(Debug, Clone)]
pub struct BoostedTrees<T> {
    model: Model,
    predictor: Predictor,
    target: PhantomData<T>,
}

impl<T: Target> BoostedTrees<T> {
    /// The model, for files, SHAP values and importances.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The model laid out for prediction, for probabilities and margins.
    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    pub(crate) fn new(model: Model) -> Self {
        Self {
            predictor: model.compile(),
            model,
            target: PhantomData,
        }
    }

    pub(crate) fn train(
        params: &BoostParams,
        features: ArrayView2<'_, f32>,
        labels: impl Iterator<Item = T>,
        weights: Option<&[f32]>,
    ) -> Result<Model> {
        check(
            (params.objective.n_classes() > 1) == T::IS_CLASS,
            "objective",
            params.objective.name(),
            "labels must be usize if it has classes, f32 if not",
        )?;
        let labels: Vec<f32> = labels.map(T::to_f32).collect();
        let mut data = Dataset::new(features, &labels)?;
        if let Some(weights) = weights {
            data = data.with_weights(weights)?;
        }
        params.fit(&data)
    }

    pub(crate) fn predictions(&self, rows: ArrayView2<'_, f32>) -> Result<Vec<T>> {
        T::predict(&self.predictor, rows)
    }
}
