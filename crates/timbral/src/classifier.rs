//! A classifier of genres in one file: its input, its models and its provenance.

mod calibration;
mod file;
mod held_out;
mod labelled_files;
mod member;
mod networks;
mod params;
mod prediction;
mod provenance;
mod training;

use std::path::{Path, PathBuf};

use ndarray::{Array3, ArrayView3};
use timbral_audio::{Clip, OpenParams};
use timbral_core::Monitor;

pub use calibration::{Calibration, Rejection, ReliabilityPoint};
pub use held_out::HeldOut;
pub use member::{GenreModel, Member, SoundView};
pub use networks::{EmbeddingModel, PublishedNetwork};
pub use params::{ClassifierParams, MemberParams, ModelParams};
pub use prediction::{GenreProbability, PredictedWindow, Prediction};
pub use provenance::{GenreCount, HeldOutScore, Provenance};
pub use training::FittedClassifier;

use crate::error::{Error, Result};
use crate::extraction::encoded::EncodedSound;
use crate::extraction::extractor::Segmentation;
use crate::extraction::in_order::{PredictionReport, files_in_order};
use crate::extraction::sound::Sound;
use crate::extraction::sound_files::DamagedFile;
use member::{CompiledMember, SegmentGrid, SoundAnalyzer};
use networks::Networks;
use prediction::rank;

/// A classifier that predicts the probabilities of genres for sound files.
///
/// It contains the models and, for each model, the parameters of its input: features, spectrograms or the outputs of a
/// published network. A model predicts probabilities for every segment `i` of a recording; a model on the outputs of a
/// published network predicts them for the mean of these outputs over the recording. The probability of a genre is the
/// mean over the segments, and then the mean over the models `m` with their weights `w`:
///
/// ```text
/// P(genre) = sum_m w_m mean_i p_mi(genre) / sum_m w_m
/// ```
///
/// If it was evaluated on held-out recordings, these probabilities are then calibrated ([`Calibration`]).
///
/// Files are read in blocks, so that memory hardly grows with their length (1 MB per minute for features of
/// [`Segmentation::Whole`](crate::Segmentation::Whole)). The numbers do not depend on the number of
/// threads.
///
/// ```
/// use timbral::synth::{SynthCorpus, SynthParams};
/// use timbral::{Classifier, ClassifierParams, Inputs};
///
/// let corpus = SynthCorpus::new(SynthParams { recordings_per_genre: 1, seconds: 9.0, seed: 0, ..SynthParams::default() })?;
/// let folder = tempfile::tempdir()?;
/// corpus.write(folder.path(), &mut ())?;
/// let files = Inputs::find([folder.path()])?.files;
/// // One recording per genre: none can be held out for evaluation.
/// let params = ClassifierParams { n_splits: 0, ..ClassifierParams::default() };
/// let fitted = params.fit(&files, &mut ())?;
///
/// let path = folder.path().join("genres.timbral");
/// fitted.classifier.save(&path)?;
/// let classifier = Classifier::load(&path)?;
/// assert_eq!(classifier, fitted.classifier);
/// let prediction = classifier.predict_file(&files[0])?;
/// assert_eq!((prediction.genres.len(), prediction.windows.len()), (10, 3));
/// assert!((prediction.genres.iter().map(|g| g.probability).sum::<f64>() - 1.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Classifier {
    classes: Vec<String>,
    analyzers: Vec<SoundAnalyzer>,
    members: Vec<CompiledMember>,
    provenance: Provenance,
}

/// Classifiers are equal if their classes, models, views, weights and provenances are.
impl PartialEq for Classifier {
    fn eq(&self, other: &Self) -> bool {
        self.classes == other.classes
            && self.members().eq(other.members())
            && self.provenance == other.provenance
    }
}

impl Classifier {
    /// A classifier of trained models, whose outputs are `classes` in that order. The weights of published networks are
    /// read from the path in the environment variable `TIMBRAL_WEIGHTS`, else from the cache.
    ///
    /// # Errors
    ///
    /// No class, or two of the same name; no member; a view with parameters out of range;
    /// [`Error::Member`] for a model whose input is not that of its view, that has other classes, or
    /// a weight that is not above 0.
    pub fn new(classes: Vec<String>, members: Vec<Member>, provenance: Provenance) -> Result<Self> {
        Self::with_networks(classes, members, provenance, &Networks::default())
    }

