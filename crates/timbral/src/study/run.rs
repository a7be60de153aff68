use std::ops::ControlFlow;
use std::path::Path;
use std::{fmt, fs};

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use timbral_boost::BoostParams;
use timbral_core::write_atomic;
use timbral_data::{FeatureTable, SplitMethod};

use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;
use crate::recipes::dense::DenseParams;
use crate::recipes::images::params::ImageNetParams;
use crate::recipes::images::recipe::ImageNet;
use crate::recipes::recipe::{Progress, Recipe, Watch, fit_and_evaluate};
use crate::study::material::Material;

/// Epochs of the network on spectrograms in a [quick](StudyParams::quick) study.
const QUICK_EPOCHS: usize = 12;

/// What a study fits, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyParams {
    /// Seeds of splits and fits, at least 1: 0, 1, ...; default 1.
    pub seeds: u64,
    /// Boosted trees on the table; default 200 rounds at 0.1 without a least weight of children and
    /// with subsampling.
    pub boost: BoostParams,
    /// The dense network on the table.
    pub dense: DenseParams,
    /// The network on spectrograms, where there are any.
    pub conv: ImageNetParams,
}

impl Default for StudyParams {
    fn default() -> Self {
        Self {
            seeds: 1,
            boost: BoostParams {
                n_rounds: 200,
                learning_rate: 0.1,
                min_child_weight: 0.0,
                lambda: 0.01,
                subsample: 0.5,
                colsample_bynode: 0.3,
                ..BoostParams::default()
            },
            dense: DenseParams::default(),
            conv: ImageNetParams::conv(),
        }
    }
}

/// One model under one split with one seed: a line of the results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StudyRun {
    /// `boosted-trees`, `dense` or `conv`.
    pub model: String,
    /// `random`, `grouped` or `fault-filtered`.
    pub split: String,
    /// Of the split and of the fit.
    pub seed: u64,
    /// What the run is of, so that no other is taken for it.
    fingerprint: u64,
    /// Share of the rows learnt from whose class is found.
    pub train_accuracy: f64,
    /// Wall-clock time of the fit.
    pub fit_seconds: f64,
    /// Wall-clock time of the probabilities of all test rows.
    pub predict_seconds: f64,
    /// The course of the training.
    pub curves: Vec<Curve>,
    /// The probabilities of the test rows, one row a line.
    pub probabilities: Vec<Vec<f32>>,
    /// The classes of the test rows.
    #[serde(skip)]
    pub labels: Vec<usize>,
    /// How good they are.
    #[serde(skip)]
    pub evaluation: Option<Evaluation>,
}

/// A number for each epoch of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What the number is.
    pub name: String,
    /// One an epoch.
    pub values: Vec<f64>,
}

/// What a study found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Study {
    /// What it looked at.
    pub material: Material,
    /// What was fitted.
    pub params: StudyParams,
    /// Models, within them splits, within them seeds.
    pub runs: Vec<StudyRun>,
}

impl StudyParams {
    /// The same with fewer epochs of the network on spectrograms, for a look in minutes.
    pub fn quick(mut self) -> Self {
        self.conv.train.epochs = QUICK_EPOCHS;
        self
    }

