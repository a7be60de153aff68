use serde::{Deserialize, Serialize};

/// What one epoch gave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochScores {
    /// The mean loss of the training rows, as trained on: with dropout, label smoothing and the
    /// weights of every step.
    pub loss: f64,
    /// The share of training rows whose class was found, in the same steps.
    pub accuracy: f64,
    /// The mean cross-entropy of the validation rows after the epoch, without smoothing.
    pub validation_loss: Option<f64>,
    /// The share of validation rows whose class is found after the epoch.
    pub validation_accuracy: Option<f64>,
    /// The learning rate of the last step.
    pub learning_rate: f64,
}

/// Every epoch of a training.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    /// The epochs, in order.
    pub epochs: Vec<EpochScores>,
}

impl History {
    /// The losses that schedules and early stopping go by: the validation's if there are any.
    pub(crate) fn watched(&self) -> Vec<f64> {
        let loss = |epoch: &EpochScores| epoch.validation_loss.unwrap_or(epoch.loss);
        self.epochs.iter().map(loss).collect()
    }
}
