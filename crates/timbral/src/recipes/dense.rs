use std::ops::ControlFlow;
use std::path::Path;

use ndarray::{Array2, Axis, concatenate};
use serde::{Deserialize, Serialize};
use timbral_data::{FeatureTable, Scaler, ScalerParams, Split};
use timbral_metrics::{TrainTestParams, train_test_split};
use timbral_nn::{
    Augment, Classifier, Dataset, Device, Epoch, EpochScores, History, MlpParams, Schedule,
    TrainParams, Training,
};

use crate::error::Result;
use crate::recipes::recipe::{Fitted, Progress, Recipe, Watch};

/// What is added to a variance before its logarithm: below the least one of any sound.
pub(crate) const LEAST_VARIANCE: f64 = 1e-10;

/// A dense network on a table of features: their scaling, the network, its training and when it ends.
///
/// The network sees every feature twice: as it is and, of variances, its logarithm, each brought to
/// mean 0 and variance 1 by the training rows. It is trained once beside validation rows, and the
/// epoch with the most of them right (the last of equals) is taken; then once more on training and
/// validation rows together, up to that epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DenseParams {
    /// The network.
    pub net: MlpParams,
    /// Its training; all its epochs are done beside the validation rows.
    pub train: TrainParams,
    /// The share of the training rows drawn as validation rows where the split has none, above 0
    /// and below 1.
    pub validation: f64,
    /// Where it is trained and used.
    #[serde(skip)]
    pub device: Device,
}

impl Default for DenseParams {
    /// Three layers of 512 units with dropout 0.1; 60 epochs of Adam at 0.003 with a cosine and
    /// mixup of 0.5; a tenth of the rows to choose the epoch by.
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
            device: Device::Cpu,
        }
    }
}

/// A fitted [`DenseParams`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DenseModel {
    /// The network, on both views of the features.
    pub classifier: Classifier,
    /// Every epoch beside the validation rows.
    pub history: History,
    /// Epochs that the network was trained.
    pub epochs: usize,
    pub(crate) scalers: [Scaler; 2],
}

impl DenseParams {
    /// Trains on the rows of a split that are not to judge by.
    ///
    /// `on_epoch` is called after every epoch, of both trainings; `Break` ends the one under way,
    /// and the next after its first epoch.
    ///
    /// ```
    /// use timbral::DenseParams;
    /// use timbral::data::{FeatureTable, Split};
    /// use std::ops::ControlFlow;
    ///
    /// let names = vec!["x_mean".to_owned()];
    /// let ids = (0..60).map(|i| format!("{i}")).collect();
    /// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 2) as f32 + i as f32 / 1e3);
    /// let table = FeatureTable::new(names, x, ids)?
    ///     .with_labels((0..60).map(|i| ["jazz", "rock"][i % 2]).collect::<Vec<_>>())?;
    /// let split = Split { train: (0..40).collect(), valid: vec![], test: (40..60).collect() };
    /// let model = DenseParams::default().fit(&table, &split, |_| ControlFlow::Continue(()))?;
    /// let probabilities = model.probabilities(&table.select(&split.test)?)?;
    /// assert!(probabilities[[0, 0]] > 0.9 && probabilities[[1, 0]] < 0.1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The table has no labels or a missing cell; parameters out of range; too few rows; a device
    /// that is not there.
    pub fn fit(
        &self,
        table: &FeatureTable,
        split: &Split,
        mut on_epoch: impl FnMut(&Epoch<'_>) -> ControlFlow<()> + Send,
    ) -> Result<DenseModel> {
        let seed = self.train.seed;
        let (train, valid) = match split.valid.is_empty() {
            false => (split.train.clone(), split.valid.clone()),
            true => {
                let test_size = self.validation;
                let params = TrainTestParams {
                    test_size,
                    seed,
                    ..TrainTestParams::default()
                };
                let drawn = train_test_split(split.train.len(), &params)?;
                let rows = |part: &[usize]| part.iter().map(|i| split.train[*i]).collect();
                (rows(&drawn.train), rows(&drawn.test))
            }
        };
        let views = Views::new(table, &train)?;
        let data = views.dataset(&table.select(&train)?)?;
        let held_out = views.dataset(&table.select(&valid)?)?;
        let history = Training::new(self.net.clone(), &self.train, &data)
            .device(self.device)
            .validate(&held_out)
            .on_epoch(&mut on_epoch)
            .run()?
            .history;
        let scores = history.epochs.iter().enumerate();
        let right = |epoch: &EpochScores| epoch.validation_accuracy.unwrap_or_default();
        let best = scores.max_by(|(_, a), (_, b)| right(a).total_cmp(&right(b)));
        let epochs = best.map_or(1, |(epoch, _)| epoch + 1);

        let all = [train, valid].concat();
        let views = Views::new(table, &all)?;
        let data = views.dataset(&table.select(&all)?)?;
        let training = Training::new(self.net.clone(), &self.train, &data);
        let trained = training.device(self.device).on_epoch(|epoch| {
            let goes_on = on_epoch(epoch);
            match epoch.history().epochs.len() < epochs {
                true => goes_on,
                false => ControlFlow::Break(()),
            }
        });
        Ok(DenseModel {
            classifier: trained.run()?.model,
            history,
            epochs,
            scalers: views.0,
        })
    }
}

impl DenseModel {
    /// The probabilities `(n_rows, n_classes)` of the rows of a table.
    ///
    /// # Errors
    ///
    /// The table has other features, or a missing cell.
    pub fn probabilities(&self, table: &FeatureTable) -> Result<Array2<f32>> {
        let features = Views::features(&self.scalers, table)?;
        Ok(self.classifier.probabilities(features.view())?)
    }
}

impl Recipe for DenseParams {
    fn name(&self) -> String {
        "dense".to_owned()
    }