    /// Fits every model under every split with every seed.
    ///
    /// A finished run is kept in the folder `keep`; one that is there, of the same table and
    /// parameters, is not done again. `watch` gets a run's name (`dense, grouped, seed 0`), its place among
    /// all runs, their number, and how far its fit is; `Break` ends the study.
    ///
    /// # Errors
    ///
    /// `Error::Table(`[`Stopped`](timbral_data::Error::Stopped)`)` after a `Break`; else those of the recipes and of writing files.
    pub fn run(
        &self,
        material: Material,
        keep: &Path,
        mut watch: impl FnMut(&str, [usize; 2], &Progress) -> ControlFlow<()> + Send,
    ) -> Result<Study> {
        let splits = material.splits();
        let images = material.spectrograms.as_ref();
        let conv = images.map(|images| ImageNet::new(self.conv.clone(), images));
        let table = of_table(&material.table);
        let of = |start, params: &dyn fmt::Debug| fingerprint(start, format!("{params:?}").bytes());
        let mut models: Vec<(&dyn Recipe, &FeatureTable, u64)> = vec![
            (&self.boost, &material.table, of(table, &self.boost)),
            (&self.dense, &material.table, of(table, &self.dense)),
        ];
        if let Some(conv) = &conv {
            let images = conv.spectrograms;
            let bits = images
                .images()
                .into_iter()
                .flat_map(|x| x.to_bits().to_le_bytes());
            let own = fingerprint(of_table(images.table()), bits);
            models.push((conv, images.table(), of(own, &self.conv)));
        }
        let mut cells = Vec::new();
        for (recipe, table, fingerprint) in models {
            for split in &splits {
                // Rows that are whole recordings cannot leak.
                if *split == SplitMethod::Random && table.n_rows() == table.n_groups() {
                    continue;
                }
                cells.extend((0..self.seeds).map(|seed| Cell {
                    recipe,
                    table,
                    split: *split,
                    seed,
                    fingerprint,
                }));
            }
        }
        let mut runs = Vec::with_capacity(cells.len());
        for (i, cell) in cells.iter().enumerate() {
            let name = format!("{}, {}, seed {}", cell.recipe.name(), cell.split, cell.seed);
            let place = [i, cells.len()];
            runs.push(cell.run(keep, &mut |progress| watch(&name, place, progress))?);
        }
        drop(cells);
        let params = self.clone();
        drop(conv);
        Ok(Study {
            material,
            params,
            runs,
        })
    }
}

/// What makes a run.
struct Cell<'a> {
    recipe: &'a dyn Recipe,
    table: &'a FeatureTable,
    split: SplitMethod,
    seed: u64,
    fingerprint: u64,
}

impl Cell<'_> {
    fn run(&self, keep: &Path, watch: Watch<'_>) -> Result<StudyRun> {
        let (model, split, seed) = (self.recipe.name(), self.split.to_string(), self.seed);
        let path = keep.join(format!("{model}.{split}.{seed}.json"));
        let parts = self.split.split(self.table, seed)?;
        let known = fs::read(&path).ok();
        let known = known.and_then(|bytes| serde_json::from_slice::<StudyRun>(&bytes).ok());
        let mut run = match known {
            Some(run) if run.fingerprint == self.fingerprint => run,
            _ => {
                let mut stopped = false;
                let mut watch = |progress: &Progress| {
                    let goes_on = watch(progress);
                    stopped |= goes_on.is_break();
                    goes_on
                };
                let outcome = fit_and_evaluate(self.recipe, self.table, &parts, seed, &mut watch)?;
                if stopped {
                    return Err(timbral_data::Error::Stopped.into());
                }
                let rows = outcome.probabilities.rows().into_iter();
                let run = StudyRun {
                    model,
                    split,
                    seed,
                    fingerprint: self.fingerprint,
                    train_accuracy: outcome.record.train_accuracy,
                    fit_seconds: outcome.record.fit_seconds,
                    predict_seconds: outcome.record.predict_seconds,
                    curves: curves(&outcome.record.details["history"]),
                    probabilities: rows.map(|row| row.to_vec()).collect(),
                    labels: Vec::new(),
                    evaluation: None,
                };
                fs::create_dir_all(keep).map_err(|e| Error::Input {
                    path: keep.to_owned(),
                    reason: e.to_string(),
                })?;
                let write = write_atomic(&path, |file| Ok(serde_json::to_writer(file, &run)?));
                write.map_err(Error::file(&path))?;
                run
            }
        };
        let test = self.table.select(&parts.test)?;
        let probabilities = run.matrix();
        run.labels = test.labels().unwrap_or_default().to_vec();
        run.evaluation = Some(Evaluation::new(
            &test,
            test.classes(),
            probabilities.view(),
        )?);
        Ok(run)
    }
}

impl StudyRun {
    /// The probabilities, `(n_rows, n_classes)`.
    pub fn matrix(&self) -> Array2<f32> {
        let n_classes = self.probabilities.first().map_or(0, Vec::len);
        let shape = (self.probabilities.len(), n_classes);
        Array2::from_shape_fn(shape, |(row, class)| {
            self.probabilities[row]
                .get(class)
                .copied()
                .unwrap_or(f32::NAN)
        })
    }
}

