use ndarray::{Array2, ArrayView2};
use timbral_boost::Model;

use crate::error::Result;

/// Boosted trees whose probabilities are averaged.
///
/// ```text
/// p(class) = mean over models of p_model(class)
/// ```
///
/// A single model is an ensemble, too.
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
        let mut sum: Option<Array2<f32>> = None;
        for model in &self.0 {
            let probabilities = model.compile().probabilities(features)?;
            sum = Some(match sum {
                Some(sum) => sum + probabilities,
                None => probabilities,
            });
        }
        Ok(sum.unwrap_or_default() / self.0.len() as f32)
    }
}
