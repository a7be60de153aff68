use std::ops::ControlFlow;

use timbral_core::Monitor;

use super::history::Round;
use super::params::BoostParams;
use super::rows::Rows;
use crate::data::{BinnedRows, Dataset};
use crate::loss::Loss;
use crate::model::Model;

type Callback<'a> = Box<dyn FnMut(&Round<'_>) -> ControlFlow<()> + Send + 'a>;

/// A training run with all that [`BoostParams::fit`] leaves out: validation rows and early stopping, further
/// evaluated sets, a model to continue, progress, and a custom loss.
///
/// ```
/// use std::ops::ControlFlow;
/// use ndarray::{Array2, Axis};
/// use timbral_boost::{BoostParams, Dataset, Progress, Training};
/// let features = Array2::from_shape_fn((64, 1), |(row, _)| (row % 16) as f32);
/// let labels: Vec<f32> = (0..64).map(|row| (row % 16 / 4) as f32).collect();
/// let (train, held_out) = features.view().split_at(Axis(0), 48);
/// let train = Dataset::new(train, &labels[..48])?;
/// let held_out = Dataset::new(held_out, &labels[48..])?;
///
/// let params = BoostParams { n_rounds: 500, early_stopping_rounds: Some(5), ..Default::default() };
/// let mut n_reports = 0;
/// let mut monitor = |progress: &Progress| {
///     assert_eq!((progress.total, progress.unit), (500, "rounds"));
///     n_reports += 1;
///     ControlFlow::Continue(())
/// };
/// let trained =
///     Training::new(&params, &train).validate(&held_out).monitor(&mut monitor).run()?;
///
/// let scores = trained.history.scores("validation").unwrap_or_default();
/// assert_eq!(scores.len(), n_reports);
/// assert_eq!(trained.model.best_iteration(), trained.best_round);
/// assert_eq!(trained.best_round, Some(n_reports - 6));
/// # Ok::<(), timbral_boost::Error>(())
/// ```
pub struct Training<'a> {
    pub(super) params: &'a BoostParams,
    pub(super) data: Rows<'a>,
    pub(super) validation: Option<Dataset<'a>>,
    pub(super) sets: Vec<(String, Dataset<'a>)>,
    pub(super) loss: Option<&'a dyn Loss>,
    pub(super) model: Option<&'a Model>,
    pub(super) monitor: Option<&'a mut dyn Monitor>,
    pub(super) callback: Option<Callback<'a>>,
}

impl<'a> Training<'a> {
    /// A run over the rows of `data`.
    #[must_use]
    pub fn new(params: &'a BoostParams, data: &'a Dataset<'_>) -> Self {
        Self::on(params, Rows::Table(data.shorter()))
    }

    /// A run over rows that were cut into bins with the same parameters. The model is equal to that of
    /// [`new`](Self::new), bit for bit. [`continue_from`](Self::continue_from) is not possible and gives an
    /// error.
    #[must_use]
    pub fn on_bins(params: &'a BoostParams, rows: &'a BinnedRows) -> Self {
        Self::on(params, Rows::Binned(rows))
    }

    fn on(params: &'a BoostParams, data: Rows<'a>) -> Self {
        Self {
            params,
            data,
            validation: None,
            sets: Vec::new(),
            loss: None,
            model: None,
            monitor: None,
            callback: None,
        }
    }

    /// Evaluates validation rows after each round, under the name `validation`. They decide on early stopping
    /// ([`BoostParams::early_stopping_rounds`]). A second call replaces the first.
    #[must_use]
    pub fn validate(mut self, data: &'a Dataset<'_>) -> Self {
        self.validation = Some(data.shorter());
        self
    }

    /// Evaluates a further set after each round; its scores go into the [`History`](crate::History). If
    /// [`validate`](Self::validate) is not called, the last such set decides on early stopping, as in XGBoost.
    #[must_use]
    pub fn evaluate(mut self, name: impl Into<String>, data: &'a Dataset<'_>) -> Self {
        self.sets.push((name.into(), data.shorter()));
        self
    }

    /// Minimises a custom loss instead of [`BoostParams::objective`].
    #[must_use]
    pub fn loss(mut self, loss: &'a dyn Loss) -> Self {
        self.loss = Some(loss);
        self
    }

    /// Continues a fitted model with the same objective and features: the new rounds are added to its rounds.
    #[must_use]
    pub fn continue_from(mut self, model: &'a Model) -> Self {
        self.model = Some(model);
        self
    }

    /// Reports progress after each round, in the unit `rounds`. The message has the metric and the latest score
    /// of the set that decides on early stopping. After a `Break` training ends and keeps the rounds so far.
    #[must_use]
    pub fn monitor(mut self, monitor: &'a mut dyn Monitor) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// Calls `callback` after each round with the scores so far. After a `Break` training ends and keeps the
    /// rounds so far.
    #[must_use]
    pub fn on_round(
        mut self,
        callback: impl FnMut(&Round<'_>) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        self.callback = Some(Box::new(callback));
        self
    }
}
