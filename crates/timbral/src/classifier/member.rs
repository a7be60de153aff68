use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, stack};
use serde::{Deserialize, Serialize};
use timbral_audio::OpenParams;
use timbral_boost::Predictor;
use timbral_data::FeatureTable;
use timbral_dsp::FeatureSetParams;

use super::networks::{Networks, PublishedNetwork};
#[cfg(feature = "pretrained")]
use crate::embedding::analyzer::EmbeddingAnalyzer;
use crate::error::{Error, Result};
use crate::extraction::extractor::{Extractor, Segmentation};
use crate::extraction::mel_images::{MelImages, SpectrogramComputer};
use crate::extraction::sound::Sound;
use crate::extraction::sound_files::DamagedFile;
use crate::linear::logistic::LogisticModel;
use crate::recipes::dense::DenseModel;

/// The largest weight of a member: sums of weights stay finite.
const MAX_WEIGHT: f64 = 1e9;

/// The input that a model gets for a sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SoundView {
    /// Feature vectors, as an [`Extractor`] computes them.
    Features {
        /// The features.
        features: FeatureSetParams,
        /// Which parts of a recording have a vector.
        segments: Segmentation,
    },
    /// Mel spectrograms of segments.
    Images(MelImages),
    /// All outputs of a published network for its windows.
    Embeddings(PublishedNetwork),
}

/// A trained model of genres.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum GenreModel {
    /// Boosted trees on features.
    Boost(timbral_boost::Model),
    /// A dense network on features, with its scalers.
    Dense(DenseModel),
    /// A network on mel spectrograms.
    Network(timbral_nn::Classifier),
    /// Logistic regression on the outputs of a published network.
    Logistic(LogisticModel),
}

/// One model of a [`Classifier`](super::Classifier), its input and its weight.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Member {
    /// The input that the model gets for a sound.
    pub view: SoundView,
    /// The model.
    pub model: GenreModel,
    /// Its weight in the mean over all members, above 0.
    pub weight: f64,
}

impl Member {
    /// A member of weight 1.
    pub fn new(view: SoundView, model: GenreModel) -> Self {
        Self {
            view,
            model,
            weight: 1.0,
        }
    }
}

/// Where the segments of a sound are, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct SegmentGrid {
    pub(super) length: f64,
    pub(super) stride: f64,
}

impl SegmentGrid {
    fn new(samples: (usize, usize), sample_rate: u32) -> Self {
        let seconds = |n: usize| n as f64 / f64::from(sample_rate);
        Self {
            length: seconds(samples.0),
            stride: seconds(samples.1),
        }
    }

    /// The segment whose middle is nearest to a time.
    pub(super) fn segment_at(self, time: f64, n_segments: usize) -> usize {
        let position = (time - self.length / 2.0) / self.stride;
        // Negative positions become 0.
        (position.round() as usize).min(n_segments.saturating_sub(1))
    }
}

/// Computes a [`SoundView`].
#[derive(Debug)]
pub(super) enum SoundAnalyzer {
    Features(Box<Extractor>, u32, Segmentation),
    Images(Box<SpectrogramComputer>, u32),
    #[cfg(feature = "pretrained")]
    Embeddings(Box<EmbeddingAnalyzer>),
}

impl SoundAnalyzer {
    #[cfg_attr(not(feature = "pretrained"), expect(unused_variables))]
    pub(super) fn new(view: &SoundView, networks: &Networks) -> Result<Self> {
        match view {
            SoundView::Features { features, segments } => {
                let extractor = Extractor::new(features.clone(), *segments)?;
                Ok(Self::Features(
                    extractor.into(),
                    features.sample_rate,
                    *segments,
                ))
            }
            SoundView::Images(images) => Ok(Self::Images(
                SpectrogramComputer::new(*images)?.into(),
                images.mel.sample_rate,
            )),
            #[cfg(feature = "pretrained")]
            SoundView::Embeddings(network) => {
                let weights = networks.weights(*network)?;
                let analyzer = EmbeddingAnalyzer::new(network.model(), weights)?;
                Ok(Self::Embeddings(analyzer.into()))
            }
            #[cfg(not(feature = "pretrained"))]
            SoundView::Embeddings(network) => Err(network.unavailable()),
        }
    }

