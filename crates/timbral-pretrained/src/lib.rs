//! Published networks for music on [candle](candle_core), which compute embeddings and tags of sound files.
//!
//! - [`Model`] lists the networks and finds the user's copy of their weights: [`Weights`].
//! - [`Embedder`] divides a file into [`Window`]s of about 3 s and computes all outputs of the network for each.
//! - [`Network`] is the trait of a network; [`Musicnn`] implements it.
//!
//! ```no_run
//! use timbral_pretrained::{Embedder, EmbedderParams, Model};
//!
//! let model = Model::MusicnnMsd;
//! // The copy of TIMBRAL_WEIGHTS, or the one in the cache.
//! let embedder = Embedder::new(model.load(None)?, EmbedderParams::default())?;
//! let (taggram, _) = embedder.output("taggram")?;
//! for window in embedder.file("song.mp3")? {
//!     let (tag, p) = model.tags().iter().zip(&window.values[taggram]).max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
//!     println!("{:.1} s: {tag} {p:.2}", window.start);
//! }
//! # Ok::<(), timbral_pretrained::Error>(())
//! ```
//!
//! # Weights
//!
//! This crate contains no weights and downloads nothing. `pip download --no-deps musicnn==0.1.0` downloads the wheel
//! of musicnn (29 MB, ISC licence). [`Model::weights`] reads the wheel, a folder with its content, or a safetensors
//! file. It reads the TensorFlow checkpoint without TensorFlow, verifies it by SHA-256, and stores it as safetensors
//! in the cache. Files are not trusted: the sizes that they declare determine no allocation, and every fault is an
//! error that names the file.
//!
//! # Devices
//!
//! By default networks run on the CPU, with the convolutions of this crate, whose results have the same bits on every
//! machine and for any number of threads. With the features `cuda` and `metal` candle runs networks on a GPU: pass the
//! device to [`Model::network`].

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

mod embedder;
mod error;
mod front_end;
mod layers;
mod model;
mod musicnn;
mod network;
mod weights;

pub use candle_core::{self, Device, Tensor};
pub use candle_nn::VarBuilder;
pub use embedder::{Embedder, EmbedderParams, Window};
pub use error::{Error, Result};
pub use front_end::{Compression, LogMelParams};
pub use model::Model;
pub use musicnn::{Musicnn, MusicnnParams};
pub use network::{Network, Output};
pub use timbral_audio::ResampleQuality;
pub use timbral_core::InvalidParameter;
pub use weights::Weights;

// The examples of the README are compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
