//! Neural networks for tables and spectrograms: fast on the CPU, the same bits for the same seed.
//!
//! [`MlpParams`], [`ConvNetParams`], [`CrnnParams`] and [`AttentionNetParams`] are shapes of networks
//! (an [`Architecture`]), [`TrainParams`] how they are trained. [`Training`] trains one on a
//! [`Dataset`], judges it after every epoch, stops early, writes checkpoints and goes on from them; it
//! gives a [`Classifier`] and the [`History`] of the epochs.
//!
//! The features of a table should have a mean of about 0 and a variance of about 1; spectrograms are
//! standardised by the network.
//!
//! ```
//! use ndarray::Array2;
//! use timbral_nn::{Classifier, Dataset, MlpParams, TrainParams, Training};
//! let features = Array2::from_shape_fn((90, 2), |(row, j)| [row as f32 / 30.0 - 1.5, 1.0][j]);
//! let labels: Vec<usize> = (0..90).map(|row| row / 30).collect();
//! let data = Dataset::new(features.view(), &labels, 3)?;
//! let net = MlpParams { units: vec![32, 16], ..Default::default() };
//! let params = TrainParams { epochs: 60, batch_size: 16, learning_rate: 0.01, ..Default::default() };
//! let trained = Training::new(net, &params, &data).run()?;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("genres.safetensors");
//! trained.classifier.save(&path)?;
//! let classifier = Classifier::load(&path)?;
//! assert_eq!(classifier, trained.classifier);
//! let rows = ndarray::array![[-1.0, 1.0], [0.0, 1.0], [1.0, 1.0]];
//! assert_eq!(classifier.classes(rows.view())?, [0, 1, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Bits
//!
//! A seed gives the same weights at any number of threads and on any processor: sums of products are
//! chains of fused multiply-adds in a fixed order, sums over a batch are those of parts that do not
//! depend on the threads, exponentials and logarithms are those of the crate libm, and every random
//! draw has a key of its own.
//!
//! # Devices
//!
//! [`Training::device`] and [`Classifier::on`] run a network elsewhere than on the CPU, by the crate
//! candle; the optimiser, augmentation and every random draw stay here, so that devices differ by
//! rounding alone. Off by default are the features `cuda` (NVIDIA GPUs, needs the CUDA toolkit) and
//! `metal` (Apple GPUs); `candle` has candle's own CPU code, to compare with,
//! under which `accelerate` and `mkl` put a vendor's matrix library. A model file is the same from
//! whatever device.

mod attention_net;
mod attention_pool;
mod augment;
mod batch_norm;
#[cfg(feature = "candle")]
mod candle_engine;
#[cfg(feature = "candle")]
mod candle_graph;
#[cfg(feature = "candle")]
mod candle_ops;
#[cfg(all(test, feature = "candle"))]
mod candle_tests;
mod classifier;
mod conv;
mod conv_block;
mod conv_net;
mod crnn;
mod dataset;
mod dense;
mod device;
mod dropout;
mod error;
mod format;
mod geometry;
#[cfg(test)]
mod golden;
mod gru;
mod history;
mod init;
mod layer;
mod layer_norm;
mod lines;
mod loss;
mod matmul;
mod mlp;
mod network;
mod optimiser;
mod plan;
mod pool;
mod random;
#[cfg(test)]
mod reference;
mod residual;
mod schedule;
mod self_attention;
mod shape;
mod simd;
mod train;
mod training;

pub use attention_net::AttentionNetParams;
pub use augment::Augment;
pub use classifier::Classifier;
pub use conv_net::{ConvBlockParams, ConvNetParams, Pooling};
pub use crnn::CrnnParams;
pub use dataset::Dataset;
pub use device::Device;
pub use error::{Error, Result};
pub use geometry::Padding;
pub use history::{EpochScores, History};
pub use init::Init;
pub use mlp::{Activation, MlpParams};
pub use network::Architecture;
pub use optimiser::Optimiser;
pub use schedule::Schedule;
pub use shape::Shape;
pub use train::{EarlyStopping, TrainParams};
pub use training::{Epoch, Trained, Training};
