//! Sound files as training data of a classifier.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ndarray::{Array2, Array3, Axis, concatenate};
use timbral_audio::OpenParams;
use timbral_boost::BoostParams;
use timbral_core::{Monitor, Progress};
use timbral_data::{FeatureTable, GroupBy, SplitMethod, sort_classes};

use super::member::{CompiledMember, GenreModel, SoundAnalyzer, SoundView, features, unnamed};
use super::networks::Networks;
use super::params::ModelParams;
use super::provenance::GenreCount;
use super::{InputMean, analyzers_of, mean, take_damaged};
use crate::error::{Error, Result};
use crate::extraction::file_texts::sound_tags;
use crate::extraction::labels::GenreFolder;
use crate::extraction::recordings::recordings_without_copies;
use crate::extraction::sound::Sound;
use crate::extraction::sound_files::FileProblems;
use crate::extraction::table::for_each_file;
use crate::recipes::boosted::objective;
use crate::recipes::images::params::ImageNetParams;
use crate::recipes::images::recipe::epoch_progress;

/// The model inputs of labelled files.
pub(super) struct LabelledFiles {
    pub(super) classes: Vec<String>,
    /// The class of each file.
    pub(super) labels: Vec<usize>,
    /// The files as rows without features: labels, recordings, artists, and what folds keep together.
    pub(super) table: FeatureTable,
    pub(super) views: Vec<SoundView>,
    pub(super) analyzers: Vec<SoundAnalyzer>,
    /// One per analyzer.
    inputs: Vec<ModelInputs>,
}

/// The output of one analyzer for all files.
struct ModelInputs {
    /// `(n, 1, n_features)` or `(n, bands, frames)`.
    rows: Array3<f32>,
    file_of_row: Vec<usize>,
}

