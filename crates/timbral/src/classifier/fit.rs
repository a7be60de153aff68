//! Folders of music to a classifier.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ndarray::{Array2, Array3, Axis, concatenate};
use rayon::prelude::*;
use serde::Serialize;
use timbral_boost::BoostParams;
use timbral_data::{FeatureTable, Split, SplitMethod, recording_of};
use timbral_dsp::FeatureParams;
use timbral_metrics::{FoldParams, stratified_group_k_fold};

use super::member::{Ear, GenreModel, Member, Ready, SoundView, features, unnamed};
use super::provenance::{GenreCount, HeldOutScore, Provenance};
use super::{Classifier, hearing, mean, weigh};
use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;
use crate::extraction::extractor::Segmentation;
use crate::extraction::mel_images::MelImages;
use crate::extraction::sound::Sound;
use crate::extraction::table::{exit_status, key, label};
use crate::recipes::boosted::objective;
use crate::recipes::dense::DenseParams;
use crate::recipes::images::params::ImageNetParams;

/// A model and its training.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModelParams {
    /// Boosted trees on features; the objective is set by the number of genres.
    Boost(BoostParams),
    /// A dense network on features; its epoch is chosen on a fifth of the recordings.
    Dense(DenseParams),
    /// A network on mel spectrograms.
    Network(ImageNetParams),
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

/// One of the models that a classifier asks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberParams {
    /// The model.
    pub model: ModelParams,
    /// Its weight in the mean of all, above 0.
    pub weight: f64,
}

/// Folders of music to a [`Classifier`]: what is computed, which models, how it is judged.
///
/// | made from | models |
/// |---|---|
/// | `boost` | boosted trees on features of 3-s segments; the default |
/// | `dense` | a dense network on them |
/// | `conv`, `crnn`, `attention` | a network on mel spectrograms of 10 s |
/// | `ensemble` | `boost`, `dense` and `conv`, equally weighted |
///
/// ```
/// let params: timbral::ClassifierParams = "ensemble".parse()?;
/// assert_eq!((params.members.len(), params.n_splits), (3, 5));
/// assert!("forest".parse::<timbral::ClassifierParams>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassifierParams {
    /// What the features are; default librosa's.
    pub features: FeatureParams,
    /// What they are of; default [`Segmentation::gtzan`], 3 s.
    pub segments: Segmentation,
    /// The spectrograms; default pieces of 10 s.
    pub images: MelImages,
    /// The models; default boosted trees.
    pub members: Vec<MemberParams>,
    /// Folds of recordings to judge the models by, at least 2; 0 for not at all; default 5.
    pub n_splits: usize,
    /// Where all random choices start, those of the models, too.
    pub seed: u64,
}

impl Default for ClassifierParams {
    fn default() -> Self {
        Self {
            features: FeatureParams::default(),
            segments: Segmentation::gtzan(),
            images: MelImages {
                seconds: 10.0,
                ..MelImages::default()
            },
            members: vec![MemberParams {
                model: ModelParams::boost(),
                weight: 1.0,
            }],
            n_splits: 5,
            seed: 0,
        }
    }
}

impl FromStr for ClassifierParams {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let dense = || ModelParams::Dense(DenseParams::default());
        let models = match name {
            "boost" => vec![ModelParams::boost()],
            "dense" => vec![dense()],
            "ensemble" => {
                let conv = ModelParams::Network("conv".parse()?);
                vec![ModelParams::boost(), dense(), conv]
            }
            _ => vec![ModelParams::Network(name.parse().map_err(|_| {
                "neither boost, dense, conv, crnn, attention nor ensemble".to_owned()
            })?)],
        };
        let member = |model| MemberParams { model, weight: 1.0 };
        Ok(Self {
            members: models.into_iter().map(member).collect(),
            ..Self::default()
        })
    }
}

/// How far a fit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FitProgress {
    /// What is counted: `files` that are listened to, then `models` that are trained.
    pub what: &'static str,
    /// How many are done.
    pub done: usize,
    /// Of how many.
    pub of: usize,
}

