use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, stack};
use serde::{Deserialize, Serialize};
use timbral_boost::Predictor;
use timbral_data::FeatureTable;
use timbral_dsp::FeatureParams;

use crate::error::{Error, Result};
use crate::extraction::extractor::{Extractor, Segmentation};
use crate::extraction::mel_images::{Imager, MelImages};
use crate::extraction::sound::Sound;
use crate::recipes::dense::DenseModel;

/// The largest weight of a member: sums of weights stay finite.
const MAX_WEIGHT: f64 = 1e9;

/// What a model is told of a sound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SoundView {
    /// Vectors of features, as an [`Extractor`] makes them.
    Features {
        /// What is computed.
        features: FeatureParams,
        /// Of which parts.
        segments: Segmentation,
    },
    /// Mel spectrograms of pieces.
    Images(MelImages),
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
}

/// One model of a [`Classifier`](super::Classifier), what it is told of a sound, and how much its
/// word counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// What it is told of a sound.
    pub view: SoundView,
    /// The model.
    pub model: GenreModel,
    /// Its weight in the mean of all, above 0; 1 for equal ones.
    pub weight: f64,
}

/// Where the pieces of a sound are, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) length: f64,
    pub(super) stride: f64,
}

impl Grid {
    fn new(samples: (usize, usize), sample_rate: u32) -> Self {
        let seconds = |n: usize| n as f64 / f64::from(sample_rate);
        Self {
            length: seconds(samples.0),
            stride: seconds(samples.1),
        }
    }

    /// The piece whose middle is nearest to a time.
    pub(super) fn piece_at(self, time: f64, n_pieces: usize) -> usize {
        let place = (time - self.length / 2.0) / self.stride;
        // Below 0 it is 0.
        (place.round() as usize).min(n_pieces.saturating_sub(1))
    }
}

/// The plans of a [`SoundView`].
#[derive(Debug)]
pub(super) enum Ear {
    Features(Box<Extractor>, u32, Segmentation),
    Images(Box<Imager>, u32),
}

impl Ear {
    pub(super) fn new(view: &SoundView) -> Result<Self> {
        match *view {
            SoundView::Features { features, segments } => {
                let extractor = Extractor::new(features, segments)?;
                Ok(Self::Features(
                    extractor.into(),
                    features.sample_rate,
                    segments,
                ))
            }
            SoundView::Images(images) => Ok(Self::Images(
                Imager::new(images)?.into(),
                images.mel.sample_rate,
            )),
        }
    }

    /// The names of the features; none of images.
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::Features(extractor, ..) => extractor.names(),
            Self::Images(..) => &[],
        }
    }

    /// Hands over what is heard, in batches of pieces: `(n, 1, n_features)` or `(n, bands, frames)`.
    pub(super) fn listen(
        &self,
        sound: Sound<'_>,
        mut take: impl FnMut(Array3<f32>) -> Result<()>,
    ) -> Result<Grid> {
        match self {
            Self::Features(extractor, sample_rate, segments) => {
                let mut whole = 0;
                extractor.for_each_batch(sound, |rows| {
                    whole = rows.last().map_or(0, |(length, _)| *length);
                    let n_features = extractor.names().len();
                    let mut heard = Array3::zeros((rows.len(), 1, n_features));
                    for (mut to, (_, row)) in heard.outer_iter_mut().zip(&rows) {
                        to.iter_mut().zip(row).for_each(|(to, x)| *to = *x as f32);
                    }
                    take(heard)
                })?;
                let samples = match *segments {
                    Segmentation::Whole => (whole, whole),
                    Segmentation::Parts { length, stride } => (length, stride),
                };
                Ok(Grid::new(samples, *sample_rate))
            }
            Self::Images(imager, sample_rate) => {
                imager.for_each_batch(sound, |images| {
                    let views: Vec<_> = images.iter().map(|image| image.view()).collect();
                    let part = "spectrogram";
                    take(stack(Axis(0), &views).map_err(|_| Error::EmptyPart { part })?)
                })?;
                Ok(Grid::new((imager.length(), imager.length()), *sample_rate))
            }
        }
    }
}

/// A member whose parts fit, ready to predict.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) member: Member,
    /// Which of the classifier's ears it listens with.
    pub(super) ear: usize,
    trees: Option<Predictor>,
}

impl Ready {
    /// Checks that a model takes what the ear gives and knows as many classes, under these names.
    pub(super) fn new(
        member: Member,
        (ear, of): (usize, &Ear),
        classes: &[String],
    ) -> std::result::Result<Self, String> {
        let Member { model, weight, .. } = &member;
        if !(*weight > 0.0 && *weight <= MAX_WEIGHT) {
            return Err(format!(
                "weight = {weight}: must be above 0 and at most {MAX_WEIGHT}"
            ));
        }
        let mut trees = None;
        let n_classes = match (model, of) {
            (GenreModel::Boost(model), Ear::Features(..)) => {
                same(
                    "features",
                    of.names(),
                    model.feature_names().unwrap_or(of.names()),
                )?;
                same("classes", classes, model.class_names().unwrap_or(classes))?;
                let predictor = trees.insert(model.compile());
                let row = vec![0.0; of.names().len()];
                let probabilities = predictor.probabilities_row(&row);
                probabilities.map_err(|e| e.to_string())?.len()
            }
            (GenreModel::Dense(model), Ear::Features(..)) => {
                for scaler in &model.scalers {
                    same("features", of.names(), scaler.feature_names())?;
                }
                let (expected, shape) = (2 * of.names().len(), model.classifier.input());
                if (shape.height, shape.width, shape.channels) != (1, 1, expected) {
                    return Err(format!(
                        "the network takes {shape:?}, not {expected} features"
                    ));
                }
                model.classifier.n_classes()
            }
            (GenreModel::Network(network), Ear::Images(imager, _)) => {
                let ((bands, frames), shape) = (imager.shape(), network.input());
                if (shape.height, shape.channels) != (bands, 1) || shape.width > frames {
                    let text = "bands by frames";
                    return Err(format!(
                        "the network takes {shape:?}, not {bands} {text} {frames}"
                    ));
                }
                network.n_classes()
            }
            _ => return Err("the model takes no such view of a sound".to_owned()),
        };
        if n_classes != classes.len() {
            return Err(format!("{n_classes} classes, not {}", classes.len()));
        }
        Ok(Self { member, ear, trees })
    }

    /// The probabilities `(n, n_classes)` of what was heard of `n` pieces.
    pub(super) fn probabilities(
        &self,
        names: &[String],
        heard: ArrayView3<'_, f32>,
    ) -> Result<Array2<f32>> {
        match (&self.member.model, &self.trees) {
            (GenreModel::Network(network), _) => Ok(network.image_probabilities(heard)?),
            (GenreModel::Dense(model), _) => model.probabilities(&unnamed(names, features(heard))?),
            (GenreModel::Boost(_), Some(trees)) => Ok(trees.probabilities(features(heard))?),
            (GenreModel::Boost(model), None) => {
                Ok(model.compile().probabilities(features(heard))?)
            }
        }
    }
}

/// The vectors of features that were heard.
pub(super) fn features(heard: ArrayView3<'_, f32>) -> ArrayView2<'_, f32> {
    heard.index_axis_move(Axis(1), 0)
}

/// A table of rows that have no names.
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
