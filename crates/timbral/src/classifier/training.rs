//! Training of a classifier on sound files.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use ndarray::Array2;
use timbral_core::{Monitor, Progress};
use timbral_metrics::{FoldParams, stratified_group_k_fold};

use super::labelled_files::LabelledFiles;
use super::member::{CompiledMember, Member};
use super::params::ClassifierParams;
use super::provenance::{HeldOutScore, Provenance};
use super::{Classifier, weighted_mean};
use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;
use crate::extraction::sound_files::FileProblems;

/// The result of [`ClassifierParams::fit`].
#[derive(Debug)]
#[non_exhaustive]
pub struct FittedClassifier {
    /// The classifier, trained on all files except those skipped.
    pub classifier: Classifier,
    /// The files that cannot be used, and those that are damaged.
    pub problems: FileProblems,
}

impl ClassifierParams {
    /// Trains on sound files, each labelled with the name of its folder.
    ///
    /// If `n_splits` is 2 or more, the models are first evaluated on held-out recordings
    /// ([`HeldOutScore`]); then they are trained on all. Files with
    /// the same bytes and segments with published names (`blues.00000.3.wav`) are of one recording,
    /// which is never on both sides.
    ///
    /// It runs on the threads of the current rayon pool; everything except the time in the provenance is
    /// the same for any number of them. `monitor` is called after each file (unit `files`), then after
    /// each step of the training of a model (unit `models`).
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; parameters out of range; no usable file, files of one genre only,
    /// or too few recordings for the folds.
    pub fn fit(&self, files: &[PathBuf], monitor: &mut dyn Monitor) -> Result<FittedClassifier> {
        let views = self.members.iter().map(|member| self.view(&member.model));
        let (data, problems) = LabelledFiles::read(files, views, self.open, monitor)?;
        let folds = match self.n_splits {
            0 => Vec::new(),
            n_splits => {
                let params = FoldParams {
                    n_splits,
                    shuffle: Some(self.seed),
                    ..FoldParams::default()
                };
                // By name, so that an error names the genre.
                let genres = data.labels.iter().map(|label| &data.classes[*label]);
                let genres: Vec<&String> = genres.collect();
                stratified_group_k_fold(&genres, &data.recordings, &params)?
            }
        };
        if let [genre] = &data.classes[..] {
            let genre = genre.clone();
            return Err(Error::OneGenre { genre });
        }
        let n_files = data.labels.len();
        let all: Vec<usize> = (0..n_files).collect();
        let mut trainer = Trainer {
            params: self,
            data: &data,
            done: 0,
            monitor,
        };
        let score = match self.n_splits {
            0 => None,
            n_splits => {
                let mut probabilities = Array2::zeros((n_files, data.classes.len()));
                for fold in folds {
                    let members = trainer.train(&fold.train)?;
                    for file in fold.test {
                        let means = members.iter().map(|member| data.mean_of_file(member, file));
                        let means = means.collect::<Result<Vec<_>>>()?;
                        let weights = self.members.iter().map(|member| member.weight);
                        let mean = weighted_mean(weights, means.into_iter());
                        let mut row = probabilities.row_mut(file);
                        row.iter_mut()
                            .zip(mean)
                            .for_each(|(p, mean)| *p = mean as f32);
                    }
                }
                let table = data.table()?;
                let evaluation = Evaluation::new(&table, &data.classes, probabilities.view())?;
                Some(HeldOutScore::new(evaluation.by_row, n_splits))
            }
        };
        let members = trainer.train(&all)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let provenance = Provenance {
            trained_at: now.map_or(0, |time| time.as_secs()),
            seed: self.seed,
            // Names and numbers: serialisation cannot fail.
            parameters: serde_json::to_value(self).unwrap_or_default(),
            genres: data.counts(),
            score,
            ..Provenance::default()
        };
        let members = members.into_iter().map(|compiled| compiled.member);
        let classifier = Classifier::new(data.classes.clone(), members.collect(), provenance)?;
        Ok(FittedClassifier {
            classifier,
            problems,
        })
    }
}

/// Trains all members on some of the files, again and again.
struct Trainer<'a> {
    params: &'a ClassifierParams,
    data: &'a LabelledFiles,
    /// Models trained so far.
    done: usize,
    monitor: &'a mut dyn Monitor,
}

impl Trainer<'_> {
    fn train(&mut self, files: &[usize]) -> Result<Vec<CompiledMember>> {
        let (params, data) = (self.params, self.data);
        let total = (params.n_splits + 1) * params.members.len();
        let mut trained = Vec::with_capacity(params.members.len());
        for (i, member) in params.members.iter().enumerate() {
            let view = params.view(&member.model);
            let analyzer = data.views.iter().position(|known| *known == view);
            let analyzer = analyzer.unwrap_or_default();
            let done = self.done;
            let mut watched = |progress: &Progress| {
                let progress =
                    Progress::new(done, total, "models").with_message(progress.to_string());
                self.monitor.report(&progress)
            };
            let model = data.train(&member.model, analyzer, files, params.seed, &mut watched)?;
            self.done += 1;
            let progress = Progress::new(self.done, total, "models");
            if self.monitor.report(&progress).is_break() {
                return Err(Error::Stopped);
            }
            let member = Member {
                view,
                model,
                weight: member.weight,
            };
            let bad = |reason| Error::Member { member: i, reason };
            let analyzer = (analyzer, &data.analyzers[analyzer]);
            trained.push(CompiledMember::new(member, analyzer, &data.classes).map_err(bad)?);
        }
        Ok(trained)
    }
}
