//! The comparison of models on the same splits.

mod rows;
mod select;

use timbral_core::Monitor;
use timbral_data::{FeatureTable, SplitMethod};

use crate::error::{Error, Result};
use crate::experiment::fingerprint::Fingerprint;
use crate::experiment::results::Results;
use crate::experiment::runner::{PlannedFit, Run, run_until_stopped};
use crate::recipes::recipe::Recipe;
use crate::tune::hold_out;

pub use rows::{Comparison, ComparisonRow, PairedTest};

/// Parameters of [`compare`].
#[derive(Debug, Clone)]
pub struct CompareParams {
    /// The ways to split the table; default random and grouped.
    pub splits: Vec<SplitMethod>,
    /// Number of splits of each kind, with the random seeds 0, 1 and so on; at least 1, default 1.
    pub seeds: u64,
    /// Whether ensembles are chosen. Every model is then fitted once more, to the training rows without
    /// a validation part; default true.
    pub ensembles: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for CompareParams {
    fn default() -> Self {
        Self {
            splits: vec![SplitMethod::Random, SplitMethod::Grouped],
            seeds: 1,
            ensembles: true,
            _non_exhaustive: (),
        }
    }
}

/// The runs of one model under one split.
pub(crate) struct ModelRuns {
    /// On the test rows.
    test: Run,
    /// On the validation rows, of the model that was not trained on them.
    valid: Option<Run>,
}

/// The runs of all models under one split.
pub(crate) struct SplitRuns {
    method: SplitMethod,
    /// One per model.
    models: Vec<ModelRuns>,
}

/// Fits every model under every split and seed and evaluates them on the same rows.
///
/// Fits that are in `results` are not repeated; new ones are added to it. `monitor` is called after every
/// step of every fit and after every fit. On `Break` the comparison has the splits and seeds for which all
/// models are finished.
///
/// Ensembles are chosen greedily on validation rows (Caruana et al. 2004): starting from nothing, the model that
/// lowers the log loss of the mean most is added, again and again and with replacement. Validation rows are those of
/// the split, or else a fifth of the training rows, drawn in the same way as the test rows; no test row is used. The
/// members are then those fitted to all training rows. The model that the others are tested against is chosen on the
/// validation rows, too ([`Comparison::reference`]).
///
/// ```
/// use timbral::boost::BoostParams;
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::{CompareParams, Recipe, Results, compare};
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]).collect::<Vec<_>>())?;
/// let trees = |n_rounds| BoostParams { n_rounds, ..Default::default() };
/// let models: [(&str, Box<dyn Recipe>); 2] =
///     [("few", Box::new(trees(1))), ("many", Box::new(trees(9)))];
/// let params = CompareParams {
///     splits: vec![SplitMethod::Grouped],
///     seeds: 2,
///     ..Default::default()
/// };
/// let comparison = compare(&models, &table, &params, &Results::new(), &mut ())?;
/// assert_eq!(comparison.rows.len(), 3);
/// assert_eq!((&*comparison.rows[2].model, comparison.rows[2].by_segment.mean), ("ensemble", 1.0));
/// assert_eq!(comparison.pairs[0].p_value, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of the models and splits; no models; the log cannot be written.
pub fn compare<S: AsRef<str>>(
    models: &[(S, Box<dyn Recipe + '_>)],
    table: &FeatureTable,
    params: &CompareParams,
    results: &Results,
    monitor: &mut dyn Monitor,
) -> Result<Comparison> {
    let named = models
        .iter()
        .map(|(name, recipe)| (name.as_ref(), &**recipe));
    compare_named(&named.collect::<Vec<_>>(), table, params, results, monitor)
}

fn compare_named(
    models: &[(&str, &dyn Recipe)],
    table: &FeatureTable,
    params: &CompareParams,
    results: &Results,
    monitor: &mut dyn Monitor,
) -> Result<Comparison> {
    if models.is_empty() {
        return Err(Error::NoMembers);
    }
    let content = Fingerprint::of_table(table);
    let mut plan = Vec::new();
    for &method in &params.splits {
        for seed in 0..params.seeds {
            let outer = method.split(table, seed)?;
            let inner = params
                .ensembles
                .then(|| hold_out(table, &outer, method, seed));
            let inner = inner.transpose()?;
            for &(name, recipe) in models {
                for split in [Some(&outer), inner.as_ref()].into_iter().flatten() {
                    let split = split.clone();
                    let fit = PlannedFit::new(recipe, table, &content, method, seed, split);
                    plan.push(fit.named(name).without_train_accuracy());
                }
            }
        }
    }
    let (runs, _) = run_until_stopped(&plan, results, monitor)?;
    let fits_per_model = 1 + usize::from(params.ensembles);
    let mut runs = runs.into_iter();
    let mut rounds = Vec::new();
    while runs.len() >= models.len() * fits_per_model {
        let mut of_models = Vec::new();
        for _ in models {
            let Some(test) = runs.next() else { break };
            let valid = params.ensembles.then(|| runs.next()).flatten();
            of_models.push(ModelRuns { test, valid });
        }
        let Some(method) = of_models.first().map(|model| model.test.split) else {
            break;
        };
        rounds.push(SplitRuns {
            method,
            models: of_models,
        });
    }
    Comparison::new(rounds)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use ndarray::Array2;
    use timbral_boost::BoostParams;
    use timbral_core::Progress;
    use timbral_data::Split;

    use super::*;

    /// Twenty recordings of three rows; `x` separates the classes except in one row of six.
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
        let all = compare(&models, &table, &params, &Results::new(), &mut ()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.jsonl");
        let open = || Results::open(&path, [&table]).unwrap();
        // Stopped after the fifth fit, the first of the second seed.
        let mut stop = |progress: &Progress| match progress.done {
            5 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let part = compare(&models, &table, &params, &open(), &mut stop).unwrap();
        assert_eq!(part.rows.len(), 3);
        let mut left = 0;
        let mut count = |progress: &Progress| {
            left = left.max(progress.total - progress.done);
            ControlFlow::Continue(())
        };
        let rest = compare(&models, &table, &params, &open(), &mut count).unwrap();
        // Of 16 fits five were kept.
        assert_eq!(left, 11);
        let scores = |c: &Comparison| -> Vec<_> {
            let rows = c
                .rows
                .iter()
                .map(|r| (r.model.clone(), r.split, r.by_segment, r.interval));
            rows.collect()
        };
        assert_eq!(scores(&all), scores(&rest));
        // All fits are known now, except those with other parameters.
        for (n_rounds, n_fits) in [(10, 0), (11, 8)] {
            let trees = |n_rounds| BoostParams {
                n_rounds,
                ..Default::default()
            };
            let models: [(&str, Box<dyn Recipe>); 2] = [
                ("one", Box::new(trees(1))),
                ("ten", Box::new(trees(n_rounds))),
            ];
            let mut done = 0;
            let mut count = |progress: &Progress| {
                // Within a fit the message has the rounds, too.
                done += usize::from(!progress.message.contains(':'));
                ControlFlow::Continue(())
            };
            compare(&models, &table, &params, &open(), &mut count).unwrap();
            assert_eq!(done, n_fits, "{n_rounds} rounds");
        }
        let other = table.select(&[0, 1, 2, 3, 4, 5]).unwrap();
        assert!(Results::open(&path, [&other]).is_err());
    }

    #[test]
    fn validation_rows_are_never_test_rows() {
        let table = table();
        for method in [SplitMethod::Random, SplitMethod::Grouped] {
            let outer = method.split(&table, 1).unwrap();
            let inner = hold_out(&table, &outer, method, 1).unwrap();
            let mut all = [inner.train, inner.test].concat();
            all.sort_unstable();
            assert_eq!(all, outer.train);
        }
        let own = Split {
            train: vec![0, 1],
            valid: vec![2],
            test: vec![3],
        };
        let inner = hold_out(&table, &own, SplitMethod::FaultFiltered, 0).unwrap();
        assert_eq!((inner.train, inner.test), (vec![0, 1], vec![2]));
    }

    #[test]
    fn nothing_to_compare_is_an_error() {
        let params = CompareParams::default();
        let result = compare::<&str>(&[], &table(), &params, &Results::new(), &mut ());
        assert!(matches!(result, Err(Error::NoMembers)));
    }
}
