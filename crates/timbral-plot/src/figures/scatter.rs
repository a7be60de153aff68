use ndarray::ArrayView2;

use crate::check;
use crate::drawing::{Axis, Figure, FigureParams, Key, axes, legend};
use crate::error::Result;

/// A scatter plot of examples, with a marker for each class.
///
/// `points` has shape `(n_samples, 2)`, for example from [`Pca`](crate::Pca).
///
/// # Errors
///
/// No points, the number of columns is not 2, the numbers of labels and points differ, a class is out of
/// range, or numbers are not finite.
///
/// ```
/// use ndarray::array;
/// use timbral_plot::{FigureParams, scatter_map};
///
/// let points = array![[0.0, 1.0], [2.0, 3.0]];
/// let labels = ["component 1", "component 2"];
/// let figure = scatter_map(points.view(), &[0, 1], &["jazz", "rock"], labels, &FigureParams::default())?;
/// assert!(figure.svg()?.contains("component 2"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn scatter_map<T: Copy + Into<f64>, S: AsRef<str>>(
    points: ArrayView2<'_, T>,
    labels: &[usize],
    class_names: &[S],
    axis_labels: [&str; 2],
    params: &FigureParams,
) -> Result<Figure> {
    let points = check::matrix("points", points)?;
    check::shape("points.ncols()", 2, points.ncols())?;
    check::shape("labels", points.nrows(), labels.len())?;
    check::classes("labels", labels, class_names.len())?;
    Figure::draw(params, |canvas, area| {
        let keys = class_names.iter().enumerate();
        let keys: Vec<_> = keys
            .map(|(i, name)| (Key::Mark(i), name.as_ref().to_owned()))
            .collect();
        let area = legend(canvas, area, &keys);
        let range = |c: usize| check::padded(check::range(points.column(c).iter().copied()));
        let x = Axis::linear(range(0), axis_labels[0]);
        let plot = axes(canvas, area, &x, &Axis::linear(range(1), axis_labels[1]));
        let radius = if labels.len() > 2000 { 2.5 } else { 4.0 };
        for (point, class) in points.rows().into_iter().zip(labels) {
            canvas.mark(plot.at(point[0], point[1]), radius, *class, 0.7);
        }
        Ok(())
    })
}
