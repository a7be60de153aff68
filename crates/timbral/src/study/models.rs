use ndarray::s;
use timbral_boost::{Dataset, ImportanceKind, Model};
use timbral_data::SplitMethod;
use timbral_metrics::{BinParams, Scores};
use timbral_plot::{
    Figure, FigureParams, Report, ScoreInterval, Series, confusion_matrix, feature_importances,
    line_plot, precision_recall_curves, reliability_diagram, roc_curves, score_intervals,
    shap_summary, training_curves,
};

use crate::error::{Error, Result};
use crate::experiment::parts::Experiment;
use crate::recipes::boosted::{labels, objective};
use crate::study::run::{Study, StudyRun};

/// Features of the pictures of importance.
const N_FEATURES: usize = 15;
/// Rows that are explained.
const N_EXPLAINED: usize = 300;
/// Numbers of rounds at which the trees are judged.
const N_STEPS: usize = 20;

/// Accuracies with their intervals, model by model.
pub(crate) fn forest(study: &Study) -> Result<Figure> {
    let mut estimates = Vec::new();
    for model in study.models() {
        for split in study.splits(&model) {
            let first = study.of(&model, &split).next();
            if let Some(evaluation) = first.and_then(|run| run.evaluation.as_ref()) {
                let accuracy = evaluation.by_row;
                estimates.push(ScoreInterval::new(
                    model.clone(),
                    split,
                    accuracy.value,
                    [accuracy.low, accuracy.high],
                ));
            }
        }
    }
    let params = FigureParams::titled("Accuracy by split").sized(900, 420);
    Ok(score_intervals(&estimates, "accuracy", &params)?)
}

/// Everything about one model.
pub(crate) fn section(study: &Study, model: &str, report: &mut Report) -> Result<()> {
    report.section(format!("Model: {model}"));
    let shown = ["random", study.honest_split()];
    for split in shown {
        let Some(run) = study.of(model, split).next() else {
            continue;
        };
        report.subsection(format!("Split: {split}"));
        curves(run, report)?;
        if let Some(evaluation) = &run.evaluation {
            let params = FigureParams::titled(format!("Confusion, {model}, {split}"));
            let figure = confusion_matrix(&evaluation.confusion, &params.sized(900, 700))?;
            report.figure(
                &figure,
                "Test rows: their genres by what they were taken for",
            )?;
            report.preformatted(evaluation.report.to_string());
        }
    }
    report.subsection("Ranking and calibration");
    if let Some(run) = study.of(model, study.honest_split()).next() {
        ranking(study, run, report)?;
    }
    reliability(study, model, &shown, report)?;
    if model == "boosted-trees" {
        trees(study, report)?;
    }
    Ok(())
}

fn curves(run: &StudyRun, report: &mut Report) -> Result<()> {
    let kind = |what: &str| -> Vec<Series> {
        let curves = run.curves.iter().filter(|curve| curve.name.contains(what));
        let name = |name: &str| {
            if name.starts_with("validation") {
                "validation"
            } else {
                "train"
            }
        };
        curves
            .map(|curve| Series::counted(name(&curve.name), curve.values.clone()))
            .collect()
    };
    let (loss, accuracy) = (kind("loss"), kind("accuracy"));
    if loss.is_empty() {
        return Ok(());
    }
    let params = FigureParams::titled(format!("Training of {}, {}", run.model, run.split));
    report.figure(
        &training_curves(&loss, &accuracy, "epoch", &params)?,
        "Epoch by epoch; augmented or mixed rows count as learnt",
    )?;
    Ok(())
}

fn ranking(study: &Study, run: &StudyRun, report: &mut Report) -> Result<()> {
    let (labels, values) = (&run.labels, run.matrix().mapv(f64::from));
    let scores = Scores::try_from(values.view())?;
    let classes = study.material.table.classes();
    let titled = |what: &str| FigureParams::titled(format!("{what}, {}, {}", run.model, run.split));
    let params = titled("ROC");
    report.figure(
        &roc_curves(labels, &scores, classes, &params)?,
        "One genre against the rest",
    )?;
    let figure =
        precision_recall_curves(labels, &scores, classes, &titled("Precision and recall"))?;
    report.figure(&figure, "One genre against the rest")?;
    Ok(())
}

fn reliability(study: &Study, model: &str, splits: &[&str], report: &mut Report) -> Result<()> {
    let mut sides: Vec<(String, Vec<bool>, Vec<f64>)> = Vec::new();
    for split in splits {
        let Some(run) = study.of(model, split).next() else {
            continue;
        };
        let values = run.matrix().mapv(f64::from);
        let scores = Scores::try_from(values.view())?;
        let top = scores.argmax();
        let hits = top.iter().zip(&run.labels).map(|(p, t)| p == t).collect();
        let confidence = top
            .iter()
            .enumerate()
            .map(|(row, class)| values[[row, *class]]);
        sides.push(((*split).to_owned(), hits, confidence.collect()));
    }
    let sides: Vec<_> = sides
        .iter()
        .map(|(name, hits, p)| (&**name, &hits[..], &p[..]))
        .collect();
    let params = FigureParams::titled(format!("Reliability of {model}"));
    let figure = reliability_diagram(&sides, &BinParams::default(), &params)?;
    report.figure(
        &figure,
        "How often the most probable genre is right, by its probability",
    )?;
    Ok(())
}

