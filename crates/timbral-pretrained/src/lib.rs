//! Published networks for music on [candle](candle_core): sound files to embeddings and tags.
//!
//! - [`Model`] names the networks and finds the user's copy of their weights: [`Weights`].
//! - [`Embedder`] turns a file into [`Window`]s of about 3 s with all outputs of the network.
//! - [`Network`] is the trait of a network, [`Musicnn`] the first.
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
//! No weights are in this crate, and it downloads nothing. `pip download --no-deps musicnn==0.1.0` gets the wheel of
//! musicnn (29 MB, ISC licence). [`Model::weights`] reads the wheel, a folder with what was in it, or a safetensors file;
//! it reads the TensorFlow checkpoint itself, verifies it by SHA-256, and keeps it as safetensors in the cache.
//! Files are not trusted: sizes that they declare allocate nothing, and what is wrong is an error that names the file.
//!
//! # Devices
//!
//! The CPU by default, with convolutions of this crate, whose results have the same bits on every machine and for any
//! number of threads. The features `cuda` and `metal` run networks on a GPU by candle: give the device to
//! [`Model::network`].

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