    pub(super) fn with_open_params(self, params: OpenParams) -> Self {
        match self {
            Self::Features(extractor, sample_rate, segments) => {
                let extractor = extractor.with_open_params(params);
                Self::Features(extractor.into(), sample_rate, segments)
            }
            Self::Images(computer, sample_rate) => {
                Self::Images(computer.with_open_params(params).into(), sample_rate)
            }
            #[cfg(feature = "pretrained")]
            Self::Embeddings(analyzer) => {
                Self::Embeddings(analyzer.with_open_params(params).into())
            }
        }
    }

    /// The damaged files since the last call.
    pub(super) fn take_damaged(&self) -> Vec<DamagedFile> {
        match self {
            Self::Features(extractor, ..) => extractor.take_damaged(),
            Self::Images(computer, ..) => computer.take_damaged(),
            #[cfg(feature = "pretrained")]
            Self::Embeddings(analyzer) => analyzer.take_damaged(),
        }
    }

    /// The names of the features; none for images.
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::Features(extractor, ..) => extractor.names(),
            Self::Images(..) => &[],
            #[cfg(feature = "pretrained")]
            Self::Embeddings(analyzer) => analyzer.names(),
        }
    }

    /// Whether models get the mean of the inputs of a recording.
    pub(super) fn is_averaged(&self) -> bool {
        !matches!(self, Self::Features(..) | Self::Images(..))
    }

    /// Passes on the model inputs of a sound, in batches of segments: `(n, 1, n_features)` or
    /// `(n, bands, frames)`.
    pub(super) fn analyze(
        &self,
        sound: Sound<'_>,
        mut take: impl FnMut(Array3<f32>) -> Result<()>,
    ) -> Result<SegmentGrid> {
        match self {
            Self::Features(extractor, sample_rate, segments) => {
                let mut whole = 0;
                extractor.for_each_batch(sound, |rows| {
                    whole = rows.last().map_or(0, |(length, _)| *length);
                    let n_features = extractor.names().len();
                    let mut inputs = Array3::zeros((rows.len(), 1, n_features));
                    for (mut to, (_, row)) in inputs.outer_iter_mut().zip(&rows) {
                        to.iter_mut().zip(row).for_each(|(to, x)| *to = *x as f32);
                    }
                    take(inputs)
                })?;
                let samples = match *segments {
                    Segmentation::Whole => (whole, whole),
                    Segmentation::Parts { length, stride } => (length, stride),
                };
                Ok(SegmentGrid::new(samples, *sample_rate))
            }
            Self::Images(computer, sample_rate) => {
                computer.for_each_batch(sound, |images| {
                    let views: Vec<_> = images.iter().map(|image| image.view()).collect();
                    let part = "spectrogram";
                    take(stack(Axis(0), &views).map_err(|_| Error::EmptyPart { part })?)
                })?;
                Ok(SegmentGrid::new(
                    (computer.length(), computer.length()),
                    *sample_rate,
                ))
            }
            #[cfg(feature = "pretrained")]
            Self::Embeddings(analyzer) => {
                analyzer.for_each_batch(sound, |windows| {
                    let mut inputs = Array3::zeros((windows.len(), 1, analyzer.names().len()));
                    for (mut to, window) in inputs.outer_iter_mut().zip(&windows) {
                        to.iter_mut().zip(window).for_each(|(to, x)| *to = *x);
                    }
                    take(inputs)
                })?;
                let seconds = analyzer.window_seconds();
                Ok(SegmentGrid {
                    length: seconds,
                    stride: seconds,
                })
            }
        }
    }
}

/// A member whose parts fit each other, compiled for prediction.
#[derive(Debug)]
pub(super) struct CompiledMember {
    pub(super) member: Member,
    /// Which of the classifier's analyzers computes its input.
    pub(super) analyzer: usize,
    trees: Option<Predictor>,
}