/// What [`ClassifierParams::fit`] gives.
#[derive(Debug)]
#[non_exhaustive]
pub struct FittedClassifier {
    /// The classifier, trained on all files but those skipped.
    pub classifier: Classifier,
    /// The reason for each file that cannot be used; it names the file.
    pub skipped: Vec<Error>,
}

impl FittedClassifier {
    /// The exit status of a command that trains: 0 all files are learnt from, 2 some were skipped.
    pub fn status(&self) -> u8 {
        exit_status(false, 1, &self.skipped)
    }
}

impl ClassifierParams {
    /// Trains on sound files, each labelled with the name of its folder.
    ///
    /// With `n_splits` of 2 and more the models are first judged by recordings they have not heard
    /// ([`HeldOutScore`]); then they are trained on all. Pieces of one recording
    /// ([`recording_of`] its path) are never on both sides. `progress` is told what is done; once
    /// `stop` is set, it ends.
    ///
    /// It runs on the threads of the current rayon pool; all but the time of training in the
    /// provenance is the same for any number of them.
    ///
    /// # Errors
    ///
    /// Parameters out of range; no usable file, or too few recordings for the folds;
    /// `Error::Table(`[`Stopped`](timbral_data::Error::Stopped)`)` if it was stopped.
    pub fn fit(
        &self,
        files: &[PathBuf],
        stop: &AtomicBool,
        progress: impl Fn(FitProgress) + Sync,
    ) -> Result<FittedClassifier> {
        let (music, skipped) = self.listen(files, stop, &progress)?;
        let n_files = music.labels.len();
        let all: Vec<usize> = (0..n_files).collect();
        let of = (self.n_splits + 1) * self.members.len();
        let trained = AtomicUsize::new(0);
        let trained = || {
            let done = trained.fetch_add(1, Ordering::Relaxed) + 1;
            let what = "models";
            progress(FitProgress { what, done, of });
        };
        let score = match self.n_splits {
            0 => None,
            n_splits => {
                let params = FoldParams {
                    n_splits,
                    shuffle: Some(self.seed),
                    ..FoldParams::default()
                };
                let folds = stratified_group_k_fold(&music.labels, &music.recordings, &params)?;
                let mut probabilities = Array2::zeros((n_files, music.classes.len()));
                for fold in folds {
                    let classifier = self.train(&music, &fold.train, stop, trained)?;
                    for file in fold.test {
                        let said = classifier.iter().map(|ready| music.ask(ready, file));
                        let said = said.collect::<Result<Vec<_>>>()?;
                        let weights = self.members.iter().map(|member| member.weight);
                        let mean = weigh(weights, said.into_iter());
                        let mut row = probabilities.row_mut(file);
                        row.iter_mut()
                            .zip(mean)
                            .for_each(|(p, mean)| *p = mean as f32);
                    }
                }
                let table = music.table()?;
                let evaluation = Evaluation::new(&table, &music.classes, probabilities.view())?;
                Some(HeldOutScore::new(evaluation.by_row, n_splits))
            }
        };
        let members = self.train(&music, &all, stop, trained)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let provenance = Provenance {
            trained_at: now.map_or(0, |time| time.as_secs()),
            seed: self.seed,
            // Names and numbers: there is nothing to fail on.
            parameters: serde_json::to_value(self).unwrap_or_default(),
            genres: music.counts(),
            score,
            ..Provenance::default()
        };
        let members = members.into_iter().map(|ready| ready.member).collect();
        let classifier = Classifier::new(music.classes, members, provenance)?;
        Ok(FittedClassifier {
            classifier,
            skipped,
        })
    }

    fn view(&self, model: &ModelParams) -> SoundView {
        match model {
            ModelParams::Boost(_) | ModelParams::Dense(_) => SoundView::Features {
                features: self.features,
                segments: self.segments,
            },
            ModelParams::Network(_) => SoundView::Images(self.images),
        }
    }

