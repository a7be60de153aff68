use crate::axes::{Axis, Plot, axes};
use crate::canvas::{Area, Canvas};
use crate::check;
use crate::error::{Error, Result};
use crate::figure::{Figure, FigureParams};
use crate::legend::{Key, legend};
use crate::theme::Paint;

/// A named line, with a band around it if wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Where its points are, rising.
    pub x: Vec<f64>,
    /// Their values, as many.
    pub y: Vec<f64>,
    /// Lower and upper edge of the band, as long as `y`.
    pub band: Option<(Vec<f64>, Vec<f64>)>,
}

impl Series {
    /// A line through points.
    pub fn new(name: impl Into<String>, x: Vec<f64>, y: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            x,
            y,
            band: None,
        }
    }

    /// A line whose points are at 1, 2, 3, ..., as epochs and rounds are.
    pub fn counted(name: impl Into<String>, y: Vec<f64>) -> Self {
        let x = (1..=y.len()).map(|i| i as f64).collect();
        Self::new(name, x, y)
    }

    /// The same with a band from `low` to `high`.
    pub fn with_band(mut self, low: Vec<f64>, high: Vec<f64>) -> Self {
        self.band = Some((low, high));
        self
    }

    fn check(&self) -> Result<()> {
        check::finite("x", &self.x)?;
        check::finite("y", &self.y)?;
        check::shape("y", self.x.len(), self.y.len())?;
        if let Some((low, high)) = &self.band {
            check::finite("low", low)?;
            check::finite("high", high)?;
            check::shape("low", self.y.len(), low.len())?;
            check::shape("high", self.y.len(), high.len())?;
        }
        Ok(())
    }

    fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let (low, high) = self
            .band
            .as_ref()
            .map_or((&[][..], &[][..]), |(l, h)| (l, h));
        self.y.iter().chain(low).chain(high).copied()
    }
}

/// Lines over a shared axis, with a legend.
///
/// # Errors
///
/// No series, a series without points or of unequal lengths, or numbers that are not finite.
///
/// ```
/// use timbral_plot::{FigureParams, Series, lines};
///
/// let rise = Series::counted("rise", vec![1.0, 2.0, 4.0]);
/// let svg = lines(&[rise], "round", "score", &FigureParams::default())?.svg()?;
/// assert!(svg.contains("rise") && svg.contains("round") && svg.contains("score"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn lines(
    series: &[Series],
    x_label: &str,
    y_label: &str,
    params: &FigureParams,
) -> Result<Figure> {
    check_all(series)?;
    Figure::draw(params, |canvas, area| {
        let area = legend(canvas, area, &keys(series));
        panel(canvas, area, series, x_label, y_label, false);
        Ok(())
    })
}

/// Loss and accuracy by epoch or boosting round, one above the other.
///
/// Lines of the same place in both panels have the same colour; the legend names those of the
/// first. An empty second panel is left out.
///
/// # Errors
///
/// As [`lines`].
///
/// ```
/// use timbral_plot::{FigureParams, Series, training_curves};
///
/// let loss = [Series::counted("train", vec![2.3, 1.1]), Series::counted("validation", vec![2.3, 1.6])];
/// let hits = [Series::counted("train", vec![0.1, 0.7]), Series::counted("validation", vec![0.1, 0.5])];
/// let svg = training_curves(&loss, &hits, "epoch", &FigureParams::default())?.svg()?;
/// assert!(svg.contains("validation") && svg.contains("accuracy"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn training_curves(
    loss: &[Series],
    accuracy: &[Series],
    x_label: &str,
    params: &FigureParams,
) -> Result<Figure> {
    check_all(loss)?;
    if !accuracy.is_empty() {
        check_all(accuracy)?;
    }
    Figure::draw(params, |canvas, area| {
        let named = if loss.len() >= accuracy.len() {
            loss
        } else {
            accuracy
        };
        let area = legend(canvas, area, &keys(named));
        if accuracy.is_empty() {
            panel(canvas, area, loss, x_label, "loss", false);
        } else {
            panel(canvas, area.row(0, 2, 10.0), loss, "", "loss", false);
            panel(
                canvas,
                area.row(1, 2, 10.0),
                accuracy,
                x_label,
                "accuracy",
                false,
            );
        }
        Ok(())
    })
}

