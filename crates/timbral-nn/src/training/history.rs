use serde::{Deserialize, Serialize};

/// The scores of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EpochScores {
    /// The mean loss of the training rows in training: with dropout, label smoothing and the weights
    /// at each step.
    pub loss: f64,
    /// The accuracy on the training rows in the same steps: the fraction that is classified correctly.
    pub accuracy: f64,
    /// The mean cross-entropy of the validation rows after the epoch, without smoothing.
    pub validation_loss: Option<f64>,
    /// The accuracy on the validation rows after the epoch.
    pub validation_accuracy: Option<f64>,
    /// The learning rate of the last step.
    pub learning_rate: f64,
}

/// The scores of all epochs of a training.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct History {
    /// The epochs, in order.
    pub epochs: Vec<EpochScores>,
}

impl History {
    /// The losses that schedules and early stopping use: those of the validation rows if there are
    /// any.
    pub(crate) fn watched(&self) -> Vec<f64> {
        let loss = |epoch: &EpochScores| epoch.validation_loss.unwrap_or(epoch.loss);
        self.epochs.iter().map(loss).collect()
    }
}
