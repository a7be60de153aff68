use ndarray::ArrayView2;

use crate::check;
use crate::drawing::{Axis, Colormap, Figure, FigureParams, bare_axes, colorbar, even_heat};
use crate::error::Result;

use super::frames::FrameTiming;
use super::frequency::PITCH_CLASSES;

/// A chromagram: the strength of the twelve pitch classes over time.
///
/// `chroma` has shape `(12, n_frames)`, C first, or any multiple of 12 rows
/// with equally many rows per pitch class.
///
/// # Errors
///
/// The number of rows is not a multiple of 12, no frames, numbers that are not finite, or a sample rate or
/// hop length of 0.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, FrameTiming, chromagram};
///
/// let chroma = Array2::from_shape_fn((12, 8), |(class, frame)| (class * frame) as f32);
/// let svg = chromagram(chroma.view(), &FrameTiming::default(), &FigureParams::default())?.svg()?;
/// assert!(svg.contains("G♯"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn chromagram<T: Copy + Into<f64>>(
    chroma: ArrayView2<'_, T>,
    frames: &FrameTiming,
    params: &FigureParams,
) -> Result<Figure> {
    let chroma = check::matrix("chroma", chroma)?;
    frames.check()?;
    let n = chroma.nrows();
    timbral_core::check(n % 12 == 0, "chroma.nrows()", n, "must be a multiple of 12")?;
    let each = n as f64 / 12.0;
    let ticks = PITCH_CLASSES.iter().enumerate();
    let ticks = ticks
        .map(|(i, name)| ((i as f64 + 0.5) * each, (*name).to_owned()))
        .collect();
    let (lo, hi) = check::range(chroma.iter().copied());
    let range = (lo.min(0.0), hi);
    Figure::draw(params, |canvas, area| {
        let area = colorbar(canvas, area, Colormap::Viridis, range, "strength");
        let y = Axis::Given {
            range: (0.0, n as f64),
            ticks,
            label: "pitch class".into(),
        };
        let plot = bare_axes(canvas, area, &frames.axis(chroma.ncols()), &y);
        even_heat(canvas, plot.area, &chroma, range, Colormap::Viridis);
        Ok(())
    })
}

/// Tonal centroids over time: the directions of the pitch classes on the circles of fifths and thirds (Harte, Sandler and
/// Gasser 2006).
///
/// `tonnetz` has shape `(6, n_frames)`: two rows each for fifths, minor and major thirds, as `timbral_dsp::tonnetz` returns them.
///
/// # Errors
///
/// Another number of rows, no frames, numbers that are not finite, or a sample rate or hop length of 0.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, FrameTiming, tonal_centroids};
///
/// let tonnetz = Array2::from_shape_fn((6, 8), |(row, frame)| (row * frame) as f64 / 40.0 - 0.5);
/// let svg = tonal_centroids(tonnetz.view(), &FrameTiming::default(), &FigureParams::default())?.svg()?;
/// assert!(svg.contains("minor third, x"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn tonal_centroids<T: Copy + Into<f64>>(
    tonnetz: ArrayView2<'_, T>,
    frames: &FrameTiming,
    params: &FigureParams,
) -> Result<Figure> {
    const NAMES: [&str; 6] = [
        "fifth, x",
        "fifth, y",
        "minor third, x",
        "minor third, y",
        "major third, x",
        "major third, y",
    ];
    let tonnetz = check::matrix("tonnetz", tonnetz)?;
    frames.check()?;
    check::shape("tonnetz.nrows()", NAMES.len(), tonnetz.nrows())?;
    let largest = tonnetz.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let range = (-largest, largest);
    let ticks = NAMES.iter().enumerate();
    let ticks = ticks.map(|(i, name)| (i as f64 + 0.5, (*name).to_owned()));
    let y = Axis::Given {
        range: (0.0, NAMES.len() as f64),
        ticks: ticks.collect(),
        label: String::new(),
    };
    Figure::draw(params, |canvas, area| {
        let area = colorbar(canvas, area, Colormap::Diverging, range, "direction");
        let plot = bare_axes(canvas, area, &frames.axis(tonnetz.ncols()), &y);
        even_heat(canvas, plot.area, &tonnetz, range, Colormap::Diverging);
        Ok(())
    })
}