    /// What is heard of the files, and the reason for each that gave nothing.
    fn listen(
        &self,
        files: &[PathBuf],
        stop: &AtomicBool,
        progress: &(impl Fn(FitProgress) + Sync),
    ) -> Result<(Music, Vec<Error>)> {
        let views = self.members.iter().map(|member| self.view(&member.model));
        let (views, ears) = hearing(views)?;
        let done = AtomicUsize::new(0);
        let listen = |path: &PathBuf| {
            let of_ear = |ear: &Ear| {
                let mut heard = Vec::new();
                let take = |batch| {
                    heard.push(batch);
                    Ok(())
                };
                ear.listen(Sound::File(path), take)?;
                join(&heard)
            };
            let heard: Result<Vec<_>> = ears.iter().map(of_ear).collect();
            progress(FitProgress {
                what: "files",
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                of: files.len(),
            });
            heard
        };
        let heard: Vec<_> = files
            .par_iter()
            .with_max_len(1)
            .filter(|_| !stop.load(Ordering::Relaxed))
            .map(|path| (path, listen(path)))
            .collect();
        if heard.len() < files.len() {
            return Err(timbral_data::Error::Stopped.into());
        }
        let mut parts: Vec<Vec<Array3<f32>>> = vec![Vec::new(); ears.len()];
        let (mut names, mut recordings, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for (path, heard) in heard {
            match heard {
                Err(error) => skipped.push(error),
                Ok(heard) => {
                    names.push(label(path));
                    recordings.push(recording_of(&key(path)).to_owned());
                    parts
                        .iter_mut()
                        .zip(heard)
                        .for_each(|(part, heard)| part.push(heard));
                }
            }
        }
        if names.is_empty() {
            let part = "training";
            return Err(skipped
                .into_iter()
                .next()
                .unwrap_or(Error::EmptyPart { part }));
        }
        let classes: Vec<String> = names
            .iter()
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let class = |name: &String| classes.partition_point(|class| class < name);
        let labels = names.iter().map(class).collect();
        let heard = parts.iter().map(|parts| {
            let mut file_of_row = Vec::new();
            for (file, part) in parts.iter().enumerate() {
                file_of_row.extend(std::iter::repeat_n(file, part.len_of(Axis(0))));
            }
            let rows = join(parts)?;
            Ok(Heard { rows, file_of_row })
        });
        let heard = heard.collect::<Result<_>>()?;
        let music = Music {
            classes,
            labels,
            recordings,
            views,
            ears,
            heard,
        };
        Ok((music, skipped))
    }

    /// Trains every member on some of the files.
    fn train(
        &self,
        music: &Music,
        files: &[usize],
        stop: &AtomicBool,
        trained: impl Fn(),
    ) -> Result<Vec<Ready>> {
        let members = self.members.iter().enumerate();
        let members = members.map(|(i, MemberParams { model, weight })| {
            let view = self.view(model);
            let ear = music.views.iter().position(|known| *known == view);
            let ear = ear.unwrap_or_default();
            let member = Member {
                view,
                model: music.train(model, ear, files, self.seed, stop)?,
                weight: *weight,
            };
            trained();
            let bad = |reason| Error::Member { member: i, reason };
            Ready::new(member, (ear, &music.ears[ear]), &music.classes).map_err(bad)
        });
        members.collect()
    }
}

/// What was heard of labelled files.
struct Music {
    classes: Vec<String>,
    /// The class of each file.
    labels: Vec<usize>,
    /// The recording that each file is of.
    recordings: Vec<String>,
    views: Vec<SoundView>,
    ears: Vec<Ear>,
    /// With each ear.
    heard: Vec<Heard>,
}

/// What one ear heard of all files.
struct Heard {
    /// `(n, 1, n_features)` or `(n, bands, frames)`.
    rows: Array3<f32>,
    file_of_row: Vec<usize>,
}

impl Music {
    /// Trains a model on some of the files.
    fn train(
        &self,
        model: &ModelParams,
        ear: usize,
        files: &[usize],
        seed: u64,
        stop: &AtomicBool,
    ) -> Result<GenreModel> {
        let Heard { rows, file_of_row } = &self.heard[ear];
        let mut wanted = vec![false; self.labels.len()];
        files.iter().for_each(|file| wanted[*file] = true);
        let kept: Vec<usize> = (0..file_of_row.len())
            .filter(|row| wanted[file_of_row[*row]])
            .collect();
        let labels: Vec<usize> = kept
            .iter()
            .map(|row| self.labels[file_of_row[*row]])
            .collect();
        let heard = rows.select(Axis(0), &kept);
        let n_classes = self.classes.len();
        let go_on = || match stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let names = self.ears[ear].names();
        let trained = match model {
            ModelParams::Boost(params) => {
                let params = BoostParams {
                    objective: objective(n_classes),
                    seed,
                    ..params.clone()
                };
                let labels: Vec<f32> = labels.iter().map(|label| *label as f32).collect();
                let data = timbral_boost::Dataset::new(features(heard.view()), &labels)?;
                let training = timbral_boost::Training::new(&params, &data);
                let model = training.on_round(|_| go_on()).run()?.model;
                let model = model.with_feature_names(names.to_vec())?;
                GenreModel::Boost(model.with_class_names(self.classes.clone())?)
            }
            ModelParams::Dense(params) => {
                let mut params = params.clone();
                params.train.seed = seed;
                let of = |row: &usize| &self.recordings[file_of_row[*row]];
                let table = unnamed(names, features(heard.view()))?
                    .with_labels(self.names(&labels))?
                    .with_groups(kept.iter().map(of))?;
                // The epoch is chosen by recordings that are not learnt from.
                let drawn = SplitMethod::Grouped.split(&table, seed)?;
                let split = Split {
                    valid: drawn.test,
                    test: Vec::new(),
                    ..drawn
                };
                GenreModel::Dense(params.fit(&table, &split, |_| go_on())?)
            }
            ModelParams::Network(ImageNetParams { net, train }) => {
                let mut train = train.clone();
                train.seed = seed;
                let data = timbral_nn::Dataset::images(heard.view(), &labels, n_classes)?;
                let training = timbral_nn::Training::new(net.clone(), &train, &data);
                GenreModel::Network(training.on_epoch(|_| go_on()).run()?.model)
            }
        };
        match stop.load(Ordering::Relaxed) {
            true => Err(timbral_data::Error::Stopped.into()),
            false => Ok(trained),
        }
    }

