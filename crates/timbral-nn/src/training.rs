use std::ops::ControlFlow;
use std::path::Path;

use crate::classifier::{Classifier, check_shape, evaluate};
use crate::dataset::Dataset;
use crate::device::{Device, Opened};
use crate::error::{Error, Result, check};
use crate::format::{self, Contents};
use crate::history::{EpochScores, History};
use crate::loss::{CrossEntropy, Score, Target};
use crate::network::{Architecture, Network, Workspace};
use crate::optimiser::clip;
use crate::random::Key;
use crate::shape::Shape;
use crate::train::TrainParams;

/// A training: what to train, how, on what.
///
/// It runs on the threads of the current rayon pool. The same seed gives the same weights to the
/// bit at any number of threads, but on other devices than [`Device::Cpu`].
///
/// ```
/// use timbral_nn::{Dataset, MlpParams, TrainParams, Training};
/// // Exclusive or.
/// let features = ndarray::array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let data = Dataset::new(features.view(), &[0, 1, 1, 0], 2)?;
/// let net = MlpParams { units: vec![16], dropout: 0.0, ..Default::default() };
/// let params = TrainParams { epochs: 200, learning_rate: 0.02, ..Default::default() };
/// let trained = Training::new(net, &params, &data).run()?;
/// assert_eq!(trained.classifier.classes(features.view())?, [0, 1, 1, 0]);
/// assert_eq!(trained.history.epochs[199].accuracy, 1.0);
/// # Ok::<(), timbral_nn::Error>(())
/// ```
pub struct Training<'a> {
    net: Architecture,
    params: &'a TrainParams,
    data: &'a Dataset,
    validation: Option<&'a Dataset>,
    #[allow(clippy::type_complexity)]
    on_epoch: Option<Box<dyn FnMut(&Epoch<'_>) -> ControlFlow<()> + 'a>>,
    checkpoint: Option<&'a Path>,
    device: Device,
}

/// What [`Training::run`] gives.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Trained {
    /// The network.
    pub classifier: Classifier,
    /// Every epoch.
    pub history: History,
    /// The epoch whose weights these are, from 0, if early stopping went back to it.
    pub best_epoch: Option<usize>,
}

/// The end of an epoch.
#[derive(Debug)]
pub struct Epoch<'a> {
    progress: &'a Progress,
}

impl Epoch<'_> {
    /// All epochs so far.
    pub fn history(&self) -> &History {
        &self.progress.history
    }

    /// Writes all that training needs to go on from here, whole or not at all; see
    /// [`Training::resume`].
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn save_checkpoint(&self, path: &Path) -> Result<()> {
        format::write(path, &Contents::checkpoint(self.progress))
    }
}

/// All that changes while training.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Progress {
    pub(crate) params: TrainParams,
    pub(crate) network: Network,
    /// The optimiser's running means.
    pub(crate) state: Vec<Vec<f32>>,
    /// The running mean of the parameters.
    pub(crate) ema: Option<Vec<f32>>,
    pub(crate) best: Option<Best>,
    pub(crate) history: History,
}

/// The weights of the epoch with the lowest validation loss.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Best {
    pub(crate) epoch: usize,
    pub(crate) parameters: Vec<f32>,
    pub(crate) statistics: Vec<f32>,
}

impl<'a> Training<'a> {
    /// A training on these examples.
    pub fn new(net: impl Into<Architecture>, params: &'a TrainParams, data: &'a Dataset) -> Self {
        Self {
            net: net.into(),
            params,
            data,
            validation: None,
            on_epoch: None,
            checkpoint: None,
            device: Device::Cpu,
        }
    }

    /// Judges every epoch by these rows.
    #[must_use]
    pub fn validate(mut self, data: &'a Dataset) -> Self {
        self.validation = Some(data);
        self
    }

