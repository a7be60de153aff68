use std::fmt;
use std::path::Path;
use std::str::FromStr;

use candle_core::Device;
use timbral_core::parse_name;

use crate::error::{Error, Result};
use crate::musicnn::{MSD, MSD_TAGS, MTT, MTT_TAGS, Musicnn, MusicnnParams};
use crate::network::Network;
use crate::weights::{Published, Weights, find, from_slice};

/// A network whose weights are published.
///
/// ```
/// use timbral_pretrained::Model;
///
/// let model: Model = "musicnn-msd".parse()?;
/// assert_eq!(model, Model::MusicnnMsd);
/// assert_eq!(model.tags()[..3], ["rock", "pop", "alternative"]);
/// # Ok::<(), timbral_pretrained::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Model {
    /// musicnn, trained on the Million Song Dataset: 50 tags of genres, decades and moods.
    MusicnnMsd,
    /// musicnn, trained on MagnaTagATune: 50 tags of instruments, voices and styles.
    MusicnnMtt,
}

impl Model {
    /// All networks.
    pub const ALL: [Self; 2] = [Self::MusicnnMsd, Self::MusicnnMtt];

    fn published(self) -> &'static Published {
        match self {
            Self::MusicnnMsd => &MSD,
            Self::MusicnnMtt => &MTT,
        }
    }

    /// The name, such as `musicnn-msd`.
    pub fn name(self) -> &'static str {
        self.published().name
    }

    /// The names of the tags.
    pub fn tags(self) -> &'static [&'static str] {
        match self {
            Self::MusicnnMsd => &MSD_TAGS,
            Self::MusicnnMtt => &MTT_TAGS,
        }
    }

    /// The licence of the weights, as an SPDX identifier, and the holder of the copyright.
    pub fn licence(self) -> &'static str {
        match self {
            Self::MusicnnMsd | Self::MusicnnMtt => {
                "ISC; Copyright (c) 2019, Music Technology Group, Universitat Pompeu Fabra"
            }
        }
    }

    /// The text of the licence, which must accompany every copy of the weights.
    pub fn licence_text(self) -> &'static str {
        match self {
            Self::MusicnnMsd | Self::MusicnnMtt => include_str!("musicnn/LICENCE.txt"),
        }
    }

    /// The command that downloads a copy of the weights.
    pub fn obtain(self) -> &'static str {
        self.published().obtain
    }

    /// Reads the user's copy of the weights: the file or folder `path`, else the one that the environment variable
    /// `TIMBRAL_WEIGHTS` names, else the one in the cache.
    ///
    /// A copy is the wheel of the Python package, a folder that contains the wheel or its content, or a safetensors
    /// file. The weights in wheels and folders are verified by SHA-256 and stored as safetensors in the cache: the
    /// folder `TIMBRAL_CACHE`, by default `timbral` in the user's folder for caches. Nothing is downloaded.
    ///
    /// # Errors
    ///
    /// [`Error::NoWeights`] if there is no copy, [`Error::Weights`] if it is damaged or of another network.
    pub fn weights(self, path: Option<&Path>) -> Result<Weights> {
        find(self.published(), path)
    }

    /// Reads the weights from the bytes of the wheel, or of a safetensors file that [`Weights::to_safetensors`] made.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`]: the bytes are damaged, or of another network.
    pub fn weights_from_slice(self, bytes: &[u8]) -> Result<Weights> {
        from_slice(self.published(), bytes)
    }

    /// The network with weights.
    ///
    /// # Errors
    ///
    /// The weights are of another network, or the device failed.
    pub fn network(self, weights: &Weights, device: &Device) -> Result<Box<dyn Network>> {
        let name = self.name();
        if weights.network() != name {
            return Err(Error::Weights {
                path: weights.path().to_owned(),
                network: name.to_owned(),
                reason: format!("they are of {}", weights.network()),
            });
        }
        let vb = weights.var_builder(device)?;
        let network = match self {
            Self::MusicnnMsd | Self::MusicnnMtt => {
                Musicnn::new(name, &MusicnnParams::default(), self.tags(), vb)?
            }
        };
        Ok(Box::new(network))
    }

    /// The network with the weights of [`weights`](Self::weights), on the CPU.
    ///
    /// # Errors
    ///
    /// Those of [`weights`](Self::weights).
    pub fn load(self, path: Option<&Path>) -> Result<Box<dyn Network>> {
        self.network(&self.weights(path)?, &Device::Cpu)
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Model {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let reason = "must be musicnn-msd or musicnn-mtt";
        Ok(parse_name("model", name, Self::ALL, reason)?)
    }
}
