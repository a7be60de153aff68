use std::path::Path;

use ndarray::{Array2, ArrayView, ArrayView2, ArrayView3, Dimension};

use crate::dataset::{Dataset, crop, finite};
use crate::device::{Device, Opened};
use crate::error::{Error, Result};
use crate::format::{self, Contents};
use crate::loss::{CrossEntropy, Score, Target, softmax};
use crate::network::{Architecture, Network, Workspace};
use crate::shape::Shape;

/// Numbers that go through the network together.
const NUMBERS: usize = 1 << 17;

/// A trained network. Equal are classifiers of the same network, on whatever device.
#[derive(Debug, Clone)]
pub struct Classifier {
    network: Network,
    device: Opened,
}

impl PartialEq for Classifier {
    fn eq(&self, other: &Self) -> bool {
        self.network == other.network
    }
}

impl Classifier {
    pub(crate) fn new(network: Network) -> Self {
        Self {
            network,
            device: Opened::Own,
        }
    }

    /// Predicts on a device instead of [`Device::Cpu`]; the two differ by rounding alone.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where the build has no code for it or the machine does not have it.
    ///
    /// ```
    /// # use timbral_nn::{Classifier, Dataset, Device, MlpParams, TrainParams, Training};
    /// # let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// # let params = TrainParams { epochs: 1, ..TrainParams::default() };
    /// # let classifier = Training::new(MlpParams::default(), &params, &data).run()?.classifier;
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

    /// The network's shape.
    pub fn architecture(&self) -> &Architecture {
        &self.network.architecture
    }

    /// The shape of an example.
    pub fn input(&self) -> Shape {
        self.network.input
    }

    /// Classes.
    pub fn n_classes(&self) -> usize {
        self.network.n_classes
    }

    /// The probabilities `[rows, n_classes]` of a table `[rows, n_features]`. A row's do not depend
    /// on the other rows, nor on the number of threads.
    ///
    /// # Errors
    ///
    /// [`Error::Features`] for another number of columns, [`Error::InvalidValue`] for a feature
    /// that is not finite, [`Error::Device`] where a device fails.
    pub fn probabilities(&self, features: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let shape = Shape::row(features.ncols());
        self.probabilities_of("features", features, shape)
    }

    /// The probabilities `[n, n_classes]` of spectrograms `[n, bands, frames]`.
    ///
    /// Where there are more frames than the network takes, its logits are averaged over as many
    /// crops as are needed to cover them, evenly spaced.
    ///
    /// # Errors
    ///
    /// [`Error::Image`] for another number of bands or too few frames, [`Error::InvalidValue`] for a
    /// number that is not finite, [`Error::Device`] where a device fails.
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
        let (n, len) = (values.len() / shape.len(), probabilities.len());
        Array2::from_shape_vec((n, n_classes), probabilities).map_err(|_| Error::Length {
            name,
            expected: n * n_classes,
            got: len,
        })
    }

    /// The most probable class of every row; of equals the first.
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

    /// Writes the model, whole or not at all: a safetensors file with the tensors
    /// `layers.0.weight` `[n_in, n_out]`, `layers.0.bias` `[n_out]` and so on, and the shape as JSON
    /// in the metadata `timbral`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        format::write(path, &Contents::model(&self.network))
    }

    /// The bytes of the file that [`Classifier::save`] writes.
    ///
    /// # Errors
    ///
    /// [`Error::Format`], which no network of this crate gives.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let bytes = format::encode(&Contents::model(&self.network));
        bytes.map_err(|e| Error::Format {
            what: format::MODEL,
            reason: e.to_string(),
        })
    }

    /// The network in the bytes of a file of [`Classifier::save`].
    ///
    /// ```
    /// # use timbral_nn::{Classifier, Dataset, MlpParams, TrainParams, Training};
    /// # let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// # let params = TrainParams { epochs: 1, ..TrainParams::default() };
    /// # let classifier = Training::new(MlpParams::default(), &params, &data).run()?.classifier;
    /// let bytes = classifier.to_safetensors()?;
    /// assert_eq!(Classifier::from_slice(&bytes)?, classifier);
    /// assert!(Classifier::from_slice(&bytes[1..]).is_err());
    /// # Ok::<(), timbral_nn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Format`] as [`Classifier::load`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self> {
        Ok(Self::new(format::decode(bytes, format::MODEL)?.network))
    }

    /// Reads what [`Classifier::save`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::Format`] for another file, a damaged one, or one whose tensors are
    /// not those of its shape.
    pub fn load(path: &Path) -> Result<Self> {
        Ok(Self::new(format::read(path, format::MODEL)?.network))
    }
}

/// Whether a network takes examples of a shape.
pub(crate) fn check_shape(expected: Shape, got: Shape) -> Result<()> {
    if expected.height == 1 && expected.width == 1 && got.height == 1 && got.width == 1 {
        return match expected == got {
            true => Ok(()),
            false => Err(Error::Features {
                expected: expected.channels,
                got: got.channels,
            }),
        };
    }
    let same = expected.height == got.height && expected.channels == got.channels;
    match same && expected.width <= got.width {
        true => Ok(()),
        false => Err(Error::Image { expected, got }),
    }
}

/// Gives the logits of examples in parts, with the index of the first one.
fn logits(
    network: &Network,
    device: &Opened,
    values: &[f32],
    shape: Shape,
    mut take: impl FnMut(usize, &mut [f32]),
) -> Result<()> {
    let mut workspace = Workspace::new(network, device)?;
    let (width, n_classes) = (network.input.width, network.n_classes);
    let n_crops = shape.width.div_ceil(width);
    let n_rows = (NUMBERS / (n_crops * network.input.len())).max(1);
    for (i, rows) in values.chunks(n_rows * shape.len()).enumerate() {
        workspace.input.clear();
        for example in rows.chunks_exact(shape.len()) {
            for i in 0..n_crops {
                let start = i * (shape.width - width) / (n_crops - 1).max(1);
                crop(example, shape, start, width, &mut workspace.input);
            }
        }
        let all = workspace.predict(network)?;
        for row in 0..rows.len() / shape.len() {
            for class in 0..n_classes {
                let of = |crop: usize| all[(row * n_crops + crop) * n_classes + class];
                let sum: f32 = (0..n_crops).map(of).sum();
                all[row * n_classes + class] = sum / n_crops as f32;
            }
        }
        take(i * n_rows, &mut all[..rows.len() / shape.len() * n_classes]);
    }
    Ok(())
}

/// The unsmoothed loss and the hits on examples.
pub(crate) fn evaluate(
    network: &Network,
    device: &Opened,
    data: &Dataset,
    class_weights: &[f32],
) -> Result<Score> {
    let loss = CrossEntropy {
        smoothing: 0.0,
        class_weights,
    };
    let n_classes = network.n_classes;
    let mut score = Score::default();
    logits(
        network,
        device,
        data.values(),
        data.shape(),
        |first, logits| {
            let labels = &data.labels()[first..first + logits.len() / n_classes];
            let targets: Vec<Target> = labels.iter().map(|label| (*label).into()).collect();
            let part = loss.gradient(logits, &targets, n_classes);
            score.loss += part.loss;
            score.correct += part.correct;
        },
    )?;
    Ok(score)
}
