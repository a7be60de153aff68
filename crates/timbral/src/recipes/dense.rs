use std::ops::ControlFlow;
use std::path::Path;

use ndarray::{Array2, Axis, concatenate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use timbral_core::Monitor;
use timbral_data::{FeatureTable, Scaler, ScalerParams};
use timbral_nn::{
    Augment, Classifier, Dataset, Device, EpochScores, History, MlpParams, Schedule, TrainParams,
    Training,
};

use crate::error::{Error, Result};
use crate::experiment::parts::{Experiment, Validation, complete};
use crate::recipes::images::recipe::epoch_progress;
use crate::recipes::recipe::{FittedModel, Recipe};

/// Added to a variance before its logarithm is taken: less than the smallest variance of any sound.
pub(crate) const LEAST_VARIANCE: f64 = 1e-10;

/// A dense network on a table of features: the scaling of the features, the network and its training.
///
/// The network gets every feature twice: as it is, and with variances replaced by their logarithms. Both are scaled to
/// mean 0 and variance 1 over the training rows. It is trained twice. In the first training, held-out validation rows
/// choose the number of epochs: the epoch with the highest accuracy, the last of equal ones. The second training is on
/// training and validation rows together, for that number of epochs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DenseParams {
    /// The architecture of the network; default three hidden layers of 512 units with dropout 0.1.
    pub net: MlpParams,
    /// The parameters of both trainings; the first one always runs all epochs. Default 60 epochs of Adam in batches of
    /// 128 rows, with a learning rate of at most 0.003, a cosine schedule and mixup of 0.5.
    pub train: TrainParams,
    /// The fraction of the training rows that are drawn at random as validation rows if the split has none, above 0
    /// and below 1; default 0.1.
    pub validation: f64,
    /// Whether the logarithms of columns that end in `_var` are used. Default `None`: they are used if every such
    /// column has one that ends in `_mean` and no training row has a negative number there, as for features of
    /// sounds.
    pub log_variances: Option<bool>,
    /// The device on which the network is trained and used; default the CPU.
    #[serde(skip)]
    pub device: Device,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for DenseParams {
    /// Three layers of 512 units with dropout 0.1; 60 epochs of Adam at 0.003 with a cosine schedule
    /// and mixup of 0.5; a tenth of the rows to choose the number of epochs.
    fn default() -> Self {
        Self {
            net: MlpParams {
                units: vec![512, 512, 512],
                dropout: 0.1,
                ..MlpParams::default()
            },
            train: TrainParams {
                epochs: 60,
                batch_size: 128,
                learning_rate: 3e-3,
                schedule: Schedule::Cosine { warm_up: 0.05 },
                augment: Augment {
                    mixup: 0.5,
                    ..Augment::default()
                },
                ..TrainParams::default()
            },
            validation: 0.1,
            log_variances: None,
            device: Device::Cpu,
            _non_exhaustive: (),
        }
    }
}

/// A fitted [`DenseParams`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DenseModel {
    /// The network, on both forms of the features.
    pub classifier: Classifier,
    /// The first training, epoch by epoch.
    pub history: History,
    /// Epochs of the second training.
    pub epochs: usize,
    pub(crate) scalers: Box<[Scaler; 2]>,
    /// The names of the classes.
    pub(crate) classes: Vec<String>,
}

/// The attribute of a network's file that holds what a table needs.
const TABLE: &str = "table";

/// What [`DenseModel::save`] keeps with the network.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    classes: Vec<String>,
    scalers: [Scaler; 2],
    epochs: usize,
    history: History,
}