    /// As [`new`](Self::new), with the weights of published networks.
    fn with_networks(
        classes: Vec<String>,
        members: Vec<Member>,
        provenance: Provenance,
        networks: &Networks,
    ) -> Result<Self> {
        let mut sorted: Vec<_> = classes.iter().collect();
        sorted.sort_unstable();
        if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            let reason = format!("two classes are called {}", twice[0]);
            return Err(Error::Member { member: 0, reason });
        }
        for (part, empty) in [("class", classes.is_empty()), ("model", members.is_empty())] {
            if empty {
                return Err(Error::EmptyPart { part });
            }
        }
        let (views, analyzers) =
            analyzers_of(members.iter().map(|member| member.view.clone()), networks)?;
        let members = members.into_iter().enumerate().map(|(i, member)| {
            let index = views.iter().position(|view| *view == member.view);
            let index = index.unwrap_or_default();
            let bad = |reason| Error::Member { member: i, reason };
            CompiledMember::new(member, (index, &analyzers[index]), &classes).map_err(bad)
        });
        let members = members.collect::<Result<_>>()?;
        if provenance
            .calibration
            .as_ref()
            .is_some_and(|c| !c.is_valid())
        {
            let reason = "the calibration has numbers out of range".to_owned();
            return Err(Error::Member { member: 0, reason });
        }
        Ok(Self {
            classes,
            analyzers,
            members,
            provenance,
        })
    }

    /// Sets how files are opened; by default strictly, so that a damaged packet is an error.
    #[must_use]
    pub fn with_open_params(self, params: OpenParams) -> Self {
        let analyzers = self.analyzers.into_iter();
        let analyzers = analyzers.map(|analyzer| analyzer.with_open_params(params));
        Self {
            analyzers: analyzers.collect(),
            ..self
        }
    }

    /// Returns the files of which something is missing, among those read since the last call or since
    /// [`predict_files`](Self::predict_files).
    pub fn take_damaged(&self) -> Vec<DamagedFile> {
        take_damaged(&self.analyzers)
    }

    /// The genres, in the order of the models' outputs.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The longest segment that one of the models takes, in seconds; 0 if all take the whole sound.
    pub fn segment_seconds(&self) -> f64 {
        let seconds = |member: &Member| match &member.view {
            SoundView::Features { features, segments } => match segments {
                Segmentation::Parts { length, .. } => {
                    *length as f64 / f64::from(features.sample_rate)
                }
                Segmentation::Whole => 0.0,
            },
            SoundView::Images(images) => images.seconds,
            // The windows of musicnn.
            SoundView::Embeddings(_) => 3.0,
        };
        self.members().map(seconds).fold(0.0, f64::max)
    }

    /// The models.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().map(|compiled| &compiled.member)
    }

    /// What it was trained on, and its accuracy.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The genres of a sound file.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded, is shorter than one segment, or has no features; it is named.
    pub fn predict_file(&self, path: impl AsRef<Path>) -> Result<Prediction> {
        self.predict(Sound::File(path.as_ref()))
    }

    /// The genres of a sound file in memory.
    ///
    /// # Errors
    ///
    /// Those of [`predict_file`](Self::predict_file).
    pub fn predict_encoded(&self, sound: &EncodedSound) -> Result<Prediction> {
        self.predict(Sound::Encoded(sound))
    }

    /// The genres of samples in memory, of any rate and number of channels.
    ///
    /// # Errors
    ///
    /// There are fewer samples than one segment has, or they have no features.
    pub fn predict_samples(&self, clip: &Clip) -> Result<Prediction> {
        self.predict(Sound::Clip(clip, Path::new("the samples")))
    }

    /// Predicts the genres of many files, on the threads of the current rayon pool.
    ///
    /// `take` is called with each prediction in the order of the files, soon after it is made; errors of files are in
    /// the report. `monitor` is called after each file; the unit is `files`. After a `Break` the remaining files
    /// are not read.
    pub fn predict_files(
        &self,
        files: &[PathBuf],
        mut take: impl FnMut(&Path, Prediction),
        monitor: &mut dyn Monitor,
    ) -> PredictionReport {
        let predict = |path: &Path| self.predict_file(path);
        let mut report = files_in_order(files, &predict, &mut take, monitor);
        report.damaged = self.take_damaged();
        report
    }

    fn predict(&self, sound: Sound<'_>) -> Result<Prediction> {
        // The probabilities of each member for each segment, row after row.
        let mut outputs: Vec<Vec<f32>> = vec![Vec::new(); self.members.len()];
        let mut grids = Vec::with_capacity(self.analyzers.len());
        let mut means_of_inputs = Vec::with_capacity(self.analyzers.len());
        for (i, analyzer) in self.analyzers.iter().enumerate() {
            let mut mean_of_inputs = InputMean::default();
            grids.push(analyzer.analyze(sound, |inputs| {
                if analyzer.is_averaged() {
                    mean_of_inputs.add(inputs.view());
                }
                for (member, output) in self.members.iter().zip(&mut outputs) {
                    if member.analyzer == i {
                        output.extend(member.probabilities(analyzer.names(), inputs.view())?);
                    }
                }
                Ok(())
            })?);
            means_of_inputs.push(mean_of_inputs.finish());
        }
        let n_classes = self.classes.len();
        let mut means = Vec::with_capacity(self.members.len());
        for (member, output) in self.members.iter().zip(&outputs) {
            let averaged = means_of_inputs.get(member.analyzer);
            means.push(match averaged.and_then(Option::as_ref) {
                Some(inputs) => {
                    let names = self.analyzers[member.analyzer].names();
                    let output = member.probabilities(names, inputs.view())?;
                    output.iter().map(|p| f64::from(*p)).collect()
                }
                None => mean(output, n_classes),
            });
        }
        let genres = self.calibrated(self.weighted_mean(means.into_iter()));
        let finest = (grids.iter().copied()).min_by(|a, b| a.stride.total_cmp(&b.stride));
        let finest = finest.ok_or(Error::EmptyPart { part: "model" })?;
        let is_finest = |member: &CompiledMember| grids[member.analyzer].stride == finest.stride;
        let n_windows = self.members.iter().position(is_finest);
        let n_windows = n_windows.map_or(0, |member| outputs[member].len() / n_classes);
        let windows = (0..n_windows).map(|i| {
            let start = i as f64 * finest.stride;
            let middle = start + finest.length / 2.0;
            let at_middle = |(member, output): (&CompiledMember, &Vec<f32>)| {
                let grid: SegmentGrid = grids[member.analyzer];
                let segment = grid.segment_at(middle, output.len() / n_classes);
                mean(&output[segment * n_classes..][..n_classes], n_classes)
            };
            let members = self.members.iter().zip(&outputs);
            let genres = self.calibrated(self.weighted_mean(members.map(at_middle)));
            PredictedWindow {
                start,
                end: start + finest.length,
                genres: rank(&self.classes, &genres),
            }
        });
        let genres = rank(&self.classes, &genres);
        let rejection = self.provenance.calibration.as_ref();
        let rejection = rejection.and_then(|calibration| calibration.rejection.as_ref());
        let top = genres.first().map_or(0.0, |genre| genre.probability);
        Ok(Prediction {
            windows: windows.collect(),
            none_of_these: rejection.map(|rejection| top < rejection.threshold),
            genres,
        })
    }

    /// Probabilities by the calibration, if there is one.
    fn calibrated(&self, probabilities: Vec<f64>) -> Vec<f64> {
        match &self.provenance.calibration {
            Some(calibration) => calibration.apply(&probabilities),
            None => probabilities,
        }
    }

    /// The mean of the members' outputs, by their weights.
    fn weighted_mean(&self, outputs: impl Iterator<Item = Vec<f64>>) -> Vec<f64> {
        weighted_mean(self.members().map(|member| member.weight), outputs)
    }
}

