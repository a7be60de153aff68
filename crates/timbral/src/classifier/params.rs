use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;
use timbral_audio::OpenParams;
use timbral_boost::BoostParams;
use timbral_core::InvalidParameter;
use timbral_data::GroupBy;
use timbral_dsp::FeatureSetParams;

use super::member::SoundView;
use super::networks::EmbeddingModel;
use crate::error::{Error, Result};
use crate::extraction::extractor::Segmentation;
use crate::extraction::labels::GenreFolder;
use crate::extraction::mel_images::MelImages;
use crate::recipes::dense::DenseParams;
use crate::recipes::images::params::ImageNetParams;

/// A model and its training.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModelParams {
    /// Boosted trees on features; the objective is set by the number of genres.
    Boost(BoostParams),
    /// A dense network on features; the number of epochs is chosen on a fifth of the recordings.
    Dense(DenseParams),
    /// A network on mel spectrograms.
    Network(ImageNetParams),
    /// Logistic regression on the outputs of a published network (feature `pretrained`).
    Embedding(EmbeddingModel),
}

impl ModelParams {
    /// Boosted trees: 200 rounds at a learning rate of 0.1, else the defaults.
    pub fn boost() -> Self {
        Self::Boost(BoostParams {
            n_rounds: 200,
            learning_rate: 0.1,
            ..BoostParams::default()
        })
    }
}

/// One of the models of a classifier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberParams {
    /// The model.
    pub model: ModelParams,
    /// Its weight in the mean over all models, above 0.
    pub weight: f64,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl MemberParams {
    /// A model with weight 1.
    pub fn new(model: ModelParams) -> Self {
        Self {
            model,
            weight: 1.0,
            _non_exhaustive: (),
        }
    }
}

/// Parameters of the training of a [`Classifier`](crate::Classifier) on folders of music: features, models and
/// evaluation.
///
/// | name | models |
/// |---|---|
/// | `boost` | boosted trees on features of 3-s segments; the default |
/// | `dense` | a dense network on them |
/// | `conv`, `crnn`, `attention` | a network on mel spectrograms of 10 s |
/// | `embedding` | logistic regression on a published network's outputs, averaged over a recording (feature `pretrained`) |
/// | `ensemble` | `boost`, `dense` and `conv`, equally weighted |
/// | `embedding+boost`, other names joined by `+` | these models, equally weighted |
///
/// ```
/// let params: timbral::ClassifierParams = "ensemble".parse()?;
/// assert_eq!((params.members.len(), params.n_splits), (3, 5));
/// assert!("forest".parse::<timbral::ClassifierParams>().is_err());
/// # Ok::<(), timbral::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassifierParams {
    /// The folder whose name is the genre of a file; default the folder that the file is in.
    pub genre_folder: GenreFolder,
    /// The features; default the 57 columns as librosa computes them.
    pub features: FeatureSetParams,
    /// Which parts of a recording have features; default [`Segmentation::gtzan`], 3 s.
    pub segments: Segmentation,
    /// The spectrograms; default segments of 10 s.
    pub images: MelImages,
    /// The models; default boosted trees.
    pub members: Vec<MemberParams>,
    /// Number of folds of recordings for the evaluation, at least 2, or 0 for none; default 5.
    pub n_splits: usize,
    /// The groups (recordings, albums, artists, folders) that folds never divide; default the widest grouping that
    /// the data support, see [`fit`](Self::fit).
    pub group_by: Option<GroupBy>,
    /// Whether the classifier rejects recordings of no known genre ([`Rejection`](crate::Rejection)). This trains the
    /// models once more for each genre and needs `n_splits` of at least 2. Default `false`.
    pub reject: bool,
    /// Random seed, of the models, too; default 0.
    pub seed: u64,
    /// The copy of the weights of published networks; default the path in the environment variable `TIMBRAL_WEIGHTS`,
    /// else the cache.
    #[serde(skip)]
    pub weights: Option<PathBuf>,
    /// How the files are opened; default strictly: a damaged packet is an error.
    #[serde(skip)]
    pub open: OpenParams,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for ClassifierParams {
    fn default() -> Self {
        Self {
            genre_folder: GenreFolder::default(),
            features: FeatureSetParams::default(),
            segments: Segmentation::gtzan(),
            images: MelImages {
                seconds: 10.0,
                ..MelImages::default()
            },
            members: vec![MemberParams::new(ModelParams::boost())],
            n_splits: 5,
            group_by: None,
            reject: false,
            seed: 0,
            weights: None,
            open: OpenParams::default(),
            _non_exhaustive: (),
        }
    }
}

impl FromStr for ClassifierParams {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let dense = || ModelParams::Dense(DenseParams::default());
        let one = |part: &str| {
            match part {
            "boost" => Ok(ModelParams::boost()),
            "dense" => Ok(dense()),
            "embedding" => Ok(ModelParams::Embedding(EmbeddingModel::default())),
            _ => part.parse().map(ModelParams::Network).map_err(|_| {
                let reason =
                    "neither boost, dense, conv, crnn, attention, embedding, ensemble, nor several with + between";
                InvalidParameter::new("model", name, reason)
            }),
        }
        };
        let models = match name {
            "ensemble" => {
                let conv = ModelParams::Network(ImageNetParams::conv());
                vec![ModelParams::boost(), dense(), conv]
            }
            _ => name
                .split('+')
                .map(one)
                .collect::<std::result::Result<_, _>>()?,
        };
        Ok(Self {
            members: models.into_iter().map(MemberParams::new).collect(),
            ..Self::default()
        })
    }
}

impl ClassifierParams {
    /// The input that the model gets for a sound.
    pub(super) fn view(&self, model: &ModelParams) -> SoundView {
        match model {
            ModelParams::Boost(_) | ModelParams::Dense(_) => SoundView::Features {
                features: self.features.clone(),
                segments: self.segments,
            },
            ModelParams::Network(_) => SoundView::Images(self.images),
            ModelParams::Embedding(model) => SoundView::Embeddings(model.network),
        }
    }
}
