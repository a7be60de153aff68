use crate::dataset::Dataset;
use crate::device::Opened;
use crate::error::{Error, Result};
use crate::nets::network::Network;
use crate::random::{Key, Stream};
use crate::training::evaluate::evaluate;
use crate::training::history::{EpochScores, History};
use crate::training::loss::{CrossEntropy, Score, Target};
use crate::training::optimiser::clip;
use crate::training::params::TrainParams;
use crate::workspace::Workspace;

/// Everything that changes during training; a checkpoint holds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) params: TrainParams,
    pub(crate) network: Network,
    /// The optimiser's running means.
    pub(crate) moments: Vec<Vec<f32>>,
    /// The running mean of the parameters.
    pub(crate) ema: Option<Vec<f32>>,
    pub(crate) best: Option<Best>,
    pub(crate) history: History,
    /// The fingerprint of the training and validation rows.
    pub(crate) data: Option<String>,
}

/// The weights of the epoch with the lowest validation loss.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Best {
    pub(crate) epoch: usize,
    pub(crate) parameters: Vec<f32>,
    pub(crate) statistics: Vec<f32>,
}

impl State {
    /// The state before the first epoch.
    pub(crate) fn new(params: &TrainParams, network: Network) -> Self {
        Self {
            params: params.clone(),
            moments: params.optimiser.state(network.parameters.len()),
            ema: params.ema_decay.map(|_| network.parameters.clone()),
            best: None,
            history: History::default(),
            data: None,
            network,
        }
    }

    /// Trains for an epoch and evaluates the network on the validation rows.
    pub(crate) fn epoch(
        &mut self,
        data: &Dataset,
        validation: Option<&Dataset>,
        device: &Opened,
        workspace: &mut Workspace,
    ) -> Result<()> {
        let epoch = self.history.epochs.len();
        let watched = self.history.watched();
        let n_rows = data.labels().len();
        let n_batches = n_rows.div_ceil(self.params.batch_size);
        let n_steps = n_batches.saturating_mul(self.params.epochs);
        let seed = Key::new(self.params.seed);
        let mut order: Vec<usize> = (0..n_rows).collect();
        seed.of(Stream::Shuffle)
            .with(epoch as u64)
            .rng()
            .shuffle(&mut order);

        let mut sum = Score::default();
        let mut targets = Vec::with_capacity(self.params.batch_size.min(n_rows));
        let means = self.network.bands().to_vec();
        let mut learning_rate = 0.0;
        for (batch, rows) in order.chunks(self.params.batch_size).enumerate() {
            let step = epoch * n_batches + batch;
            let factor = self.params.schedule.factor(step, n_steps, &watched);
            learning_rate = self.params.learning_rate * factor;
            let input = &mut workspace.input;
            let key = seed.of(Stream::Augment).with(step as u64);
            self.params
                .augment
                .fill(data, rows, &means, key, input, &mut targets);
            let score = self.step(step, learning_rate as f32, &targets, workspace)?;
            sum.loss += score.loss;
            sum.correct += score.correct;
        }

        let n = n_rows as f64;
        let validate = |data: &Dataset| -> Result<_> {
            let network = self.averaged();
            let score = evaluate(&network, device, data, &self.params.class_weights)?;
            let n = data.labels().len() as f64;
            Ok((score.loss / n, score.correct as f64 / n, network))
        };
        let validated = validation.map(validate).transpose()?;
        let scores = EpochScores {
            loss: sum.loss / n,
            accuracy: sum.correct as f64 / n,
            validation_loss: validated.as_ref().map(|validated| validated.0),
            validation_accuracy: validated.as_ref().map(|validated| validated.1),
            learning_rate,
        };
        let is_finite = scores.validation_loss.is_none_or(f64::is_finite);
        // The last step may have made the weights infinite or NaN after the last loss was computed.
        let network = &self.network;
        let mut weights = (network.parameters.iter())
            .chain(&network.statistics)
            .chain(self.ema.iter().flatten());
        if !(scores.loss.is_finite() && is_finite && weights.all(|x| x.is_finite())) {
            return Err(Error::Diverged { epoch });
        }
        self.history.epochs.push(scores);
        if let (Some(_), Some((loss, _, network))) = (self.params.early_stopping, validated)
            && watched.iter().all(|earlier| loss < *earlier)
        {
            self.best = Some(Best {
                epoch,
                parameters: network.parameters,
                statistics: network.statistics,
            });
        }
        Ok(())
    }

    /// The step `step`, from 0, on the batch in the workspace.
    fn step(
        &mut self,
        step: usize,
        rate: f32,
        targets: &[Target],
        workspace: &mut Workspace,
    ) -> Result<Score> {
        let loss = CrossEntropy {
            smoothing: self.params.label_smoothing,
            class_weights: &self.params.class_weights,
        };
        let key = Key::new(self.params.seed)
            .of(Stream::Dropout)
            .with(step as u64);
        let mut logits = workspace.forward(&mut self.network, key)?.to_vec();
        let score = loss.gradient(&mut logits, targets, self.network.n_classes);
        workspace.backward(&self.network, &mut logits)?;
        let gradient = &mut workspace.gradient;
        if let Some(norm) = self.params.clip_norm {
            clip(gradient, norm);
        }
        if self.params.weight_decay > 0.0 {
            self.network.shrink(1.0 - rate * self.params.weight_decay);
        }
        let parameters = &mut self.network.parameters;
        let optimiser = &self.params.optimiser;
        optimiser.step(step + 1, rate, parameters, gradient, &mut self.moments);
        if let (Some(decay), Some(ema)) = (self.params.ema_decay, &mut self.ema) {
            for (mean, parameter) in ema.iter_mut().zip(parameters) {
                *mean = decay * *mean + (1.0 - decay) * *parameter;
            }
        }
        Ok(score)
    }

    /// The network that is evaluated and returned: with the averaged parameters, if there are any.
    fn averaged(&self) -> Network {
        let mut network = self.network.clone();
        if let Some(ema) = &self.ema {
            network.parameters.copy_from_slice(ema);
        }
        network
    }

    /// Whether there is an epoch that early stopping restores.
    pub(crate) fn can_restore(&self) -> bool {
        let restores = self.params.early_stopping.is_some_and(|s| s.restore_best);
        restores && self.best.is_some()
    }

    /// Whether early stopping has waited long enough for a lower validation loss.
    pub(crate) fn patience_is_over(&self) -> bool {
        match (self.params.early_stopping, &self.best) {
            (Some(stopping), Some(best)) => {
                self.history.epochs.len() - 1 - best.epoch >= stopping.patience
            }
            _ => false,
        }
    }

    /// The network that training returns, and the epoch it is from if early stopping restores it.
    pub(crate) fn best_network(&self) -> (Network, Option<usize>) {
        let mut network = self.averaged();
        let restores = self.params.early_stopping.is_some_and(|s| s.restore_best);
        let best = self.best.as_ref().filter(|_| restores);
        if let Some(best) = best {
            network.parameters.clone_from(&best.parameters);
            network.statistics.clone_from(&best.statistics);
        }
        (network, best.map(|best| best.epoch))
    }
}