    /// Calls `on_epoch` after every epoch; `Break` ends training.
    #[must_use]
    pub fn on_epoch(mut self, on_epoch: impl FnMut(&Epoch<'_>) -> ControlFlow<()> + 'a) -> Self {
        self.on_epoch = Some(Box::new(on_epoch));
        self
    }

    /// Goes on from a checkpoint of the same training: the result is that of a training never cut
    /// off, to the bit.
    #[must_use]
    pub fn resume(mut self, checkpoint: &'a Path) -> Self {
        self.checkpoint = Some(checkpoint);
        self
    }

    /// Computes the passes forward and backward on a device instead of [`Device::Cpu`]. All else,
    /// such as augmentation, losses and the optimiser, and every random draw are the same, so that
    /// devices differ by rounding alone.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Trains. The classifier it gives runs on [`Device::Cpu`], whatever trained it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] where a parameter is out of range or the validation examples have
    /// another number of classes; [`Error::Features`] or [`Error::Image`] where they have another
    /// shape; [`Error::Diverged`]; [`Error::Device`]; of a checkpoint [`Error::Io`], and
    /// [`Error::Format`] if it is damaged or of another training.
    pub fn run(mut self) -> Result<Trained> {
        let data = self.data;
        self.params
            .validate(data.n_classes(), self.validation.is_some())?;
        self.params.augment.validate(data.shape())?;
        let device = self.device.open()?;
        let mut progress = self.start()?;
        if let Some(validation) = self.validation {
            check_shape(progress.network.input, validation.shape())?;
            check(
                validation.n_classes() == data.n_classes(),
                "n_classes",
                validation.n_classes(),
                "the validation examples must have the classes of the training examples",
            )?;
        }
        let mut workspace = Workspace::new(&progress.network, &device)?;
        while progress.history.epochs.len() < self.params.epochs && !progress.has_waited() {
            // As a thread of the pool, which need not be woken by another for every product.
            let validation = self.validation;
            rayon::scope(|_| progress.epoch(data, validation, &device, &mut workspace))?;
            if let Some(on_epoch) = &mut self.on_epoch
                && on_epoch(&Epoch {
                    progress: &progress,
                })
                .is_break()
            {
                break;
            }
        }
        Ok(progress.finish())
    }

    fn start(&self) -> Result<Progress> {
        let (shape, n_classes) = (self.data.shape(), self.data.n_classes());
        let input = Shape {
            width: self.params.augment.frames.unwrap_or(shape.width),
            ..shape
        };
        let mut network = Network::new(&self.net, input, n_classes, self.params.seed)?;
        network.standardise(self.data);
        let Some(path) = self.checkpoint else {
            return Ok(Progress {
                params: self.params.clone(),
                state: self.params.optimiser.state(network.parameters.len()),
                ema: self.params.ema_decay.map(|_| network.parameters.clone()),
                best: None,
                history: History::default(),
                network,
            });
        };
        let progress = format::read(path, format::CHECKPOINT)?.progress()?;
        let same = progress.params == *self.params
            && progress.network.architecture == self.net
            && progress.network.plan == network.plan
            && progress.network.input == network.input;
        if same {
            return Ok(progress);
        }
        Err(Error::Format {
            what: format::CHECKPOINT,
            reason: "it is of a training with other parameters or another table".into(),
        })
    }
}

impl Progress {
    fn epoch(
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
        seed.with(1).with(epoch as u64).stream().shuffle(&mut order);

        let mut sum = Score::default();
        let mut targets = Vec::with_capacity(self.params.batch_size.min(n_rows));
        let means = self.network.bands().to_vec();
        let mut learning_rate = 0.0;
        for (batch, rows) in order.chunks(self.params.batch_size).enumerate() {
            let step = epoch * n_batches + batch;
            let factor = self.params.schedule.factor(step, n_steps, &watched);
            learning_rate = self.params.learning_rate * factor;
            let input = &mut workspace.input;
            let key = seed.with(3).with(step as u64);
            self.params
                .augment
                .fill(data, rows, &means, key, input, &mut targets);
            let score = self.step(step, learning_rate as f32, &targets, workspace)?;
            sum.loss += score.loss;
            sum.correct += score.correct;
        }

        let n = n_rows as f64;
        let judge = |data: &Dataset| {
            let network = self.judged();
            let score = evaluate(&network, device, data, &self.params.class_weights)?;
            let n = data.labels().len() as f64;
            Ok((score.loss / n, score.correct as f64 / n, network))
        };
        let judged = validation.map(judge).transpose()?;
        let scores = EpochScores {
            loss: sum.loss / n,
            accuracy: sum.correct as f64 / n,
            validation_loss: judged.as_ref().map(|judged| judged.0),
            validation_accuracy: judged.as_ref().map(|judged| judged.1),
            learning_rate,
        };
        let is_finite = scores.validation_loss.is_none_or(f64::is_finite);
        if !(scores.loss.is_finite() && is_finite) {
            return Err(Error::Diverged { epoch });
        }
        self.history.epochs.push(scores);
        if let (Some(_), Some((loss, _, network))) = (self.params.early_stopping, judged)
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

    /// Step `step`, from 0, on the batch in the workspace.
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
        let key = Key::new(self.params.seed).with(2).with(step as u64);
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
        optimiser.step(step + 1, rate, parameters, gradient, &mut self.state);
        if let (Some(decay), Some(ema)) = (self.params.ema_decay, &mut self.ema) {
            for (mean, parameter) in ema.iter_mut().zip(parameters) {
                *mean = decay * *mean + (1.0 - decay) * *parameter;
            }
        }
        Ok(score)
    }

    /// The network that is judged and returned.
    fn judged(&self) -> Network {
        let mut network = self.network.clone();
        if let Some(ema) = &self.ema {
            network.parameters.copy_from_slice(ema);
        }
        network
    }

    /// Whether early stopping has waited long enough.
    fn has_waited(&self) -> bool {
        match (self.params.early_stopping, &self.best) {
            (Some(stopping), Some(best)) => {
                self.history.epochs.len() - 1 - best.epoch >= stopping.patience
            }
            _ => false,
        }
    }

    fn finish(self) -> Trained {
        let mut network = self.judged();
        let restores = self.params.early_stopping.is_some_and(|s| s.restore_best);
        let best = self.best.filter(|_| restores);
        let best_epoch = best.as_ref().map(|best| best.epoch);
        if let Some(best) = best {
            network.parameters = best.parameters;
            network.statistics = best.statistics;
        }
        Trained {
            classifier: Classifier::new(network),
            history: self.history,
            best_epoch,
        }
    }
}
