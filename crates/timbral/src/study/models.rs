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
use crate::experiment::fit::hits;
use crate::experiment::parts::Experiment;
use crate::recipes::boosted::{labels, objective};
use crate::recipes::kind::ModelKind;
use crate::study::run::{Study, StudyRun};

/// Number of features in the figures of importances.
const N_FEATURES: usize = 15;
/// Number of rows that are explained.
const N_EXPLAINED: usize = 300;
/// Number of points of the curve over the rounds.
const N_STEPS: usize = 20;

/// Accuracies with their intervals, by model.
pub(crate) fn forest(study: &Study) -> Result<Figure> {
    let mut estimates = Vec::new();
    for model in study.models() {
        for split in study.splits(model) {
            if let Some(run) = study.of(model, split).next() {
                let accuracy = run.evaluation.by_row;
                estimates.push(ScoreInterval::new(
                    model.to_string(),
                    split.to_string(),
                    accuracy.value,
                    [accuracy.low, accuracy.high],
                ));
            }
        }
    }
    let params = FigureParams::titled("Accuracy by split").sized(900, 420);
    Ok(score_intervals(&estimates, "accuracy", &params)?)
}

/// The section of one model.
pub(crate) fn section(study: &Study, model: ModelKind, report: &mut Report) -> Result<()> {
    report.section(format!("Model: {model}"));
    let shown = [SplitMethod::Random, study.held_out_split()];
    for split in shown {
        let Some(run) = study.of(model, split).next() else {
            continue;
        };
        report.subsection(format!("Split: {split}"));
        curves(run, report)?;
        let params = FigureParams::titled(format!("Confusion, {model}, {split}"));
        let figure = confusion_matrix(&run.evaluation.confusion, &params.sized(900, 700))?;
        report.figure(&figure, "Test rows: true genres by predicted genres")?;
        report.preformatted(run.evaluation.report.to_string());
    }
    report.subsection("Ranking and calibration");
    if let Some(run) = study.of(model, study.held_out_split()).next() {
        ranking(study, run, report)?;
    }
    reliability(study, model, &shown, report)?;
    if model == ModelKind::BoostedTrees {
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
        "Epoch by epoch; the curves of the training rows are over augmented and mixed rows",
    )?;
    Ok(())
}

fn ranking(study: &Study, run: &StudyRun, report: &mut Report) -> Result<()> {
    let (labels, values) = (&run.labels, run.values().mapv(f64::from));
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

fn reliability(
    study: &Study,
    model: ModelKind,
    splits: &[SplitMethod],
    report: &mut Report,
) -> Result<()> {
    let mut sides: Vec<(String, Vec<bool>, Vec<f64>)> = Vec::new();
    for split in splits {
        let Some(run) = study.of(model, *split).next() else {
            continue;
        };
        let values = run.values().mapv(f64::from);
        let (hits, confidences) = hits(values.view(), &run.labels)?;
        sides.push((split.to_string(), hits, confidences));
    }
    let sides: Vec<_> = sides
        .iter()
        .map(|(name, hits, p)| (&**name, &hits[..], &p[..]))
        .collect();
    let params = FigureParams::titled(format!("Reliability of {model}"));
    let figure = reliability_diagram(&sides, &BinParams::default(), &params)?;
    report.figure(
        &figure,
        "How often the most probable genre is correct, by its probability",
    )?;
    Ok(())
}

/// Curve over the rounds, importances and explanations of trees fitted under the held-out split.
fn trees(study: &Study, report: &mut Report) -> Result<()> {
    let table = &study.material.table;
    let split = study.held_out_split();
    let Experiment { train, test, .. } = Experiment::new(table, &split.split(table, 0)?)?;
    let (labels, n_classes) = (labels(&train)?, train.classes().len());
    let mut params = study.params.boost.clone();
    params.objective = objective(n_classes);
    let model = params.fit(&Dataset::new(train.features(), &labels)?)?;
    let step = model.n_rounds().div_ceil(N_STEPS).max(1);
    let rounds: Vec<usize> = (step..=model.n_rounds()).step_by(step).collect();
    let course = |part: &timbral_data::FeatureTable| -> Result<Vec<f64>> {
        rounds
            .iter()
            .map(|n| accuracy_after(&model, *n, part))
            .collect()
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
        "Nothing was chosen on the test rows; they show the effect of more rounds",
    )?;
    let names = table.feature_names();
    let gains = model.importance(ImportanceKind::TotalGain);
    let total: f64 = gains.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let fractions: Vec<f64> = gains.iter().map(|gain| gain / total).collect();
    let figure = feature_importances(
        names,
        &fractions,
        N_FEATURES,
        &titled("Fraction of the gain"),
    )?;
    report.figure(&figure, "The features that the trees split on")?;
    let step = test.n_rows().div_ceil(N_EXPLAINED).max(1);
    let explained = test.features();
    let explained = explained.slice(s![..;step as isize, ..]);
    let values = model.shap_values(explained.to_owned().view())?;
    // One genre only: a mean over all of them would lose the sign.
    let class = match n_classes {
        2 => 1,
        _ => weakest(study, split),
    };
    let of_class = values.slice(s![
        ..,
        if n_classes == 2 { 0 } else { class },
        ..names.len()
    ]);
    let params = titled(&format!("Contributions to {}", table.classes()[class]));
    let figure = shap_summary(of_class, explained, names, N_FEATURES, &params)?;
    report.figure(
        &figure,
        "SHAP values of test rows, in log odds, for the genre with the lowest F1",
    )?;
    Ok(())
}

/// The class with the smallest F1.
fn weakest(study: &Study, split: SplitMethod) -> usize {
    let Some(run) = study.of(ModelKind::BoostedTrees, split).next() else {
        return 0;
    };
    let f1 = run
        .evaluation
        .report
        .classes
        .iter()
        .map(|(_, scores)| scores.fscore)
        .enumerate();
    f1.min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(class, _)| class)
}

/// Accuracy after some rounds.
fn accuracy_after(model: &Model, rounds: usize, part: &timbral_data::FeatureTable) -> Result<f64> {
    let found = model.slice(0..rounds)?.compile().classes(part.features())?;
    let labels = part.labels().ok_or(Error::NoLabels)?;
    let correct = found.iter().zip(labels).filter(|(a, b)| a == b).count();
    Ok(correct as f64 / labels.len().max(1) as f64)
}

/// The most frequent confusions of genres.
pub(crate) fn confused(run: &StudyRun) -> String {
    let matrix = &run.evaluation.confusion;
    let n = matrix.n_classes();
    let sums = matrix.true_sums();
    let mut pairs: Vec<(f64, usize, usize)> = (0..n)
        .flat_map(|t| (0..n).map(move |p| (t, p)))
        .filter(|(t, p)| t != p && sums[*t] > 0.0)
        .map(|(t, p)| (matrix.cells()[t * n + p] / sums[t], t, p))
        .collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let name = |class: usize| &matrix.labels()[class];
    let worst = pairs.iter().take(3).filter(|(rate, ..)| *rate > 0.0);
    let worst: Vec<String> = worst
        .map(|(rate, t, p)| format!("{} as {} ({:.0} %)", name(*t), name(*p), 100.0 * rate))
        .collect();
    match worst.is_empty() {
        true => "No row is misclassified.".to_owned(),
        false => format!("Most frequent confusions: {}.", worst.join(", ")),
    }
}