    /// What a model says of a file.
    fn ask(&self, ready: &Ready, file: usize) -> Result<Vec<f64>> {
        let Heard { rows, file_of_row } = &self.heard[ready.ear];
        let start = file_of_row.partition_point(|of| *of < file);
        let end = file_of_row.partition_point(|of| *of <= file);
        let heard = rows.slice(ndarray::s![start..end, .., ..]);
        let said = ready.probabilities(self.ears[ready.ear].names(), heard)?;
        Ok(mean(
            &said.into_iter().collect::<Vec<_>>(),
            self.classes.len(),
        ))
    }

    /// The files as a table without features, by recording.
    fn table(&self) -> Result<FeatureTable> {
        let bare = Array2::zeros((self.labels.len(), 0));
        let table = unnamed(&[], bare.view())?.with_labels(self.names(&self.labels))?;
        Ok(table.with_groups(&self.recordings)?)
    }

    fn names(&self, labels: &[usize]) -> impl Iterator<Item = &String> {
        labels.iter().map(|label| &self.classes[*label])
    }

    /// Recordings and rows of each genre.
    fn counts(&self) -> Vec<GenreCount> {
        let first = self
            .heard
            .first()
            .map_or(&[][..], |heard| &heard.file_of_row);
        let count = |(class, genre): (usize, &String)| {
            let files = (0..self.labels.len()).filter(|file| self.labels[*file] == class);
            let recordings: BTreeSet<_> = files.map(|file| &self.recordings[file]).collect();
            let rows = first
                .iter()
                .filter(|file| self.labels[**file] == class)
                .count();
            GenreCount::new(genre.clone(), recordings.len(), rows)
        };
        self.classes.iter().enumerate().map(count).collect()
    }
}

/// One array of several, one after the other.
fn join(parts: &[Array3<f32>]) -> Result<Array3<f32>> {
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    let part = "training";
    concatenate(Axis(0), &views).map_err(|_| Error::EmptyPart { part })
}
