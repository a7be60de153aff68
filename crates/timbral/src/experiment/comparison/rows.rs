use std::fmt;

use ndarray::Array2;
use serde::{Serialize, Serializer};
use timbral_data::SplitMethod;
use timbral_metrics::{BootstrapParams, bootstrap_by_group, mcnemar};

use super::select::greedy;
use super::{ModelRuns, SplitRuns};
use crate::error::{Error, Result};
use crate::experiment::fit::most_probable;
use crate::experiment::probabilities::{Probabilities, average_recordings};
use crate::experiment::spread::Spread;
use crate::recipes::ensemble::mean;

/// Resamples of an interval.
const N_RESAMPLES: usize = 2000;

/// The name of the chosen ensemble's rows.
const ENSEMBLE: &str = "ensemble";

/// The scores of a model under one way to split.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ComparisonRow {
    /// The way to split.
    #[serde(serialize_with = "name_of")]
    pub split: SplitMethod,
    /// The model.
    pub model: String,
    /// Number of seeds.
    pub seeds: usize,
    /// Accuracy on the validation rows of the model fitted without them. `None` if there are no validation rows,
    /// and for an ensemble, whose accuracy on these rows would be too optimistic because it was chosen on them.
    pub validation: Option<Spread>,
    /// Accuracy on the test rows.
    pub by_segment: Spread,
    /// Accuracy over the test recordings, each classified by the mean of its rows.
    pub by_recording: Spread,
    /// 95 % interval of the accuracy by recording: recordings are drawn with replacement, each with the
    /// predictions of all seeds. It does not include the variation over training rows.
    pub interval: (f64, f64),
    /// Mean log loss of the test rows, in nats.
    pub log_loss: f64,
    /// Mean wall-clock time of a fit; for an ensemble the sum over its members.
    pub fit_seconds: f64,
    /// Mean time of the probabilities of all test rows.
    pub predict_seconds: f64,
    /// For an ensemble, the members of each seed, each as often as it was chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Vec<String>>,
}

/// The comparison of two models on the same recordings, for the first seed only, because the test recordings of
/// several seeds are not independent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PairedTest {
    /// The way to split.
    #[serde(serialize_with = "name_of")]
    pub split: SplitMethod,
    /// The first model.
    pub first: String,
    /// The second model.
    pub second: String,
    /// Recordings that only the first classifies correctly.
    pub only_first: usize,
    /// Recordings that only the second classifies correctly.
    pub only_second: usize,
    /// McNemar's exact test ([`mcnemar`]), not corrected for the number of pairs.
    pub p_value: f64,
}

/// The result of [`compare`](crate::compare): `Display` prints a table for each way to split,
/// `Serialize` has the paired tests, too.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The rows by way to split, then by model; the ensemble is last.
    pub rows: Vec<ComparisonRow>,
    /// The tests of every two models.
    pub pairs: Vec<PairedTest>,
}

fn name_of<S: Serializer>(
    split: &SplitMethod,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(split)
}

/// The scores of a model under one split.
struct ModelScores {
    validation: Option<f64>,
    by_segment: f64,
    log_loss: f64,
    fit_seconds: f64,
    predict_seconds: f64,
    members: Vec<usize>,
    recordings: Vec<String>,
    /// The class of each recording.
    truth: Vec<usize>,
    /// Its prediction.
    predicted: Vec<usize>,
}

impl Comparison {
    pub(super) fn new(rounds: Vec<SplitRuns>) -> Result<Self> {
        let mut comparison = Self::default();
        for of_method in rounds.chunk_by(|a, b| a.method == b.method) {
            comparison.add(of_method)?;
        }
        Ok(comparison)
    }

