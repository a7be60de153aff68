use std::collections::BTreeMap;
use std::path::Path;

use ndarray::{Array2, ArrayView, ArrayView2, ArrayView3, Dimension};

use crate::dataset::finite;
use crate::device::{Device, Opened};
use crate::error::{Error, Result};
use crate::kernels::softmax::softmax;
use crate::model_file::{self, Contents};
use crate::nets::architecture::Architecture;
use crate::nets::network::Network;
use crate::shape::Shape;
use crate::workspace::{check_shape, logits};

/// A trained network. Two classifiers are equal if their networks and attributes are, whatever their
/// devices.
#[derive(Debug, Clone)]
pub struct Classifier {
    network: Network,
    device: Opened,
    attributes: BTreeMap<String, String>,
}

impl PartialEq for Classifier {
    fn eq(&self, other: &Self) -> bool {
        self.network == other.network && self.attributes == other.attributes
    }
}

impl Classifier {
    pub(crate) fn new(network: Network) -> Self {
        Self {
            network,
            device: Opened::Own,
            attributes: BTreeMap::new(),
        }
    }

    fn of_file(contents: Contents) -> Self {
        Self {
            attributes: contents.config.attributes,
            ..Self::new(contents.network)
        }
    }

    fn contents(&self) -> Contents {
        let mut contents = Contents::model(&self.network);
        contents.config.attributes.clone_from(&self.attributes);
        contents
    }

    /// Texts that are kept with the model in its file, such as the names of classes.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    /// The same network without one of the texts.
    #[must_use]
    pub fn without_attribute(mut self, name: &str) -> Self {
        self.attributes.remove(name);
        self
    }

