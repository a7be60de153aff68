use ndarray::Array2;

use super::canvas::{Area, Canvas, Shape};
use super::colormap::Colormap;

/// Fills an area with the colours of a matrix, row 0 at the bottom, with at most one cell per pixel.
///
/// `source` maps a fraction of the height, from 0 to 1, to a row of the matrix.
pub(crate) fn heat(
    canvas: &mut Canvas,
    area: Area,
    values: &Array2<f64>,
    (lo, hi): (f64, f64),
    map: Colormap,
    rows: usize,
    source: impl Fn(f64) -> f64,
) {
    let (n_rows, n_columns) = values.dim();
    let rows = rows.min(area.height().max(1.0) as usize).max(1);
    let columns = n_columns.min(area.width().max(1.0) as usize).max(1);
    let span = if hi > lo { hi - lo } else { 1.0 };
    let across: Vec<_> = (0..columns)
        .map(|c| {
            (
                c * n_columns / columns,
                ((c + 1) * n_columns / columns).min(n_columns),
            )
        })
        .collect();
    let mut pixels = Vec::with_capacity(rows * columns);
    for row in (0..rows).rev() {
        let below = source(row as f64 / rows as f64);
        let above = source((row + 1) as f64 / rows as f64);
        let first = (below.max(0.0) + 1e-9) as usize;
        let first = first.min(n_rows - 1);
        let last = ((above - 1e-9).max(0.0) as usize).clamp(first, n_rows - 1);
        for (from, to) in &across {
            let part = values.slice(ndarray::s![first..=last, *from..*to]);
            let mean = part.mean().unwrap_or(lo);
            pixels.push(((mean - lo) / span * 255.0).round().clamp(0.0, 255.0) as u8);
        }
    }
    canvas.shapes.push(Shape::Image {
        area,
        columns,
        rows,
        pixels,
        palette: map.palette(),
    });
}

/// Like [`heat`], with all rows of the same height.
pub(crate) fn even_heat(
    canvas: &mut Canvas,
    area: Area,
    values: &Array2<f64>,
    range: (f64, f64),
    map: Colormap,
) {
    let n = values.nrows();
    heat(canvas, area, values, range, map, n, |fraction| {
        fraction * n as f64
    });
}
