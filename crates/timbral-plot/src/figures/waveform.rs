use crate::check;
use crate::drawing::{Area, Axis, Canvas, Figure, FigureParams, Paint, axes};
use crate::error::Result;

use super::grid::grid;

/// A waveform: the samples of a recording over time, or their range in each pixel if there are many.
///
/// # Errors
///
/// No samples, samples that are not finite, or a sample rate of 0.
///
/// ```
/// use timbral_plot::{FigureParams, waveform};
///
/// let tone: Vec<f32> = (0..22050).map(|n| (n as f32 * 0.1).sin()).collect();
/// let svg = waveform(&tone, 22050, &FigureParams::titled("A tone"))?.svg()?;
/// assert!(svg.contains("time (s)") && svg.len() < 40_000);
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn waveform<T: Copy + Into<f64>>(
    samples: &[T],
    sample_rate: u32,
    params: &FigureParams,
) -> Result<Figure> {
    let samples = check::finite("samples", samples)?;
    timbral_core::check(
        sample_rate > 0,
        "sample_rate",
        sample_rate,
        "must be at least 1",
    )?;
    Figure::draw(params, |canvas, area| {
        panel(canvas, area, &samples, sample_rate, "amplitude");
        Ok(())
    })
}

/// Waveforms side by side, for example one per genre.
///
/// # Errors
///
/// Those of [`waveform`], or no panels.
///
/// ```
/// use timbral_plot::{FigureParams, waveform_grid};
///
/// let panels = [("blues", &[0.0f32, 0.5, -0.5][..]), ("rock", &[0.1, -0.9][..])];
/// let svg = waveform_grid(&panels, 22050, &FigureParams::default())?.svg()?;
/// assert!(svg.contains("blues") && svg.contains("rock"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn waveform_grid<S: AsRef<str>, T: Copy + Into<f64>>(
    panels: &[(S, &[T])],
    sample_rate: u32,
    params: &FigureParams,
) -> Result<Figure> {
    timbral_core::check(
        sample_rate > 0,
        "sample_rate",
        sample_rate,
        "must be at least 1",
    )?;
    let drawn: Vec<Vec<f64>> = panels
        .iter()
        .map(|(_, y)| check::finite("samples", y))
        .collect::<Result<_>>()?;
    grid(
        params,
        panels.iter().map(|(name, _)| name.as_ref()),
        |canvas, area, i| {
            panel(canvas, area, &drawn[i], sample_rate, "");
        },
    )
}

fn panel(canvas: &mut Canvas, area: Area, samples: &[f64], sample_rate: u32, label: &str) {
    let peak = samples.iter().fold(0.0f64, |peak, v| peak.max(v.abs()));
    let peak = if peak > 0.0 { peak * 1.05 } else { 1.0 };
    let seconds = samples.len() as f64 / f64::from(sample_rate);
    let x = Axis::linear((0.0, seconds), "time (s)");
    let plot = axes(canvas, area, &x, &Axis::linear((-peak, peak), label));
    let columns = plot.area.width().max(1.0) as usize;
    let paint = Paint::Class(0);
    if samples.len() <= 2 * columns {
        let at = |(i, v): (usize, &f64)| plot.at(i as f64 / f64::from(sample_rate), *v);
        let points: Vec<_> = samples.iter().enumerate().map(at).collect();
        if let [point] = points[..] {
            canvas.circle(point, 3.0, paint, 1.0);
        }
        canvas.line(points, paint, 1);
        return;
    }
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for column in 0..columns {
        let part =
            &samples[column * samples.len() / columns..(column + 1) * samples.len() / columns];
        let (lo, hi) = check::range(part.iter().copied());
        let x = plot.area.x0 + column as f64;
        above.push((x, plot.y.at(hi) - 0.5));
        below.push((x, plot.y.at(lo) + 0.5));
    }
    below.reverse();
    above.extend(below);
    canvas.polygon(above, paint, 1.0);
}
