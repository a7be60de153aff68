use timbral_metrics::{
    BinParams, ConfusionMatrix, Normalize, Scores, average_precision_score, calibration_curve,
    precision_recall_curve, roc_auc_score, roc_curve,
};

use crate::axes::{Axis, axes, bare_axes};
use crate::canvas::{Anchor, Area, SMALL, TEXT};
use crate::check;
use crate::error::Result;
use crate::figure::{Figure, FigureParams};
use crate::legend::{Key, colorbar, legend};
use crate::theme::{Colormap, Paint, ink_on};

/// Counts of true and predicted classes; the colour of a cell is its share of the row.
///
/// Cells show the count and, where there is room, the share in per cent. The names are the
/// labels of the matrix.
///
/// # Errors
///
/// Weights that are not finite.
///
/// ```
/// use timbral_metrics::ConfusionMatrix;
/// use timbral_plot::{FigureParams, confusion_matrix};
///
/// let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], 2, None)?.with_labels(["jazz", "rock"])?;
/// let svg = confusion_matrix(&matrix, &FigureParams::default())?.svg()?;
/// assert!(svg.contains("jazz") && svg.contains("50 %") && svg.contains("100 %"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn confusion_matrix(matrix: &ConfusionMatrix, params: &FigureParams) -> Result<Figure> {
    let n = matrix.n_classes();
    let cells = check::finite("matrix", matrix.cells())?;
    let shares = matrix.normalized(Normalize::True);
    let labels = matrix.labels().to_vec();
    Figure::draw(params, |canvas, area| {
        let map = Colormap::Blues;
        let area = colorbar(canvas, area, map, (0.0, 1.0), "share of the true class");
        let (x, y) = (
            Axis::names(labels.clone(), "predicted"),
            Axis::names(labels, "true"),
        );
        let plot = bare_axes(canvas, area, &x, &y);
        let (w, h) = (plot.x.unit(), plot.y.unit());
        let size = (w / 3.6).min(h / 1.2).min(TEXT);
        for (i, (count, share)) in cells.iter().zip(&shares).enumerate() {
            let (row, column) = ((i / n) as f64, (i % n) as f64);
            let share = if share.is_finite() { *share } else { 0.0 };
            let ground = map.at(share);
            let (x0, y0) = plot.at(column, row);
            let cell = Area {
                x0,
                y0,
                x1: x0 + w,
                y1: y0 + h,
            };
            canvas.fill(cell, Paint::Rgb(ground), 1.0);
            canvas.frame(cell, Paint::Grid);
            if size < 7.0 {
                continue;
            }
            let ink = ink_on(ground);
            let (x, y) = plot.at(column + 0.5, row + 0.5);
            let text = if count.fract() == 0.0 {
                format!("{count}")
            } else {
                format!("{count:.1}")
            };
            let both = h >= 32.0 && w >= 40.0 && *count > 0.0;
            let up = if both { 7.0 } else { 0.0 };
            canvas.text((x, y - up), text, size, ink, Anchor::Middle);
            if both {
                let text = format!("{:.0} %", share * 100.0);
                canvas.text((x, y + 9.0), text, size.min(SMALL), ink, Anchor::Middle);
            }
        }
        Ok(())
    })
}

/// ROC curves of each class against all others, with the areas under them.
///
/// `y_score` has shape `(n_samples, n_classes)`. A class that does not occur, or is the only one,
/// has no curve.
///
/// # Errors
///
/// Lengths that differ, no rows, a class out of range, or scores that are not finite.
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

/// Precision by recall for each class, with the average precisions.
///
/// `y_score` has shape `(n_samples, n_classes)`. A class that does not occur, or is the only one,
/// has no curve.
///
/// # Errors
///
/// Lengths that differ, no rows, a class out of range, or scores that are not finite.
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

/// Text of the legend, and points.
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
        let air = (-0.01, 1.01);
        let plot = axes(
            canvas,
            area,
            &Axis::linear(air, x_label),
            &Axis::linear(air, y_label),
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

/// Whether probabilities come true as often as they say, for one or more models.
///
/// Each model is a name, whether each prediction came true, and its probability: for many classes
/// the confidence in the predicted one. The area of a dot goes with the number of predictions in
/// the bin; on the diagonal a model is calibrated.
///
/// # Errors
///
/// No models, lengths that differ, no predictions, or probabilities outside 0..=1.
///
/// ```
/// use timbral_metrics::BinParams;
/// use timbral_plot::{FigureParams, reliability_diagram};
///
/// let model = ("boosting", &[true, false, true][..], &[0.9, 0.4, 0.7][..]);
/// let figure = reliability_diagram(&[model], &BinParams::default(), &FigureParams::default())?;
/// assert!(figure.svg()?.contains("boosting"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn reliability_diagram<S: AsRef<str>>(
    models: &[(S, &[bool], &[f64])],
    bins: &BinParams,
    params: &FigureParams,
) -> Result<Figure> {
    if models.is_empty() {
        return Err(crate::Error::Empty { name: "models" });
    }
    let mut drawn = Vec::new();
    for (name, hits, probabilities) in models {
        drawn.push((name.as_ref(), calibration_curve(hits, probabilities, bins)?));
    }
    Figure::draw(params, |canvas, area| {
        let keys = drawn.iter().enumerate();
        let keys = keys.map(|(i, (name, _))| (Key::Line(Paint::Class(i)), (*name).to_owned()));
        let keys: Vec<_> = keys
            .chain([(Key::Line(Paint::Muted), "calibrated".to_owned())])
            .collect();
        let area = legend(canvas, area, &keys);
        let x = Axis::linear((-0.02, 1.02), "predicted probability");
        let plot = axes(
            canvas,
            area,
            &x,
            &Axis::linear((-0.02, 1.02), "share that came true"),
        );
        canvas.line(vec![plot.at(0.0, 0.0), plot.at(1.0, 1.0)], Paint::Muted, 1);
        for (i, (_, bins)) in drawn.iter().enumerate() {
            let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1) as f64;
            let points: Vec<_> = bins
                .iter()
                .map(|b| plot.at(b.prob_pred, b.prob_true))
                .collect();
            for (point, bin) in points.iter().zip(bins) {
                let radius = 3.0 + 7.0 * (bin.count as f64 / most).sqrt();
                canvas.circle(*point, radius, Paint::Class(i), 0.55);
            }
            canvas.line(points, Paint::Class(i), 2);
        }
        Ok(())
    })
}
