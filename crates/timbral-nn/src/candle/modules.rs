//! Trained networks as modules of candle-nn.

use std::collections::HashMap;

use candle_core::{D, DType, Device, DeviceLocation, Result as CandleResult, Tensor};
use candle_nn::{
    BatchNorm, BatchNormConfig, Conv2d, Conv2dConfig, Linear, Module, ModuleT, VarBuilder,
    batch_norm, linear, linear_no_bias,
};
use timbral_core::check;

use crate::classifier::Classifier;
use crate::device::Device as Named;
use crate::error::{Error, Result};
use crate::kernels::geometry::Geometry;
use crate::layers::activation::Activation;
use crate::layers::batch_norm::EPSILON;
use crate::layers::pool::MIN_VARIANCE;
use crate::nets::architecture::Architecture;
use crate::nets::conv_net::{ConvNetParams, Pooling};
use crate::nets::mlp::MlpParams;
use crate::shape::Shape;

/// A trained dense or convolutional network as modules of candle-nn, for prediction; made by
/// [`Classifier::to_candle`].
///
/// Its `forward` maps rows `[n, n_features]`, or spectrograms `[n, bands, frames]`, to logits `[n, n_classes]`; the
/// probabilities are their softmax. There is no dropout. Spectrograms must have as many frames as the network takes:
/// crops of longer ones are up to the caller.
#[derive(Debug, Clone)]
pub struct CandleNet {
    input: Shape,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    /// `[n, bands, frames]` to `[n, 1, bands, frames]`.
    Standardise(BatchNorm),
    Linear(Linear),
    Norm(BatchNorm),
    Activation(Activation),
    /// Zeros before and behind rows and columns.
    Pad([[usize; 2]; 2]),
    Conv(Conv2d),
    MaxPool([usize; 2]),
    GlobalPool(Pooling),
}

