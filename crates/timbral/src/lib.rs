//! Music genre classification: sound file to features, features to an evaluated model.
//!
//! [`Inputs`] finds the sound files, [`Extraction`] turns them into the published GTZAN table of
//! features, [`Extractor`] one file into its rows, [`MelImages`] all of them into spectrograms.
//! [`Experiment`] splits a table into rows to learn from and to judge by, a [`Recipe`] is a kind of model
//! with its parameters ([`boost::BoostParams`], [`DenseParams`], [`ImageNet`], an [`Ensemble`] of them),
//! [`fit_and_evaluate`] fits one and judges it, [`compare`] does so with many, [`Evaluation`] judges what
//! any model says, [`tune`] searches parameters. [`Classifier`] is sound file to genres in one file,
//! [`SimilarityIndex`] finds the tracks that sound most alike. The parts are re-exported: [`audio`] reads sound files,
//! [`dsp`] computes features, [`data`] keeps tables, [`boost`] trains boosted trees, [`nn`] neural
//! networks, [`metrics`] scores predictions.

mod boosted;
#[cfg(feature = "classical")]
mod classical;
#[cfg(feature = "classical")]
mod classical_logistic;
#[cfg(feature = "classical")]
mod classical_svm;
mod classifier;
mod comparison;
mod container;
mod dense;
mod ensemble;
mod error;
mod evaluation;
mod experiment;
#[cfg(feature = "plot")]
mod explore;
mod extract;
mod extractor;
mod image_net;
mod image_nets;
mod inputs;
mod mel_images;
mod nearest;
mod probabilities;
mod recipe;
mod similar;
mod sound;
mod spread;
#[cfg(feature = "plot")]
pub mod study;
pub mod tune;

#[cfg(feature = "classical")]
pub use classical::Classical;
pub use classifier::{
    Classifier, ClassifierParams, FitProgress, FittedClassifier, GenreCount, GenreModel,
    GenreProbability, HeldOutScore, Member, MemberParams, ModelParams, PredictedWindow, Prediction,
    PredictionReport, Provenance, SoundView,
};
pub use comparison::{CompareParams, Comparison, Pair, Row, Step, compare};
pub use dense::{DenseModel, DenseParams};
pub use ensemble::Ensemble;
pub use error::{Error, Result};
pub use evaluation::{Accuracy, Evaluation};
pub use experiment::{Experiment, select_features};
#[cfg(feature = "plot")]
pub use explore::{Captioned, SoundLook, file_figures, sound_figures, sound_grid, table_figures};
pub use extract::{Extraction, ExtractionReport};
pub use extractor::{Extractor, FeatureRow, Segmentation};
pub use image_net::ImageNet;
pub use image_nets::ImageNetParams;
pub use inputs::Inputs;
pub use mel_images::MelImages;
pub use nearest::nearest_neighbour_accuracy;
pub use probabilities::{average_recordings, probability_table};
pub use recipe::{Fitted, Outcome, Progress, Recipe, Record, Watch, fit_and_evaluate};
pub use similar::{SimilarTrack, SimilarityIndex};
pub use spread::Spread;
pub use timbral_audio as audio;
pub use timbral_boost as boost;
pub use timbral_data as data;
pub use timbral_dsp as dsp;
pub use timbral_metrics as metrics;
pub use timbral_nn as nn;
#[cfg(feature = "plot")]
pub use timbral_plot as plot;
