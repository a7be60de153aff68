use crate::check;
use crate::drawing::{Axis, Figure, FigureParams, Key, Paint, axes, legend};
use crate::error::Result;

/// A score with its confidence interval, of one model on one split.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScoreInterval {
    /// The model; intervals of the same name share a row.
    pub name: String,
    /// The split, or anything else that distinguishes the scores of a model; it decides the colour.
    pub group: String,
    /// The score.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl ScoreInterval {
    /// The score `value` of model `name` on split `group`, with the interval `[low, high]`.
    pub fn new(
        name: impl Into<String>,
        group: impl Into<String>,
        value: f64,
        [low, high]: [f64; 2],
    ) -> Self {
        Self {
            name: name.into(),
            group: group.into(),
            value,
            low,
            high,
        }
    }
}

/// Scores of models with their confidence intervals: a forest plot.
///
/// # Errors
///
/// No intervals, or numbers that are not finite.
///
/// ```
/// use timbral_plot::{ScoreInterval, FigureParams, score_intervals};
///
/// let both = [
///     ScoreInterval::new("boosting", "test", 0.8, [0.75, 0.85]),
///     ScoreInterval::new("network", "test", 0.7, [0.64, 0.76]),
/// ];
/// let svg = score_intervals(&both, "accuracy (95 % interval)", &FigureParams::default())?.svg()?;
/// assert!(svg.contains("boosting") && svg.contains("network") && svg.contains("95 %"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn score_intervals(
    intervals: &[ScoreInterval],
    metric: &str,
    params: &FigureParams,
) -> Result<Figure> {
    let numbers: Vec<f64> = intervals
        .iter()
        .flat_map(|e| [e.value, e.low, e.high])
        .collect();
    check::finite("intervals", &numbers)?;
    let names = distinct(intervals.iter().map(|e| &e.name));
    let groups = distinct(intervals.iter().map(|e| &e.group));
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
        for e in intervals {
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
