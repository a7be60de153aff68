use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use timbral_core::{InvalidParameter, Monitor, Progress, check, differences};

use crate::classifier::Classifier;
use crate::dataset::Dataset;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::model_file;
use crate::nets::architecture::Architecture;
use crate::nets::network::Network;
use crate::shape::Shape;
use crate::training::checkpoint;
use crate::training::history::{EpochScores, History};
use crate::training::params::TrainParams;
use crate::training::state::State;
use crate::workspace::{Workspace, check_shape};

/// A function that is called after every epoch.
type OnEpoch<'a> = Box<dyn FnMut(&Epoch<'_>) -> ControlFlow<()> + Send + 'a>;

/// The training of a network.
///
/// It runs on the threads of the current rayon pool. On [`Device::Cpu`] the same seed gives the same
/// bits of the weights for any number of threads; other devices round differently.
///
/// ```
/// use timbral_nn::{Dataset, MlpParams, TrainParams, Training};
///
/// // Exclusive or.
/// let features = ndarray::array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let data = Dataset::new(features.view(), &[0, 1, 1, 0], 2)?;
/// let net = MlpParams { units: vec![16], dropout: 0.0, ..Default::default() };
/// let params = TrainParams { epochs: 200, learning_rate: 0.02, ..Default::default() };
/// let trained = Training::new(net, &params, &data).run()?;
/// assert_eq!(trained.model.classes(features.view())?, [0, 1, 1, 0]);
/// assert_eq!(trained.history.epochs[199].accuracy, 1.0);
/// # Ok::<(), timbral_nn::Error>(())
/// ```
#[must_use = "it does nothing until `run`"]
pub struct Training<'a> {
    net: Architecture,
    params: &'a TrainParams,
    data: &'a Dataset,
    validation: Option<&'a Dataset>,
    start: Option<&'a Classifier>,
    checkpoint: Option<PathBuf>,
    monitor: Option<&'a mut dyn Monitor>,
    on_epoch: Option<OnEpoch<'a>>,
    device: Device,
}

/// The result of [`Training::run`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Trained {
    /// The network.
    pub model: Classifier,
    /// The scores of every epoch.
    pub history: History,
    /// The epoch whose weights the model has, from 0, if early stopping restored the best ones.
    pub best_epoch: Option<usize>,
    /// The epoch, from 0, in which training diverged; it ended there, and the best epoch was restored.
    pub diverged: Option<usize>,
}

/// The end of an epoch.
#[derive(Debug)]
pub struct Epoch<'a> {
    state: &'a State,
}

impl Epoch<'_> {
    /// All epochs so far.
    pub fn history(&self) -> &History {
        &self.state.history
    }

    /// Writes a file from which [`Training::resume`] continues. It replaces an earlier file of that
    /// name only once it is complete.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be written.
    pub fn save_checkpoint(&self, path: impl AsRef<Path>) -> Result<()> {
        model_file::write(path.as_ref(), &checkpoint::contents(self.state))
    }
}

impl<'a> Training<'a> {
    /// Trains a network of the architecture `net` on `data`.
    pub fn new(net: impl Into<Architecture>, params: &'a TrainParams, data: &'a Dataset) -> Self {
        Self {
            net: net.into(),
            params,
            data,
            validation: None,
            start: None,
            checkpoint: None,
            monitor: None,
            on_epoch: None,
            device: Device::Cpu,
        }
    }

    /// Evaluates the network on these rows after every epoch. Early stopping needs them.
    pub fn validate(mut self, data: &'a Dataset) -> Self {
        self.validation = Some(data);
        self
    }

    /// Starts from the weights and statistics of a trained network instead of random weights.
    ///
    /// The network must have the same architecture, input and number of classes. The optimiser, the
    /// schedule and the history start anew. With [`resume`](Self::resume) the checkpoint's weights
    /// are used.
    ///
    /// ```
    /// use timbral_nn::{Dataset, MlpParams, TrainParams, Training};
    ///
    /// let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// let net = MlpParams { units: vec![8], dropout: 0.0, ..Default::default() };
    /// let params = TrainParams { epochs: 50, learning_rate: 0.01, ..Default::default() };
    /// let first = Training::new(net.clone(), &params, &data).run()?;
    /// let more = Training::new(net, &params, &data).continue_from(&first.model).run()?;
    /// assert!(more.history.epochs[0].loss < first.history.epochs[0].loss);
    /// # Ok::<(), timbral_nn::Error>(())
    /// ```
    pub fn continue_from(mut self, model: &'a Classifier) -> Self {
        self.start = Some(model);
        self
    }

