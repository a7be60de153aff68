use timbral_boost::{BinnedRows, BoostParams, Dataset, Model, RowSource, Training};
use timbral_core::{Monitor, Progress};
use timbral_data::{FeatureTable, TableShards};

use super::boosted::objective;
use crate::error::{Error, Result};

/// Rows read at a time.
const BLOCK: usize = 1 << 16;

/// Trains boosted trees on all rows of a table in several Parquet files (shards), on disk or elsewhere. The table is
/// never in memory as a whole.
///
/// The model equals that of the same rows in one table, bit for bit; it has the names of the features and the
/// classes. The objective follows from the number of classes as for [`BoostParams`] as a [`Recipe`](crate::Recipe):
/// `binary:logistic` for two classes, else `multi:softprob`. The memory that is needed is documented at
/// [`BinnedRows`].
///
/// Progress is reported in `rows` while the shards are read (twice, or three times if values are missing), then in
/// `rounds`. On `Break` the function returns [`Error::Stopped`] while reading, and the model of the rounds so far
/// while training.
///
/// # Errors
/// [`Error::NoLabels`], [`Error::OneClass`], those of reading tables, and those of [`Training::run`].
pub fn train_on_shards(
    params: &BoostParams,
    shards: &TableShards,
    monitor: &mut dyn Monitor,
) -> Result<Model> {
    match shards.classes() {
        [] => return Err(Error::NoLabels),
        [label] => {
            let label = label.clone();
            return Err(Error::OneClass { label });
        }
        _ => {}
    }
    let params = BoostParams {
        objective: objective(shards.classes().len()),
        ..params.clone()
    };
    let mut source = ShardSource {
        shards,
        monitor,
        failed: None,
    };
    let rows = BinnedRows::read(&params, &mut source);
    if let Some(error) = source.failed {
        return Err(error);
    }
    let model = Training::on_bins(&params, &rows?)
        .monitor(monitor)
        .run()?
        .model;
    let model = model.with_feature_names(shards.feature_names().to_vec())?;
    Ok(model.with_class_names(shards.classes().to_vec())?)
}

/// The rows of shards with the numbers of their classes.
struct ShardSource<'a> {
    shards: &'a TableShards,
    monitor: &'a mut dyn Monitor,
    /// What ended the reading, if it was no error of trees.
    failed: Option<Error>,
}

impl RowSource for ShardSource<'_> {
    fn n_rows(&self) -> usize {
        self.shards.n_rows()
    }

    fn n_features(&self) -> usize {
        self.shards.feature_names().len()
    }

    fn visit(
        &mut self,
        visit: &mut dyn FnMut(&Dataset<'_>) -> timbral_boost::Result<()>,
    ) -> timbral_boost::Result<()> {
        let mut done = 0;
        let read = self.shards.visit(BLOCK, |block| {
            let labels = labels(self.shards, block)?;
            visit(&Dataset::new(block.features(), &labels)?)?;
            done += block.n_rows();
            let progress = Progress::new(done, self.shards.n_rows(), "rows");
            match self.monitor.report(&progress).is_break() {
                true => Err(Error::Stopped),
                false => Ok(()),
            }
        });
        match read {
            Ok(()) => Ok(()),
            Err(Error::Boost(error)) => Err(error),
            Err(error) => {
                let reason = error.to_string().into();
                self.failed = Some(error);
                Err(timbral_boost::Error::Source(reason))
            }
        }
    }
}