impl Classifier {
    /// The tensors of a dense or convolutional network under the names and in the layouts of the modules of candle-nn,
    /// on a device.
    ///
    /// | layer | of this crate | of candle-nn |
    /// |---|---|---|
    /// | dense | `weight [n_in, n_out]`, `bias` | `weight [n_out, n_in]`, `bias` |
    /// | batch normalisation of it | `norm.scale`, `norm.mean`, `norm.variance`, and `bias` of the layer | `norm.weight`, `norm.running_mean`, `norm.running_var`, `norm.bias` |
    /// | convolution | `weight [height, width, n_in, n_out]` | `weight [n_out, n_in, height, width]` |
    /// | batch normalisation of it | `norm.scale`, `norm.shift`, `norm.mean`, `norm.variance` | `norm.weight`, `norm.bias`, `norm.running_mean`, `norm.running_var` |
    /// | standardisation of bands | `input.mean`, `input.variance` | `input.running_mean`, `input.running_var`, at least 1e-12 |
    ///
    /// Layers are `layers.0`, `layers.1`, ... of a dense network, `input`, `blocks.0`, ..., `classes` of a convolutional
    /// one. The ε of its batch normalisations is 0.001, that of `input` 0.
    ///
    /// ```
    /// # use timbral_nn::{Classifier, Dataset, MlpParams, TrainParams, Training};
    /// # let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// # let params = TrainParams { epochs: 1, ..TrainParams::default() };
    /// # let net = MlpParams { units: vec![8], ..Default::default() };
    /// # let classifier = Training::new(net, &params, &data).run()?.model;
    /// use timbral_nn::candle_core::Device;
    /// use timbral_nn::candle_nn::linear;
    ///
    /// // A network of one hidden layer of 8 units, two classes.
    /// let tensors = classifier.var_builder(&Device::Cpu)?;
    /// let output = linear(8, 2, tensors.pp("layers.1"))?;
    /// assert_eq!(output.weight().dims(), [2, 8]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for recurrent and attention networks, which are not
    /// covered; [`Error::Device`](crate::Error::Device) if the device fails.
    pub fn var_builder(&self, device: &Device) -> Result<VarBuilder<'static>> {
        let covered = match self.architecture() {
            Architecture::Mlp(_) => Ok(()),
            Architecture::ConvNet(_) => Ok(()),
            Architecture::Crnn(_) => Err("crnn"),
            Architecture::AttentionNet(_) => Err("attention_net"),
        };
        let rule = "only dense and convolutional networks can be modules of candle-nn";
        let name = covered.err().unwrap_or_default();
        check(covered.is_ok(), "architecture", name, rule)?;
        let tensors = self.tensors(device).map_err(|e| failed(device, &e))?;
        Ok(VarBuilder::from_tensors(tensors, DType::F32, device))
    }

    fn tensors(&self, device: &Device) -> CandleResult<HashMap<String, Tensor>> {
        let network = self.network();
        let mut tensors = HashMap::new();
        for tensor in &network.plan.tensors {
            let numbers = match tensor.is_statistic() {
                true => &network.statistics,
                false => &network.parameters,
            };
            let numbers = &numbers[tensor.range.clone()];
            let made = Tensor::from_slice(numbers, &tensor.shape[..], device)?;
            let (layer, of) = tensor.name.rsplit_once('.').unwrap_or_default();
            let is_normalised = network
                .plan
                .tensor(&format!("{layer}.norm.scale"))
                .is_some();
            let (name, made) = match of {
                "weight" if tensor.shape.len() == 4 => ("weight", made.permute((3, 2, 0, 1))?),
                "weight" => ("weight", made.t()?),
                "bias" if is_normalised => ("norm.bias", made),
                "scale" => ("weight", made),
                "shift" => ("bias", made),
                "mean" => ("running_mean", made),
                "variance" if layer == "input" => ("running_var", made.maximum(MIN_VARIANCE)?),
                "variance" => ("running_var", made),
                same => (same, made),
            };
            tensors.insert(format!("{layer}.{name}"), made.contiguous()?);
        }
        Ok(tensors)
    }

    /// A dense or convolutional network as modules of candle-nn on a device; its logits differ from this crate's only in
    /// rounding.
    ///
    /// | covered | not covered |
    /// |---|---|
    /// | dense layers with ReLU or tanh, batch normalisation | gated recurrent units |
    /// | standardisation of bands, convolutions with same (TensorFlow's uneven zeros, too) and valid padding, batch normalisation, ReLU, max-pooling | convolutions with two different strides |
    /// | global mean and maximum | self-attention, attention pooling, layer normalisation |
    ///
    /// Use these modules only for prediction: on the CPU candle has no random seed, and its gradients of max-pooling
    /// are wrong.
    ///
    /// ```
    /// use timbral_nn::candle_core::{Device, Tensor};
    /// use timbral_nn::candle_nn::{Module, ops::softmax};
    /// use timbral_nn::{Classifier, Dataset, MlpParams, TrainParams, Training};
    ///
    /// let data = Dataset::new(ndarray::array![[0.0], [1.0]].view(), &[0, 1], 2)?;
    /// let params = TrainParams { epochs: 5, ..TrainParams::default() };
    /// let saved = Training::new(MlpParams::default(), &params, &data).run()?.model.to_safetensors()?;
    ///
    /// let model = Classifier::from_slice(&saved)?;
    /// let net = model.to_candle(&Device::Cpu)?;
    /// let logits = net.forward(&Tensor::new(&[[0.0_f32], [0.5]], &Device::Cpu)?)?;
    /// let got = softmax(&logits, 1)?.to_vec2::<f32>()?;
    /// let expected = model.probabilities(ndarray::array![[0.0], [0.5]].view())?;
    /// assert!((got[1][0] - expected[[1, 0]]).abs() < 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for what is not covered,
    /// [`Error::Device`](crate::Error::Device) if the device fails.
    pub fn to_candle(&self, device: &Device) -> Result<CandleNet> {
        let tensors = self.var_builder(device)?;
        let parts = match self.architecture() {
            Architecture::Mlp(params) => self.dense_parts(params, &tensors),
            Architecture::ConvNet(params) => {
                for block in &params.blocks {
                    let [vertical, horizontal] = block.stride;
                    let rule = "a convolution of candle-nn has one stride for both axes";
                    let stride = format_args!("{:?}", block.stride);
                    check(vertical == horizontal, "stride", stride, rule)?;
                }
                self.conv_parts(params, &tensors)
            }
            // var_builder refuses them.
            Architecture::Crnn(_) | Architecture::AttentionNet(_) => Ok(Vec::new()),
        };
        let parts = parts.map_err(|e| failed(device, &e))?;
        let input = self.input();
        Ok(CandleNet { input, parts })
    }

    fn dense_parts(&self, params: &MlpParams, all: &VarBuilder<'_>) -> CandleResult<Vec<Part>> {
        let (mut parts, mut n_in) = (Vec::new(), self.input().len());
        for (i, &units) in params.units.iter().enumerate() {
            let layer = all.pp(format!("layers.{i}"));
            match params.batch_norm {
                true => {
                    parts.push(Part::Linear(linear_no_bias(n_in, units, layer.clone())?));
                    let norm = batch_norm(units, f64::from(EPSILON), layer.pp("norm"))?;
                    parts.push(Part::Norm(norm));
                }
                false => parts.push(Part::Linear(linear(n_in, units, layer)?)),
            }
            parts.push(Part::Activation(params.activation));
            n_in = units;
        }
        let output = all.pp(format!("layers.{}", params.units.len()));
        parts.push(Part::Linear(linear(n_in, self.n_classes(), output)?));
        Ok(parts)
    }

    fn conv_parts(&self, params: &ConvNetParams, all: &VarBuilder<'_>) -> CandleResult<Vec<Part>> {
        let mut shape = self.input();
        let config = BatchNormConfig {
            affine: false,
            ..BatchNormConfig::from(0.0)
        };
        let bands = batch_norm(shape.height, config, all.pp("input"))?;
        let mut parts = vec![Part::Standardise(bands)];
        for (i, block) in params.blocks.iter().enumerate() {
            let layer = all.pp(format!("blocks.{i}"));
            let (channels, [high, wide]) = (block.channels, block.kernel);
            let geometry =
                Geometry::new(shape, channels, block.kernel, block.stride, block.padding);
            let Some(geometry) = geometry else {
                candle_core::bail!("blocks.{i} does not fit");
            };
            let sizes = [shape.height, shape.width];
            let zeros = [0, 1].map(|axis| {
                let before = geometry.before[axis];
                let covered = sizes[axis] + before;
                [before, geometry.padded()[axis].saturating_sub(covered)]
            });
            parts.push(Part::Pad(zeros));
            let weight = layer.get((channels, shape.channels, high, wide), "weight")?;
            let config = Conv2dConfig {
                stride: block.stride[0],
                ..Conv2dConfig::default()
            };
            parts.push(Part::Conv(Conv2d::new(weight, None, config)));
            let norm = batch_norm(channels, f64::from(EPSILON), layer.pp("norm"))?;
            parts.push(Part::Norm(norm));
            parts.push(Part::Activation(Activation::Relu));
            parts.push(Part::MaxPool(block.pool));
            let Shape { height, width, .. } = geometry.output;
            shape = Shape::new(height / block.pool[0], width / block.pool[1], channels);
        }
        parts.push(Part::GlobalPool(params.pooling));
        let pooled = match params.pooling {
            Pooling::Mean => shape.channels,
            Pooling::MeanMax => 2 * shape.channels,
        };
        parts.push(Part::Linear(linear(
            pooled,
            self.n_classes(),
            all.pp("classes"),
        )?));
        Ok(parts)
    }
}

