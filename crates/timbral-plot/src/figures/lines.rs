use crate::check;
use crate::drawing::{Area, Axis, Canvas, Figure, FigureParams, Key, Paint, Plot, axes, legend};
use crate::error::Result;

use super::series::{Series, check_all};

/// Lines with shared axes and a legend.
///
/// # Errors
///
/// No series, a series without points or with lengths that differ, or numbers that are not finite.
///
/// ```
/// use timbral_plot::{FigureParams, Series, line_plot};
///
/// let rise = Series::counted("rise", vec![1.0, 2.0, 4.0]);
/// let svg = line_plot(&[rise], "round", "score", &FigureParams::default())?.svg()?;
/// assert!(svg.contains("rise") && svg.contains("round") && svg.contains("score"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn line_plot(
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

/// Loss and accuracy by epoch or boosting round, in two panels one above the other.
///
/// Lines with the same index have the same colour in both panels; the legend names those of the panel with
/// more lines. Without accuracies there is one panel.
///
/// # Errors
///
/// Those of [`line_plot`].
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

/// A learning curve: a score by the number of training examples, for example with bands over folds or seeds.
///
/// # Errors
///
/// Those of [`line_plot`].
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

pub(super) fn keys(series: &[Series]) -> Vec<(Key, String)> {
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

pub(super) fn draw_lines(canvas: &mut Canvas, plot: &Plot, series: &[Series], dots: bool) {
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
    use crate::error::Error;

    #[test]
    fn invalid_series_are_errors() {
        let params = FigureParams::default();
        let short = Series::new("s", vec![1.0, 2.0], vec![1.0]);
        assert!(matches!(
            line_plot(&[short], "", "", &params),
            Err(Error::Shape { .. })
        ));
        assert!(matches!(
            line_plot(&[], "", "", &params),
            Err(Error::Empty { .. })
        ));
        let nan = Series::counted("s", vec![1.0, f64::NAN]);
        assert!(matches!(
            line_plot(&[nan], "", "", &params),
            Err(Error::NotFinite { index: 1, .. })
        ));
    }
}