    /// The same network with a further text, which is kept in the file of the model.
    ///
    /// ```
    /// # use timbral_nn::{Classifier, Dataset, MlpParams, TrainParams, Training};
    /// # let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// # let params = TrainParams { epochs: 1, ..TrainParams::default() };
    /// # let classifier = Training::new(MlpParams::default(), &params, &data).run()?.model;
    /// let named = classifier.with_attribute("classes", "jazz, rock");
    /// let loaded = Classifier::from_slice(&named.to_safetensors()?)?;
    /// assert_eq!(loaded.attributes()["classes"], "jazz, rock");
    /// # Ok::<(), timbral_nn::Error>(())
    /// ```
    #[must_use]
    pub fn with_attribute(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), text.into());
        self
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Predicts on a device other than [`Device::Cpu`]; the results differ only in rounding.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] if this build does not support it or the machine does not have it.
    ///
    /// ```
    /// # use timbral_nn::{Classifier, Dataset, Device, MlpParams, TrainParams, Training};
    /// # let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// # let params = TrainParams { epochs: 1, ..TrainParams::default() };
    /// # let classifier = Training::new(MlpParams::default(), &params, &data).run()?.model;
    /// let classifier = match classifier.clone().on(Device::Cuda(0)) {
    ///     Ok(on_gpu) => on_gpu,
    ///     Err(_) => classifier,
    /// };
    /// # Ok::<(), timbral_nn::Error>(())
    /// ```
    pub fn on(mut self, device: Device) -> Result<Self> {
        self.device = device.open()?;
        Ok(self)
    }

    /// The architecture of the network.
    pub fn architecture(&self) -> &Architecture {
        &self.network.architecture
    }

    /// The shape of an example.
    pub fn input(&self) -> Shape {
        self.network.input
    }

    /// The number of classes.
    pub fn n_classes(&self) -> usize {
        self.network.n_classes
    }

    /// The probabilities `[rows, n_classes]` of a table `[rows, n_features]`. Those of a row depend
    /// neither on the other rows nor on the number of threads.
    ///
    /// # Errors
    ///
    /// [`Error::Features`] if the number of columns is another, [`Error::InvalidValue`] if a feature
    /// is not finite or so large that the network overflows, [`Error::Device`] if the device fails.
    pub fn probabilities(&self, features: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let shape = Shape::row(features.ncols());
        self.probabilities_of("features", features, shape)
    }

    /// The probabilities `[n, n_classes]` of spectrograms `[n, bands, frames]`.
    ///
    /// If there are more frames than the network takes, its logits are averaged over evenly spaced
    /// crops, as many as are needed to cover all frames.
    ///
    /// # Errors
    ///
    /// [`Error::Image`] if the number of bands is another or there are too few frames,
    /// [`Error::InvalidValue`] if a number is not finite, [`Error::Device`] if the device fails.
    pub fn image_probabilities(&self, images: ArrayView3<'_, f32>) -> Result<Array2<f32>> {
        let (_, bands, frames) = images.dim();
        self.probabilities_of("images", images, Shape::new(bands, frames, 1))
    }

    fn probabilities_of<D: Dimension>(
        &self,
        name: &'static str,
        examples: ArrayView<'_, f32, D>,
        shape: Shape,
    ) -> Result<Array2<f32>> {
        check_shape(self.network.input, shape)?;
        let values = finite(name, examples)?;
        let n_classes = self.n_classes();
        let mut probabilities = Vec::with_capacity(values.len() / shape.len() * n_classes);
        logits(&self.network, &self.device, &values, shape, |_, logits| {
            softmax(logits, n_classes);
            probabilities.extend_from_slice(logits);
        })?;
        if let Some(at) = probabilities.iter().position(|p| !p.is_finite()) {
            let index = at / n_classes * shape.len();
            return Err(Error::InvalidValue {
                name,
                index,
                value: values[index].into(),
                reason: "this row, from here on, is beyond what the network can compute",
            });
        }
        let (n, len) = (values.len() / shape.len(), probabilities.len());
        Array2::from_shape_vec((n, n_classes), probabilities).map_err(|_| Error::Length {
            name,
            expected: n * n_classes,
            got: len,
        })
    }

    /// The most probable class of every row; the first one if several are equally probable.
    ///
    /// # Errors
    ///
    /// Those of [`Classifier::probabilities`].
    pub fn classes(&self, features: ArrayView2<'_, f32>) -> Result<Vec<usize>> {
        let probabilities = self.probabilities(features)?;
        let best = |row: ndarray::ArrayView1<'_, f32>| {
            (1..row.len()).fold(0, |best, j| if row[j] > row[best] { j } else { best })
        };
        Ok(probabilities.rows().into_iter().map(best).collect())
    }

    /// Writes the model atomically: a safetensors file with the tensors `layers.0.weight`
    /// `[n_in, n_out]`, `layers.0.bias` `[n_out]` and so on, and the architecture as JSON in the
    /// metadata `timbral`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        model_file::write(path.as_ref(), &self.contents())
    }

    /// The bytes of the file that [`Classifier::save`] writes.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] if the tensors cannot be serialised, which does not occur with networks of this crate.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let bytes = model_file::encode(&self.contents());
        bytes.map_err(|e| Error::Format {
            path: None,
            what: model_file::MODEL,
            reason: e.to_string(),
        })
    }

    /// Reads a network from the bytes of [`Classifier::to_safetensors`].
    ///
    /// ```
    /// # use timbral_nn::{Classifier, Dataset, MlpParams, TrainParams, Training};
    /// # let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// # let params = TrainParams { epochs: 1, ..TrainParams::default() };
    /// # let classifier = Training::new(MlpParams::default(), &params, &data).run()?.model;
    /// let bytes = classifier.to_safetensors()?;
    /// assert_eq!(Classifier::from_slice(&bytes)?, classifier);
    /// assert!(Classifier::from_slice(&bytes[1..]).is_err());
    /// # Ok::<(), timbral_nn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Format`], as in [`Classifier::load`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self> {
        Ok(Self::of_file(model_file::decode(bytes, model_file::MODEL)?))
    }

    /// Reads a file of [`Classifier::save`].
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::Format`] if the file is of another kind or damaged, or its tensors do
    /// not fit its architecture.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let contents = model_file::read(path.as_ref(), model_file::MODEL)?;
        Ok(Self::of_file(contents))
    }
}
