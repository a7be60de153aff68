//! Training of a classifier on sound files.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use ndarray::Array2;
use timbral_core::{InvalidParameter, Monitor, Progress};
use timbral_data::GroupBy;
use timbral_metrics::Fold;

use super::calibration::{Calibration, Rejection};
use super::held_out::HeldOut;
use super::labelled_files::LabelledFiles;
use super::member::{CompiledMember, Member};
use super::networks::Networks;
use super::params::ClassifierParams;
use super::provenance::{HeldOutScore, Provenance};
use super::{Classifier, weighted_mean};
use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;
use crate::experiment::folds::folds_by_split_group;
use crate::extraction::sound_files::FileProblems;

/// The result of [`ClassifierParams::fit`].
#[derive(Debug)]
#[non_exhaustive]
pub struct FittedClassifier {
    /// The classifier, trained on all files except those skipped.
    pub classifier: Classifier,
    /// The files that were skipped, and those that were used although they are damaged.
    pub problems: FileProblems,
    /// The predictions that its scores are of; `None` if it was not evaluated.
    pub held_out: Option<HeldOut>,
}

impl ClassifierParams {
    /// Trains on sound files, each labelled with the name of a folder (`genre_folder`).
    ///
    /// If `n_splits` is 2 or more, the models are first evaluated on held-out recordings ([`HeldOutScore`]); then
    /// they are trained on all. Files with the same bytes, and segments with published names (`blues.00000.3.wav`),
    /// are one recording, which is never both trained on and held out. `group_by` extends this to recordings of one
    /// artist, album or folder; by default to the widest of these groupings that the data support
    /// ([`supported_groupings`](timbral_data::FeatureTable::supported_groupings)). Artists and albums are read from
    /// the files' tags; the folder is the first one below that of the genre. The provenance also has the accuracies
    /// under the other groupings.
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
        let networks = Networks::of_user(self.weights.clone());
        let views = self.members.iter().map(|member| self.view(&member.model));
        let (mut data, problems) = LabelledFiles::read(
            files,
            self.genre_folder,
            views,
            &networks,
            self.open,
            monitor,
        )?;
        let supported = data.table.supported_groupings(2);
        let widest = supported.first().copied().unwrap_or_default();
        let group_by = self.group_by.unwrap_or(widest);
        let mut groupings = vec![group_by];
        groupings.extend(supported.into_iter().filter(|by| *by != group_by));
        let folds = match self.n_splits {
            0 => Vec::new(),
            _ => {
                // Before anything is trained, so that a grouping that does not work is reported soon.
                let of = |by: &GroupBy| Ok((*by, self.folds(&data, *by)?));
                groupings.iter().map(of).collect::<Result<_>>()?
            }
        };
        if let [genre] = &data.classes[..] {
            let genre = genre.clone();
            return Err(Error::OneGenre { genre });
        }
        data.group_by(group_by);
        let all: Vec<usize> = (0..data.labels.len()).collect();
        let n_genres = if self.reject && self.n_splits > 0 {
            data.classes.len()
        } else {
            0
        };
        let mut trainer = Trainer {
            params: self,
            data: &data,
            done: 0,
            total: (folds.len() * self.n_splits + n_genres + 1) * self.members.len(),
            monitor,
        };
        let (mut scores, mut calibration, mut kept) = (Vec::new(), None, None);
        for (by, (n_groups, folds)) in folds {
            let held_out = trainer.held_out(&folds)?;
            if by == group_by {
                let probabilities = held_out.mapv(f64::from);
                let (mut new, calibrated) = Calibration::new(&probabilities, &data.labels, &folds)?;
                let mut new_kept = HeldOut {
                    labels: data.labels.clone(),
                    probabilities,
                    calibrated,
                    known: Vec::new(),
                    unknown: Vec::new(),
                };
                if n_genres > 0 {
                    new.rejection = Some(trainer.rejection(&new, &mut new_kept, &folds)?);
                }
                (calibration, kept) = (Some(new), Some(new_kept));
            }
            let evaluation = Evaluation::new(&data.table, &data.classes, held_out.view())?;
            let accuracy = evaluation.by_row;
            scores.push(HeldOutScore::new(accuracy, self.n_splits, (by, n_groups)));
        }
        let mut scores = scores.into_iter();
        let score = scores.next();
        let members = trainer.train(&all)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let provenance = Provenance {
            trained_at: now.map_or(0, |time| time.as_secs()),
            seed: self.seed,
            // Names and numbers: serialisation cannot fail.
            parameters: serde_json::to_value(self).unwrap_or_default(),
            genres: data.counts(),
            score,
            other_scores: scores.collect(),
            calibration,
            ..Provenance::default()
        };
        let members = members.into_iter().map(|compiled| compiled.member);
        let classes = data.classes.clone();
        let members = members.collect();
        let classifier = Classifier::with_networks(classes, members, provenance, &networks)?;
        Ok(FittedClassifier {
            classifier,
            problems,
            held_out: kept,
        })
    }

    /// The folds of the files, and the number of groups that they do not divide.
    fn folds(&self, data: &LabelledFiles, by: GroupBy) -> Result<(usize, Vec<Fold>)> {
        let table = data.table.clone().grouped_by(by);
        let folds = folds_by_split_group(&table, self.n_splits, self.seed)?;
        Ok((table.n_split_groups(), folds))
    }
}

