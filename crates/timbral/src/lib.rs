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

#[cfg(feature = "classical")]
mod classical;
mod classifier;
mod container;
mod error;
mod experiment;
#[cfg(feature = "plot")]
mod explore;
mod extraction;
mod recipes;
mod similar;
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
pub use error::{Error, Result};
pub use experiment::comparison::{CompareParams, Comparison, Pair, Row, Step, compare};
pub use experiment::evaluation::{Accuracy, Evaluation};
pub use experiment::nearest::nearest_neighbour_accuracy;
pub use experiment::parts::{Experiment, select_features};
pub use experiment::probabilities::{average_recordings, probability_table};
pub use experiment::spread::Spread;
#[cfg(feature = "plot")]
pub use explore::{Captioned, SoundLook, file_figures, sound_figures, sound_grid, table_figures};
pub use extraction::extractor::{Extractor, FeatureRow, Segmentation};
pub use extraction::inputs::Inputs;
pub use extraction::mel_images::MelImages;
pub use extraction::table::{Extraction, ExtractionReport};
pub use recipes::dense::{DenseModel, DenseParams};
pub use recipes::ensemble::Ensemble;
pub use recipes::images::params::ImageNetParams;
pub use recipes::images::recipe::ImageNet;
pub use recipes::recipe::{Fitted, Outcome, Progress, Recipe, Record, Watch, fit_and_evaluate};
pub use similar::{SimilarTrack, SimilarityIndex};
pub use timbral_audio as audio;
pub use timbral_boost as boost;
pub use timbral_data as data;
pub use timbral_dsp as dsp;
pub use timbral_metrics as metrics;
pub use timbral_nn as nn;
#[cfg(feature = "plot")]
pub use timbral_plot as plot;
#[cfg(feature = "synth")]
pub use timbral_synth as synth;