impl CompiledMember {
    /// Checks that a model takes the output of the analyzer and has these classes.
    pub(super) fn new(
        member: Member,
        (index, analyzer): (usize, &SoundAnalyzer),
        classes: &[String],
    ) -> std::result::Result<Self, String> {
        let Member { model, weight, .. } = &member;
        if !(*weight > 0.0 && *weight <= MAX_WEIGHT) {
            return Err(format!(
                "weight = {weight}: must be above 0 and at most {MAX_WEIGHT}"
            ));
        }
        let mut trees = None;
        let n_classes = match (model, analyzer) {
            (GenreModel::Boost(model), SoundAnalyzer::Features(..)) => {
                same(
                    "features",
                    analyzer.names(),
                    model.feature_names().unwrap_or(analyzer.names()),
                )?;
                same("classes", classes, model.class_names().unwrap_or(classes))?;
                let predictor = trees.insert(model.compile());
                let row = vec![0.0; analyzer.names().len()];
                let probabilities = predictor.probabilities_row(&row);
                probabilities.map_err(|e| e.to_string())?.len()
            }
            (GenreModel::Dense(model), SoundAnalyzer::Features(..)) => {
                for scaler in model.scalers.iter() {
                    same("features", analyzer.names(), scaler.feature_names())?;
                }
                let (expected, shape) = (2 * analyzer.names().len(), model.classifier.input());
                if (shape.height, shape.width, shape.channels) != (1, 1, expected) {
                    return Err(format!(
                        "the network takes {shape:?}, not {expected} features"
                    ));
                }
                model.classifier.n_classes()
            }
            (GenreModel::Network(network), SoundAnalyzer::Images(computer, _)) => {
                let ((bands, frames), shape) = (computer.shape(), network.input());
                if (shape.height, shape.channels) != (bands, 1) || shape.width > frames {
                    let text = "bands by frames";
                    return Err(format!(
                        "the network takes {shape:?}, not {bands} {text} {frames}"
                    ));
                }
                network.n_classes()
            }
            (GenreModel::Logistic(model), _) if !analyzer.names().is_empty() => {
                let has = |name| analyzer.names().contains(name);
                if !model.is_consistent() || !model.feature_names().iter().all(has) {
                    return Err("it was trained on other features".to_owned());
                }
                same("classes", classes, model.classes())?;
                classes.len()
            }
            _ => return Err("the model takes no such view of a sound".to_owned()),
        };
        if n_classes != classes.len() {
            return Err(format!("{n_classes} classes, not {}", classes.len()));
        }
        Ok(Self {
            member,
            analyzer: index,
            trees,
        })
    }

    /// The probabilities `(n, n_classes)` of the inputs of `n` segments.
    pub(super) fn probabilities(
        &self,
        names: &[String],
        inputs: ArrayView3<'_, f32>,
    ) -> Result<Array2<f32>> {
        match (&self.member.model, &self.trees) {
            (GenreModel::Network(network), _) => Ok(network.image_probabilities(inputs)?),
            (GenreModel::Logistic(model), _) => {
                model.probabilities(&unnamed(names, features(inputs))?)
            }
            (GenreModel::Dense(model), _) => {
                model.probabilities(&unnamed(names, features(inputs))?)
            }
            (GenreModel::Boost(_), Some(trees)) => Ok(trees.probabilities(features(inputs))?),
            (GenreModel::Boost(model), None) => {
                Ok(model.compile().probabilities(features(inputs))?)
            }
        }
    }
}

/// The feature vectors among model inputs.
pub(super) fn features(inputs: ArrayView3<'_, f32>) -> ArrayView2<'_, f32> {
    inputs.index_axis_move(Axis(1), 0)
}

/// A table of rows without names of their own.
pub(super) fn unnamed(names: &[String], features: ArrayView2<'_, f32>) -> Result<FeatureTable> {
    let ids = (0..features.nrows()).map(|row| row.to_string()).collect();
    Ok(FeatureTable::new(names.to_vec(), features.to_owned(), ids)?)
}

fn same(what: &str, expected: &[String], got: &[String]) -> std::result::Result<(), String> {
    match expected == got {
        true => Ok(()),
        false => Err(format!(
            "it was trained on other {what}, or in another order"
        )),
    }
}
