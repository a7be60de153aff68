use ndarray::{Array2, ArrayView2};
use timbral_boost::Model;

use crate::error::Result;
use crate::recipes::ensemble::mean;

/// Boosted trees whose probabilities are averaged.
///
/// ```text
/// p(class) = mean over models of p_model(class)
/// ```
///
/// It may have a single model.
#[derive(Debug, Clone, PartialEq)]
pub struct BoostEnsemble(Vec<Model>);

impl BoostEnsemble {
    pub(super) fn new(models: Vec<Model>) -> Self {
        Self(models)
    }

    /// Its models.
    pub fn models(&self) -> &[Model] {
        &self.0
    }

    /// The mean probabilities of rows, shape `(n_rows, n_classes)`.
    ///
    /// # Errors
    ///
    /// [`Error::Boost`](crate::Error::Boost) for rows of another width.
    pub fn probabilities(&self, features: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let each = self.0.iter();
        let each = each.map(|model| Ok(model.compile().probabilities(features)?));
        mean(&each.collect::<Result<Vec<_>>>()?)
    }
}