impl DenseParams {
    /// Trains on `train` and `valid`, with the number of epochs chosen on `valid`.
    ///
    /// The random seed is that of [`train`](Self::train). `monitor` is called after every epoch of both
    /// trainings; `Break` ends the current one, and the second one after its first epoch: the result
    /// is the model so far.
    ///
    /// ```
    /// use timbral::DenseParams;
    /// use timbral::data::FeatureTable;
    ///
    /// let names = vec!["x_mean".to_owned()];
    /// let ids = (0..60).map(|i| format!("{i}")).collect();
    /// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 2) as f32 + i as f32 / 1e3);
    /// let table = FeatureTable::new(names, x, ids)?
    ///     .with_labels((0..60).map(|i| ["jazz", "rock"][i % 2]).collect::<Vec<_>>())?;
    /// let rows = |range: std::ops::Range<usize>| table.select(&range.collect::<Vec<_>>());
    /// let model = DenseParams::default().fit_rows(&rows(0..36)?, &rows(36..40)?, &mut ())?;
    /// let probabilities = model.probabilities(&rows(40..60)?)?;
    /// assert!(probabilities[[0, 0]] > 0.9 && probabilities[[1, 0]] < 0.1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A table has no labels or a missing cell; parameters out of range; too few rows; a device that
    /// does not exist.
    pub fn fit_rows(
        &self,
        train: &FeatureTable,
        valid: &FeatureTable,
        monitor: &mut dyn Monitor,
    ) -> Result<DenseModel> {
        let total = 2 * self.train.epochs;
        let n_classes = train.classes().len();
        let [train_labels, valid_labels] = [train, valid].map(FeatureTable::labels);
        let train_labels = train_labels.ok_or(Error::NoLabels)?;
        let valid_labels = valid_labels.ok_or(Error::NoLabels)?;
        let mut done = 0;

        let views = FeatureViews::fit(train, self.log_variances)?;
        let data = views.dataset(train, train_labels, n_classes)?;
        let held_out = views.dataset(valid, valid_labels, n_classes)?;
        let history = Training::new(self.net.clone(), &self.train, &data)
            .device(self.device)
            .validate(&held_out)
            .on_epoch(|epoch| {
                done += 1;
                monitor.report(&epoch_progress(epoch, done, total))
            })
            .run()?
            .history;
        let scores = history.epochs.iter().enumerate();
        let accuracy = |epoch: &EpochScores| epoch.validation_accuracy.unwrap_or_default();
        let best = scores.max_by(|(_, a), (_, b)| accuracy(a).total_cmp(&accuracy(b)));
        let epochs = best.map_or(1, |(epoch, _)| epoch + 1);

        let all = without_labels(&[train, valid])?;
        let labels = [train_labels, valid_labels].concat();
        let views = FeatureViews::fit(&all, self.log_variances)?;
        let data = views.dataset(&all, &labels, n_classes)?;
        let training = Training::new(self.net.clone(), &self.train, &data);
        let trained = training.device(self.device).on_epoch(|epoch| {
            done += 1;
            let goes_on = monitor.report(&epoch_progress(epoch, done, total));
            match epoch.history().epochs.len() < epochs {
                true => goes_on,
                false => ControlFlow::Break(()),
            }
        });
        Ok(DenseModel {
            classifier: trained.run()?.model,
            history,
            epochs,
            scalers: views.0.into(),
            classes: train.classes().to_vec(),
        })
    }
}

impl DenseModel {
    /// The probabilities of the rows of a table, `(n_rows, n_classes)`. Features are found by name.
    ///
    /// # Errors
    ///
    /// The table lacks a feature, or has a missing cell.
    pub fn probabilities(&self, table: &FeatureTable) -> Result<Array2<f32>> {
        let names = self.feature_names();
        let features = match table.feature_names() == names {
            true => FeatureViews::transform(&self.scalers, table)?,
            false => FeatureViews::transform(&self.scalers, &table.select_features(names)?)?,
        };
        Ok(self.classifier.probabilities(features.view())?)
    }

    /// The names of the features.
    pub fn feature_names(&self) -> &[String] {
        self.scalers[0].feature_names()
    }

    /// The names of the classes, in the order of the probabilities.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Writes the network with its scalers and the names of features and classes: a safetensors file, which
    /// [`Classifier::load`] reads without them.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_to(path.as_ref())
    }

    fn save_to(&self, path: &Path) -> Result<()> {
        let parts = Parts {
            classes: self.classes.clone(),
            scalers: (*self.scalers).clone(),
            epochs: self.epochs,
            history: self.history.clone(),
        };
        // Strings and finite numbers: serialisation cannot fail.
        let parts = serde_json::to_string(&parts).unwrap_or_default();
        let classifier = self.classifier.clone().with_attribute(TABLE, parts);
        Ok(classifier.save(path)?)
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// ```
    /// use timbral::data::FeatureTable;
    /// use timbral::{DenseModel, DenseParams};
    ///
    /// let ids = (0..20).map(|i| format!("{i}")).collect();
    /// let x = ndarray::Array2::from_shape_fn((20, 1), |(i, _)| (i % 2) as f32);
    /// let table = FeatureTable::new(vec!["x".into()], x, ids)?
    ///     .with_labels((0..20).map(|i| ["jazz", "rock"][i % 2]))?;
    /// let mut params = DenseParams::default();
    /// params.train.epochs = 1;
    /// let rows = |range: std::ops::Range<usize>| table.select(&range.collect::<Vec<_>>());
    /// let model = params.fit_rows(&rows(0..16)?, &rows(16..20)?, &mut ())?;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("dense.safetensors");
    /// model.save(&path)?;
    /// let loaded = DenseModel::load(&path)?;
    /// assert_eq!(loaded.classes(), ["jazz", "rock"]);
    /// assert_eq!(loaded.probabilities(&table)?, model.probabilities(&table)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The file cannot be read, is damaged, or is a network that was saved without its scalers
    /// ([`Error::Saved`]).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_from(path.as_ref())
    }

    fn load_from(path: &Path) -> Result<Self> {
        let classifier = Classifier::load(path)?;
        let saved = |reason: String| Error::saved(path, reason);
        let parts = classifier.attributes().get(TABLE).ok_or_else(|| {
            saved("a network without scalers and names: not one that train-dense wrote".to_owned())
        })?;
        let parts: Parts = serde_json::from_str(parts)
            .map_err(|e| saved(format!("not a valid model: {TABLE}: {e}")))?;
        let model = Self {
            classifier: classifier.without_attribute(TABLE),
            history: parts.history,
            epochs: parts.epochs,
            scalers: parts.scalers.into(),
            classes: parts.classes,
        };
        match model.fault() {
            None => Ok(model),
            Some(fault) => Err(saved(format!("not a valid model: {fault}"))),
        }
    }

    /// What does not fit, if anything.
    fn fault(&self) -> Option<String> {
        let [plain, log] = self.scalers.each_ref().map(Scaler::feature_names);
        let (shape, n_classes) = (self.classifier.input(), self.classifier.n_classes());
        if plain != log
            || (shape.height, shape.width) != (1, 1)
            || shape.channels != 2 * plain.len()
        {
            return Some(format!("scalers of {} features for {shape:?}", plain.len()));
        }
        let n = self.classes.len();
        (n != n_classes).then(|| format!("{n} names for {n_classes} classes"))
    }
}