/// The numbers of a network's history, epoch by epoch; none for models without epochs.
fn curves(history: &serde_json::Value) -> Vec<Curve> {
    let names = ["loss", "accuracy", "validation_loss", "validation_accuracy"];
    let epochs = history["epochs"].as_array().map_or(&[][..], Vec::as_slice);
    let curve = |name: &str| {
        let values = epochs.iter().filter_map(|epoch| epoch[name].as_f64());
        Curve {
            name: name.replace('_', " "),
            values: values.collect(),
        }
    };
    let all = names.map(curve).into_iter();
    all.filter(|curve| !curve.values.is_empty()).collect()
}

/// Of names, labels and features.
fn of_table(table: &FeatureTable) -> u64 {
    let names = table
        .ids()
        .iter()
        .chain(table.classes())
        .flat_map(|name| name.bytes());
    let labels = table
        .labels()
        .unwrap_or_default()
        .iter()
        .map(|label| *label as u8);
    let features = table
        .features()
        .into_iter()
        .flat_map(|x| x.to_bits().to_le_bytes());
    fingerprint(0, names.chain(labels).chain(features))
}

/// Fowler, Noll and Vo's hash (FNV-1a, 64 bits), going on from another one.
fn fingerprint(start: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    let offset = 0xcbf2_9ce4_8422_2325 ^ start;
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    bytes.fold(offset, step)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Twenty recordings of three rows; `x` tells the genres apart, `take` the recordings.
    fn material() -> Material {
        let x = Array2::from_shape_fn((60, 2), |(row, column)| match column {
            0 => (row / 3 % 2) as f32 + (row % 7) as f32 / 10.0,
            _ => (row / 3 * 7 % 20) as f32,
        });
        let table = FeatureTable::new(
            vec!["x".into(), "take".into()],
            x,
            (0..60).map(|row| format!("{row}")).collect(),
        )
        .and_then(|table| table.with_groups((0..60).map(|row| format!("r{}", row / 3))))
        .and_then(|table| table.with_labels((0..60).map(|row| ["jazz", "rock"][row / 3 % 2])))
        .unwrap();
        Material {
            name: "sixty <rows>".to_owned(),
            table,
            spectrograms: None,
            sounds: Vec::new(),
        }
    }

    fn params() -> StudyParams {
        let mut params = StudyParams::default();
        params.boost.n_rounds = 5;
        params.dense.train.epochs = 2;
        params.dense.net.units = vec![4];
        params
    }

    #[test]
    fn a_study_is_told_and_goes_on_where_it_was_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let go = |params: &StudyParams, last: usize| {
            let mut fits = Vec::new();
            let study = params.run(material(), folder.path(), |name, [i, n], _| {
                assert_eq!(n, 4);
                fits.push(name.to_owned());
                match i < last {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            });
            fits.dedup();
            (study, fits)
        };
        let (stopped, fits) = go(&params(), 2);
        assert_eq!(stopped.unwrap_err().to_string(), "stopped");
        assert_eq!(fits[2], "dense, random, seed 0");
        let (study, fits) = go(&params(), 9);
        assert_eq!(fits, ["dense, random, seed 0", "dense, grouped, seed 0"]);
        let study = study.unwrap();
        assert_eq!(study.honest_split(), "grouped");
        // Other parameters are other runs.
        let mut other = params();
        other.boost.n_rounds = 6;
        assert_eq!(go(&other, 9).1.len(), 2);

        study.save(folder.path()).unwrap();
        let html = fs::read_to_string(folder.path().join("index.html")).unwrap();
        assert!(html.contains("sixty &lt;rows&gt;") && html.matches("<figure").count() > 15);
        let json = fs::read(folder.path().join("results.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["results"][1]["split"], "grouped");
        assert_eq!(json["claims"].as_array().map(Vec::len), Some(5));
        let table = study.to_string();
        assert_eq!(table.lines().count(), 5);
        assert!(
            table
                .lines()
                .nth(2)
                .is_some_and(|line| line.starts_with("boosted-trees  grouped"))
        );
    }
}
