use serde::{Deserialize, Serialize};
use timbral_core::check;

use crate::error::Result;
use crate::training::augment::Augment;
use crate::training::optimiser::Optimiser;
use crate::training::schedule::Schedule;

/// Early stopping: when a training ends before its last epoch.
///
/// ```
/// use timbral_nn::EarlyStopping;
///
/// let stopping = EarlyStopping { patience: 5, ..Default::default() };
/// assert!(stopping.restore_best);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Training ends after this many epochs without a lower validation loss; at least 1, default 10.
    pub patience: usize,
    /// Whether the model gets the weights of the epoch with the lowest validation loss; default `true`.
    pub restore_best: bool,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for EarlyStopping {
    /// After 10 epochs; the best weights are restored.
    fn default() -> Self {
        Self {
            patience: 10,
            restore_best: true,
            _non_exhaustive: (),
        }
    }
}

/// Parameters of the training of a network.
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
    /// Passes over the training rows, at least 1; default 100.
    pub epochs: usize,
    /// Rows per step, at least 1, default 128; the last step of an epoch takes the remaining rows.
    pub batch_size: usize,
    /// The learning rate η, above 0, default 0.001; the schedule multiplies it by a factor.
    pub learning_rate: f64,
    /// The rule by which the weights follow the gradient; default Adam.
    pub optimiser: Optimiser,
    /// How the learning rate changes from step to step; default constant.
    pub schedule: Schedule,
    /// Decoupled weight decay λ, at least 0: weights, but not biases, are multiplied by 1 - η λ before
    /// every step (Loshchilov and Hutter 2019). Default 0.
    pub weight_decay: f32,
    /// The norm to which longer gradients are scaled down, above 0; default none, no clipping.
    pub clip_norm: Option<f32>,
    /// Label smoothing, from 0 to 1, 1 excluded: this fraction of a label's weight is spread evenly
    /// over all classes (Szegedy et al. 2016). Default 0.
    pub label_smoothing: f32,
    /// A factor of the loss for each class, finite and not negative; an empty list, the default, means that all are 1.
    pub class_weights: Vec<f32>,
    /// Ends training early, which needs validation rows; default none.
    pub early_stopping: Option<EarlyStopping>,
    /// The decay of a running mean of the weights, from 0 to 1, 1 excluded. The mean is evaluated and
    /// returned instead of the weights themselves (Polyak and Juditsky 1992). Default none, no mean.
    pub ema_decay: Option<f32>,
    /// Random changes of the examples before every step; default no changes.
    pub augment: Augment,
    /// Random seed of the initial weights, the order of rows, dropout and augmentation; default 0.
    pub seed: u64,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
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
            _non_exhaustive: (),
        }
    }
}

impl TrainParams {
    pub(crate) fn validate(&self, n_classes: usize, has_validation: bool) -> Result<()> {
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let below_one = |x: f32| (0.0..1.0).contains(&x);
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
        if let Some(norm) = self.clip_norm {
            check(positive(norm.into()), "clip_norm", norm, "must be above 0")?;
        }
        check(
            below_one(self.label_smoothing),
            "label_smoothing",
            self.label_smoothing,
            "must be from 0 to 1, 1 excluded",
        )?;
        let weights = &self.class_weights;
        check(
            weights.is_empty() || weights.len() == n_classes,
            "class_weights",
            format_args!("{weights:?}"),
            "must be empty or have one weight per class",
        )?;
        check(
            weights.iter().all(|w| *w >= 0.0 && w.is_finite()),
            "class_weights",
            format_args!("{weights:?}"),
            "must be finite and not negative",
        )?;
        if let Some(stopping) = self.early_stopping {
            check(
                has_validation && stopping.patience > 0,
                "early_stopping",
                stopping.patience,
                "needs validation rows and a patience of at least 1",
            )?;
        }
        if let Some(decay) = self.ema_decay {
            check(
                below_one(decay),
                "ema_decay",
                decay,
                "must be from 0 to 1, 1 excluded",
            )?;
        }
        Ok(())
    }
}