    fn fit<'a>(
        &'a self,
        table: &FeatureTable,
        split: &Split,
        seed: u64,
        watch: Watch<'_>,
    ) -> Result<Box<dyn Fitted + 'a>> {
        let mut params = self.clone();
        params.train.seed = seed;
        let mut step = 0;
        let model = params.fit(table, split, |epoch| {
            step += 1;
            let n_steps = 2 * self.train.epochs;
            watch(&Progress::of_epoch(epoch, step, n_steps))
        })?;
        Ok(Box::new(FittedDense { params, model }))
    }
}

/// A model with its parameters.
struct FittedDense {
    params: DenseParams,
    model: DenseModel,
}

impl Fitted for FittedDense {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        self.model.probabilities(rows)
    }

    fn details(&self) -> serde_json::Value {
        serde_json::json!({
            "parameters": self.params,
            "epochs": self.model.epochs,
            "history": self.model.history,
        })
    }

    fn summary(&self) -> String {
        format!("{} epochs, chosen on validation rows", self.model.epochs)
    }

    fn save(&self, path: &Path) -> Result<()> {
        Ok(self.model.classifier.save(path)?)
    }
}

/// The scalers of both views.
struct Views([Scaler; 2]);

impl Views {
    fn new(table: &FeatureTable, rows: &[usize]) -> Result<Self> {
        let plain = ScalerParams::default();
        let log = ScalerParams {
            log_variances: Some(LEAST_VARIANCE),
            ..plain
        };
        Ok(Self([plain.fit(table, rows)?, log.fit(table, rows)?]))
    }

    fn features(scalers: &[Scaler; 2], table: &FeatureTable) -> Result<Array2<f32>> {
        let [plain, log] = scalers.each_ref().map(|scaler| scaler.transform(table));
        let (plain, log) = (plain?, log?);
        let views = [plain.features(), log.features()];
        Ok(concatenate(Axis(1), &views).unwrap_or_default())
    }

    fn dataset(&self, part: &FeatureTable) -> Result<Dataset> {
        let labels = part.labels().ok_or(crate::Error::NoLabels)?;
        let features = Self::features(&self.0, part)?;
        Ok(Dataset::new(features.view(), labels, part.classes().len())?)
    }
}
