use crate::check;
use crate::drawing::{Axis, Figure, FigureParams, Paint, axes, legend};
use crate::error::{Error, Result};

use super::lines::{draw_lines, keys};
use super::series::{Series, check_all};

/// The scores of one search strategy, in one or more runs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SearchScores {
    /// The name in the legend.
    pub name: String,
    /// Scores by trial, larger is better; one list per run.
    pub runs: Vec<Vec<f64>>,
}

impl SearchScores {
    /// The scores of the runs of strategy `name`.
    pub fn new(name: impl Into<String>, runs: Vec<Vec<f64>>) -> Self {
        let name = name.into();
        Self { name, runs }
    }
}

/// Scores of hyperparameter searches by trial, and the best score so far.
///
/// Dots are trials. The line of a search is the median over its runs of the best score so far; the band
/// extends from the worst to the best run.
///
/// # Errors
///
/// No search, a search without runs, a run without trials, or scores that are not finite.
///
/// ```
/// use timbral_plot::{FigureParams, SearchScores, tuning_history};
///
/// let random = SearchScores::new("random", vec![vec![0.5, 0.7, 0.6], vec![0.6, 0.4, 0.8]]);
/// let svg = tuning_history(&[random], "accuracy", &FigureParams::default())?.svg()?;
/// assert_eq!(svg.matches("<circle").count(), 6);
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn tuning_history(
    searches: &[SearchScores],
    metric: &str,
    params: &FigureParams,
) -> Result<Figure> {
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

fn best_so_far(search: &SearchScores) -> Result<Series> {
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
        // A run that has ended keeps its best score.
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

/// The line as steps: horizontal up to each point, then vertical.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_score_so_far_is_the_median_over_runs() {
        let runs = vec![vec![0.2, 0.5, 0.1], vec![0.3, 0.3], vec![0.1, 0.9, 0.95]];
        let best = best_so_far(&SearchScores::new("s", runs)).unwrap();
        assert_eq!(best.y, [0.2, 0.5, 0.5]);
        assert_eq!(best.band, Some((vec![0.1, 0.3, 0.3], vec![0.3, 0.9, 0.95])));
    }
}
