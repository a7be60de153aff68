use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use timbral_data::{FeatureTable, Spectrograms, Split};
use timbral_nn::{Architecture, Dataset, Device, Epoch, Trained, Training};

use crate::error::Result;
use crate::experiment::parts::Experiment;
use crate::recipes::images::params::ImageNetParams;
use crate::recipes::recipe::{Fitted, Progress, Recipe, Watch};

/// [`ImageNetParams`] with the spectrograms that rows are looked up in, by
/// [`images_of`](Spectrograms::images_of): the recipe of a network on spectrograms.
///
/// Validation rows of a split are learnt from, too.
#[derive(Debug, Clone)]
pub struct ImageNet<'a> {
    /// The network and its training.
    pub params: ImageNetParams,
    /// The spectrograms of all rows.
    pub spectrograms: &'a Spectrograms,
    /// Where it is trained.
    pub device: Device,
    /// Written after every epoch; where it is there, training goes on from it.
    pub checkpoint: Option<PathBuf>,
}

impl<'a> ImageNet<'a> {
    /// On [`Device::Cpu`], without a checkpoint.
    pub fn new(params: ImageNetParams, spectrograms: &'a Spectrograms) -> Self {
        Self {
            params,
            spectrograms,
            device: Device::Cpu,
            checkpoint: None,
        }
    }
}

impl Recipe for ImageNet<'_> {
    fn name(&self) -> String {
        match self.params.net {
            Architecture::Mlp(_) => "dense-on-images",
            Architecture::ConvNet(_) => "conv",
            Architecture::Crnn(_) => "crnn",
            _ => "attention",
        }
        .to_owned()
    }

    fn fit<'a>(
        &'a self,
        table: &FeatureTable,
        split: &Split,
        seed: u64,
        watch: Watch<'_>,
    ) -> Result<Box<dyn Fitted + 'a>> {
        let Experiment { train, .. } = self.experiment(table, split, seed)?;
        let mut params = self.params.clone();
        params.train.seed = seed;
        let images = self.spectrograms.images_of(&train)?;
        let labels = train.labels().unwrap_or_default();
        let data = Dataset::images(images.view(), labels, train.classes().len())?;
        let mut failed = None;
        let mut training =
            Training::new(params.net.clone(), &params.train, &data).device(self.device);
        training = training.on_epoch(|epoch| {
            let step = epoch.history().epochs.len();
            let goes_on = watch(&Progress::of_epoch(epoch, step, params.train.epochs));
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

impl Progress {
    /// After an epoch of a training.
    pub(crate) fn of_epoch(epoch: &Epoch<'_>, step: usize, n_steps: usize) -> Self {
        let loss = epoch.history().epochs.last().map(|epoch| epoch.loss);
        Self {
            step,
            n_steps,
            unit: "epochs",
            message: loss.map_or(String::new(), |loss| format!("loss {loss:.3}")),
        }
    }
}

/// A fitted [`ImageNet`].
struct FittedImageNet<'a> {
    params: ImageNetParams,
    spectrograms: &'a Spectrograms,
    trained: Trained,
}

impl Fitted for FittedImageNet<'_> {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        let images = self.spectrograms.images_of(rows)?;
        Ok(self.trained.model.image_probabilities(images.view())?)
    }

    fn details(&self) -> serde_json::Value {
        serde_json::json!({ "parameters": self.params, "history": self.trained.history })
    }

    fn save(&self, path: &Path) -> Result<()> {
        Ok(self.trained.model.save(path)?)
    }
}
