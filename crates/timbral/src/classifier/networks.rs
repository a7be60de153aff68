//! Published networks in a classifier. Their types exist also without the feature `pretrained`, so that such a
//! classifier is recognised; only with the feature they can be used.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
#[cfg(not(feature = "pretrained"))]
use timbral_core::InvalidParameter;
use timbral_core::parse_name;

use crate::error::{Error, Result};
use crate::linear::logistic::LogisticParams;

/// A published network whose outputs are the input of a model.
///
/// Reads from and prints as `musicnn-msd` or `musicnn-mtt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PublishedNetwork {
    /// musicnn, trained on the Million Song Dataset.
    MusicnnMsd,
    /// musicnn, trained on MagnaTagATune.
    MusicnnMtt,
}

impl PublishedNetwork {
    const ALL: [Self; 2] = [Self::MusicnnMsd, Self::MusicnnMtt];

    /// As part of a sentence in an error.
    #[cfg(not(feature = "pretrained"))]
    pub(super) fn unavailable(self) -> Error {
        let reason = "published networks need the feature `pretrained`, which this program was built without";
        InvalidParameter::new("network", self, reason).into()
    }

    #[cfg(feature = "pretrained")]
    pub(super) fn model(self) -> timbral_pretrained::Model {
        match self {
            Self::MusicnnMsd => timbral_pretrained::Model::MusicnnMsd,
            Self::MusicnnMtt => timbral_pretrained::Model::MusicnnMtt,
        }
    }
}

impl fmt::Display for PublishedNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MusicnnMsd => "musicnn-msd",
            Self::MusicnnMtt => "musicnn-mtt",
        })
    }
}

impl FromStr for PublishedNetwork {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let reason = "must be musicnn-msd or musicnn-mtt";
        Ok(parse_name("network", name, Self::ALL, reason)?)
    }
}

/// Multinomial logistic regression on the outputs of a published network, averaged over the windows of a recording.
///
/// Reads from and prints as `NETWORK` or `NETWORK:OUTPUT,OUTPUT`.
///
/// ```
/// use timbral::EmbeddingModel;
///
/// let model: EmbeddingModel = "musicnn-msd:max_pool,taggram".parse()?;
/// assert_eq!(model.outputs, ["max_pool", "taggram"]);
/// assert_eq!("musicnn-mtt".parse::<EmbeddingModel>()?.outputs, ["max_pool"]);
/// # Ok::<(), timbral::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EmbeddingModel {
    /// The network; default `musicnn-msd`.
    pub network: PublishedNetwork,
    /// The outputs, one of which is chosen by cross-validation: for musicnn `max_pool`, `mean_pool`, `penultimate`,
    /// `taggram`; default `max_pool`.
    pub outputs: Vec<String>,
    /// The regression; its columns are those of the outputs.
    pub logistic: LogisticParams,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for EmbeddingModel {
    fn default() -> Self {
        Self {
            network: PublishedNetwork::MusicnnMsd,
            outputs: vec!["max_pool".to_owned()],
            logistic: LogisticParams::default(),
            _non_exhaustive: (),
        }
    }
}

impl FromStr for EmbeddingModel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (network, outputs) = text.split_once(':').unwrap_or((text, "max_pool"));
        Ok(Self {
            network: network.parse()?,
            outputs: outputs.split(',').map(str::to_owned).collect(),
            ..Self::default()
        })
    }
}

impl EmbeddingModel {
    /// The regression on the columns of the outputs.
    pub(super) fn regression(&self) -> LogisticParams {
        let network = self.network.to_string().replace('-', "_");
        let column = |output: &String| format!("{network}_{output}_");
        LogisticParams {
            columns: self.outputs.iter().map(column).collect(),
            ..self.logistic.clone()
        }
    }
}

/// The weights that a classifier uses.
#[derive(Debug, Clone, Default)]
pub(super) struct Networks {
    /// The user's copy of the weights; default the path in the environment variable `TIMBRAL_WEIGHTS`, else the cache.
    #[cfg_attr(not(feature = "pretrained"), expect(dead_code))]
    pub(super) path: Option<PathBuf>,
    /// Weights that are known, which come before the user's.
    #[cfg(feature = "pretrained")]
    pub(super) known: Vec<(
        PublishedNetwork,
        std::sync::Arc<timbral_pretrained::Weights>,
    )>,
}

impl Networks {
    pub(super) fn of_user(path: Option<PathBuf>) -> Self {
        Self {
            path,
            #[cfg(feature = "pretrained")]
            known: Vec::new(),
        }
    }

    /// The weights of a network.
    #[cfg(feature = "pretrained")]
    pub(super) fn weights(
        &self,
        network: PublishedNetwork,
    ) -> Result<std::sync::Arc<timbral_pretrained::Weights>> {
        match self.known.iter().find(|(known, _)| *known == network) {
            Some((_, weights)) => Ok(weights.clone()),
            None => Ok(network.model().weights(self.path.as_deref())?.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClassifierParams, ModelParams};

    #[test]
    fn models_are_named_alone_and_together() {
        let params: ClassifierParams = "embedding+boost".parse().unwrap();
        let models: Vec<_> = params.members.iter().map(|member| &member.model).collect();
        let [ModelParams::Embedding(model), ModelParams::Boost(_)] = models[..] else {
            panic!("{models:?}");
        };
        assert_eq!(*model, EmbeddingModel::default());
        assert_eq!(model.regression().columns, ["musicnn_msd_max_pool_"]);
        for name in ["embedding+", "embeddings", "boost+ensemble"] {
            assert!(name.parse::<ClassifierParams>().is_err(), "{name}");
        }
        for network in PublishedNetwork::ALL {
            assert_eq!(
                network.to_string().parse::<PublishedNetwork>().unwrap(),
                network
            );
            #[cfg(feature = "pretrained")]
            assert_eq!(network.model().name(), network.to_string());
        }
        assert!("vggish:max_pool".parse::<EmbeddingModel>().is_err());
    }
}
