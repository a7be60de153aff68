use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use serde_json::{Value, json};
use timbral_core::{Monitor, Progress};
use timbral_data::{FeatureTable, Spectrograms};
use timbral_nn::{Dataset, Device, Epoch, Trained, Training};

use crate::error::Result;
use crate::experiment::fingerprint::Fingerprint;
use crate::experiment::parts::Experiment;
use crate::recipes::images::params::ImageNetParams;
use crate::recipes::kind::ModelKind;
use crate::recipes::recipe::{FittedModel, Recipe};

/// The recipe of a network on spectrograms: [`ImageNetParams`] and the spectrograms in which the rows
/// of a table are looked up by their ids ([`images_of`](Spectrograms::images_of)).
///
/// Validation rows of a split are trained on, too; the last epoch is kept.
#[derive(Debug, Clone)]
pub struct ImageNet<'a> {
    /// The network and its training.
    pub params: ImageNetParams,
    /// The spectrograms of all rows.
    pub spectrograms: &'a Spectrograms,
    /// Where it is trained; default [`Device::Cpu`].
    pub device: Device,
    /// A file with the state of the training, written after every epoch; if it exists, training continues from it.
    /// Default none.
    pub checkpoint: Option<PathBuf>,
    /// Of the images, computed once.
    images: Fingerprint,
}

impl<'a> ImageNet<'a> {
    /// A recipe that trains on [`Device::Cpu`], without a checkpoint.
    pub fn new(params: ImageNetParams, spectrograms: &'a Spectrograms) -> Self {
        Self {
            params,
            images: Fingerprint::of_images(spectrograms.images()),
            spectrograms,
            device: Device::Cpu,
            checkpoint: None,
        }
    }
}

impl Recipe for ImageNet<'_> {
    fn name(&self) -> String {
        match ModelKind::of_network(&self.params.net) {
            Some(kind) => kind.to_string(),
            None => "dense-on-images".to_owned(),
        }
    }

    fn parameters(&self) -> Value {
        json!({
            "params": self.params,
            "images": self.images,
            "device": self.device.to_string(),
        })
    }

    fn fit(
        &self,
        experiment: &Experiment,
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<Box<dyn FittedModel + '_>> {
        let train = &experiment.train;
        let mut params = self.params.clone();
        params.train.seed = seed;
        let images = self.spectrograms.images_of(train)?;
        let labels = train.labels().unwrap_or_default();
        let data = Dataset::images(images.view(), labels, train.classes().len())?;
        let mut failed = None;
        let mut training =
            Training::new(params.net.clone(), &params.train, &data).device(self.device);
        training = training.on_epoch(|epoch| {
            let done = epoch.history().epochs.len();
            let goes_on = monitor.report(&epoch_progress(epoch, done, params.train.epochs));
            let path = self.checkpoint.as_ref();
            failed = path.and_then(|path| epoch.save_checkpoint(path).err());
            match failed {
                Some(_) => ControlFlow::Break(()),
                None => goes_on,
            }
        });
        if let Some(path) = self.checkpoint.as_deref().filter(|path| path.exists()) {
            training = training.resume(path);
        }
        let trained = training.run()?;
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Box::new(FittedImageNet {
                params,
                spectrograms: self.spectrograms,
                trained,
            })),
        }
    }
}

/// The progress after an epoch of a training, with its loss.
pub(crate) fn epoch_progress(epoch: &Epoch<'_>, done: usize, total: usize) -> Progress {
    let loss = epoch.history().epochs.last().map(|epoch| epoch.loss);
    let message = loss.map_or(String::new(), |loss| format!("loss {loss:.3}"));
    Progress::new(done, total, "epochs").with_message(message)
}

/// A fitted [`ImageNet`].
struct FittedImageNet<'a> {
    params: ImageNetParams,
    spectrograms: &'a Spectrograms,
    trained: Trained,
}

impl FittedModel for FittedImageNet<'_> {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        let images = self.spectrograms.images_of(rows)?;
        Ok(self.trained.model.image_probabilities(images.view())?)
    }

    fn details(&self) -> Value {
        json!({ "parameters": self.params, "history": self.trained.history })
    }

    fn save(&self, path: &Path) -> Result<()> {
        Ok(self.trained.model.save(path)?)
    }
}
