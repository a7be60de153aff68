use crate::check;
use crate::drawing::{
    Anchor, Area, Axis, Canvas, Figure, FigureParams, Paint, SMALL, axes, number,
};
use crate::error::Result;

/// The number of examples in each class, as bars in the given order.
///
/// # Errors
///
/// No classes, or the numbers of classes and counts differ.
///
/// ```
/// use timbral_plot::{FigureParams, label_counts};
///
/// let svg = label_counts(&["blues", "rock"], &[100, 99], &FigureParams::default())?.svg()?;
/// assert!(svg.contains("blues") && svg.contains("99"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn label_counts<S: AsRef<str>>(
    class_names: &[S],
    counts: &[usize],
    params: &FigureParams,
) -> Result<Figure> {
    let values: Vec<f64> = counts.iter().map(|n| *n as f64).collect();
    check::finite("counts", &values)?;
    check::shape("counts", class_names.len(), counts.len())?;
    let names = check::strings(class_names);
    let texts: Vec<String> = counts.iter().map(usize::to_string).collect();
    Figure::draw(params, |canvas, area| {
        bars(
            canvas,
            area,
            names,
            &values,
            &texts,
            "examples",
            Paint::Class,
        );
        Ok(())
    })
}

/// The most important features of a model, as bars, the largest importance first.
///
/// At most `max_features` are shown.
///
/// # Errors
///
/// No features, the numbers of names and values differ, values that are not finite, or `max_features`
/// is 0.
///
/// ```
/// use timbral_plot::{FigureParams, feature_importances};
///
/// let names = ["tempo", "mfcc_1", "rms"];
/// let svg = feature_importances(&names, &[0.1, 0.7, 0.2], 2, &FigureParams::default())?.svg()?;
/// assert!(svg.contains("mfcc_1") && svg.contains("rms") && !svg.contains("tempo"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn feature_importances<S: AsRef<str>>(
    names: &[S],
    values: &[f64],
    max_features: usize,
    params: &FigureParams,
) -> Result<Figure> {
    check::finite("values", values)?;
    check::shape("values", names.len(), values.len())?;
    timbral_core::check(
        max_features > 0,
        "max_features",
        max_features,
        "must be at least 1",
    )?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    order.truncate(max_features);
    let named = order
        .iter()
        .map(|i| names[*i].as_ref().to_owned())
        .collect();
    let shown: Vec<f64> = order.iter().map(|i| values[*i]).collect();
    let texts: Vec<String> = shown.iter().map(|v| number(*v, v.abs() / 100.0)).collect();
    Figure::draw(params, |canvas, area| {
        bars(canvas, area, named, &shown, &texts, "importance", |_| {
            Paint::Class(0)
        });
        Ok(())
    })
}

fn bars(
    canvas: &mut Canvas,
    area: Area,
    names: Vec<String>,
    values: &[f64],
    texts: &[String],
    label: &str,
    paint: impl Fn(usize) -> Paint,
) {
    let (lo, hi) = check::range(values.iter().copied());
    // Leave space for the number at the end of the longest bar.
    let span = (hi.max(0.0) - lo.min(0.0)).max(f64::MIN_POSITIVE);
    let end = if hi > 0.0 {
        hi + span * 0.1
    } else {
        span * 0.1
    };
    let start = if lo < 0.0 { lo - span * 0.1 } else { 0.0 };
    let n = names.len();
    let x = Axis::linear((start, end.max(start + 1e-300)), label);
    let plot = axes(canvas, area, &x, &Axis::names(names, ""));
    let half = (plot.y.unit() * 0.36).max(0.5);
    let zero = plot.x.at(0.0);
    for (i, value) in values.iter().enumerate() {
        let (x, y) = plot.at(*value, i as f64 + 0.5);
        let bar = Area {
            x0: zero.min(x),
            x1: zero.max(x),
            y0: y - half,
            y1: y + half,
        };
        canvas.fill(bar, paint(i), 1.0);
        if area.height() / n as f64 >= 12.0 {
            let (side, anchor) = if *value < 0.0 {
                (-5.0, Anchor::End)
            } else {
                (5.0, Anchor::Start)
            };
            canvas.text((x + side, y), texts[i].clone(), SMALL, Paint::Muted, anchor);
        }
    }
}
