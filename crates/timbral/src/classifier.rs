//! A classifier of genres in one file: what it hears of a sound, its models, its provenance.

mod file;
mod fit;
mod member;
mod prediction;
mod provenance;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use timbral_audio::Clip;

pub use fit::{ClassifierParams, FitProgress, FittedClassifier, MemberParams, ModelParams};
pub use member::{GenreModel, Member, SoundView};
pub use prediction::{GenreProbability, PredictedWindow, Prediction, PredictionReport};
pub use provenance::{GenreCount, HeldOutScore, Provenance};

use crate::error::{Error, Result};
use crate::extraction::sound::Sound;
use member::{Ear, Grid, Ready};
use prediction::rank;

/// A classifier of genres: sound file in, probabilities out.
///
/// It knows what its models are told of a sound and how that is computed. A model says what it thinks
/// of every piece of a recording. The probability of a genre is the mean over the pieces of a
/// recording, and then over the models, by their weights `w`:
///
/// ```text
/// P(genre) = sum_m w_m mean_i p_mi(genre) / sum_m w_m
/// ```
///
/// Files are read piece by piece: however long one is, little of it is in memory, except where
/// features of [`Segmentation::Whole`](crate::Segmentation::Whole) recordings are asked for. The
/// numbers do not depend on the number of threads.
///
/// ```
/// use timbral::synth::{SynthCorpus, SynthParams};
/// use timbral::{Classifier, ClassifierParams, Inputs};
///
/// let corpus = SynthCorpus::new(SynthParams { recordings_per_genre: 1, seconds: 9.0, seed: 0, ..SynthParams::default() })?;
/// let folder = tempfile::tempdir()?;
/// corpus.write(folder.path(), &mut ())?;
/// let files = Inputs::find([folder.path()])?.files;
/// // One recording a genre: none can be left out to judge by.
/// let params = ClassifierParams { n_splits: 0, ..ClassifierParams::default() };
/// let fitted = params.fit(&files, &false.into(), |_| ())?;
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
    ears: Vec<Ear>,
    members: Vec<Ready>,
    provenance: Provenance,
}

/// Equal are classifiers of equal classes, models, views, weights and provenance.
impl PartialEq for Classifier {
    fn eq(&self, other: &Self) -> bool {
        self.classes == other.classes
            && self.members().eq(other.members())
            && self.provenance == other.provenance
    }
}

impl Classifier {
    /// A classifier of trained models, whose outputs are `classes` in that order.
    ///
    /// # Errors
    ///
    /// No class or two of one name; no member; a view whose parameters are out of range;
    /// [`Error::Member`] for a model that takes something else than its view gives, knows other
    /// classes, or has a weight that is not above 0.
    pub fn new(classes: Vec<String>, members: Vec<Member>, provenance: Provenance) -> Result<Self> {
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
        let (views, ears) = hearing(members.iter().map(|member| member.view))?;
        let members = members.into_iter().enumerate().map(|(i, member)| {
            let ear = views.iter().position(|view| *view == member.view);
            let ear = ear.unwrap_or_default();
            let bad = |reason| Error::Member { member: i, reason };
            Ready::new(member, (ear, &ears[ear]), &classes).map_err(bad)
        });
        let members = members.collect::<Result<_>>()?;
        Ok(Self {
            classes,
            ears,
            members,
            provenance,
        })
    }