impl Module for CandleNet {
    fn forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        let Shape { height, width, .. } = self.input;
        match (self.parts.first(), x.dims()) {
            (Some(Part::Standardise(_)), [_, bands, frames])
                if (*bands, *frames) == (height, width) => {}
            (Some(Part::Linear(_)), [_, n]) if *n == self.input.len() => {}
            (_, got) => candle_core::bail!("expected n inputs of {height} x {width}, got {got:?}"),
        }
        let mut parts = self.parts.iter();
        parts.try_fold(x.clone(), |x, part| part.forward(&x))
    }
}

impl Part {
    fn forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        match self {
            Self::Standardise(bands) => bands.forward_t(x, false)?.unsqueeze(1),
            Self::Linear(linear) => linear.forward(x),
            Self::Norm(norm) => norm.forward_t(x, false),
            Self::Activation(Activation::Relu) => x.relu(),
            Self::Activation(Activation::Tanh) => x.tanh(),
            Self::Pad([[above, below], [left, right]]) => x
                .pad_with_zeros(2, *above, *below)?
                .pad_with_zeros(3, *left, *right),
            Self::Conv(conv) => conv.forward(x),
            Self::MaxPool([1, 1]) => Ok(x.clone()),
            Self::MaxPool([high, wide]) => x.max_pool2d((*high, *wide)),
            Self::GlobalPool(pooling) => {
                let places = x.flatten_from(2)?;
                let means = places.mean(D::Minus1)?;
                match pooling {
                    Pooling::Mean => Ok(means),
                    Pooling::MeanMax => Tensor::cat(&[means, places.max(D::Minus1)?], 1),
                }
            }
        }
    }
}

/// The error of candle on a device, as one of this crate.
fn failed(device: &Device, error: &candle_core::Error) -> Error {
    let named = match device.location() {
        DeviceLocation::Cpu => Named::CandleCpu,
        DeviceLocation::Cuda { gpu_id } => Named::Cuda(gpu_id),
        DeviceLocation::Metal { gpu_id } => Named::Metal(gpu_id),
    };
    named.failed(error)
}
