use ndarray::ArrayView2;
use serde_json::Value;
use timbral_boost::BoostParams;
use timbral_core::Monitor;
use timbral_data::gtzan::{Artists, Taggrams};
use timbral_data::{FeatureTable, SplitMethod};

use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;
use crate::experiment::fingerprint::Fingerprint;
use crate::experiment::probabilities::Probabilities;
use crate::experiment::results::Results;
use crate::experiment::runner::{PlannedFit, Run, run_all};
use crate::recipes::dense::DenseParams;
use crate::recipes::images::params::ImageNetParams;
use crate::recipes::images::recipe::ImageNet;
use crate::recipes::kind::ModelKind;
use crate::recipes::recipe::Recipe;
use crate::study::material::Material;
use crate::study::tags::TagStudy;

/// Epochs of the network on spectrograms in a [quick](StudyParams::quick) study.
const QUICK_EPOCHS: usize = 12;

/// The models of a study and the number of seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyParams {
    /// Number of random seeds of splits and fits, at least 1; default 1. The seeds are 0, 1, ...
    pub seeds: u64,
    /// Boosted trees on the table; default 200 rounds with a learning rate of 0.1, `lambda` 0.01, half of the rows
    /// per tree, a fraction of 0.3 of the columns per node and no minimum child weight.
    pub boost: BoostParams,
    /// The dense network on the table; default [`DenseParams::default`].
    pub dense: DenseParams,
    /// The network on spectrograms, if there are any; default [`ImageNetParams::conv`].
    pub conv: ImageNetParams,
    #[doc(hidden)]
    pub _non_exhaustive: (),
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
            _non_exhaustive: (),
        }
    }
}

/// One model under one split with one seed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StudyRun {
    /// The model.
    pub model: ModelKind,
    /// The way to split.
    pub split: SplitMethod,
    /// Random seed of the split and of the fit.
    pub seed: u64,
    /// Accuracy on the training rows.
    pub train_accuracy: f64,
    /// Wall-clock time of the fit.
    pub fit_seconds: f64,
    /// Wall-clock time of the probabilities of all test rows.
    pub predict_seconds: f64,
    /// The scores after each epoch of the training; empty for models without epochs.
    pub curves: Vec<Curve>,
    /// The probabilities of the test rows.
    pub probabilities: Probabilities,
    /// The classes of the test rows.
    pub labels: Vec<usize>,
    /// The evaluation of the probabilities.
    pub evaluation: Evaluation,
}

/// A number for each epoch of a training.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Curve {
    /// The name of the number, such as a loss or an accuracy.
    pub name: String,
    /// One per epoch.
    pub values: Vec<f64>,
}

/// The results of a study.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Study {
    /// The data.
    pub material: Material,
    /// The models.
    pub params: StudyParams,
    /// The runs, ordered by model, then by split, then by seed.
    pub runs: Vec<StudyRun>,
    /// The results of models on tags by a published network, if there are any: see [`add_tags`](Self::add_tags).
    pub tags: Option<TagStudy>,
}

impl StudyParams {
    /// These parameters with fewer epochs of the network on spectrograms, for a first result in minutes.
    #[must_use]
    pub fn quick(mut self) -> Self {
        self.conv.train.epochs = QUICK_EPOCHS;
        self
    }

