use ndarray::ArrayView2;

use crate::check;
use crate::drawing::{
    Axis, Colormap, Figure, FigureParams, Key, Paint, axes, bare_axes, colorbar, heat, legend,
};
use crate::error::Result;

use super::frames::FrameTiming;

/// A tempogram: the strength of each tempo over time.
///
/// `tempogram` has shape `(n_lags, n_frames)`; row k is the lag of k frames, which is the tempo
/// `60 sample_rate / (hop_length k)` in beats per minute. The tempos from 30 to 300 are drawn, as far as
/// there are rows for them.
///
/// # Errors
///
/// Fewer than 2 rows, no frames, numbers that are not finite, a sample rate or hop length of 0, or no row
/// in that range.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, FrameTiming, tempogram};
///
/// let lags = Array2::from_shape_fn((384, 20), |(lag, _)| 1.0 / (1 + lag) as f32);
/// let svg = tempogram(lags.view(), &FrameTiming::default(), &FigureParams::default())?.svg()?;
/// assert!(svg.contains("tempo (beats a minute)") && svg.contains("120"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn tempogram<T: Copy + Into<f64>>(
    tempogram: ArrayView2<'_, T>,
    frames: &FrameTiming,
    params: &FigureParams,
) -> Result<Figure> {
    let values = check::matrix("tempogram", tempogram)?;
    frames.check()?;
    let tempo_of_one = 60.0 / frames.seconds(1.0);
    let (lo, hi) = (
        (tempo_of_one / values.nrows() as f64).max(30.0),
        tempo_of_one.min(300.0),
    );
    timbral_core::check(
        hi > lo,
        "tempogram.nrows()",
        values.nrows(),
        "has no lag of 30 to 300 beats a minute",
    )?;
    let shown = values.slice(ndarray::s![(tempo_of_one / hi) as usize.., ..]);
    let range = check::range(shown.iter().copied());
    let ticks = [
        30.0, 40.0, 60.0, 80.0, 100.0, 120.0, 160.0, 200.0, 240.0, 300.0,
    ];
    let ticks = ticks
        .into_iter()
        .filter(|t| *t >= lo * 0.999 && *t <= hi * 1.001);
    let height = |tempo: f64| (tempo / lo).ln() / (hi / lo).ln();
    let y = Axis::Given {
        range: (0.0, 1.0),
        ticks: ticks.map(|t| (height(t), format!("{t}"))).collect(),
        label: "tempo (beats a minute)".into(),
    };
    // Tempo increases as the lag decreases.
    let turned = values.slice(ndarray::s![..;-1, ..]).to_owned();
    let n = values.nrows() as f64;
    Figure::draw(params, |canvas, area| {
        let area = colorbar(canvas, area, Colormap::Viridis, range, "strength");
        let plot = bare_axes(canvas, area, &frames.axis(values.ncols()), &y);
        heat(
            canvas,
            plot.area,
            &turned,
            range,
            Colormap::Viridis,
            400,
            |fraction| n - 0.5 - tempo_of_one / (lo * (hi / lo).powf(fraction)),
        );
        Ok(())
    })
}

/// The onset strength over time, with a line at each beat.
///
/// `beats` are frame indices; those past the end are not drawn.
///
/// # Errors
///
/// An empty envelope, numbers that are not finite, or a sample rate or hop length of 0.
///
/// ```
/// use timbral_plot::{FigureParams, FrameTiming, onset_curve};
///
/// let envelope = [0.0f32, 1.0, 0.2, 0.9, 0.1];
/// let svg = onset_curve(&envelope, &[1, 3], &FrameTiming::default(), &FigureParams::default())?.svg()?;
/// assert!(svg.contains("beats") && svg.contains("onset strength"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn onset_curve<T: Copy + Into<f64>>(
    envelope: &[T],
    beats: &[usize],
    frames: &FrameTiming,
    params: &FigureParams,
) -> Result<Figure> {
    let envelope = check::finite("envelope", envelope)?;
    frames.check()?;
    Figure::draw(params, |canvas, area| {
        let keys = [
            (Key::Line(Paint::Class(0)), "onset strength".to_owned()),
            (Key::Line(Paint::Class(1)), "beats".to_owned()),
        ];
        let area = legend(canvas, area, &keys);
        let y = Axis::linear(
            check::padded(check::range(envelope.iter().copied())),
            "strength",
        );
        let plot = axes(canvas, area, &frames.axis(envelope.len()), &y);
        for beat in beats.iter().filter(|beat| **beat < envelope.len()) {
            let x = plot.x.at(frames.seconds(*beat as f64));
            canvas.line(
                vec![(x, plot.area.y0), (x, plot.area.y1)],
                Paint::Class(1),
                1,
            );
        }
        let at = |(i, v): (usize, &f64)| plot.at(frames.seconds(i as f64), *v);
        canvas.line(
            envelope.iter().enumerate().map(at).collect(),
            Paint::Class(0),
            1,
        );
        Ok(())
    })
}
