//! Music genre classification: sound file to features, features to an evaluated model.
//!
//! [`Inputs`] finds the sound files, [`Extraction`] turns them into the published GTZAN table of
//! features, [`Extractor`] one file into its rows, [`MelImages`] all of them into spectrograms.
//! [`Experiment`] splits a table into rows to learn from and to judge by, [`DenseParams`] is a dense
//! network on a table, [`ImageNetParams`] are networks on spectrograms, [`Evaluation`] judges what a
//! model says, [`tune`] searches parameters. [`Classifier`] is sound file to genres in one file,
//! [`SimilarityIndex`] finds the tracks that sound most alike. The parts are re-exported: [`audio`] reads sound files,
//! [`dsp`] computes features, [`data`] keeps tables, [`boost`] trains boosted trees, [`nn`] neural
//! networks, [`metrics`] scores predictions.

mod classifier;
mod container;
mod dense;
mod error;
mod evaluation;
mod experiment;
mod extract;
mod extractor;
mod image_nets;
mod inputs;
mod mel_images;
mod similar;
mod sound;
pub mod tune;

pub use classifier::{
    Classifier, ClassifierParams, FitProgress, FittedClassifier, GenreCount, GenreModel,
    GenreProbability, HeldOutScore, Member, MemberParams, ModelParams, PredictedWindow, Prediction,
    PredictionReport, Provenance, SoundView,
};
pub use dense::{DenseModel, DenseParams};
pub use error::{Error, Result};
pub use evaluation::{Accuracy, Evaluation};
pub use experiment::{Experiment, select_features};
pub use extract::{Extraction, ExtractionReport};
pub use extractor::{Extractor, FeatureRow, Segmentation};
pub use image_nets::ImageNetParams;
pub use inputs::Inputs;
pub use mel_images::MelImages;
pub use similar::{SimilarTrack, SimilarityIndex};
pub use timbral_audio as audio;
pub use timbral_boost as boost;
pub use timbral_data as data;
pub use timbral_dsp as dsp;
pub use timbral_metrics as metrics;
pub use timbral_nn as nn;
