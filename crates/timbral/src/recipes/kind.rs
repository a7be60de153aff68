use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use timbral_core::parse_name;
use timbral_nn::Architecture;

use crate::error::{Error, Result};

/// The kinds of model that this crate trains.
///
/// ```
/// use timbral::ModelKind;
///
/// assert_eq!("boosted-trees".parse::<ModelKind>()?, ModelKind::BoostedTrees);
/// assert_eq!(ModelKind::Crnn.to_string(), "crnn");
/// # Ok::<(), timbral::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ModelKind {
    /// Boosted trees on features: `boosted-trees`.
    BoostedTrees,
    /// A dense network on features: `dense`.
    Dense,
    /// A convolutional network on spectrograms: `conv`.
    Conv,
    /// Convolutions and gated recurrent units on spectrograms: `crnn`.
    Crnn,
    /// Convolutions and self-attention on spectrograms: `attention`.
    Attention,
}

impl ModelKind {
    const NAMES: [(&str, Self); 5] = [
        ("boosted-trees", Self::BoostedTrees),
        ("dense", Self::Dense),
        ("conv", Self::Conv),
        ("crnn", Self::Crnn),
        ("attention", Self::Attention),
    ];

    /// The kind of a network on spectrograms; `None` for one without convolutions.
    pub(crate) fn of_network(net: &Architecture) -> Option<Self> {
        match net {
            Architecture::Mlp(_) => None,
            Architecture::ConvNet(_) => Some(Self::Conv),
            Architecture::Crnn(_) => Some(Self::Crnn),
            _ => Some(Self::Attention),
        }
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, kind)| kind == self);
        f.pad(name.map_or("", |(name, _)| name))
    }
}

impl FromStr for ModelKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let reason = "neither boosted-trees, dense, conv, crnn nor attention";
        let all = Self::NAMES.map(|(_, kind)| kind);
        Ok(parse_name("model", name, all, reason)?)
    }
}
