use ndarray::ArrayView2;

use crate::check;
use crate::drawing::{Axis, Colormap, Figure, FigureParams, bare_axes, colorbar, even_heat};
use crate::error::Result;

use super::frames::FrameTiming;

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
    const NAMES: [&str; 12] = [
        "C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B",
    ];
    let chroma = check::matrix("chroma", chroma)?;
    frames.check()?;
    let n = chroma.nrows();
    timbral_core::check(n % 12 == 0, "chroma.nrows()", n, "must be a multiple of 12")?;
    let each = n as f64 / 12.0;
    let ticks = NAMES.iter().enumerate();
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