    /// Adds the rounds of one way to split.
    fn add(&mut self, rounds: &[SplitRuns]) -> Result<()> {
        let Some(first) = rounds.first() else {
            return Ok(());
        };
        let split = first.method;
        let runs = first.models.iter();
        let mut names: Vec<String> = runs.map(|model| model.test.model.clone()).collect();
        // Models by rounds, then the ensemble.
        let mut scores: Vec<Vec<ModelScores>> = Vec::new();
        for model in 0..names.len() {
            let of = |round: &SplitRuns| round.model_scores(model);
            scores.push(rounds.iter().map(of).collect::<Result<_>>()?);
        }
        let ensembles = rounds.iter().filter_map(|r| r.ensemble().transpose());
        let ensembles = ensembles.collect::<Result<Vec<_>>>()?;
        let has_ensemble = !ensembles.is_empty();
        let models = names.clone();
        if has_ensemble {
            names.push(ENSEMBLE.to_owned());
            scores.push(ensembles);
        }
        for (i, (model, of_model)) in names.iter().zip(&scores).enumerate() {
            let mut row = ComparisonRow::new(split, model, of_model)?;
            if i == models.len() {
                let name = |member: &usize| models[*member].clone();
                let members = of_model.iter();
                let members = members.map(|s| s.members.iter().map(name).collect());
                row.members = members.collect();
            }
            self.rows.push(row);
        }
        for (i, first) in scores.iter().enumerate() {
            for (j, second) in scores.iter().enumerate().skip(i + 1) {
                let (a, b) = (&first[0], &second[0]);
                let test = mcnemar(&a.truth, &a.predicted, &b.predicted)?;
                self.pairs.push(PairedTest {
                    split,
                    first: names[i].clone(),
                    second: names[j].clone(),
                    only_first: test.only_first,
                    only_second: test.only_second,
                    p_value: test.p_value,
                });
            }
        }
        Ok(())
    }
}

impl SplitRuns {
    /// The scores of probabilities of the test rows, by models whose times are summed.
    fn scores(&self, probabilities: &Probabilities, members: &[usize]) -> Result<ModelScores> {
        let (by_segment, log_loss) = probabilities.accuracy_and_log_loss()?;
        let recordings = average_recordings(std::slice::from_ref(probabilities))?;
        let mut distinct = members.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let sum = |of: fn(&ModelRuns) -> f64| distinct.iter().map(|m| of(&self.models[*m])).sum();
        Ok(ModelScores {
            validation: None,
            by_segment,
            log_loss,
            fit_seconds: sum(|model| model.test.fit_seconds),
            predict_seconds: sum(|model| model.test.predict_seconds),
            members: members.to_vec(),
            truth: recordings.labels()?,
            predicted: most_probable(recordings.values())?,
            recordings: recordings.ids().to_vec(),
        })
    }

    /// The scores of a model, on the validation rows, too.
    fn model_scores(&self, model: usize) -> Result<ModelScores> {
        let ModelRuns { test, valid } = &self.models[model];
        let mut scores = self.scores(&test.probabilities, &[model])?;
        if let Some(valid) = valid {
            scores.validation = Some(valid.probabilities.accuracy_and_log_loss()?.0);
        }
        Ok(scores)
    }

    /// The ensemble that the validation rows choose; `None` where there are none.
    fn ensemble(&self) -> Result<Option<ModelScores>> {
        let valid: Option<Vec<&Probabilities>> = self
            .models
            .iter()
            .map(|model| model.valid.as_ref().map(|run| &run.probabilities))
            .collect();
        let Some((valid, first)) = valid.and_then(|v| v.first().copied().map(|f| (v, f))) else {
            return Ok(None);
        };
        let labels = first.labels()?;
        let values: Vec<Array2<f32>> = valid.iter().map(|p| p.values().to_owned()).collect();
        let members = greedy(&values, &labels)?;
        let test = |member: &usize| &self.models[*member].test.probabilities;
        let chosen: Vec<_> = members
            .iter()
            .map(|m| test(m).values().to_owned())
            .collect();
        let averaged = test(&0).with_values(mean(&chosen)?.view())?;
        self.scores(&averaged, &members).map(Some)
    }
}

