//! Music genre classification: from sound files to features, from features to evaluated models.
//!
//! | task | items |
//! |---|---|
//! | find sound files | [`Inputs`] |
//! | features | [`feature_table`] in one call, [`Extraction`] with progress, [`Extractor`] for one file |
//! | mel spectrograms | [`MelImages`] |
//! | training and test rows | [`Experiment`], [`Validation`] |
//! | models | [`Recipe`]: [`boost::BoostParams`], [`DenseParams`], [`LogisticParams`], [`ImageNet`], [`Ensemble`] |
//! | models of other crates | [`TableRecipe`] for any, also of smartcore and linfa (features of these names) |
//! | data sets of linfa | `to_linfa`, `from_linfa` (feature `linfa`) |
//! | one fit and its evaluation | [`fit_and_evaluate`] |
//! | a saved model of tables | [`TableModel`] |
//! | trees on tables larger than memory | `train_on_shards` (feature `parquet`) |
//! | many fits, comparisons, searches for parameters | [`Runner`] and [`Results`], [`compare`], [`tune`] |
//! | evaluation | [`Evaluation`], [`Probabilities`] |
//! | a classifier in one file | [`ClassifierParams`], [`Classifier`] |
//! | similar tracks | [`SimilarityIndex`] |
//! | embeddings and tags by published networks | `EmbeddingParams`, `Tagger` (feature `pretrained`) |
//!
//! The crates that these are built on are re-exported: [`audio`] decodes sound files, [`dsp`] computes
//! features, [`data`] has tables and splits, [`boost`] trains boosted trees, [`nn`] neural networks,
//! [`metrics`] scores predictions. Long work takes a [`Monitor`], which reports [`Progress`] and can stop
//! it; `&mut ()` is a monitor that does nothing.
//!
//! ```
//! use timbral::boost::BoostParams;
//! use timbral::data::{FeatureTable, SplitMethod};
//! use timbral::fit_and_evaluate;
//!
//! let ids = (0..60).map(|i| format!("song{}.{}.wav", i / 3, i % 3)).collect();
//! let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i / 3 % 2) as f32);
//! let table = FeatureTable::new(vec!["tempo".into()], x, ids)?
//!     .with_groups((0..60).map(|i| format!("song{}", i / 3)))?
//!     .with_labels((0..60).map(|i| ["jazz", "rock"][i / 3 % 2]))?;
//! let split = SplitMethod::Grouped.split(&table, 0)?;
//! let recipe = BoostParams { n_rounds: 10, ..Default::default() };
//! let fit = fit_and_evaluate(&recipe, &table, &split, 0, &mut ())?;
//! assert_eq!(fit.record.test_accuracy, 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

mod adapters;
#[cfg(feature = "classical")]
mod classical;
mod classifier;
mod container;
#[cfg(feature = "pretrained")]
mod embedding;
mod error;
mod experiment;
#[cfg(feature = "plot")]
mod explore;
mod extraction;
mod linear;
mod recipes;
mod similar;
#[cfg(feature = "plot")]
pub mod study;
pub mod tune;

#[cfg(feature = "linfa")]
pub use adapters::linfa_dataset::{from_linfa, to_linfa};
#[cfg(feature = "classical")]
pub use classical::Classical;
pub use classifier::{
    Calibration, Classifier, ClassifierParams, EmbeddingModel, FittedClassifier, GenreCount,
    GenreModel, GenreProbability, HeldOut, HeldOutScore, Member, MemberParams, ModelParams,
    PredictedWindow, Prediction, Provenance, PublishedNetwork, Rejection, ReliabilityPoint,
    SoundView,
};
#[cfg(feature = "pretrained")]
pub use embedding::{
    EmbeddingColumns, EmbeddingParams, TagProbability, TaggedWindow, Tagger, Tagging,
};
pub use error::{Error, Result};
pub use experiment::comparison::{CompareParams, Comparison, ComparisonRow, PairedTest, compare};
pub use experiment::evaluation::{Accuracy, Evaluation};
pub use experiment::fit::{EvaluatedFit, FitRecord, fit_and_evaluate};
pub use experiment::nearest::nearest_neighbour_accuracy;
pub use experiment::parts::{Experiment, Validation, select_features};
pub use experiment::probabilities::{Probabilities, average_recordings};
pub use experiment::results::Results;
pub use experiment::runner::{Run, Runner};
pub use experiment::spread::Spread;
#[cfg(feature = "plot")]
pub use explore::{
    CaptionedFigure, SoundFeatures, file_figures, sound_figures, sound_grid, table_figures,
};
pub use extraction::columns::Columns;
pub use extraction::encoded::EncodedSound;
pub use extraction::extractor::{Extractor, FeatureRow, Segmentation};
pub use extraction::in_order::PredictionReport;
pub use extraction::inputs::Inputs;
pub use extraction::labels::GenreFolder;
pub use extraction::mel_images::MelImages;
pub use extraction::sound_files::{DamagedFile, FileProblems};
pub use extraction::sound_rows::SoundRows;
pub use extraction::table::{Extraction, ExtractionReport, feature_table};
pub use linear::logistic::{LogisticModel, LogisticParams};
#[cfg(feature = "linfa")]
pub use linfa;
pub use ndarray;
pub use recipes::dense::{DenseModel, DenseParams};
pub use recipes::ensemble::Ensemble;
pub use recipes::images::params::ImageNetParams;
pub use recipes::images::recipe::ImageNet;
pub use recipes::kind::ModelKind;
pub use recipes::recipe::{FittedModel, Recipe};
#[cfg(feature = "parquet")]
pub use recipes::shards::train_on_shards;
pub use recipes::table_model::TableModel;
pub use recipes::table_recipe::TableRecipe;
pub use recipes::training_rows::TrainingRows;
pub use similar::{SimilarTrack, SimilarityIndex};
#[cfg(feature = "smartcore")]
pub use smartcore;
pub use timbral_audio as audio;
pub use timbral_boost as boost;
pub use timbral_core::{InvalidParameter, Monitor, Progress, SharedMonitor};
pub use timbral_data as data;
pub use timbral_dsp as dsp;
pub use timbral_metrics as metrics;
pub use timbral_nn as nn;
#[cfg(feature = "plot")]
pub use timbral_plot as plot;
#[cfg(feature = "pretrained")]
pub use timbral_pretrained as pretrained;
#[cfg(feature = "synth")]
pub use timbral_synth as synth;
