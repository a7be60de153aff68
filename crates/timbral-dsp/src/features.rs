//! The feature vector of a signal, and derivatives of any features.

mod analysis;
mod columns;
mod composed;
mod delta;
mod feature_params;
mod feature_set;
mod feature_stream;
mod first_pass;
mod live_features;
mod moments;
mod second_pass;
mod separation;
#[cfg(test)]
mod signals;
mod stats;
mod vector_stream;

pub use analysis::FeatureScratch;
pub use columns::{
    ColumnLayout, Feature, FeatureColumns, FeatureSetParams, Statistic, TonalChroma,
};
pub use delta::{DeltaMode, DeltaParams, delta};
pub use feature_params::FeatureParams;
use feature_params::check_frames;
pub use feature_set::FeatureSet;
pub use feature_stream::FeatureStream;
pub use live_features::{LiveColumns, LiveFeatures, LiveParams};