    /// The genres, in the order of the models' outputs.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The models.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().map(|ready| &ready.member)
    }

    /// What it was trained on, and how good it was.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The genres of a sound file.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded, is shorter than one piece, or has no features; it is named.
    pub fn predict_file(&self, path: impl AsRef<Path>) -> Result<Prediction> {
        self.predict(Sound::File(path.as_ref()))
    }

    /// The genres of samples in memory, of any rate and number of channels.
    ///
    /// # Errors
    ///
    /// There are fewer samples than one piece has, or they have no features.
    pub fn predict_samples(&self, clip: &Clip) -> Result<Prediction> {
        self.predict(Sound::Clip(clip))
    }

    /// The genres of many files, on the threads of the current rayon pool. `take` is given each
    /// prediction in the order of the files, soon after it is made; a file that has none is in the
    /// report. Once `stop` is set, the files left are passed over.
    pub fn predict_files(
        &self,
        files: &[PathBuf],
        stop: &AtomicBool,
        mut take: impl FnMut(&Path, Prediction),
    ) -> PredictionReport {
        let mut report = PredictionReport::default();
        for files in files.chunks(4 * rayon::current_num_threads()) {
            let predict = |path: &PathBuf| match stop.load(Ordering::Relaxed) {
                true => None,
                false => Some(self.predict_file(path)),
            };
            let said: Vec<_> = files.par_iter().with_max_len(1).map(predict).collect();
            for (path, said) in files.iter().zip(said) {
                match said {
                    Some(Ok(prediction)) => {
                        report.files += 1;
                        take(path, prediction);
                    }
                    Some(Err(error)) => report.skipped.push(error),
                    None => report.stopped = true,
                }
            }
        }
        report
    }

    fn predict(&self, sound: Sound<'_>) -> Result<Prediction> {
        // What each member says of each piece, row after row.
        let mut said: Vec<Vec<f32>> = vec![Vec::new(); self.members.len()];
        let mut grids = Vec::with_capacity(self.ears.len());
        for (i, ear) in self.ears.iter().enumerate() {
            grids.push(ear.listen(sound, |heard| {
                for (member, said) in self.members.iter().zip(&mut said) {
                    if member.ear == i {
                        said.extend(member.probabilities(ear.names(), heard.view())?);
                    }
                }
                Ok(())
            })?);
        }
        let n_classes = self.classes.len();
        let means = said.iter().map(|said| mean(said, n_classes));
        let genres = self.weigh(means);
        let finest = (grids.iter().copied()).min_by(|a, b| a.stride.total_cmp(&b.stride));
        let finest = finest.ok_or(Error::EmptyPart { part: "model" })?;
        let of_finest = |ready: &Ready| grids[ready.ear].stride == finest.stride;
        let n_windows = self.members.iter().position(of_finest);
        let n_windows = n_windows.map_or(0, |member| said[member].len() / n_classes);
        let windows = (0..n_windows).map(|i| {
            let start = i as f64 * finest.stride;
            let middle = start + finest.length / 2.0;
            let at = |(ready, said): (&Ready, &Vec<f32>)| {
                let grid: Grid = grids[ready.ear];
                let piece = grid.piece_at(middle, said.len() / n_classes);
                mean(&said[piece * n_classes..][..n_classes], n_classes)
            };
            let genres = self.weigh(self.members.iter().zip(&said).map(at));
            PredictedWindow {
                start,
                end: start + finest.length,
                genres: rank(&self.classes, &genres),
            }
        });
        Ok(Prediction {
            windows: windows.collect(),
            genres: rank(&self.classes, &genres),
        })
    }

    /// The mean of what the members say, by their weights.
    fn weigh(&self, said: impl Iterator<Item = Vec<f64>>) -> Vec<f64> {
        weigh(self.members().map(|member| member.weight), said)
    }
}

/// The different views among some, with the plans of each.
fn hearing(views: impl Iterator<Item = SoundView>) -> Result<(Vec<SoundView>, Vec<Ear>)> {
    let mut different: Vec<SoundView> = Vec::new();
    for view in views {
        if !different.contains(&view) {
            different.push(view);
        }
    }
    let ears = different.iter().map(Ear::new).collect::<Result<_>>()?;
    Ok((different, ears))
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

/// The mean of some vectors by weights.
fn weigh(weights: impl Iterator<Item = f64>, said: impl Iterator<Item = Vec<f64>>) -> Vec<f64> {
    let (mut sum, mut total) = (Vec::new(), 0.0);
    for (weight, said) in weights.zip(said) {
        sum.resize(said.len(), 0.0);
        sum.iter_mut()
            .zip(said)
            .for_each(|(sum, p)| *sum += weight * p);
        total += weight;
    }
    sum.iter_mut().for_each(|sum| *sum /= total);
    sum
}
