//! Music genre classification: sound file to features.
//!
//! [`Inputs`] finds the sound files, [`Extraction`] turns them into the published GTZAN table of
//! features, [`Extractor`] one file into its rows. The parts are re-exported: [`audio`] reads
//! sound files, [`dsp`] computes features, [`data`] keeps tables, [`metrics`] scores predictions.

mod error;
mod extract;
mod extractor;
mod inputs;

pub use error::{Error, Result};
pub use extract::{Extraction, ExtractionReport};
pub use extractor::{Extractor, FeatureRow, Segmentation};
pub use inputs::Inputs;
pub use timbral_audio as audio;
pub use timbral_data as data;
pub use timbral_dsp as dsp;
pub use timbral_metrics as metrics;
