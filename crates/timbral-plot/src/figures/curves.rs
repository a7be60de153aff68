use timbral_metrics::{
    Scores, average_precision_score, precision_recall_curve, roc_auc_score, roc_curve,
};

use crate::check;
use crate::drawing::{Axis, Figure, FigureParams, Key, Paint, axes, legend};
use crate::error::Result;

/// ROC curves of each class against all others, with the areas under the curves.
///
/// `y_score` has shape `(n_samples, n_classes)`. A class without examples, or without any of
/// other classes, has no curve.
///
/// # Errors
///
/// Lengths differ, there are no rows, a class is out of range, or scores are not finite.
///
/// ```
/// use timbral_metrics::Scores;
/// use timbral_plot::{FigureParams, roc_curves};
///
/// let scores = Scores::new(&[0.9, 0.1, 0.2, 0.8], 2)?;
/// let svg = roc_curves(&[0, 1], &scores, &["jazz", "rock"], &FigureParams::default())?.svg()?;
/// assert!(svg.contains("jazz (1.000)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn roc_curves<S: AsRef<str>>(
    y_true: &[usize],
    y_score: &Scores<'_>,
    class_names: &[S],
    params: &FigureParams,
) -> Result<Figure> {
    let curves = per_class(y_true, y_score, class_names, |hits, scores| {
        let curve = roc_curve(hits, scores, None, true)?;
        Ok((roc_auc_score(hits, scores, None)?, curve.fpr, curve.tpr))
    })?;
    draw_curves(
        &curves,
        ["false positive rate", "true positive rate"],
        true,
        params,
    )
}

/// Precision-recall curves of each class, with the average precisions.
///
/// `y_score` has shape `(n_samples, n_classes)`. A class without examples, or without any of
/// other classes, has no curve.
///
/// # Errors
///
/// Lengths differ, there are no rows, a class is out of range, or scores are not finite.
///
/// ```
/// use timbral_metrics::Scores;
/// use timbral_plot::{FigureParams, precision_recall_curves};
///
/// let scores = Scores::new(&[0.9, 0.1, 0.2, 0.8], 2)?;
/// let figure = precision_recall_curves(&[0, 1], &scores, &["jazz", "rock"], &FigureParams::default())?;
/// assert!(figure.svg()?.contains("rock (1.000)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn precision_recall_curves<S: AsRef<str>>(
    y_true: &[usize],
    y_score: &Scores<'_>,
    class_names: &[S],
    params: &FigureParams,
) -> Result<Figure> {
    let curves = per_class(y_true, y_score, class_names, |hits, scores| {
        let curve = precision_recall_curve(hits, scores, None, true)?;
        let area = average_precision_score(hits, scores, None)?;
        Ok((area, curve.recall, curve.precision))
    })?;
    draw_curves(&curves, ["recall", "precision"], false, params)
}

/// Legend text, x and y.
type Curve = (String, Vec<f64>, Vec<f64>);

fn per_class<S: AsRef<str>>(
    y_true: &[usize],
    y_score: &Scores<'_>,
    class_names: &[S],
    curve: impl Fn(&[bool], &[f64]) -> timbral_metrics::Result<(f64, Vec<f64>, Vec<f64>)>,
) -> Result<Vec<Curve>> {
    let n = y_score.n_classes();
    check::shape("class_names", n, class_names.len())?;
    check::shape("y_true", y_score.n_samples(), y_true.len())?;
    check::classes("y_true", y_true, n)?;
    check::finite("y_score", y_score.values())?;
    let mut curves = Vec::new();
    for (class, name) in class_names.iter().enumerate() {
        let name = name.as_ref();
        let hits: Vec<bool> = y_true.iter().map(|t| *t == class).collect();
        if hits.iter().all(|hit| *hit) || !hits.contains(&true) {
            curves.push((format!("{name} (none)"), Vec::new(), Vec::new()));
            continue;
        }
        let scores: Vec<f64> = y_score
            .values()
            .iter()
            .skip(class)
            .step_by(n)
            .copied()
            .collect();
        let (area, x, y) = curve(&hits, &scores)?;
        curves.push((format!("{name} ({area:.3})"), x, y));
    }
    Ok(curves)
}

fn draw_curves(
    curves: &[Curve],
    [x_label, y_label]: [&str; 2],
    chance: bool,
    params: &FigureParams,
) -> Result<Figure> {
    Figure::draw(params, |canvas, area| {
        let area_name = if chance { "class (AUC)" } else { "class (AP)" };
        let mut keys = vec![(Key::Heading, area_name.to_owned())];
        for (i, (text, ..)) in curves.iter().enumerate() {
            keys.push((Key::Line(Paint::Class(i)), text.clone()));
        }
        let area = legend(canvas, area, &keys);
        let range = (-0.01, 1.01);
        let plot = axes(
            canvas,
            area,
            &Axis::linear(range, x_label),
            &Axis::linear(range, y_label),
        );
        if chance {
            canvas.line(vec![plot.at(0.0, 0.0), plot.at(1.0, 1.0)], Paint::Muted, 1);
        }
        for (i, (_, x, y)) in curves.iter().enumerate() {
            let points = x.iter().zip(y).map(|(x, y)| plot.at(*x, *y)).collect();
            canvas.line(points, Paint::Class(i), 2);
        }
        Ok(())
    })
}