impl Recipe for DenseParams {
    fn name(&self) -> String {
        "dense".to_owned()
    }

    fn parameters(&self) -> Value {
        let mut parameters = json!(self);
        parameters["device"] = self.device.to_string().into();
        parameters
    }

    fn validation(&self) -> Validation {
        Validation::Random(self.validation)
    }

    fn refits(&self) -> bool {
        true
    }

    fn fit(
        &self,
        experiment: &Experiment,
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<Box<dyn FittedModel + '_>> {
        let mut params = self.clone();
        params.train.seed = seed;
        let experiment = experiment.with_validation(self.validation(), seed)?;
        let valid = experiment.valid.as_ref();
        let valid = valid.ok_or(Error::EmptyPart { part: "validation" })?;
        let model = params.fit_rows(&experiment.train, valid, monitor)?;
        Ok(Box::new(FittedDense { params, model }))
    }
}

/// A model with its parameters.
struct FittedDense {
    params: DenseParams,
    model: DenseModel,
}

impl FittedModel for FittedDense {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        self.model.probabilities(rows)
    }

    fn details(&self) -> Value {
        json!({
            "parameters": self.params,
            "epochs": self.model.epochs,
            "history": self.model.history,
        })
    }

    fn summary(&self) -> String {
        format!("{} epochs, chosen on validation rows", self.model.epochs)
    }

    fn save(&self, path: &Path) -> Result<()> {
        self.model.save(path)
    }
}

/// The scalers of both forms of the features: as they are, and with logarithms of variances.
struct FeatureViews([Scaler; 2]);

impl FeatureViews {
    fn fit(table: &FeatureTable, log_variances: Option<bool>) -> Result<Self> {
        complete(table)?;
        let rows: Vec<usize> = (0..table.n_rows()).collect();
        let plain = ScalerParams::default();
        let wanted = log_variances.unwrap_or_else(|| has_variances(table));
        let log = ScalerParams {
            log_variances: wanted.then_some(LEAST_VARIANCE),
            ..plain
        };
        Ok(Self([plain.fit(table, &rows)?, log.fit(table, &rows)?]))
    }

    fn transform(scalers: &[Scaler; 2], table: &FeatureTable) -> Result<Array2<f32>> {
        complete(table)?;
        let [plain, log] = scalers.each_ref().map(|scaler| scaler.transform(table));
        let (plain, log) = (plain?, log?);
        let views = [plain.features(), log.features()];
        Ok(concatenate(Axis(1), &views).unwrap_or_default())
    }

    fn dataset(&self, rows: &FeatureTable, labels: &[usize], n_classes: usize) -> Result<Dataset> {
        let features = Self::transform(&self.0, rows)?;
        Ok(Dataset::new(features.view(), labels, n_classes)?)
    }
}

/// Whether the columns that end in `_var` are variances: each has one of means, and none is negative.
fn has_variances(table: &FeatureTable) -> bool {
    let names = table.feature_names();
    let features = table.features();
    let mut columns = names.iter().zip(features.columns());
    columns.all(|(name, column)| match name.strip_suffix("_var") {
        Some(stem) => {
            let mean = format!("{stem}_mean");
            names.contains(&mean) && column.iter().all(|x| *x >= 0.0)
        }
        None => true,
    })
}

/// The rows of tables with the same features, one table after the other.
fn without_labels(tables: &[&FeatureTable]) -> Result<FeatureTable> {
    let names = tables
        .first()
        .map_or(&[][..], |table| table.feature_names());
    let features: Vec<_> = tables.iter().map(|table| table.features()).collect();
    let features = concatenate(Axis(0), &features).unwrap_or_default();
    let ids = tables.iter().flat_map(|table| table.ids()).cloned();
    Ok(FeatureTable::new(names.to_vec(), features, ids.collect())?)
}
