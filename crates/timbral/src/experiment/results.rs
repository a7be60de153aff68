use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use timbral_core::{JsonLines, JsonLinesError, differences};
use timbral_data::FeatureTable;

use crate::error::{Error, Result};
use crate::experiment::fingerprint::Fingerprint;

/// The version of the file format.
const FORMAT: &str = "timbral-results 1";

/// Results of experiments, in memory or in a log file, so that nothing is computed twice.
///
/// The key of a result is everything that it depends on: the recipe's name and parameters, the rows of the split, the
/// random seed and the content of the table (ids, groups, labels, features and classes, but not the name of its
/// file). [`Runner`](crate::Runner), [`compare`](crate::compare), the [study](crate::study) and the [search for
/// parameters](crate::tune) compute only results that are not here yet. So work that was stopped or killed continues
/// where it was, and more seeds, models or trials are added to the known results.
///
/// A clone refers to the same results.
///
/// ```
/// use timbral::boost::BoostParams;
/// use timbral::data::FeatureTable;
/// use timbral::{Results, Runner};
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 2) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "rock"][i % 2]))?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("results.jsonl");
/// let trees = BoostParams { n_rounds: 2, ..Default::default() };
///
/// let results = Results::open(&path, [&table])?;
/// Runner::new(&table).recipe(&trees).seeds(0..2).results(&results).run(&mut ())?;
/// drop(results);
/// // Two of the three fits are in the file.
/// let results = Results::open(&path, [&table])?;
/// assert_eq!(results.len(), 2);
/// let runs = Runner::new(&table).recipe(&trees).seeds(0..3).results(&results).run(&mut ())?;
/// assert_eq!((runs.len(), results.len()), (3, 3));
///
/// let other = table.select(&[0, 1, 2])?;
/// let error = Results::open(&path, [&other]).unwrap_err().to_string();
/// assert!(error.contains("rows: 60, not 3"), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Results(Arc<Mutex<Store>>);

#[derive(Debug, Default)]
struct Store {
    log: Option<JsonLines>,
    known: HashMap<String, Value>,
}

/// All that a result depends on.
#[derive(Debug, Serialize)]
pub(crate) struct ResultKey<'a> {
    pub(crate) kind: ResultKind,
    pub(crate) table: &'a Fingerprint,
    pub(crate) split: &'a Fingerprint,
    pub(crate) seed: u64,
    pub(crate) model: &'a str,
    pub(crate) parameters: &'a Value,
}

/// What is kept.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResultKind {
    /// Probabilities, times and details of a fit.
    Fit,
    /// The number of correct test rows.
    Score,
}

/// A line of the log.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: Value,
    value: Value,
}

