/// A custom loss to minimise, instead of a built-in [`Objective`](crate::Objective).
///
/// The trees of output `k` are trained on the gradient `w dL/dm_k` and the hessian `w d^2L/dm_k^2` of each row.
/// `L` is the loss, `m` are the margins of the row, and `w` is its weight.
///
/// ```
/// use timbral_boost::{BoostParams, Dataset, Loss, Training};
/// struct Squared;
/// impl Loss for Squared {
///     fn name(&self) -> &str { "squared" }
///     fn gradients(&self, label: f32, margins: &[f32], gradients: &mut [[f32; 2]]) {
///         gradients[0] = [margins[0] - label, 1.0];
///     }
/// }
/// let features = ndarray::array![[0.0], [1.0]];
/// let data = Dataset::new(features.view(), &[1.0, 3.0])?;
/// let params = BoostParams { n_rounds: 1, learning_rate: 1.0, lambda: 0.0, ..Default::default() };
/// let model = Training::new(&params, &data).loss(&Squared).run()?.model;
/// assert_eq!(model.trees()[0].predict(&[0.0]), 1.0);
/// assert_eq!(model.trees()[0].predict(&[1.0]), 3.0);
/// // A saved model is loaded with the same objective.
/// let loaded = timbral_boost::Model::from_slice(model.to_json().as_bytes())?;
/// assert_eq!(loaded.objective().name(), "squared");
/// assert_eq!(loaded, model);
/// # Ok::<(), timbral_boost::Error>(())
/// ```
pub trait Loss: Sync {
    /// The name of the objective of the models. A model file has it in the attribute `timbral.loss`. XGBoost
    /// reads such a file as `reg:squarederror`, whose predictions are the margins.
    fn name(&self) -> &str;

    /// Number of margins per row, 1 to 65536; default 1.
    fn n_outputs(&self) -> usize {
        1
    }

    /// The margins before the first tree, one per output; default all 0. If
    /// [`BoostParams::base_score`](crate::BoostParams::base_score) is given, it is used instead.
    fn base_score(&self) -> Vec<f32> {
        vec![0.0; self.n_outputs()]
    }

    /// Writes the first and the second derivative of the loss of one row into `gradients`: one pair per margin,
    /// without the weight of the row.
    fn gradients(&self, label: f32, margins: &[f32], gradients: &mut [[f32; 2]]);
}
