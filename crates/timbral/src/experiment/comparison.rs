//! Models by splits by seeds.

mod rows;
mod select;

use std::ops::ControlFlow;
use std::path::Path;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use timbral_data::{FeatureTable, Split, SplitMethod, TableJournal};

use crate::error::{Error, Result};
use crate::recipes::recipe::{Progress, Recipe, fit_and_predict};

pub use rows::{Comparison, Pair, Row};

/// What [`compare`] goes through.
#[derive(Debug, Clone)]
pub struct CompareParams {
    /// The ways to split the table.
    pub splits: Vec<SplitMethod>,
    /// Splits of each way, with the seeds 0, 1 and so on, at least 1; default 1.
    pub seeds: u64,
    /// Whether ensembles are chosen, too. Every model is then fitted once more, to the training rows
    /// less a validation part; default true.
    pub ensembles: bool,
}

impl Default for CompareParams {
    fn default() -> Self {
        Self {
            splits: vec![SplitMethod::Random, SplitMethod::Grouped],
            seeds: 1,
            ensembles: true,
        }
    }
}

/// How far a comparison is.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<'a> {
    /// Fits done.
    pub done: usize,
    /// Fits in all.
    pub n_fits: usize,
    /// The model under way.
    pub model: &'a str,
    /// How far its fit is.
    pub progress: Progress,
}

/// One model under one split.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cell {
    fit_seconds: f64,
    predict_seconds: f64,
    /// The probabilities of the test rows, row after row.
    test: Vec<f32>,
    /// Those of the validation rows, of a model that has not learnt from them.
    valid: Vec<f32>,
}

/// All models under one split.
pub(crate) struct Round {
    method: SplitMethod,
    test: FeatureTable,
    valid: Option<FeatureTable>,
    /// One for each model.
    cells: Vec<Cell>,
}

impl Cell {
    /// `(n_rows, n_classes)` of a part.
    fn shares(values: &[f32], n_classes: usize) -> Result<Array2<f32>> {
        let shape = (values.len() / n_classes.max(1), n_classes);
        Array2::from_shape_vec(shape, values.to_vec()).map_err(|_| Error::Probabilities {
            expected: shape,
            got: (values.len(), 1),
        })
    }
}

impl Comparison {
    /// The journal of a comparison whose result is to be `path`: with it [`compare`] goes on where an
    /// earlier run ended. A model with other parameters is fitted anew. Discard the journal when the
    /// result is kept.
    ///
    /// # Errors
    ///
    /// The journal beside `path` cannot be read or written, or is of another table.
    pub fn journal(path: &Path, table: &FeatureTable) -> Result<TableJournal> {
        let sum: f64 = table.features().iter().map(|x| f64::from(*x)).sum();
        let (n_rows, n_features) = table.features().dim();
        let settings = format!("comparison 1: {n_rows} rows, {n_features} features, sum {sum:e}");
        Ok(TableJournal::resume(path, &["cell".to_owned()], &settings)?)
    }
}