    /// Continues from a checkpoint of the same training, written by [`Epoch::save_checkpoint`]. The
    /// result has the same bits as that of an uninterrupted training. The number of epochs may be different: then
    /// training continues to that number, with the learning rates of its schedule. Any other difference, also
    /// of the rows, is an error that names it.
    pub fn resume(mut self, checkpoint: impl AsRef<Path>) -> Self {
        self.checkpoint = Some(checkpoint.as_ref().to_owned());
        self
    }

    /// Reports the progress after every epoch, in the unit `epochs`, with the losses and the
    /// validation accuracy as the message. `Break` ends training; the result is that of the epochs so
    /// far.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use timbral_nn::{Dataset, MlpParams, Progress, TrainParams, Training};
    ///
    /// let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// let params = TrainParams::default();
    /// let mut stop = |progress: &Progress| match progress.done {
    ///     3 => ControlFlow::Break(()),
    ///     _ => ControlFlow::Continue(()),
    /// };
    /// let training = Training::new(MlpParams::default(), &params, &data).monitor(&mut stop);
    /// assert_eq!(training.run()?.history.epochs.len(), 3);
    /// # Ok::<(), timbral_nn::Error>(())
    /// ```
    pub fn monitor(mut self, monitor: &'a mut dyn Monitor) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// Calls a function after every epoch, which may look at the scores and write a checkpoint.
    /// `Break` ends training; the result is that of the epochs so far.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use timbral_nn::{Dataset, MlpParams, TrainParams, Training};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("checkpoint.safetensors");
    /// let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// let params = TrainParams { epochs: 6, ..Default::default() };
    /// let net = MlpParams::default();
    /// let whole = Training::new(net.clone(), &params, &data).run()?;
    /// let mut failed = None;
    /// let interrupted = Training::new(net.clone(), &params, &data).on_epoch(|epoch| {
    ///     failed = epoch.save_checkpoint(&path).err();
    ///     match failed.is_some() || epoch.history().epochs.len() == 2 {
    ///         true => ControlFlow::Break(()),
    ///         false => ControlFlow::Continue(()),
    ///     }
    /// });
    /// assert_eq!(interrupted.run()?.history.epochs.len(), 2);
    /// assert!(failed.is_none());
    /// let resumed = Training::new(net, &params, &data).resume(&path).run()?;
    /// assert_eq!(resumed.model, whole.model);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_epoch(
        mut self,
        on_epoch: impl FnMut(&Epoch<'_>) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        self.on_epoch = Some(Box::new(on_epoch));
        self
    }

    /// Computes the forward and backward passes on a device other than [`Device::Cpu`]. Everything
    /// else (augmentation, losses, the optimiser, all random numbers) stays on the CPU, so that
    /// devices differ only in rounding.
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Trains the network. The returned model runs on [`Device::Cpu`], whatever the device of the training.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`]: a parameter is out of its range, the validation rows have
    ///   another number of classes, or the model to continue from is another network.
    /// - [`Error::Features`] or [`Error::Image`]: the validation rows have another shape.
    /// - [`Error::Diverged`]: the loss or a weight is not finite, and there is no earlier epoch to restore
    ///   (`restore_best` of early stopping). A returned network is finite.
    /// - [`Error::Device`]: the device is missing or fails.
    /// - [`Error::Io`], [`Error::Format`]: the checkpoint cannot be read, is damaged or belongs to
    ///   another training.
    pub fn run(mut self) -> Result<Trained> {
        let data = self.data;
        self.params
            .validate(data.n_classes(), self.validation.is_some())?;
        self.params.augment.validate(data.shape())?;
        let device = self.device.open()?;
        let mut state = self.start()?;
        if let Some(validation) = self.validation {
            check_shape(state.network.input, validation.shape())?;
            check(
                validation.n_classes() == data.n_classes(),
                "n_classes",
                validation.n_classes(),
                "the validation rows must have the same classes as the training rows",
            )?;
        }
        let mut workspace = Workspace::new(&state.network, &device)?;
        let mut diverged = None;
        while state.history.epochs.len() < self.params.epochs && !state.patience_is_over() {
            // On a thread of the pool, because from outside every product would have to wake up a thread.
            let validation = self.validation;
            let epoch = rayon::scope(|_| state.epoch(data, validation, &device, &mut workspace));
            match epoch {
                // The best epoch is still valid: later epochs do not change it.
                Err(Error::Diverged { epoch }) if state.can_restore() => {
                    diverged = Some(epoch);
                    break;
                }
                epoch => epoch?,
            }
            if self.report(&state).is_break() {
                break;
            }
        }
        let (network, best_epoch) = state.best_network();
        Ok(Trained {
            model: Classifier::new(network),
            history: state.history,
            best_epoch,
            diverged,
        })
    }

    /// Calls the monitor and the function of every epoch; both of them, even if one ends training.
    fn report(&mut self, state: &State) -> ControlFlow<()> {
        let epoch = Epoch { state };
        let called = match &mut self.on_epoch {
            Some(on_epoch) => on_epoch(&epoch),
            None => ControlFlow::Continue(()),
        };
        let (Some(monitor), Some(scores)) = (&mut self.monitor, state.history.epochs.last()) else {
            return called;
        };
        let done = state.history.epochs.len();
        let progress = Progress::new(done, self.params.epochs, "epochs");
        let monitored = monitor.report(&progress.with_message(message(scores)));
        match called.is_break() {
            true => called,
            false => monitored,
        }
    }

    fn start(&self) -> Result<State> {
        let (shape, n_classes) = (self.data.shape(), self.data.n_classes());
        let input = Shape {
            width: self.params.augment.frames.unwrap_or(shape.width),
            ..shape
        };
        let mut network = Network::new(&self.net, input, n_classes, self.params.seed)?;
        network.standardise(self.data);
        if let Some(model) = self.start {
            network = continued(&network, model)?;
        }
        let Some(path) = &self.checkpoint else {
            return Ok(State {
                data: Some(self.fingerprint()),
                ..State::new(self.params, network)
            });
        };
        let contents = model_file::read(path, model_file::CHECKPOINT)?;
        let state = checkpoint::state(contents).map_err(|error| error.in_file(path))?;
        let data = self.fingerprint();
        let mut different = different_parameters(&state, self.params, &self.net);
        if state.network.input != network.input || state.network.n_classes != n_classes {
            let found = (state.network.input, state.network.n_classes);
            different.push(format!(
                "examples and classes: {found:?}, not {:?}",
                (network.input, n_classes)
            ));
        } else if state.data.as_ref().is_some_and(|of| *of != data) {
            different.push("the numbers or labels of the rows".to_owned());
        } else if different.is_empty() && state.network.plan != network.plan {
            different.push("the network".to_owned());
        }
        if different.is_empty() {
            return Ok(State {
                params: self.params.clone(),
                data: Some(data),
                ..state
            });
        }
        Err(Error::Format {
            path: Some(path.clone()),
            what: model_file::CHECKPOINT,
            reason: format!("it belongs to another training ({})", different.join("; ")),
        })
    }

    /// Of the training and validation rows.
    fn fingerprint(&self) -> String {
        let validation = self.validation.map(Dataset::fingerprint);
        self.data.fingerprint() + &validation.unwrap_or_default()
    }
}

impl TrainParams {
    /// Trains a network of the architecture `net`: the short form of
    /// [`Training`].
    ///
    /// ```
    /// use timbral_nn::{Dataset, MlpParams, TrainParams};
    ///
    /// let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// let params = TrainParams { epochs: 50, learning_rate: 0.01, ..Default::default() };
    /// let model = params.fit(MlpParams::default(), &data)?;
    /// assert_eq!(model.classes(ndarray::array![[0.9]].view())?, [1]);
    /// # Ok::<(), timbral_nn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Training::run`].
    pub fn fit(&self, net: impl Into<Architecture>, data: &Dataset) -> Result<Classifier> {
        Ok(Training::new(net, self, data).run()?.model)
    }
}

/// The parameters other than the number of epochs in which a checkpoint differs.
fn different_parameters(state: &State, params: &TrainParams, net: &Architecture) -> Vec<String> {
    let value = |params: &TrainParams, net: &Architecture| {
        let params = TrainParams {
            epochs: 0,
            ..params.clone()
        };
        serde_json::json!({ "training": params, "network": net })
    };
    let found = value(&state.params, &state.network.architecture);
    let all = differences(&found, &value(params, net));
    all.iter().map(ToString::to_string).collect()
}

/// The network of `model`, if it differs from `network` only in its numbers.
fn continued(network: &Network, model: &Classifier) -> Result<Network> {
    let start = model.network();
    let same = start.architecture == network.architecture
        && start.plan == network.plan
        && start.input == network.input;
    match same {
        true => Ok(start.clone()),
        false => Err(InvalidParameter::new(
            "continue_from",
            "another network",
            "must have the architecture, input and classes of the training",
        )
        .into()),
    }
}

fn message(scores: &EpochScores) -> String {
    let mut message = format!("loss {:.4}", scores.loss);
    if let Some(loss) = scores.validation_loss {
        message += &format!(", validation loss {loss:.4}");
    }
    if let Some(accuracy) = scores.validation_accuracy {
        message += &format!(", validation accuracy {accuracy:.3}");
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_can_go_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Training<'_>>();
    }
}