impl ComparisonRow {
    /// One model under the splits of all seeds.
    fn new(split: SplitMethod, model: &str, scores: &[ModelScores]) -> Result<Self> {
        let correct = |s: &ModelScores| -> Vec<f64> {
            let pairs = s.truth.iter().zip(&s.predicted);
            pairs.map(|(t, p)| f64::from(u8::from(t == p))).collect()
        };
        let each: Vec<Vec<f64>> = scores.iter().map(correct).collect();
        let groups: Vec<&str> = scores
            .iter()
            .flat_map(|s| &s.recordings)
            .map(|r| &**r)
            .collect();
        let all = each.concat();
        let params = BootstrapParams {
            n_resamples: N_RESAMPLES,
            ..BootstrapParams::default()
        };
        let interval = bootstrap_by_group(&groups, &params, |rows| {
            Ok(rows.iter().map(|row| all[*row]).sum::<f64>() / rows.len() as f64)
        })?;
        let validation: Option<Vec<f64>> = scores.iter().map(|s| s.validation).collect();
        let spread = |values: Vec<f64>| Spread::new(&values).ok_or(Error::NoMembers);
        let over = |of: fn(&ModelScores) -> f64| spread(scores.iter().map(of).collect());
        let accuracies = each.iter().map(|c| c.iter().sum::<f64>() / c.len() as f64);
        let by_recording = spread(accuracies.collect())?;
        Ok(Self {
            split,
            model: model.to_owned(),
            seeds: scores.len(),
            validation: validation.map(spread).transpose()?,
            by_segment: over(|s| s.by_segment)?,
            by_recording,
            interval: (interval.low, interval.high),
            log_loss: over(|s| s.log_loss)?.mean,
            fit_seconds: over(|s| s.fit_seconds)?.mean,
            predict_seconds: over(|s| s.predict_seconds)?.mean,
            members: Vec::new(),
        })
    }
}

/// One table for each way to split, below it what the validation rows chose; `p` is that of McNemar's test
/// against [`Comparison::reference`].
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut splits: Vec<SplitMethod> = self.rows.iter().map(|row| row.split).collect();
        splits.dedup();
        for split in splits {
            let Some(reference) = self.reference(split) else {
                continue;
            };
            writeln!(f, "{split}, {} seeds", reference.seeds)?;
            writeln!(
                f,
                "{:<16}  {:>6}  {:<16}  {:<16}  {:<16}  {:>8}  {:>8}  {:>9}  {:>7}",
                "model",
                "valid",
                "by segment",
                "by recording",
                "95 %",
                "log loss",
                "fit, s",
                "predict, s",
                "p"
            )?;
            for row in self.of_split(split) {
                let dash = || "-".to_owned();
                let valid = row.validation.map(|v| format!("{:.4}", v.mean));
                let p = match row.model == reference.model {
                    true => None,
                    false => self.p_value(split, &row.model, &reference.model),
                };
                let (low, high) = row.interval;
                writeln!(
                    f,
                    "{:<16}  {:>6}  {:<16}  {:<16}  {low:.4} to {high:.4}  {:>8.3}  {:>8.2}  {:>9.3}  {:>7}",
                    row.model,
                    valid.unwrap_or_else(dash),
                    format!("{:.4}", row.by_segment),
                    format!("{:.4}", row.by_recording),
                    row.log_loss,
                    row.fit_seconds,
                    row.predict_seconds,
                    p.map_or_else(dash, |p| format!("{p:.3}")),
                )?;
            }
            let name = &reference.model;
            match self.chosen(split) {
                Some(row) => writeln!(
                    f,
                    "p: against {name}, the best single model on the validation rows\n\
                     chosen by the validation rows: the {}, by recording {:.4}, 95 % {:.4} to {:.4}\n",
                    row.model, row.by_recording.mean, row.interval.0, row.interval.1
                )?,
                None => writeln!(
                    f,
                    "p: against {name}, the first model\nchosen: none, there are no validation rows\n"
                )?,
            }
        }
        write!(
            f,
            "valid: accuracy on the validation rows of the model fitted without them; ±: over the seeds; \
             95 %: by recording; p: McNemar's test on the recordings of the first seed"
        )
    }
}

impl Comparison {
    /// The single model that the others are tested against under a way to split: that with the best
    /// [`ComparisonRow::validation`], the first of equal ones, or the first of all where there are no
    /// validation rows. No test row is used.
    pub fn reference(&self, split: SplitMethod) -> Option<&ComparisonRow> {
        let score = |row: &ComparisonRow| row.validation.map_or(0.0, |v| v.mean);
        let models = self.of_split(split).filter(|row| row.members.is_empty());
        models.reduce(|best, row| if score(row) > score(best) { row } else { best })
    }