/// Fits every model under every split and seed and judges them on the same rows.
///
/// `watch` is called after every step of every fit; with `Break` the comparison is of the splits and
/// seeds that all models are done with. Ensembles are chosen greedily on validation rows (Caruana et
/// al. 2004): starting from nothing, the model is added, again and again and with replacement, that
/// lowers the log loss of the mean most. Validation rows are the split's own, or a fifth of the
/// training rows drawn in the way of the split; no test row is looked at. The members are then those
/// fitted to all training rows. The model that the others are paired with is chosen on the validation
/// rows, too ([`Comparison::reference`]).
///
/// ```
/// use timbral::boost::BoostParams;
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::{CompareParams, Recipe, compare};
/// use std::ops::ControlFlow;
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]).collect::<Vec<_>>())?;
/// let trees = |n_rounds| BoostParams { n_rounds, ..Default::default() };
/// let models: [(&str, Box<dyn Recipe>); 2] =
///     [("few", Box::new(trees(1))), ("many", Box::new(trees(9)))];
/// let params = CompareParams { splits: vec![SplitMethod::Grouped], seeds: 2, ensembles: true };
/// let comparison = compare(&models, &table, &params, None, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!(comparison.rows.len(), 3);
/// assert_eq!((&*comparison.rows[2].model, comparison.rows[2].by_segment.mean), ("ensemble", 1.0));
/// assert_eq!(comparison.pairs[0].p_value, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of the models and splits; no models; the journal cannot be written.
pub fn compare<S: AsRef<str>>(
    models: &[(S, Box<dyn Recipe + '_>)],
    table: &FeatureTable,
    params: &CompareParams,
    mut journal: Option<&mut TableJournal>,
    watch: &mut (dyn FnMut(&Step<'_>) -> ControlFlow<()> + Send),
) -> Result<Comparison> {
    if models.is_empty() {
        return Err(Error::NoMembers);
    }
    let fits_a_cell = 1 + usize::from(params.ensembles);
    let n_fits = params.splits.len() * params.seeds as usize * models.len() * fits_a_cell;
    let mut done = 0;
    let mut rounds = Vec::new();
    'all: for &method in &params.splits {
        for seed in 0..params.seeds {
            let outer = method.split(table, seed)?;
            let inner = params.ensembles.then(|| inner(table, method, &outer, seed));
            let inner = inner.transpose()?;
            let mut cells = Vec::new();
            for (name, recipe) in models {
                let name = name.as_ref();
                let key = format!("{method}/{seed}/{}/{name}/{recipe:?}", params.ensembles);
                let kept = journal.as_ref().and_then(|j| j.rows(&key));
                let kept = kept.and_then(|rows| serde_json::from_str(rows.first()?.first()?).ok());
                let mut fit = |split: &Split| {
                    let mut stopped = false;
                    let predicted =
                        fit_and_predict(&**recipe, table, split, seed, &mut |progress| {
                            let flow = watch(&Step {
                                done,
                                n_fits,
                                model: name,
                                progress: progress.clone(),
                            });
                            stopped |= flow.is_break();
                            flow
                        });
                    if stopped {
                        // What a stopped fit gives is not the model.
                        return Ok(None);
                    }
                    let predicted = predicted?;
                    done += 1;
                    let step = Step {
                        done,
                        n_fits,
                        model: name,
                        progress: Progress::default(),
                    };
                    stopped |= watch(&step).is_break();
                    Ok::<_, Error>((!stopped).then_some(predicted))
                };
                let cell = match kept {
                    Some(cell) => {
                        done += fits_a_cell;
                        cell
                    }
                    None => {
                        let Some(predicted) = fit(&outer)? else {
                            break 'all;
                        };
                        let valid = match inner.as_ref().map(&mut fit).transpose()? {
                            Some(Some(predicted)) => predicted.probabilities,
                            Some(None) => break 'all,
                            None => Array2::zeros((0, 0)),
                        };
                        let cell = Cell {
                            fit_seconds: predicted.fit_seconds,
                            predict_seconds: predicted.predict_seconds,
                            test: predicted.probabilities.into_iter().collect(),
                            valid: valid.into_iter().collect(),
                        };
                        if let Some(journal) = &mut journal {
                            let text = serde_json::to_string(&cell).unwrap_or_default();
                            journal.append(&key, &[vec![text]])?;
                        }
                        cell
                    }
                };
                cells.push(cell);
            }
            rounds.push(Round {
                method,
                test: table.select(&outer.test)?,
                valid: inner.map(|s| table.select(&s.test)).transpose()?,
                cells,
            });
        }
    }
    let names: Vec<&str> = models.iter().map(|(name, _)| name.as_ref()).collect();
    Comparison::new(&names, table.classes(), rounds)
}

/// The validation part of a split as rows to judge by: its own, or one drawn of its training rows.
fn inner(table: &FeatureTable, method: SplitMethod, outer: &Split, seed: u64) -> Result<Split> {
    if !outer.valid.is_empty() {
        return Ok(Split {
            train: outer.train.clone(),
            valid: Vec::new(),
            test: outer.valid.clone(),
        });
    }
    let drawn = method.split(&table.select(&outer.train)?, seed)?;
    let rows = |part: &[usize]| part.iter().map(|i| outer.train[*i]).collect();
    Ok(Split {
        train: rows(&drawn.train),
        valid: Vec::new(),
        test: rows(&drawn.test),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use timbral_boost::BoostParams;

    use super::*;

    /// Twenty recordings of three rows; `x` tells the classes apart but for one row in six.
    fn table() -> FeatureTable {
        let x = Array2::from_shape_fn((60, 1), |(i, _)| {
            ((i / 3 + usize::from(i % 6 == 0)) % 2) as f32
        });
        let ids = (0..60).map(|i| i.to_string()).collect();
        FeatureTable::new(vec!["x".into()], x, ids)
            .and_then(|t| t.with_groups((0..60).map(|i| (i / 3).to_string())))
            .and_then(|t| t.with_labels((0..60).map(|i| (i / 3 % 2).to_string())))
            .unwrap()
    }

    fn models() -> [(&'static str, Box<dyn Recipe>); 2] {
        let trees = |n_rounds| BoostParams {
            n_rounds,
            ..Default::default()
        };
        [
            ("one", Box::new(trees(1)) as _),
            ("ten", Box::new(trees(10)) as _),
        ]
    }

    #[test]
    fn a_stopped_comparison_goes_on_to_the_same_result() {
        let (table, models) = (table(), models());
        let params = CompareParams {
            seeds: 2,
            ..Default::default()
        };
        let go_on = &mut |_: &Step<'_>| ControlFlow::Continue(());
        let whole = compare(&models, &table, &params, None, go_on).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        let fits = AtomicUsize::new(0);
        // Stopped in the sixth fit, the second of the third cell.
        let mut journal = Comparison::journal(&path, &table).unwrap();
        let mut stop = |step: &Step<'_>| match step.done {
            5 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let part = compare(&models, &table, &params, Some(&mut journal), &mut stop).unwrap();
        assert_eq!(part.rows.len(), 3);
        drop(journal);
        let mut journal = Comparison::journal(&path, &table).unwrap();
        let mut count = |step: &Step<'_>| {
            fits.fetch_max(step.n_fits - step.done, Ordering::Relaxed);
            ControlFlow::Continue(())
        };
        let rest = compare(&models, &table, &params, Some(&mut journal), &mut count).unwrap();
        // Of 16 fits four were kept.
        assert_eq!(fits.load(Ordering::Relaxed), 12);
        let scores = |c: &Comparison| -> Vec<_> {
            let rows = c
                .rows
                .iter()
                .map(|r| (r.model.clone(), r.split.clone(), r.by_segment, r.interval));
            rows.collect()
        };
        assert_eq!(scores(&whole), scores(&rest));
        // All fits are kept now, but not those of other parameters.
        for (n_rounds, n_fits) in [(10, 0), (11, 8)] {
            let (one, ten) = (
                BoostParams {
                    n_rounds: 1,
                    ..Default::default()
                },
                BoostParams {
                    n_rounds,
                    ..Default::default()
                },
            );
            let models: [(&str, Box<dyn Recipe>); 2] =
                [("one", Box::new(one)), ("ten", Box::new(ten))];
            let mut done = 0;
            let mut count = |step: &Step<'_>| {
                done += usize::from(step.progress == Progress::default());
                ControlFlow::Continue(())
            };
            compare(&models, &table, &params, Some(&mut journal), &mut count).unwrap();
            assert_eq!(done, n_fits, "{n_rounds} rounds");
        }
        journal.discard().unwrap();
        let other = table.select(&[0, 1, 2, 3, 4, 5]).unwrap();
        Comparison::journal(&path, &table).unwrap();
        assert!(Comparison::journal(&path, &other).is_err());
    }

    #[test]
    fn validation_rows_are_never_test_rows() {
        let table = table();
        for method in [SplitMethod::Random, SplitMethod::Grouped] {
            let outer = method.split(&table, 1).unwrap();
            let inner = inner(&table, method, &outer, 1).unwrap();
            let mut all = [inner.train, inner.test].concat();
            all.sort_unstable();
            assert_eq!(all, outer.train);
        }
        let own = Split {
            train: vec![0, 1],
            valid: vec![2],
            test: vec![3],
        };
        let inner = inner(&table, SplitMethod::FaultFiltered, &own, 0).unwrap();
        assert_eq!((inner.train, inner.test), (vec![0, 1], vec![2]));
    }

    #[test]
    fn nothing_to_compare_is_an_error() {
        let go_on = &mut |_: &Step<'_>| ControlFlow::Continue(());
        let result = compare::<&str>(&[], &table(), &CompareParams::default(), None, go_on);
        assert!(matches!(result, Err(Error::NoMembers)));
    }
}
