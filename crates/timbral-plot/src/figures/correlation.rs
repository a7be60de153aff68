use ndarray::{Array2, ArrayView2};

use crate::analysis::cluster_order;
use crate::check;
use crate::drawing::{
    Anchor, Axis, Colormap, Figure, FigureParams, SMALL, bare_axes, colorbar, even_heat, ink_on,
    number,
};
use crate::error::Result;

/// A heatmap of correlations, with correlated features next to each other (see [`cluster_order`]).
///
/// # Errors
///
/// The matrix is empty or not square, the number of names differs, or numbers are not finite.
///
/// ```
/// use ndarray::array;
/// use timbral_plot::{FigureParams, correlation_heatmap};
///
/// let r = array![[1.0, -0.5], [-0.5, 1.0]];
/// let svg = correlation_heatmap(r.view(), &["tempo", "rms"], &FigureParams::default())?.svg()?;
/// assert!(svg.contains("tempo") && svg.contains("−0.5"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn correlation_heatmap<S: AsRef<str>>(
    correlations: ArrayView2<'_, f64>,
    names: &[S],
    params: &FigureParams,
) -> Result<Figure> {
    let order = cluster_order(correlations.view())?;
    let n = order.len();
    check::shape("names", n, names.len())?;
    let names: Vec<String> = order
        .iter()
        .map(|i| names[*i].as_ref().to_owned())
        .collect();
    // The first feature is at the top, which is the last row of the heatmap.
    let sorted = Array2::from_shape_fn((n, n), |(i, j)| correlations[[order[n - 1 - i], order[j]]]);
    Figure::draw(params, |canvas, area| {
        let map = Colormap::Diverging;
        let area = colorbar(canvas, area, map, (-1.0, 1.0), "correlation");
        let (x, y) = (Axis::names(names.clone(), ""), Axis::names(names, ""));
        let plot = bare_axes(canvas, area, &x, &y);
        even_heat(canvas, plot.area, &sorted, (-1.0, 1.0), map);
        if plot.x.unit() >= 30.0 && plot.y.unit() >= 14.0 {
            for ((i, j), r) in sorted.indexed_iter() {
                let at = plot.at(j as f64 + 0.5, (n - 1 - i) as f64 + 0.5);
                let ink = ink_on(map.at((r + 1.0) / 2.0));
                let text = number(*r, 0.1);
                canvas.text(at, text, SMALL, ink, Anchor::Middle);
            }
        }
        Ok(())
    })
}