    /// What the validation rows choose under a way to split: the ensemble, chosen for each seed on
    /// its validation rows without any use of test rows. `None` without validation rows.
    pub fn chosen(&self, split: SplitMethod) -> Option<&ComparisonRow> {
        self.of_split(split).find(|row| !row.members.is_empty())
    }

    fn of_split(&self, split: SplitMethod) -> impl Iterator<Item = &ComparisonRow> {
        self.rows.iter().filter(move |row| row.split == split)
    }

    /// The test of two models, which may be given in either order; `None` if there is none.
    fn p_value(&self, split: SplitMethod, a: &str, b: &str) -> Option<f64> {
        let of_both = |pair: &&PairedTest| {
            let (first, second) = (&*pair.first, &*pair.second);
            pair.split == split && ((first, second) == (a, b) || (first, second) == (b, a))
        };
        self.pairs.iter().find(of_both).map(|pair| pair.p_value)
    }
}

#[cfg(test)]
mod tests {
    use timbral_data::FeatureTable;

    use super::*;
    use crate::experiment::runner::Run;

    /// Probabilities of two classes in turn, each row a recording, of a model that is correct on all
    /// rows but the first `wrong`.
    fn run(model: &str, n: usize, wrong: usize) -> Run {
        let ids = (0..n).map(|i| i.to_string()).collect();
        let rows = FeatureTable::new(vec!["x".into()], Array2::zeros((n, 1)), ids)
            .and_then(|t| t.with_labels((0..n).map(|i| ["a", "b"][i % 2])))
            .unwrap();
        let values = Array2::from_shape_fn((n, 2), |(i, class)| {
            match (i % 2 == class) == (i >= wrong) {
                true => 0.9,
                false => 0.1,
            }
        });
        let probabilities = Probabilities::new(&rows, rows.classes(), values.view()).unwrap();
        Run::example(model, SplitMethod::Random, probabilities)
    }

    /// Of the first model 4 of 20 test rows are wrong and 3 of 10 validation rows, of the second 10
    /// and 1.
    fn comparison(with_validation: bool) -> Comparison {
        let models = [("good", 4, 3), ("lucky", 10, 1)].map(|(name, test, valid)| ModelRuns {
            test: run(name, 20, test),
            valid: with_validation.then(|| run(name, 10, valid)),
        });
        let round = SplitRuns {
            method: SplitMethod::Random,
            models: models.into(),
        };
        Comparison::new(vec![round]).unwrap()
    }

    #[test]
    fn the_reference_is_best_on_the_validation_rows_not_on_the_test_rows() {
        let comparison = comparison(true);
        let reference = comparison.reference(SplitMethod::Random).unwrap();
        assert_eq!(reference.model, "lucky");
        assert_eq!(reference.validation.unwrap().mean, 0.9);
        assert_eq!(reference.by_recording.mean, 0.5);
        // The greedy choice adds the second model, and no other improves on it.
        let chosen = comparison.chosen(SplitMethod::Random).unwrap();
        assert_eq!(chosen.members, [["lucky"]]);
        assert_eq!((chosen.validation, chosen.by_recording.mean), (None, 0.5));
        let text = comparison.to_string();
        let line = |start: &str| text.lines().find(|l| l.starts_with(start)).unwrap();
        // Six recordings differ: p = 2 / 2^6.
        assert!(line("good ").ends_with("0.031"), "{text}");
        assert!(line("lucky ").ends_with(" -"), "{text}");
        assert!(
            line("p: ").contains("against lucky, the best single"),
            "{text}"
        );
        assert!(
            line("chosen").contains("the ensemble, by recording 0.5000, 95 % 0."),
            "{text}"
        );
    }

    #[test]
    fn without_validation_rows_the_first_model_is_the_reference() {
        let comparison = comparison(false);
        assert_eq!(
            comparison.reference(SplitMethod::Random).unwrap().model,
            "good"
        );
        assert!(comparison.chosen(SplitMethod::Random).is_none());
        assert!(comparison.reference(SplitMethod::Grouped).is_none());
        let text = comparison.to_string();
        assert!(
            text.contains("against good, the first model\nchosen: none"),
            "{text}"
        );
    }
}