/// A score by the number of training examples, with bands over folds or seeds.
///
/// # Errors
///
/// As [`lines`].
///
/// ```
/// use timbral_plot::{FigureParams, Series, learning_curve};
///
/// let test = Series::new("test", vec![100.0, 400.0], vec![0.5, 0.6])
///     .with_band(vec![0.45, 0.57], vec![0.55, 0.63]);
/// let svg = learning_curve(&[test], "accuracy", &FigureParams::default())?.svg()?;
/// assert!(svg.contains("training examples") && svg.contains("<polygon"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn learning_curve(series: &[Series], metric: &str, params: &FigureParams) -> Result<Figure> {
    check_all(series)?;
    Figure::draw(params, |canvas, area| {
        let area = legend(canvas, area, &keys(series));
        panel(canvas, area, series, "training examples", metric, true);
        Ok(())
    })
}

/// The runs of one way of tuning.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Its name in the legend.
    pub name: String,
    /// Scores by trial, greater being better, one list a run.
    pub runs: Vec<Vec<f64>>,
}

/// Scores of hyperparameter searches by trial, and the best so far.
///
/// Dots are trials. The line of a search is the median over its runs of the best score so far, the
/// band goes from its worst run to its best.
///
/// # Errors
///
/// No search, a search or run without trials, or scores that are not finite.
///
/// ```
/// use timbral_plot::{FigureParams, Search, tuning_history};
///
/// let random = Search { name: "random".into(), runs: vec![vec![0.5, 0.7, 0.6], vec![0.6, 0.4, 0.8]] };
/// let svg = tuning_history(&[random], "accuracy", &FigureParams::default())?.svg()?;
/// assert_eq!(svg.matches("<circle").count(), 6);
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn tuning_history(searches: &[Search], metric: &str, params: &FigureParams) -> Result<Figure> {
    let best: Vec<Series> = searches.iter().map(best_so_far).collect::<Result<_>>()?;
    check_all(&best)?;
    Figure::draw(params, |canvas, area| {
        let area = legend(canvas, area, &keys(&best));
        let all = searches
            .iter()
            .flat_map(|s| s.runs.iter().flatten().copied());
        let longest = best.iter().map(|s| s.x.len()).max().unwrap_or(1) as f64;
        let x = Axis::linear((0.5, longest + 0.5), "trial");
        let y = Axis::linear(check::padded(check::range(all)), metric);
        let plot = axes(canvas, area, &x, &y);
        for (i, search) in searches.iter().enumerate() {
            for run in &search.runs {
                for (trial, score) in run.iter().enumerate() {
                    let at = plot.at(trial as f64 + 1.0, *score);
                    canvas.circle(at, 2.0, Paint::Class(i), 0.35);
                }
            }
        }
        let steps: Vec<Series> = best.iter().map(stepped).collect();
        draw_lines(canvas, &plot, &steps, false);
        Ok(())
    })
}

fn best_so_far(search: &Search) -> Result<Series> {
    if search.runs.is_empty() {
        return Err(Error::Empty { name: "runs" });
    }
    let mut runs = Vec::new();
    for run in &search.runs {
        let mut best = f64::NEG_INFINITY;
        let scores = check::finite("runs", run)?;
        runs.push(
            scores
                .into_iter()
                .map(|score| {
                    best = best.max(score);
                    best
                })
                .collect::<Vec<_>>(),
        );
    }
    let longest = runs.iter().map(Vec::len).max().unwrap_or(0);
    let mut middle = Vec::new();
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for trial in 0..longest {
        // A run that ended keeps what it had.
        let mut now: Vec<f64> = runs
            .iter()
            .map(|run| run[trial.min(run.len() - 1)])
            .collect();
        now.sort_unstable_by(f64::total_cmp);
        low.push(now[0]);
        high.push(now[now.len() - 1]);
        middle.push((now[(now.len() - 1) / 2] + now[now.len() / 2]) / 2.0);
    }
    let series = Series::counted(search.name.clone(), middle);
    Ok(if runs.len() > 1 {
        series.with_band(low, high)
    } else {
        series
    })
}

