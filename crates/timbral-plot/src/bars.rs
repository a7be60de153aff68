use crate::axes::{Axis, axes, number};
use crate::canvas::{Anchor, Area, Canvas, SMALL};
use crate::check;
use crate::error::Result;
use crate::figure::{Figure, FigureParams};
use crate::legend::{Key, legend};
use crate::theme::Paint;

/// How many examples each class has, as bars in the order given.
///
/// # Errors
///
/// No classes, or another number of counts.
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

/// The features that matter most to a model, the greatest importance first.
///
/// # Errors
///
/// No features, another number of importances, ones that are not finite, or `max_features` 0.
///
/// ```
/// use timbral_plot::{FigureParams, importances};
///
/// let names = ["tempo", "mfcc_1", "rms"];
/// let svg = importances(&names, &[0.1, 0.7, 0.2], 2, &FigureParams::default())?.svg()?;
/// assert!(svg.contains("mfcc_1") && svg.contains("rms") && !svg.contains("tempo"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn importances<S: AsRef<str>>(
    names: &[S],
    values: &[f64],
    max_features: usize,
    params: &FigureParams,
) -> Result<Figure> {
    check::finite("values", values)?;
    check::shape("values", names.len(), values.len())?;
    check::parameter(
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
    // Room for the number behind the longest bar.
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

/// A score with its interval, of one model on one split.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The model; those of the same name share a line.
    pub name: String,
    /// The split, or whatever else tells estimates of a model apart; the colour.
    pub group: String,
    /// The score.
    pub value: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
}

/// Scores of models with their intervals: a forest plot.
///
/// # Errors
///
/// No estimates, or numbers that are not finite.
///
/// ```
/// use timbral_plot::{Estimate, FigureParams, comparison};
///
/// let estimate = |name: &str, value| Estimate {
///     name: name.into(), group: "test".into(), value, low: value - 0.05, high: value + 0.05,
/// };
/// let both = [estimate("boosting", 0.8), estimate("network", 0.7)];
/// let svg = comparison(&both, "accuracy (95 % interval)", &FigureParams::default())?.svg()?;
/// assert!(svg.contains("boosting") && svg.contains("network") && svg.contains("95 %"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn comparison(estimates: &[Estimate], metric: &str, params: &FigureParams) -> Result<Figure> {
    let numbers: Vec<f64> = estimates
        .iter()
        .flat_map(|e| [e.value, e.low, e.high])
        .collect();
    check::finite("estimates", &numbers)?;
    let names = distinct(estimates.iter().map(|e| &e.name));
    let groups = distinct(estimates.iter().map(|e| &e.group));
    Figure::draw(params, |canvas, area| {
        let keys = groups.iter().enumerate();
        let keys: Vec<_> = keys.map(|(i, g)| (Key::Mark(i), g.clone())).collect();
        let keys = if groups.len() > 1 { keys } else { Vec::new() };
        let area = legend(canvas, area, &keys);
        let x = Axis::linear(check::padded(check::range(numbers)), metric);
        let plot = axes(canvas, area, &x, &Axis::names(names.clone(), ""));
        let step = plot.y.unit() * 0.7 / groups.len() as f64;
        for i in 1..names.len() {
            let y = plot.y.at(i as f64);
            canvas.line(vec![(plot.area.x0, y), (plot.area.x1, y)], Paint::Grid, 1);
        }
        for e in estimates {
            let row = names.iter().position(|n| *n == e.name).unwrap_or(0);
            let group = groups.iter().position(|g| *g == e.group).unwrap_or(0);
            let y = plot.y.at(row as f64 + 0.5)
                + (group as f64 - (groups.len() - 1) as f64 / 2.0) * step;
            let paint = Paint::Class(group);
            let (low, high) = (plot.x.at(e.low), plot.x.at(e.high));
            canvas.line(vec![(low, y), (high, y)], paint, 2);
            for end in [low, high] {
                canvas.line(vec![(end, y - 3.0), (end, y + 3.0)], paint, 2);
            }
            canvas.mark((plot.x.at(e.value), y), 5.0, group, 1.0);
        }
        Ok(())
    })
}

fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.contains(name) {
            found.push(name.clone());
        }
    }
    found
}
