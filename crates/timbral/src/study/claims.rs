use timbral_data::SplitMethod;
use timbral_metrics::ClassificationReport;
use timbral_plot::correlations;

use crate::experiment::evaluation::Evaluation;
use crate::experiment::spread::Spread;
use crate::recipes::kind::ModelKind;
use crate::study::run::{Study, StudyRun};

/// A statement of a published study of GTZAN, and the result here.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Claim {
    /// The statement, with the numbers of its source.
    pub published: &'static str,
    /// The result of this study with the same protocol.
    pub here: String,
    /// The result of this study on recordings that the model was not trained on.
    pub held_out: String,
}

/// A correlation that counts as strong.
const STRONG: f64 = 0.9;

/// The statements of a published study of GTZAN with boosted trees and a dense network on random 3-s
/// segments, next to the results of this study.
pub fn claims(study: &Study) -> Vec<Claim> {
    let held_out = study.held_out_split();
    let accuracy = |model, published| Claim {
        published,
        here: study.scores(model, SplitMethod::Random),
        held_out: study.scores(model, held_out),
    };
    let weakest = |split| {
        let mut runs = study.of(ModelKind::BoostedTrees, split);
        let first = runs.next();
        first.map_or(String::new(), |run| weakest(&run.evaluation))
    };
    let gap = |split| {
        let mean = |model| study.spread(model, split, by_row);
        match (mean(ModelKind::Dense), mean(ModelKind::BoostedTrees)) {
            (Some(dense), Some(trees)) => {
                format!("dense minus trees: {:+.3}", dense.mean - trees.mean)
            }
            _ => String::new(),
        }
    };
    vec![
        accuracy(
            ModelKind::BoostedTrees,
            "XGBoost: accuracy .9992 on training rows, .9159 on test rows",
        ),
        accuracy(
            ModelKind::Dense,
            "Dense network with dropout: .9289 on validation rows",
        ),
        Claim {
            published: "The network does better than the trees",
            here: gap(SplitMethod::Random),
            held_out: gap(held_out),
        },
        Claim {
            published: "Rock and hiphop are classified worst",
            here: weakest(SplitMethod::Random),
            held_out: weakest(held_out),
        },
        Claim {
            published: "Many features are correlated",
            here: strongest(study),
            held_out: "the same: no split is involved".to_owned(),
        },
    ]
}

/// Accuracy over the rows.
pub(crate) fn by_row(run: &StudyRun) -> Option<f64> {
    Some(run.evaluation.by_row.value)
}

/// Accuracy over the recordings.
pub(crate) fn by_recording(run: &StudyRun) -> Option<f64> {
    run.evaluation.by_recording.map(|accuracy| accuracy.value)
}

/// The two classes with the smallest F1.
fn weakest(evaluation: &Evaluation) -> String {
    let ClassificationReport { classes, .. } = &evaluation.report;
    let mut classes: Vec<_> = classes
        .iter()
        .map(|(name, scores)| (scores.fscore, name))
        .collect();
    classes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let lowest = classes
        .iter()
        .take(2)
        .map(|(f1, name)| format!("{name} (F1 {f1:.2})"));
    lowest.collect::<Vec<_>>().join(" and ")
}

fn strongest(study: &Study) -> String {
    let table = &study.material.table;
    let Ok(r) = correlations(table.features()) else {
        return "the table has missing cells".to_owned();
    };
    let n = r.nrows();
    let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
    let strong = pairs.clone().filter(|at| r[*at].abs() > STRONG).count();
    let largest = pairs.max_by(|a, b| r[*a].abs().total_cmp(&r[*b].abs()));
    largest.map_or(String::new(), |(i, j)| {
        let names = table.feature_names();
        format!(
            "{strong} of {} pairs above {STRONG} in absolute value; the strongest {} and {}, {:.3}",
            n * (n - 1) / 2,
            names[j],
            names[i],
            r[(i, j)]
        )
    })
}

impl Study {
    /// The split whose test recordings are not in the training rows: GTZAN's fault-filtered one if there are
    /// runs under it, else by recording.
    pub fn held_out_split(&self) -> SplitMethod {
        let is_fault_filtered = |run: &StudyRun| run.split == SplitMethod::FaultFiltered;
        match self.runs.iter().any(is_fault_filtered) {
            true => SplitMethod::FaultFiltered,
            false => SplitMethod::Grouped,
        }
    }

    /// The runs of a model under a split, one per seed.
    pub fn of(&self, model: ModelKind, split: SplitMethod) -> impl Iterator<Item = &StudyRun> {
        let is_of = move |run: &&StudyRun| run.model == model && run.split == split;
        self.runs.iter().filter(is_of)
    }

    /// Mean and deviation of a number over the seeds.
    pub fn spread(
        &self,
        model: ModelKind,
        split: SplitMethod,
        number: impl Fn(&StudyRun) -> Option<f64>,
    ) -> Option<Spread> {
        let values: Option<Vec<f64>> = self.of(model, split).map(number).collect();
        Spread::new(&values?)
    }

    fn scores(&self, model: ModelKind, split: SplitMethod) -> String {
        let number = |what: &str, f: fn(&StudyRun) -> Option<f64>| {
            self.spread(model, split, f)
                .map(|spread| format!("{what} {spread}"))
        };
        let train = number("training rows", |run| Some(run.train_accuracy));
        let parts = [
            train,
            number("test rows", by_row),
            number("recordings", by_recording),
        ];
        let known = self.of(model, split).next();
        let leaks = split == SplitMethod::Random;
        match known {
            None => "not run".to_owned(),
            Some(_) => {
                let shown = if leaks { &parts[..2] } else { &parts[1..] };
                let shown: Vec<_> = shown.iter().flatten().cloned().collect();
                format!("{split}: {}", shown.join(", "))
            }
        }
    }
}
