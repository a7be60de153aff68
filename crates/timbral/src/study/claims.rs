use timbral_metrics::ClassificationReport;
use timbral_plot::correlations;

use crate::experiment::evaluation::Evaluation;
use crate::experiment::spread::Spread;
use crate::study::run::{Study, StudyRun};

/// Something that a published study of GTZAN says, and what comes out here.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Claim {
    /// What is said, with the source's numbers.
    pub published: &'static str,
    /// What the same protocol gives here.
    pub here: String,
    /// What is left of it on recordings that the model has not heard.
    pub honest: String,
}

/// A correlation that the study would call strong.
const STRONG: f64 = 0.9;

/// What a study of GTZAN with boosted trees and a dense network on 3-s segments at random says, row by
/// row beside what this study found.
pub fn claims(study: &Study) -> Vec<Claim> {
    let accuracy = |model, protocol: &str, claim| Claim {
        published: claim,
        here: study.scores(model, protocol),
        honest: study.scores(model, study.honest_split()),
    };
    let weakest = |split: &str| {
        let mut runs = study.of("boosted-trees", split);
        runs.next()
            .and_then(|run| run.evaluation.as_ref())
            .map_or(String::new(), weakest)
    };
    let gap = |split: &str| {
        let mean = |model| study.spread(model, split, by_row);
        match (mean("dense"), mean("boosted-trees")) {
            (Some(dense), Some(trees)) => {
                format!("dense less trees: {:+.3}", dense.mean - trees.mean)
            }
            _ => String::new(),
        }
    };
    let honest = study.honest_split();
    vec![
        accuracy(
            "boosted-trees",
            "random",
            "XGBoost: accuracy .9992 on training rows, .9159 on test rows",
        ),
        accuracy(
            "dense",
            "random",
            "Dense network with dropout: .9289 on validation rows",
        ),
        Claim {
            published: "The network does better than the trees",
            here: gap("random"),
            honest: gap(honest),
        },
        Claim {
            published: "Rock and hiphop are told worst",
            here: weakest("random"),
            honest: weakest(honest),
        },
        Claim {
            published: "Many features are correlated",
            here: strongest(study),
            honest: "the same: no split is involved".to_owned(),
        },
    ]
}

/// Share of right rows.
pub(crate) fn by_row(run: &StudyRun) -> Option<f64> {
    run.evaluation
        .as_ref()
        .map(|evaluation| evaluation.by_row.value)
}

/// Share of right recordings.
pub(crate) fn by_recording(run: &StudyRun) -> Option<f64> {
    let evaluation = run.evaluation.as_ref()?;
    evaluation.by_recording.map(|accuracy| accuracy.value)
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
            "{strong} of {} pairs above {STRONG} in size; most of all {} and {}, {:.3}",
            n * (n - 1) / 2,
            names[j],
            names[i],
            r[(i, j)]
        )
    })
}

impl Study {
    /// The split by which scores are honest: GTZAN's fault-filtered one where there is one, else by
    /// recording.
    pub fn honest_split(&self) -> &'static str {
        match self.runs.iter().any(|run| run.split == "fault-filtered") {
            true => "fault-filtered",
            false => "grouped",
        }
    }

    /// The runs of a model under a split, one a seed.
    pub fn of(&self, model: &str, split: &str) -> impl Iterator<Item = &StudyRun> {
        let is_of = move |run: &&StudyRun| run.model == model && run.split == split;
        self.runs.iter().filter(is_of)
    }

    /// Mean and deviation of a number over the seeds.
    pub fn spread(
        &self,
        model: &str,
        split: &str,
        number: impl Fn(&StudyRun) -> Option<f64>,
    ) -> Option<Spread> {
        let values: Option<Vec<f64>> = self.of(model, split).map(number).collect();
        Spread::new(&values?)
    }

    fn scores(&self, model: &str, split: &str) -> String {
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
        let leaks = split == "random";
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