impl Results {
    /// In memory only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the log at `path` with its results, or starts a new one. `tables` are the tables of the
    /// experiments; without any the log takes results about all data. An incomplete last line, which a killed
    /// process leaves, is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::OtherResults`], which names the differences, for a log about other tables;
    /// [`Error::Log`] if the file cannot be read or written, is not such a log, or is damaged. The file
    /// is left as it is then.
    pub fn open<'t>(
        path: impl AsRef<Path>,
        tables: impl IntoIterator<Item = &'t FeatureTable>,
    ) -> Result<Self> {
        let path = path.as_ref();
        let tables: Vec<Value> = tables.into_iter().map(describe).collect();
        let settings = json!({ "format": FORMAT, "tables": tables });
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            fs::create_dir_all(folder).map_err(|reason| JsonLinesError::Io {
                path: folder.to_owned(),
                reason,
            })?;
        }
        let (log, entries) = JsonLines::open::<Entry>(path, &settings).map_err(name_differences)?;
        let known = entries.into_iter().map(|e| (e.key.to_string(), e.value));
        let store = Store {
            log: Some(log),
            known: known.collect(),
        };
        Ok(Self(Arc::new(Mutex::new(store))))
    }

    /// Number of results.
    pub fn len(&self) -> usize {
        self.with(|store| store.known.len())
    }

    /// Whether there is no result.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the known result if `accept` takes it, or else the result of `compute`, which is kept from then
    /// on. Errors are not kept, and neither are values that JSON cannot hold, such as infinities.
    ///
    /// The result has been passed to the operating system when this returns, so that it survives a kill of the
    /// process.
    pub(crate) fn recall<T: Serialize + DeserializeOwned>(
        &self,
        key: &ResultKey<'_>,
        accept: impl FnOnce(&T) -> bool,
        compute: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        // Names and finite numbers: serialisation cannot fail.
        let key = serde_json::to_value(key).unwrap_or_default();
        let name = key.to_string();
        let known = self.with(|store| store.known.get(&name).cloned());
        let known = known.and_then(|value| serde_json::from_value(value).ok());
        if let Some(known) = known.filter(accept) {
            return Ok(known);
        }
        let result = compute()?;
        let value = serde_json::to_value(&result).unwrap_or_default();
        if T::deserialize(&value).is_ok() {
            let entry = Entry { key, value };
            self.with(|store| store.keep(name, entry))?;
        }
        Ok(result)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store {
    fn keep(&mut self, name: String, entry: Entry) -> Result<()> {
        if let Some(log) = &mut self.log {
            log.append(&entry).map_err(|reason| JsonLinesError::Io {
                path: log.path().to_owned(),
                reason,
            })?;
        }
        self.known.insert(name, entry.value);
        Ok(())
    }
}

/// What identifies a table, with its size to name in messages.
fn describe(table: &FeatureTable) -> Value {
    json!({
        "rows": table.n_rows(),
        "recordings": table.n_groups(),
        "features": table.n_features(),
        "classes": table.classes(),
        "content": Fingerprint::of_table(table),
    })
}

/// Names what differs in a log about other tables.
fn name_differences(error: JsonLinesError) -> Error {
    match error {
        JsonLinesError::OtherSettings {
            path,
            found,
            expected,
        } => {
            let all = differences(&found, &expected);
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            let differences = all.join("; ");
            Error::OtherResults { path, differences }
        }
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(n: usize) -> FeatureTable {
        let ids = (0..n).map(|row| row.to_string()).collect();
        FeatureTable::new(vec![], ndarray::Array2::zeros((n, 0)), ids).unwrap()
    }

    fn recall(results: &Results, seed: u64, computed: Result<f64>) -> Result<f64> {
        let content = Fingerprint::of_table(&table(1));
        let key = ResultKey {
            kind: ResultKind::Score,
            table: &content,
            split: &content,
            seed,
            model: "m",
            parameters: &json!({ "x": 1 }),
        };
        results.recall(&key, |_| true, || computed)
    }

    #[test]
    fn results_survive_and_a_line_cut_short_is_computed_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/log.jsonl");
        let open = || Results::open(&path, [&table(3)]).unwrap();
        let results = open();
        assert!(results.is_empty());
        for seed in 0..2 {
            assert_eq!(recall(&results, seed, Ok(0.1 + 0.2)).unwrap(), 0.1 + 0.2);
        }
        drop(results);
        let bytes = fs::read(&path).unwrap();
        for cut in 0..=bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            let results = open();
            let lines = bytes[..cut].iter().filter(|b| **b == b'\n').count();
            assert_eq!(results.len(), lines.saturating_sub(1), "cut at {cut}");
            // The same results make the same file again, to the byte.
            for seed in 0..2 {
                assert_eq!(recall(&results, seed, Ok(0.1 + 0.2)).unwrap(), 0.1 + 0.2);
            }
            assert_eq!(fs::read(&path).unwrap(), bytes, "cut at {cut}");
        }
    }

    #[test]
    fn a_log_of_other_data_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        drop(Results::open(&path, [&table(3)]).unwrap());
        let text = fs::read_to_string(&path).unwrap();
        let error = Results::open(&path, [&table(4)]).unwrap_err().to_string();
        assert!(error.contains("log.jsonl: "), "{error}");
        assert!(error.contains("tables.0.rows: 3, not 4"), "{error}");
        assert!(error.contains("another file"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        fs::write(&path, "my notes\n").unwrap();
        let error = Results::open(&path, [&table(4)]).unwrap_err().to_string();
        assert!(error.contains("log.jsonl: is not a log"), "{error}");
        fs::write(&path, format!("{text}{{\"key\":1,\"value\":2}}\ngarbage\n")).unwrap();
        let error = Results::open(&path, [&table(3)]).unwrap_err().to_string();
        assert!(error.contains("log.jsonl:3: "), "{error}");
    }

    #[test]
    fn only_results_are_kept() {
        let results = Results::new();
        assert!(matches!(
            recall(&results, 0, Err(Error::Stopped)),
            Err(Error::Stopped)
        ));
        assert_eq!(
            recall(&results, 0, Ok(f64::INFINITY)).unwrap(),
            f64::INFINITY
        );
        assert_eq!(
            (results.len(), recall(&results, 0, Ok(1.0)).unwrap()),
            (0, 1.0)
        );
        assert_eq!(
            (results.len(), recall(&results, 0, Ok(2.0)).unwrap()),
            (1, 1.0)
        );
        assert_eq!(recall(&results.clone(), 1, Ok(2.0)).unwrap(), 2.0);
        assert_eq!(results.len(), 2);
    }
}
