use std::fmt;

use ndarray::Array2;
use serde::Serialize;
use timbral_metrics::{BootstrapParams, bootstrap_by_group, mcnemar};

use super::select::greedy;
use super::{Cell, Round};
use crate::error::{Error, Result};
use crate::experiment::evaluation::Evaluation;
use crate::experiment::probabilities::{average_recordings, probability_table};
use crate::experiment::spread::Spread;
use crate::recipes::ensemble::mean;
use crate::recipes::recipe::most_probable;

/// Resamples of an interval.
const N_RESAMPLES: usize = 2000;

/// The name of the chosen ensemble's rows.
const ENSEMBLE: &str = "ensemble";

/// A model under one way to split.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// The way to split.
    pub split: String,
    /// The model.
    pub model: String,
    /// Seeds.
    pub seeds: usize,
    /// Share of the validation rows whose class is found by the model fitted without them. `None`
    /// where there are none, and of an ensemble: chosen on these rows, it would look too good on them.
    pub validation: Option<Spread>,
    /// Share of the test rows whose class is found.
    pub by_segment: Spread,
    /// Share of the recordings whose class is found by the mean of their rows.
    pub by_recording: Spread,
    /// 95 % interval of the share by recording: recordings are drawn with replacement, each with all
    /// its answers over the seeds. It says nothing of the deviation over the training rows.
    pub interval: (f64, f64),
    /// Mean log loss of the test rows.
    pub log_loss: f64,
    /// Mean time of a fit; of an ensemble the sum over its members.
    pub fit_seconds: f64,
    /// Mean time of the probabilities of all test rows.
    pub predict_seconds: f64,
    /// Of an ensemble the members for each seed, as often as they were chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Vec<String>>,
}

/// Two models on the same recordings, of the first seed alone: those of several are not independent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Pair {
    /// The way to split.
    pub split: String,
    /// A model.
    pub first: String,
    /// Another.
    pub second: String,
    /// Recordings that only the first has right.
    pub only_first: usize,
    /// Recordings that only the second has right.
    pub only_second: usize,
    /// McNemar's exact test ([`mcnemar`]), not corrected for the number of pairs.
    pub p_value: f64,
}

/// What [`compare`](crate::compare) gives: `Display` prints a table for each way to split,
/// `Serialize` has the pairs, too.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Models by ways to split; the ensemble last.
    pub rows: Vec<Row>,
    /// Every two models.
    pub pairs: Vec<Pair>,
}

/// A model under one split, judged.
struct Judged {
    validation: Option<f64>,
    by_segment: f64,
    log_loss: f64,
    fit_seconds: f64,
    predict_seconds: f64,
    members: Vec<usize>,
    recordings: Vec<String>,
    truth: Vec<usize>,
    answers: Vec<usize>,
}

impl Comparison {
    pub(super) fn new(names: &[&str], classes: &[String], rounds: Vec<Round>) -> Result<Self> {
        let mut comparison = Self::default();
        let mut rest = &rounds[..];
        while let Some(first) = rest.first() {
            let n = rest.iter().take_while(|r| r.method == first.method).count();
            let (own, others) = rest.split_at(n);
            rest = others;
            comparison.add(names, classes, own)?;
        }
        Ok(comparison)
    }

