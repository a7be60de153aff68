//! Neural networks for tables and spectrograms: fast on the CPU, the same bits for the same seed.
//!
//! [`MlpParams`], [`ConvNetParams`], [`CrnnParams`] and [`AttentionNetParams`] describe networks (an
//! [`Architecture`]); [`TrainParams`] describes their training. [`Training`] trains a network on a
//! [`Dataset`], evaluates it after every epoch, stops early, writes checkpoints and resumes from them.
//! The result is a [`Classifier`] and the [`History`] of the epochs.
//!
//! The features of a table should have a mean of about 0 and a variance of about 1; spectrograms are
//! standardised by the network.
//!
//! ```
//! use ndarray::Array2;
//! use timbral_nn::{Classifier, Dataset, MlpParams, TrainParams, Training};
//!
//! let features = Array2::from_shape_fn((90, 2), |(row, j)| [row as f32 / 30.0 - 1.5, 1.0][j]);
//! let labels: Vec<usize> = (0..90).map(|row| row / 30).collect();
//! let data = Dataset::new(features.view(), &labels, 3)?;
//! let net = MlpParams { units: vec![32, 16], ..Default::default() };
//! let params = TrainParams { epochs: 60, batch_size: 16, learning_rate: 0.01, ..Default::default() };
//! let trained = Training::new(net, &params, &data).run()?;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("genres.safetensors");
//! trained.model.save(&path)?;
//! let model = Classifier::load(&path)?;
//! assert_eq!(model, trained.model);
//! let rows = ndarray::array![[-1.0, 1.0], [0.0, 1.0], [1.0, 1.0]];
//! assert_eq!(model.classes(rows.view())?, [0, 1, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reproducibility
//!
//! A random seed gives the same bits of the weights for any number of threads and on any processor. Sums of
//! products are chains of fused multiply-adds in a fixed order; sums over a batch are sums over parts
//! whose number does not depend on the threads; exponentials and logarithms are those of the crate
//! libm; and every random choice has its own stream of random numbers.
//!
//! # Devices
//!
//! [`Training::device`] and [`Classifier::on`] run a network on a device other than the CPU, with the
//! crate candle. The optimiser, augmentation and all random numbers stay on the CPU, so that devices
//! differ only in rounding. These features are off by default:
//!
//! - `cuda`: NVIDIA GPUs; needs the CUDA toolkit,
//! - `metal`: Apple GPUs,
//! - `candle`: candle's own CPU code, for comparison,
//! - `accelerate`, `mkl`: the same with a vendor's matrix library.
//!
//! A model file does not depend on the device that the model was trained on.
//!
//! With `candle`, `Classifier::to_candle` converts a trained dense or convolutional network to modules of candle-nn,
//! and `Classifier::var_builder` returns its tensors in the layouts of candle-nn.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

#[cfg(feature = "candle")]
mod candle;
mod classifier;
mod dataset;
mod device;
mod error;
mod kernels;
mod layers;
mod model_file;
mod nets;
mod random;
mod shape;
#[cfg(test)]
mod tests;
mod training;
mod workspace;

#[cfg(feature = "candle")]
pub use candle_core;
#[cfg(feature = "candle")]
pub use candle_nn;
pub use ndarray;

#[cfg(feature = "candle")]
pub use candle::modules::CandleNet;
pub use classifier::Classifier;
pub use dataset::Dataset;
pub use device::Device;
pub use error::{Error, Result};
pub use kernels::geometry::Padding;
pub use layers::activation::Activation;
pub use layers::init::Init;
pub use nets::architecture::Architecture;
pub use nets::attention_net::AttentionNetParams;
pub use nets::conv_net::{ConvNetParams, Pooling};
pub use nets::crnn::CrnnParams;
pub use nets::mlp::MlpParams;
pub use nets::stem::ConvBlockParams;
pub use shape::Shape;
pub use timbral_core::{InvalidParameter, Monitor, Progress};
pub use training::augment::Augment;
pub use training::history::{EpochScores, History};
pub use training::optimiser::Optimiser;
pub use training::params::{EarlyStopping, TrainParams};
pub use training::run::{Epoch, Trained, Training};
pub use training::schedule::Schedule;

/// The example of the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