/// Course, importances and explanations of trees fitted under the honest split.
fn trees(study: &Study, report: &mut Report) -> Result<()> {
    let table = &study.material.table;
    let split: SplitMethod = study.honest_split().parse()?;
    let Experiment { train, test, .. } = Experiment::new(table, &split.split(table, 0)?)?;
    let (labels, n_classes) = (labels(&train)?, train.classes().len());
    let mut params = study.params.boost.clone();
    params.objective = objective(n_classes);
    let model = params.fit(&Dataset::new(train.features(), &labels)?)?;
    let step = model.n_rounds().div_ceil(N_STEPS).max(1);
    let rounds: Vec<usize> = (step..=model.n_rounds()).step_by(step).collect();
    let course = |part: &timbral_data::FeatureTable| -> Result<Vec<f64>> {
        rounds.iter().map(|n| hits(&model, *n, part)).collect()
    };
    let x: Vec<f64> = rounds.iter().map(|n| *n as f64).collect();
    let series = [
        Series::new("train", x.clone(), course(&train)?),
        Series::new("test", x, course(&test)?),
    ];
    let titled = |what: &str| FigureParams::titled(format!("{what}, {split}"));
    let figure = line_plot(&series, "rounds", "accuracy", &titled("Accuracy by rounds"))?;
    report.subsection(format!("The trees of the split {split}"));
    report.figure(
        &figure,
        "Nothing was chosen by the test rows; they are shown to see what more rounds do",
    )?;
    let names = table.feature_names();
    let gains = model.importance(ImportanceKind::TotalGain);
    let total: f64 = gains.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let shares: Vec<f64> = gains.iter().map(|gain| gain / total).collect();
    let figure = feature_importances(names, &shares, N_FEATURES, &titled("Share of the gain"))?;
    report.figure(&figure, "What the trees split by")?;
    let step = test.n_rows().div_ceil(N_EXPLAINED).max(1);
    let explained = test.features();
    let explained = explained.slice(s![..;step as isize, ..]);
    let values = model.shap_values(explained.to_owned().view())?;
    // One genre: a mean over all of them would lose the sign.
    let class = match n_classes {
        2 => 1,
        _ => weakest(study, &split.to_string()),
    };
    let of_class = values.slice(s![
        ..,
        if n_classes == 2 { 0 } else { class },
        ..names.len()
    ]);
    let params = titled(&format!("What speaks for {}", table.classes()[class]));
    let figure = shap_summary(of_class, explained, names, N_FEATURES, &params)?;
    report.figure(
        &figure,
        "SHAP values of test rows, in log odds: the genre told worst",
    )?;
    Ok(())
}

/// The class with the smallest F1.
fn weakest(study: &Study, split: &str) -> usize {
    let run = study.of("boosted-trees", split).next();
    let Some(evaluation) = run.and_then(|run| run.evaluation.as_ref()) else {
        return 0;
    };
    let f1 = evaluation
        .report
        .classes
        .iter()
        .map(|(_, scores)| scores.fscore)
        .enumerate();
    f1.min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(class, _)| class)
}

/// Share of right rows after some rounds.
fn hits(model: &Model, rounds: usize, part: &timbral_data::FeatureTable) -> Result<f64> {
    let found = model.slice(0..rounds)?.compile().classes(part.features())?;
    let labels = part.labels().ok_or(Error::NoLabels)?;
    let right = found.iter().zip(labels).filter(|(a, b)| a == b).count();
    Ok(right as f64 / labels.len().max(1) as f64)
}

/// Which genres are taken for which, most often.
pub(crate) fn confused(run: &StudyRun) -> String {
    let Some(evaluation) = &run.evaluation else {
        return String::new();
    };
    let (matrix, n) = (&evaluation.confusion, evaluation.confusion.n_classes());
    let sums = matrix.true_sums();
    let mut pairs: Vec<(f64, usize, usize)> = (0..n)
        .flat_map(|t| (0..n).map(move |p| (t, p)))
        .filter(|(t, p)| t != p && sums[*t] > 0.0)
        .map(|(t, p)| (matrix.cells()[t * n + p] / sums[t], t, p))
        .collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let name = |class: usize| &matrix.labels()[class];
    let told = pairs.iter().take(3).filter(|(share, ..)| *share > 0.0);
    let told: Vec<String> = told
        .map(|(share, t, p)| format!("{} for {} ({:.0} %)", name(*t), name(*p), 100.0 * share))
        .collect();
    match told.is_empty() {
        true => "No genre is taken for another one.".to_owned(),
        false => format!("Most often taken for another: {}.", told.join(", ")),
    }
}