impl LabelledFiles {
    /// Reads files, and returns those that gave nothing or are damaged, too.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; no file can be used; parameters out of range.
    pub(super) fn read(
        files: &[PathBuf],
        genre_folder: GenreFolder,
        views: impl Iterator<Item = SoundView>,
        networks: &Networks,
        open: OpenParams,
        monitor: &mut dyn Monitor,
    ) -> Result<(Self, FileProblems)> {
        let (views, analyzers) = analyzers_of(views, networks)?;
        let analyzers: Vec<_> = analyzers
            .into_iter()
            .map(|analyzer| analyzer.with_open_params(open))
            .collect();
        let analyze = |path: &Path| -> Result<Vec<Array3<f32>>> {
            let of_analyzer = |analyzer: &SoundAnalyzer| {
                let (mut batches, mut inputs) = (Vec::new(), InputMean::default());
                let take = |batch: Array3<f32>| {
                    match analyzer.is_averaged() {
                        true => inputs.add(batch.view()),
                        false => batches.push(batch),
                    }
                    Ok(())
                };
                analyzer.analyze(Sound::File(path), take)?;
                batches.extend(inputs.finish());
                join(&batches)
            };
            analyzers.iter().map(of_analyzer).collect()
        };
        let each = for_each_file(files, monitor, &analyze)?;
        let mut parts: Vec<Vec<Array3<f32>>> = vec![Vec::new(); analyzers.len()];
        let (mut names, mut recordings, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        let mut used: Vec<&PathBuf> = Vec::new();
        let recordings_of_files = recordings_without_copies(files);
        let of_files = genre_folder.labels(files).into_iter();
        let of_files = of_files.zip(recordings_of_files);
        for ((path, inputs), (label, recording)) in each.into_iter().zip(of_files) {
            match inputs {
                Err(error) => skipped.push(error),
                Ok(inputs) => {
                    names.push(label);
                    used.push(path);
                    recordings.push(recording);
                    for (part, inputs) in parts.iter_mut().zip(inputs) {
                        part.push(inputs);
                    }
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
        let bare = Array2::zeros((names.len(), 0));
        let tags = sound_tags(&used);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let table = unnamed(&[], bare.view())?
            .with_groups(&recordings)?
            .with_labels(&names)?
            .with_artists(tags.iter().map(|tags| text(&tags.artist)))?
            .with_albums(tags.iter().map(|tags| text(&tags.album)))?;
        let mut classes = names.clone();
        sort_classes(&mut classes);
        let class = |name: &String| classes.iter().position(|class| class == name);
        let labels = names.iter().filter_map(class).collect();
        let inputs = parts.iter().map(|parts| {
            let mut file_of_row = Vec::new();
            for (file, part) in parts.iter().enumerate() {
                file_of_row.extend(std::iter::repeat_n(file, part.len_of(Axis(0))));
            }
            let rows = join(parts)?;
            Ok(ModelInputs { rows, file_of_row })
        });
        let inputs = inputs.collect::<Result<_>>()?;
        let files = Self {
            classes,
            labels,
            table,
            views,
            analyzers,
            inputs,
        };
        let damaged = take_damaged(&files.analyzers);
        Ok((files, FileProblems { skipped, damaged }))
    }

    /// Trains a model on some of the files.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; those of the model.
    pub(super) fn train(
        &self,
        model: &ModelParams,
        analyzer: usize,
        files: &[usize],
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<GenreModel> {
        let ModelInputs { rows, file_of_row } = &self.inputs[analyzer];
        let mut wanted = vec![false; self.labels.len()];
        files.iter().for_each(|file| wanted[*file] = true);
        let kept: Vec<usize> = (0..file_of_row.len())
            .filter(|row| wanted[file_of_row[*row]])
            .collect();
        let labels: Vec<usize> = kept
            .iter()
            .map(|row| self.labels[file_of_row[*row]])
            .collect();
        let inputs = rows.select(Axis(0), &kept);
        let n_classes = self.classes.len();
        let mut stopped = false;
        let mut watched = |progress: &Progress| {
            let flow = monitor.report(progress);
            stopped |= flow.is_break();
            flow
        };
        let names = self.analyzers[analyzer].names();
        let trained = match model {
            ModelParams::Boost(params) => {
                let params = BoostParams {
                    objective: objective(n_classes),
                    seed,
                    ..params.clone()
                };
                let labels: Vec<f32> = labels.iter().map(|label| *label as f32).collect();
                let data = timbral_boost::Dataset::new(features(inputs.view()), &labels)?;
                let training = timbral_boost::Training::new(&params, &data).on_round(|round| {
                    watched.report(&Progress::new(round.round + 1, round.n_rounds, "rounds"))
                });
                let model = training.run()?.model;
                let model = model.with_feature_names(names.to_vec())?;
                GenreModel::Boost(model.with_class_names(self.classes.clone())?)
            }
            ModelParams::Dense(params) => {
                let mut params = params.clone();
                params.train.seed = seed;
                let table = self.rows_table(analyzer, &kept)?;
                // The number of epochs is chosen on recordings that are not trained on before.
                let drawn = SplitMethod::Grouped.split(&table, seed)?;
                let (train, valid) = (table.select(&drawn.train)?, table.select(&drawn.test)?);
                GenreModel::Dense(params.fit_rows(&train, &valid, &mut watched)?)
            }
            ModelParams::Embedding(model) => {
                let table = self.rows_table(analyzer, &kept)?;
                GenreModel::Logistic(model.regression().fit_rows(&table, seed, &mut watched)?)
            }
            ModelParams::Network(ImageNetParams { net, train, .. }) => {
                let mut train = train.clone();
                train.seed = seed;
                let data = timbral_nn::Dataset::images(inputs.view(), &labels, n_classes)?;
                let training = timbral_nn::Training::new(net.clone(), &train, &data);
                let training = training.on_epoch(|epoch| {
                    let done = epoch.history().epochs.len();
                    watched.report(&epoch_progress(epoch, done, train.epochs))
                });
                GenreModel::Network(training.run()?.model)
            }
        };
        match stopped {
            true => Err(Error::Stopped),
            false => Ok(trained),
        }
    }

    /// Some inputs of an analyzer as a labelled table, whose groups are what folds keep together. It has all classes, also
    /// those of other rows.
    fn rows_table(&self, analyzer: usize, rows: &[usize]) -> Result<FeatureTable> {
        let ModelInputs {
            rows: inputs,
            file_of_row,
        } = &self.inputs[analyzer];
        let labels: Vec<usize> = file_of_row.iter().map(|file| self.labels[*file]).collect();
        let groups = self.table.split_groups();
        let groups = file_of_row.iter().map(|file| groups[*file].to_string());
        let table = unnamed(self.analyzers[analyzer].names(), features(inputs.view()))?
            .with_labels(self.names(&labels))?
            .with_groups(groups)?;
        Ok(table.select(rows)?)
    }

    /// The mean probabilities of a model for the segments of a file.
    pub(super) fn mean_of_file(&self, member: &CompiledMember, file: usize) -> Result<Vec<f64>> {
        let ModelInputs { rows, file_of_row } = &self.inputs[member.analyzer];
        let start = file_of_row.partition_point(|of| *of < file);
        let end = file_of_row.partition_point(|of| *of <= file);
        let inputs = rows.slice(ndarray::s![start..end, .., ..]);
        let output = member.probabilities(self.analyzers[member.analyzer].names(), inputs)?;
        Ok(mean(
            &output.into_iter().collect::<Vec<_>>(),
            self.classes.len(),
        ))
    }

    /// Chooses what folds keep together.
    pub(super) fn group_by(&mut self, by: GroupBy) {
        self.table = self.table.clone().grouped_by(by);
    }

    fn names(&self, labels: &[usize]) -> impl Iterator<Item = &String> {
        labels.iter().map(|label| &self.classes[*label])
    }

    /// Recordings and rows of each genre.
    pub(super) fn counts(&self) -> Vec<GenreCount> {
        let first = self.inputs.first();
        let first = first.map_or(&[][..], |inputs| &inputs.file_of_row);
        let count = |(class, genre): (usize, &String)| {
            let files = (0..self.labels.len()).filter(|file| self.labels[*file] == class);
            let recordings: BTreeSet<_> = files.map(|file| self.table.groups()[file]).collect();
            let rows = first
                .iter()
                .filter(|file| self.labels[**file] == class)
                .count();
            GenreCount::new(genre.clone(), recordings.len(), rows)
        };
        self.classes.iter().enumerate().map(count).collect()
    }
}

/// Several arrays as one, one after the other.
fn join(parts: &[Array3<f32>]) -> Result<Array3<f32>> {
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    let part = "training";
    concatenate(Axis(0), &views).map_err(|_| Error::EmptyPart { part })
}
