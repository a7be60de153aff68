use ndarray::ArrayView2;

use crate::check;
use crate::drawing::{Area, Colormap, Figure, FigureParams, Paint, bare_axes, colorbar, even_heat};
use crate::error::Result;

use super::frames::FrameTiming;

/// A recurrence matrix: which frames of a recording are alike. Repeated parts are lines parallel to the diagonal.
///
/// `recurrence` has shape `(n_frames, n_frames)`; both axes are time.
///
/// # Errors
///
/// A matrix that is empty or not square, numbers that are not finite, or a sample rate or hop length of 0.
///
/// ```
/// use ndarray::Array2;
/// use timbral_plot::{FigureParams, FrameTiming, recurrence_plot};
///
/// let rec = Array2::from_shape_fn((40, 40), |(i, j)| f64::from(u8::from(i % 10 == j % 10)));
/// let svg = recurrence_plot(rec.view(), &FrameTiming::default(), &FigureParams::default())?.svg()?;
/// assert!(svg.contains("similarity"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn recurrence_plot<T: Copy + Into<f64>>(
    recurrence: ArrayView2<'_, T>,
    frames: &FrameTiming,
    params: &FigureParams,
) -> Result<Figure> {
    let values = check::matrix("recurrence", recurrence)?;
    frames.check()?;
    check::shape("recurrence.nrows()", values.ncols(), values.nrows())?;
    let (lo, hi) = check::range(values.iter().copied());
    let range = (lo.min(0.0), hi);
    let axis = frames.axis(values.ncols());
    Figure::draw(params, |canvas, area| {
        // The labels of both axes need about as much; the rest is for the scale.
        let square = Area {
            x1: area.x1.min(area.x0 + area.height() + 80.0),
            ..area
        };
        let area = colorbar(canvas, square, Colormap::Blues, range, "similarity");
        let plot = bare_axes(canvas, area, &axis, &axis);
        even_heat(canvas, plot.area, &values, range, Colormap::Blues);
        canvas.frame(plot.area, Paint::Muted);
        Ok(())
    })
}