/// The numbers of the classes of the rows of a block among all classes.
fn labels(shards: &TableShards, block: &FeatureTable) -> Result<Vec<f32>> {
    let numbers = block.classes().iter().map(|class| {
        let number = shards.classes().iter().position(|other| other == class);
        number.ok_or_else(|| Error::UnknownLabel {
            label: class.clone(),
            classes: shards.classes().to_vec(),
        })
    });
    let numbers: Vec<usize> = numbers.collect::<Result<_>>()?;
    let labels = block.labels().ok_or(Error::NoLabels)?;
    Ok(labels.iter().map(|&label| numbers[label] as f32).collect())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::Path;

    use ndarray::{Array2, concatenate};
    use timbral_data::TableSchema;

    use super::*;
    use crate::recipes::boosted;

    /// Rows of some classes; every seventh value of one column is missing.
    fn table(start: usize, classes: &[&str]) -> FeatureTable {
        let x = Array2::from_shape_fn((50, 3), |(i, j)| match j {
            0 => ((start + i) % classes.len()) as f32 + (i % 5) as f32 / 10.0,
            1 if i % 7 == 0 => f32::NAN,
            _ => ((start + i) * 37 % 61) as f32,
        });
        let names = ["x", "some", "noise"].map(str::to_owned).to_vec();
        let ids = (0..50).map(|i| (start + i).to_string()).collect();
        let labels = (0..50).map(|i| classes[(start + i) % classes.len()]);
        let table = FeatureTable::new(names, x, ids);
        table.and_then(|t| t.with_labels(labels)).unwrap()
    }

    fn write(folder: &Path, tables: &[FeatureTable]) -> TableShards {
        for (i, table) in tables.iter().enumerate() {
            table.write(folder.join(format!("{i}.parquet"))).unwrap();
        }
        TableShards::open(&TableSchema::default(), folder).unwrap()
    }

    /// The classes of the second shard are others than those of the first.
    #[test]
    fn the_model_is_that_of_one_table() {
        let tables = [
            table(0, &["rock", "jazz"]),
            table(7, &["blues", "jazz", "rock"]),
        ];
        let folder = tempfile::tempdir().unwrap();
        let shards = write(folder.path(), &tables);
        let params = BoostParams {
            n_rounds: 4,
            subsample: 0.7,
            ..Default::default()
        };
        let mut steps = Vec::new();
        let mut monitor = |p: &Progress| {
            steps.push((p.unit.to_string(), p.done));
            ControlFlow::Continue(())
        };
        let model = train_on_shards(&params, &shards, &mut monitor).unwrap();
        let [a, b] = &tables;
        let features = concatenate![ndarray::Axis(0), a.features(), b.features()];
        let name = |t: &FeatureTable| {
            let labels = t.labels().unwrap().to_vec();
            labels
                .into_iter()
                .map(|l| t.classes()[l].clone())
                .collect::<Vec<_>>()
        };
        let names = ["x", "some", "noise"].map(str::to_owned).to_vec();
        let ids = (0..100).map(|i| i.to_string()).collect();
        let whole = FeatureTable::new(names.clone(), features, ids).unwrap();
        let whole = whole.with_labels([name(a), name(b)].concat()).unwrap();
        let labels = boosted::labels(&whole).unwrap();
        let data = Dataset::new(whole.features(), &labels).unwrap();
        let params = BoostParams {
            objective: objective(3),
            ..params
        };
        let expected = params.fit(&data).unwrap();
        let expected = expected.with_feature_names(names).unwrap();
        let expected = expected.with_class_names(whole.classes().to_vec()).unwrap();
        assert_eq!(model, expected);
        // Three readings, as there are missing values.
        let step = |unit: &str, done| (unit.to_owned(), done);
        let reading = [step("rows", 50), step("rows", 100)];
        let rounds: Vec<_> = (1..=4).map(|i| step("rounds", i)).collect();
        assert_eq!(steps, [&reading[..], &reading, &reading, &rounds].concat());
    }

    /// Shards elsewhere are read again at each pass.
    #[test]
    fn the_model_does_not_depend_on_where_the_shards_are() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};

        let tables = [table(0, &["rock", "jazz"]), table(7, &["blues", "rock"])];
        let folder = tempfile::tempdir().unwrap();
        let local = write(folder.path(), &tables);
        let params = BoostParams {
            n_rounds: 3,
            ..Default::default()
        };
        let expected = train_on_shards(&params, &local, &mut ()).unwrap();
        let bytes = |i: usize| std::fs::read(folder.path().join(format!("{i}.parquet"))).unwrap();
        let store = [bytes(0), bytes(1)];
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let read = move |i: usize| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(store[i].clone())
        };
        let schema = TableSchema::default();
        let shards = TableShards::open_with(&schema, ["s3://b/0", "s3://b/1"], read).unwrap();
        assert_eq!(shards.paths()[1], Path::new("s3://b/1"));
        let model = train_on_shards(&params, &shards, &mut ()).unwrap();
        assert_eq!(model, expected);
        // Labels; cuts, twice as values are missing; bins.
        assert_eq!(count.load(Ordering::Relaxed), 4 * 2);

        let names = ["s3://b/0", "s3://b/1"];
        let first = bytes(0);
        let broken = move |i: usize| match i {
            0 => Ok(first.clone()),
            _ => Err(std::io::Error::other("no connection")),
        };
        let error = TableShards::open_with(&schema, names, broken).unwrap_err();
        assert_eq!(error.to_string(), "s3://b/1: no connection");
        let cut = |_: usize| Ok("PAR1");
        let error = TableShards::open_with(&schema, names, cut).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("s3://b/0: not a Parquet table"),
            "{error}"
        );
        let none = TableShards::open_with(&schema, [""; 0], cut).unwrap_err();
        assert_eq!(none.to_string(), "the store: the table has no shards");
    }

    #[test]
    fn what_cannot_be_trained_on_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let other = table(0, &["rock", "jazz"]);
        let names = ["x", "other", "noise"].map(str::to_owned).to_vec();
        let ids = other.ids().to_vec();
        let other = FeatureTable::new(names, other.features().to_owned(), ids).unwrap();
        table(0, &["rock"])
            .write(folder.path().join("0.parquet"))
            .unwrap();
        let train = |shards: &TableShards| {
            train_on_shards(&BoostParams::default(), shards, &mut ()).unwrap_err()
        };
        let open = || TableShards::open(&TableSchema::default(), folder.path());
        assert!(matches!(train(&open().unwrap()), Error::OneClass { .. }));
        other.write(folder.path().join("1.parquet")).unwrap();
        let error = open().unwrap_err().to_string();
        assert!(
            error.contains("1.parquet: not a shard of the table that begins with"),
            "{error}"
        );
        assert!(error.ends_with("no column `some`"), "{error}");
        std::fs::remove_file(folder.path().join("1.parquet")).unwrap();
        table(3, &["jazz"])
            .write(folder.path().join("2.parquet"))
            .unwrap();
        let shards = open().unwrap();
        let mut stop = |_: &Progress| ControlFlow::Break(());
        let stopped = train_on_shards(&BoostParams::default(), &shards, &mut stop);
        assert!(matches!(stopped, Err(Error::Stopped)));
        std::fs::write(folder.path().join("2.parquet"), "PAR1").unwrap();
        assert!(train(&shards).to_string().contains("2.parquet"));
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        let error = open().unwrap_err().to_string();
        assert!(
            error.ends_with("the table has no files that end in .parquet"),
            "{error}"
        );
    }
}