/// The distinct views, with the analyzer of each.
fn analyzers_of(
    views: impl Iterator<Item = SoundView>,
    networks: &Networks,
) -> Result<(Vec<SoundView>, Vec<SoundAnalyzer>)> {
    let mut distinct: Vec<SoundView> = Vec::new();
    for view in views {
        if !distinct.contains(&view) {
            distinct.push(view);
        }
    }
    let analyzers = distinct.iter();
    let analyzers = analyzers.map(|view| SoundAnalyzer::new(view, networks));
    let analyzers = analyzers.collect::<Result<_>>()?;
    Ok((distinct, analyzers))
}

/// The damaged files since the last call, each once, by their paths.
fn take_damaged(analyzers: &[SoundAnalyzer]) -> Vec<DamagedFile> {
    let mut damaged: Vec<_> = analyzers
        .iter()
        .flat_map(SoundAnalyzer::take_damaged)
        .collect();
    damaged.sort_by(|a, b| a.path.cmp(&b.path));
    damaged.dedup_by(|a, b| a.path == b.path);
    damaged
}

/// The mean of model inputs of shape `(n, 1, n_features)`.
#[derive(Debug, Default)]
struct InputMean {
    sums: Vec<f64>,
    n: usize,
}

impl InputMean {
    fn add(&mut self, inputs: ArrayView3<'_, f32>) {
        for row in inputs.outer_iter() {
            self.sums.resize(row.len(), 0.0);
            let sums = self.sums.iter_mut().zip(row);
            sums.for_each(|(sum, x)| *sum += f64::from(*x));
            self.n += 1;
        }
    }

    /// The mean as one row; `None` without rows.
    fn finish(self) -> Option<Array3<f32>> {
        let mean = self.sums.iter().map(|sum| (sum / self.n as f64) as f32);
        let shape = (1, 1, self.sums.len());
        let mean = Array3::from_shape_vec(shape, mean.collect()).ok()?;
        (self.n > 0).then_some(mean)
    }
}

/// The mean of rows of probabilities that follow each other.
fn mean(rows: &[f32], n_classes: usize) -> Vec<f64> {
    let mut mean = vec![0.0; n_classes];
    for row in rows.chunks_exact(n_classes) {
        mean.iter_mut()
            .zip(row)
            .for_each(|(mean, p)| *mean += f64::from(*p));
    }
    let n = (rows.len() / n_classes).max(1) as f64;
    mean.iter_mut().for_each(|mean| *mean /= n);
    mean
}

/// The weighted mean of vectors.
fn weighted_mean(
    weights: impl Iterator<Item = f64>,
    vectors: impl Iterator<Item = Vec<f64>>,
) -> Vec<f64> {
    let (mut sum, mut total) = (Vec::new(), 0.0);
    for (weight, vector) in weights.zip(vectors) {
        sum.resize(vector.len(), 0.0);
        sum.iter_mut()
            .zip(vector)
            .for_each(|(sum, p)| *sum += weight * p);
        total += weight;
    }
    sum.iter_mut().for_each(|sum| *sum /= total);
    sum
}
