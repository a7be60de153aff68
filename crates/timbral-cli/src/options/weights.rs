//! The weights of published networks.

use std::path::PathBuf;

use timbral::audio::OpenParams;
use timbral::dsp::FeatureSetParams;
use timbral::{EmbeddingColumns, EmbeddingParams, Extractor, Segmentation};

/// Where the weights are.
#[derive(clap::Args)]
pub(crate) struct WeightArgs {
    /// Copy of the weights: the wheel of musicnn 0.1.0, a folder with its content, or a safetensors file [default:
    /// the one in the environment variable TIMBRAL_WEIGHTS, else the one that was given last]
    #[arg(long, value_name = "PATH")]
    pub(crate) weights: Option<PathBuf>,
}

/// The columns of a table that a published network computes.
#[derive(clap::Args)]
pub(crate) struct EmbeddingArgs {
    /// Add the outputs of a published network: musicnn-msd or musicnn-mtt, followed by :max_pool (the default),
    /// :mean_pool, :penultimate or :taggram
    #[arg(long, value_name = "NETWORK")]
    embeddings: Option<EmbeddingParams>,
    /// Write only the outputs of the network, without the other features
    #[arg(long, requires = "embeddings")]
    embeddings_only: bool,
    #[command(flatten)]
    weights: WeightArgs,
}

impl EmbeddingArgs {
    /// The columns, if there are any.
    pub(crate) fn columns(
        &self,
        features: &FeatureSetParams,
        segments: Segmentation,
        open: &OpenParams,
    ) -> timbral::Result<Option<EmbeddingColumns>> {
        let Some(mut params) = self.embeddings.clone() else {
            return Ok(None);
        };
        params.weights.clone_from(&self.weights.weights);
        let columns = params.columns(segments, features.sample_rate)?;
        let columns = columns.with_open_params(*open);
        Ok(Some(match self.embeddings_only {
            true => columns,
            false => {
                let extractor = Extractor::new(features.clone(), segments)?;
                columns.with_features(extractor.with_open_params(*open))?
            }
        }))
    }
}