/// Trains all members on some of the files, again and again.
struct Trainer<'a> {
    params: &'a ClassifierParams,
    data: &'a LabelledFiles,
    /// Models trained so far, and in the end.
    done: usize,
    total: usize,
    monitor: &'a mut dyn Monitor,
}

impl Trainer<'_> {
    /// The probabilities of all files, by models trained on the other folds.
    fn held_out(&mut self, folds: &[Fold]) -> Result<Array2<f32>> {
        let data = self.data;
        let mut probabilities = Array2::zeros((data.labels.len(), data.classes.len()));
        for fold in folds {
            let members = self.train(&fold.train)?;
            for file in &fold.test {
                let mean = self.mean(&members, *file)?;
                let mut row = probabilities.row_mut(*file);
                row.iter_mut()
                    .zip(mean)
                    .for_each(|(p, mean)| *p = mean as f32);
            }
        }
        Ok(probabilities)
    }

    /// The probabilities of a file by models, as a classifier of them gives without calibration.
    fn mean(&self, members: &[CompiledMember], file: usize) -> Result<Vec<f64>> {
        let means = members
            .iter()
            .map(|member| self.data.mean_of_file(member, file));
        let means = means.collect::<Result<Vec<_>>>()?;
        let weights = self.params.members.iter().map(|member| member.weight);
        Ok(weighted_mean(weights, means.into_iter()))
    }

    /// Measures how well recordings of a genre that was not trained on are separated from others. Each genre in turn
    /// is unknown; a fold of the other genres are the known recordings. The predictions of both are kept. Recordings
    /// of the unknown genre that are in a group with training recordings are left out.
    fn rejection(
        &mut self,
        calibration: &Calibration,
        held_out: &mut HeldOut,
        folds: &[Fold],
    ) -> Result<Rejection> {
        let data = self.data;
        let greatest = |mean: &[f64]| calibration.apply(mean).into_iter().fold(f64::MIN, f64::max);
        let rows = held_out.probabilities.rows().into_iter();
        let of_all: Vec<f64> = rows.map(|row| greatest(&row.to_vec())).collect();
        let HeldOut { known, unknown, .. } = held_out;
        let groups = data.table.split_groups();
        for (genre, fold) in (0..data.classes.len()).zip(folds.iter().cycle()) {
            let is_other = |file: &usize| data.labels[*file] != genre;
            let train: Vec<usize> = fold.train.iter().copied().filter(is_other).collect();
            let trained: BTreeSet<usize> = train.iter().map(|file| groups[*file]).collect();
            let members = self.train(&train)?;
            for (file, group) in groups.iter().enumerate() {
                let is_known = fold.test.contains(&file) && is_other(&file);
                let is_unknown = !is_other(&file) && !trained.contains(group);
                if is_known || is_unknown {
                    let p = greatest(&self.mean(&members, file)?);
                    if is_known {
                        known.push(p)
                    } else {
                        unknown.push(p)
                    }
                }
            }
        }
        if unknown.is_empty() {
            let rule = "needs recordings that share no group with those of other genres";
            return Err(InvalidParameter::new("reject", true, rule).into());
        }
        Rejection::new(&of_all, known, unknown)
    }

    fn train(&mut self, files: &[usize]) -> Result<Vec<CompiledMember>> {
        let (params, data, total) = (self.params, self.data, self.total);
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

#[cfg(feature = "plot")]
impl FittedClassifier {
    /// A page of the predictions for held-out recordings: the scores, a reliability diagram before and after calibration
    /// and, if the rejection was measured, its receiver operating characteristic.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyPart`] if no recordings were held out; a figure cannot be drawn.
    pub fn report(&self) -> Result<timbral_plot::Report> {
        let part = "held-out";
        let held_out = self.held_out.as_ref();
        let held_out = held_out.ok_or(Error::EmptyPart { part })?;
        held_out.report(self.classifier.provenance())
    }
}
