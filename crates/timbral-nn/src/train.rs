use serde::{Deserialize, Serialize};

use crate::augment::Augment;
use crate::error::{Result, check};
use crate::optimiser::Optimiser;
use crate::schedule::Schedule;

/// When training ends before its last epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs without a lower validation loss, at least 1.
    pub patience: usize,
    /// Whether the weights of the epoch with the lowest validation loss are kept.
    pub restore_best: bool,
}

/// How a network is trained.
///
/// ```
/// let params: timbral_nn::TrainParams = serde_json::from_str(
///     r#"{"epochs": 5, "schedule": {"cosine": {"warm_up": 0.1}}}"#,
/// )?;
/// assert_eq!((params.epochs, params.batch_size), (5, 128));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainParams {
    /// Passes over the training rows, at least 1.
    pub epochs: usize,
    /// Rows a step, at least 1; the last step of an epoch takes what is left.
    pub batch_size: usize,
    /// The learning rate where the schedule's factor is 1, above 0.
    pub learning_rate: f64,
    /// The rule of the steps.
    pub optimiser: Optimiser,
    /// The learning rate from step to step.
    pub schedule: Schedule,
    /// Decoupled weight decay λ: weights are multiplied by 1 - η λ before every step, biases are
    /// not (Loshchilov and Hutter 2019).
    pub weight_decay: f32,
    /// The norm to which longer gradients are scaled down, above 0.
    pub clip_norm: Option<f32>,
    /// The share of a label's weight spread evenly over all classes, from 0 to 1, 1 excluded
    /// (Szegedy et al. 2016).
    pub label_smoothing: f32,
    /// A factor of the loss for each class, finite and not negative; none are ones.
    pub class_weights: Vec<f32>,
    /// Needs validation rows.
    pub early_stopping: Option<EarlyStopping>,
    /// The decay of a running mean of the weights, from 0 to 1, 1 excluded, which is judged and
    /// returned in their place (Polyak and Juditsky 1992).
    pub ema_decay: Option<f32>,
    /// What is done to examples before every step.
    pub augment: Augment,
    /// Of the first weights, the order of rows, dropout and `augment`.
    pub seed: u64,
}

impl Default for TrainParams {
    /// 100 epochs of Adam at a constant rate of 0.001 in batches of 128.
    fn default() -> Self {
        Self {
            epochs: 100,
            batch_size: 128,
            learning_rate: 1e-3,
            optimiser: Optimiser::default(),
            schedule: Schedule::Constant,
            weight_decay: 0.0,
            clip_norm: None,
            label_smoothing: 0.0,
            class_weights: Vec::new(),
            early_stopping: None,
            ema_decay: None,
            augment: Augment::default(),
            seed: 0,
        }
    }
}

impl TrainParams {
    pub(crate) fn validate(&self, n_classes: usize, has_validation: bool) -> Result<()> {
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let share = |x: f32| (0.0..1.0).contains(&x);
        let Self {
            epochs,
            batch_size,
            learning_rate,
            ..
        } = *self;
        check(epochs > 0, "epochs", epochs, "must be at least 1")?;
        check(
            batch_size > 0,
            "batch_size",
            batch_size,
            "must be at least 1",
        )?;
        check(
            positive(learning_rate),
            "learning_rate",
            learning_rate,
            "must be above 0",
        )?;
        self.optimiser.validate()?;
        self.schedule.validate()?;
        check(
            self.weight_decay >= 0.0 && self.weight_decay.is_finite(),
            "weight_decay",
            self.weight_decay,
            "must not be negative",
        )?;
        check(
            self.clip_norm.is_none_or(|norm| positive(norm.into())),
            "clip_norm",
            self.clip_norm,
            "must be above 0",
        )?;
        check(
            share(self.label_smoothing),
            "label_smoothing",
            self.label_smoothing,
            "must be from 0 to 1, 1 excluded",
        )?;
        let weights = &self.class_weights;
        check(
            weights.is_empty() || weights.len() == n_classes,
            "class_weights",
            weights,
            "must be none or one a class",
        )?;
        check(
            weights.iter().all(|w| *w >= 0.0 && w.is_finite()),
            "class_weights",
            weights,
            "must be finite and not negative",
        )?;
        let stopping = self.early_stopping;
        check(
            stopping.is_none_or(|stopping| has_validation && stopping.patience > 0),
            "early_stopping",
            stopping,
            "needs validation rows and a patience of at least 1",
        )?;
        check(
            self.ema_decay.is_none_or(share),
            "ema_decay",
            self.ema_decay,
            "must be from 0 to 1, 1 excluded",
        )
    }
}