    /// Fits every model under every split with every seed.
    ///
    /// Fits that are in `results` are not repeated; new ones are added to it. A fit is found by the content of
    /// its table, so that one log can serve studies of several materials.
    /// `monitor` is called after every step of every fit and after every fit; the unit is `fits`.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; those of the recipes and of writing the log.
    pub fn run(
        &self,
        material: Material,
        results: &Results,
        monitor: &mut dyn Monitor,
    ) -> Result<Study> {
        let splits = material.splits();
        let images = material.spectrograms.as_ref();
        let conv = images.map(|images| ImageNet::new(self.conv.clone(), images));
        let of_table = Fingerprint::of_table(&material.table);
        let of_images = images.map(|images| Fingerprint::of_table(images.table()));
        let mut models: Vec<(ModelKind, &dyn Recipe, _, &Fingerprint)> = vec![
            (
                ModelKind::BoostedTrees,
                &self.boost,
                &material.table,
                &of_table,
            ),
            (ModelKind::Dense, &self.dense, &material.table, &of_table),
        ];
        if let (Some(conv), Some(content)) = (&conv, &of_images) {
            models.push((ModelKind::Conv, conv, conv.spectrograms.table(), content));
        }
        let (mut plan, mut kinds) = (Vec::new(), Vec::new());
        for (kind, recipe, table, content) in models {
            for &method in &splits {
                // Rows that are entire recordings cannot leak.
                if method == SplitMethod::Random && table.n_rows() == table.n_groups() {
                    continue;
                }
                for seed in 0..self.seeds {
                    let split = method.split(table, seed)?;
                    plan.push(PlannedFit::new(recipe, table, content, method, seed, split));
                    kinds.push(kind);
                }
            }
        }
        let runs = run_all(&plan, results, monitor)?.into_iter().zip(kinds);
        let runs = runs.map(|(run, kind)| StudyRun::new(kind, run));
        let runs = runs.collect::<Result<_>>()?;
        drop(plan);
        drop(conv);
        Ok(Study {
            material,
            params: self.clone(),
            runs,
            tags: None,
        })
    }
}

impl Study {
    /// Fits models on the features and the published tags of GTZAN's clips. If the study has convolutional networks
    /// on the fault-filtered split, they become members of the ensemble. `table` has the features of whole clips.
    ///
    /// # Errors
    ///
    /// Those of [`TagStudy::run`].
    pub fn add_tags(
        &mut self,
        table: &FeatureTable,
        tags: &Taggrams,
        artists: Option<&Artists>,
        results: &Results,
        monitor: &mut dyn Monitor,
    ) -> Result<()> {
        let of = |run: &&StudyRun| {
            run.model == ModelKind::Conv && run.split == SplitMethod::FaultFiltered
        };
        let networks = self.runs.iter().filter(of);
        let networks: Vec<_> = networks
            .map(|run| {
                (
                    format!("{} network, seed {}", run.model, run.seed),
                    run.probabilities.clone(),
                )
            })
            .collect();
        let tags = TagStudy::run(table, tags, artists, &networks, 0, results, monitor)?;
        self.tags = Some(tags);
        Ok(())
    }
}

impl StudyRun {
    fn new(model: ModelKind, run: Run) -> Result<Self> {
        Ok(Self {
            model,
            split: run.split,
            seed: run.seed,
            train_accuracy: run
                .train_accuracy
                .ok_or(Error::EmptyPart { part: "training" })?,
            fit_seconds: run.fit_seconds,
            predict_seconds: run.predict_seconds,
            curves: curves(&run.details["history"]),
            labels: run.probabilities.labels()?,
            evaluation: run.evaluate()?,
            probabilities: run.probabilities,
        })
    }

    /// The probabilities, `(n_rows, n_classes)`.
    pub(crate) fn values(&self) -> ArrayView2<'_, f32> {
        self.probabilities.values()
    }
}

/// The curves in the history of a network; none for models without epochs.
fn curves(history: &Value) -> Vec<Curve> {
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::ops::ControlFlow;

    use ndarray::Array2;
    use timbral_core::Progress;

    use super::*;

    /// Twenty recordings of three rows; `x` separates the genres, `take` the recordings.
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
    fn a_study_is_reported_and_goes_on_where_it_was_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let go = |params: &StudyParams, last: usize| {
            let mut fits = Vec::new();
            let mut monitor = |progress: &Progress| {
                assert_eq!(progress.total, 4);
                // Within a fit the name is followed by a colon.
                let Some((name, _)) = progress.message.split_once(':') else {
                    return ControlFlow::Continue(());
                };
                fits.push(name.to_owned());
                match progress.done < last {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            };
            let material = material();
            let results = Results::open(folder.path().join("results.jsonl"), []).unwrap();
            let study = params.run(material, &results, &mut monitor);
            fits.dedup();
            (study, fits)
        };
        let (stopped, fits) = go(&params(), 2);
        assert_eq!(stopped.unwrap_err().to_string(), "stopped");
        assert_eq!(fits[2], "dense, random, seed 0");
        let (study, fits) = go(&params(), 9);
        assert_eq!(fits, ["dense, random, seed 0", "dense, grouped, seed 0"]);
        let study = study.unwrap();
        assert_eq!(study.held_out_split(), SplitMethod::Grouped);
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