    /// The rounds of one way to split.
    fn add(&mut self, names: &[&str], classes: &[String], rounds: &[Round]) -> Result<()> {
        let split = rounds
            .first()
            .map_or(String::new(), |r| r.method.to_string());
        // Models by rounds, then the ensemble.
        let mut judged: Vec<Vec<Judged>> = Vec::new();
        for model in 0..names.len() {
            let of = |round: &Round| round.judge_model(classes, model);
            judged.push(rounds.iter().map(of).collect::<Result<_>>()?);
        }
        let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let ensembles = rounds
            .iter()
            .filter_map(|r| r.ensemble(classes).transpose());
        let ensembles = ensembles.collect::<Result<Vec<_>>>()?;
        if !ensembles.is_empty() {
            names.push(ENSEMBLE.to_owned());
            judged.push(ensembles);
        }
        for (model, of_model) in names.iter().zip(&judged) {
            let mut row = Row::new(of_model)?;
            (row.split, row.model) = (split.clone(), model.clone());
            if model == ENSEMBLE {
                let name = |member: &usize| names[*member].clone();
                let members = of_model
                    .iter()
                    .map(|j| j.members.iter().map(name).collect());
                row.members = members.collect();
            }
            self.rows.push(row);
        }
        for (i, first) in judged.iter().enumerate() {
            for (j, second) in judged.iter().enumerate().skip(i + 1) {
                let (a, b) = (&first[0], &second[0]);
                let test = mcnemar(&a.truth, &a.answers, &b.answers)?;
                self.pairs.push(Pair {
                    split: split.clone(),
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

impl Round {
    /// Judges probabilities of the test rows by models whose times are summed.
    fn judge(&self, classes: &[String], shares: &[f32], members: &[usize]) -> Result<Judged> {
        let shares = Cell::shares(shares, classes.len())?;
        let evaluation = Evaluation::without_intervals(&self.test, classes, shares.view())?;
        let table = probability_table(&self.test, classes, shares.view())?;
        let recordings = average_recordings(&[table])?;
        let mut distinct = members.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let sum = |of: fn(&Cell) -> f64| distinct.iter().map(|m| of(&self.cells[*m])).sum();
        let label = |l: &usize| {
            let name = &recordings.classes()[*l];
            classes.iter().position(|class| class == name).unwrap_or(*l)
        };
        let labels = recordings.labels().unwrap_or_default();
        Ok(Judged {
            validation: None,
            by_segment: evaluation.0,
            log_loss: evaluation.1,
            fit_seconds: sum(|cell| cell.fit_seconds),
            predict_seconds: sum(|cell| cell.predict_seconds),
            members: members.to_vec(),
            truth: labels.iter().map(label).collect(),
            answers: most_probable(recordings.features())?,
            recordings: recordings.ids().to_vec(),
        })
    }

    /// Judges a model, on the validation rows, too.
    fn judge_model(&self, classes: &[String], model: usize) -> Result<Judged> {
        let cell = &self.cells[model];
        let mut judged = self.judge(classes, &cell.test, &[model])?;
        if let Some(valid) = &self.valid {
            let shares = Cell::shares(&cell.valid, classes.len())?;
            let (right, _) = Evaluation::without_intervals(valid, classes, shares.view())?;
            judged.validation = Some(right);
        }
        Ok(judged)
    }

    /// The ensemble that the validation rows choose; `None` where there are none.
    fn ensemble(&self, classes: &[String]) -> Result<Option<Judged>> {
        let Some(valid) = &self.valid else {
            return Ok(None);
        };
        let part = |of: fn(&Cell) -> &[f32]| -> Result<Vec<Array2<f32>>> {
            let each = self.cells.iter();
            each.map(|cell| Cell::shares(of(cell), classes.len()))
                .collect()
        };
        let labels = valid.labels().unwrap_or_default();
        let members = greedy(&part(|cell| &cell.valid)?, labels)?;
        let test = part(|cell| &cell.test)?;
        let chosen: Vec<_> = members.iter().map(|member| test[*member].clone()).collect();
        let shares: Vec<f32> = mean(&chosen)?.into_iter().collect();
        self.judge(classes, &shares, &members).map(Some)
    }
}

impl Row {
    /// Of one model under the splits of all seeds.
    fn new(judged: &[Judged]) -> Result<Self> {
        let hits = |j: &Judged| -> Vec<f64> {
            let pairs = j.truth.iter().zip(&j.answers);
            pairs.map(|(t, a)| f64::from(u8::from(t == a))).collect()
        };
        let each: Vec<Vec<f64>> = judged.iter().map(hits).collect();
        let groups: Vec<&str> = judged
            .iter()
            .flat_map(|j| &j.recordings)
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
        let validation: Option<Vec<f64>> = judged.iter().map(|j| j.validation).collect();
        let spread = |values: Vec<f64>| Spread::new(&values).ok_or(Error::NoMembers);
        let over = |of: fn(&Judged) -> f64| spread(judged.iter().map(of).collect());
        let shares = each.iter().map(|h| h.iter().sum::<f64>() / h.len() as f64);
        let by_recording = spread(shares.collect())?;
        Ok(Self {
            split: String::new(),
            model: String::new(),
            seeds: judged.len(),
            validation: validation.map(spread).transpose()?,
            by_segment: over(|j| j.by_segment)?,
            by_recording,
            interval: (interval.low, interval.high),
            log_loss: over(|j| j.log_loss)?.mean,
            fit_seconds: over(|j| j.fit_seconds)?.mean,
            predict_seconds: over(|j| j.predict_seconds)?.mean,
            members: Vec::new(),
        })
    }
}

/// One table for each way to split, below it what the validation rows chose; `p` is McNemar's against
/// [`Comparison::reference`].
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut splits: Vec<&str> = self.rows.iter().map(|row| &*row.split).collect();
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
            "valid: share of the validation rows, by the model fitted without them; ±: over the seeds; \
             95 %: by recording; p: McNemar on the recordings of the first seed"
        )
    }
}

impl Comparison {
    /// The single model that the others are paired with under a way to split: that with the best
    /// [`Row::validation`], the first of equals, or the first of all where there are no validation
    /// rows. No test row is looked at.
    pub fn reference(&self, split: &str) -> Option<&Row> {
        let score = |row: &Row| row.validation.map_or(0.0, |v| v.mean);
        let models = self.of_split(split).filter(|row| row.members.is_empty());
        models.reduce(|best, row| if score(row) > score(best) { row } else { best })
    }

    /// What the validation rows choose under a way to split: the ensemble, chosen for each seed on
    /// its validation rows; its scores on the test rows took no part. `None` without validation rows.
    pub fn chosen(&self, split: &str) -> Option<&Row> {
        self.of_split(split).find(|row| !row.members.is_empty())
    }

    fn of_split(&self, split: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.split == split)
    }

    /// That of a pair in either order.
    fn p_value(&self, split: &str, a: &str, b: &str) -> Option<f64> {
        let of_both = |pair: &&Pair| {
            let (first, second) = (&*pair.first, &*pair.second);
            pair.split == split && ((first, second) == (a, b) || (first, second) == (b, a))
        };
        self.pairs.iter().find(of_both).map(|pair| pair.p_value)
    }
}

#[cfg(test)]
mod tests {
    use timbral_data::{FeatureTable, SplitMethod};

    use super::*;

    /// Rows of two classes in turn, each a recording.
    fn rows(n: usize) -> FeatureTable {
        let ids = (0..n).map(|i| i.to_string()).collect();
        FeatureTable::new(vec!["x".into()], Array2::zeros((n, 1)), ids)
            .and_then(|t| t.with_labels((0..n).map(|i| ["a", "b"][i % 2])))
            .unwrap()
    }

    /// Probabilities of a model that is right on all rows but the first `wrong`.
    fn shares(n: usize, wrong: usize) -> Vec<f32> {
        let of_row = |i: usize| match i.is_multiple_of(2) == (i >= wrong) {
            true => [0.9, 0.1],
            false => [0.1, 0.9],
        };
        (0..n).flat_map(of_row).collect()
    }

    /// Of the first model 4 of 20 test rows are wrong and 3 of 10 validation rows, of the second 10
    /// and 1.
    fn comparison(with_validation: bool) -> Comparison {
        let cells = [(4, 3), (10, 1)].map(|(test, valid)| Cell {
            fit_seconds: 1.0,
            predict_seconds: 1.0,
            test: shares(20, test),
            valid: shares(if with_validation { 10 } else { 0 }, valid),
        });
        let round = Round {
            method: SplitMethod::Random,
            test: rows(20),
            valid: with_validation.then(|| rows(10)),
            cells: cells.into(),
        };
        let classes = ["a".to_owned(), "b".to_owned()];
        Comparison::new(&["good", "lucky"], &classes, vec![round]).unwrap()
    }

    #[test]
    fn the_reference_is_best_on_the_validation_rows_not_on_the_test_rows() {
        let comparison = comparison(true);
        let reference = comparison.reference("random").unwrap();
        assert_eq!(reference.model, "lucky");
        assert_eq!(reference.validation.unwrap().mean, 0.9);
        assert_eq!(reference.by_recording.mean, 0.5);
        // Greedy adds the second model, and nothing helps it.
        let chosen = comparison.chosen("random").unwrap();
        assert_eq!(chosen.members, [["lucky"]]);
        assert_eq!((chosen.validation, chosen.by_recording.mean), (None, 0.5));
        let text = comparison.to_string();
        let line = |start: &str| text.lines().find(|l| l.starts_with(start)).unwrap();
        // Six recordings differ: 2 / 2^6.
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
        assert_eq!(comparison.reference("random").unwrap().model, "good");
        assert!(comparison.chosen("random").is_none());
        assert!(comparison.reference("grouped").is_none());
        let text = comparison.to_string();
        assert!(
            text.contains("against good, the first model\nchosen: none"),
            "{text}"
        );
    }
}
