//! Music genre classification: sound file to features, features to an evaluated model.
//!
//! [`Inputs`] finds the sound files, [`Extraction`] turns them into the published GTZAN table of
//! features, [`Extractor`] one file into its rows. [`Experiment`] splits a table into rows to learn
//! from and to judge by, [`Evaluation`] judges what a model says of them. The parts are
//! re-exported: [`audio`] reads sound files, [`dsp`] computes features, [`data`] keeps tables,
//! [`boost`] trains boosted trees, [`metrics`] scores predictions.

mod error;
mod evaluation;
mod experiment;
mod extract;
mod extractor;
mod inputs;

pub use error::{Error, Result};
pub use evaluation::{Accuracy, Evaluation};
pub use experiment::{Experiment, select_features};
pub use extract::{Extraction, ExtractionReport};
pub use extractor::{Extractor, FeatureRow, Segmentation};
pub use inputs::Inputs;
pub use timbral_audio as audio;
pub use timbral_boost as boost;
pub use timbral_data as data;
pub use timbral_dsp as dsp;
pub use timbral_metrics as metrics;