/// The same line, level up to each point and then upright to it.
fn stepped(series: &Series) -> Series {
    let twice = |values: &[f64]| -> Vec<f64> { values.iter().flat_map(|v| [*v, *v]).collect() };
    let late = |values: &[f64]| twice(values)[..2 * values.len() - 1].to_vec();
    let band = series
        .band
        .as_ref()
        .map(|(low, high)| (late(low), late(high)));
    Series {
        name: series.name.clone(),
        x: twice(&series.x)[1..].to_vec(),
        y: late(&series.y),
        band,
    }
}

fn check_all(series: &[Series]) -> Result<()> {
    if series.is_empty() {
        return Err(Error::Empty { name: "series" });
    }
    series.iter().try_for_each(Series::check)
}

fn keys(series: &[Series]) -> Vec<(Key, String)> {
    let key = |(i, s): (usize, &Series)| (Key::Line(Paint::Class(i)), s.name.clone());
    series.iter().enumerate().map(key).collect()
}

fn panel(
    canvas: &mut Canvas,
    area: Area,
    series: &[Series],
    x_label: &str,
    y_label: &str,
    dots: bool,
) {
    let xs = check::range(series.iter().flat_map(|s| s.x.iter().copied()));
    let ys = check::range(series.iter().flat_map(Series::values));
    let x = Axis::linear(check::padded(xs), x_label);
    let y = Axis::linear(check::padded(ys), y_label);
    let plot = axes(canvas, area, &x, &y);
    draw_lines(canvas, &plot, series, dots);
}

fn draw_lines(canvas: &mut Canvas, plot: &Plot, series: &[Series], dots: bool) {
    for (i, s) in series.iter().enumerate() {
        if let Some((low, high)) = &s.band {
            let over = s.x.iter().zip(high).map(|(x, y)| plot.at(*x, *y));
            let under = s.x.iter().zip(low).rev().map(|(x, y)| plot.at(*x, *y));
            canvas.polygon(over.chain(under).collect(), Paint::Class(i), 0.18);
        }
    }
    for (i, s) in series.iter().enumerate() {
        let points: Vec<_> = s.x.iter().zip(&s.y).map(|(x, y)| plot.at(*x, *y)).collect();
        if dots || points.len() == 1 {
            for point in &points {
                canvas.circle(*point, 4.0, Paint::Class(i), 1.0);
            }
        }
        canvas.line(points, Paint::Class(i), 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_so_far_is_the_median_of_the_runs() {
        let runs = vec![vec![0.2, 0.5, 0.1], vec![0.3, 0.3], vec![0.1, 0.9, 0.95]];
        let best = best_so_far(&Search {
            name: "s".into(),
            runs,
        })
        .unwrap();
        assert_eq!(best.y, [0.2, 0.5, 0.5]);
        assert_eq!(best.band, Some((vec![0.1, 0.3, 0.3], vec![0.3, 0.9, 0.95])));
    }

    #[test]
    fn series_that_do_not_fit_are_refused() {
        let params = FigureParams::default();
        let short = Series::new("s", vec![1.0, 2.0], vec![1.0]);
        assert!(matches!(
            lines(&[short], "", "", &params),
            Err(Error::Shape { .. })
        ));
        assert!(matches!(
            lines(&[], "", "", &params),
            Err(Error::Empty { .. })
        ));
        let nan = Series::counted("s", vec![1.0, f64::NAN]);
        assert!(matches!(
            lines(&[nan], "", "", &params),
            Err(Error::NotFinite { index: 1, .. })
        ));
    }
}
