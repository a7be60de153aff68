use timbral_metrics::{ConfusionMatrix, Normalize};

use crate::check;
use crate::drawing::{
    Anchor, Area, Axis, Colormap, Figure, FigureParams, Paint, SMALL, TEXT, bare_axes, colorbar,
    ink_on,
};
use crate::error::Result;

/// A confusion matrix; the colour of a cell is its fraction of the row.
///
/// Cells show the count and, if they are large enough, the fraction of the row in per cent. The class names
/// are the labels of the matrix.
///
/// # Errors
///
/// The matrix has entries that are not finite.
///
/// ```
/// use timbral_metrics::ConfusionMatrix;
/// use timbral_plot::{FigureParams, confusion_matrix};
///
/// let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], 2, None)?.with_labels(["jazz", "rock"])?;
/// let svg = confusion_matrix(&matrix, &FigureParams::default())?.svg()?;
/// assert!(svg.contains("jazz") && svg.contains("50 %") && svg.contains("100 %"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn confusion_matrix(matrix: &ConfusionMatrix, params: &FigureParams) -> Result<Figure> {
    let n = matrix.n_classes();
    let cells = check::finite("matrix", matrix.cells())?;
    let fractions = matrix.normalized(Normalize::True);
    let labels = matrix.labels().to_vec();
    Figure::draw(params, |canvas, area| {
        let map = Colormap::Blues;
        let area = colorbar(canvas, area, map, (0.0, 1.0), "fraction of the true class");
        let (x, y) = (
            Axis::names(labels.clone(), "predicted"),
            Axis::names(labels, "true"),
        );
        let plot = bare_axes(canvas, area, &x, &y);
        let (w, h) = (plot.x.unit(), plot.y.unit());
        let size = (w / 3.6).min(h / 1.2).min(TEXT);
        for (i, (count, fraction)) in cells.iter().zip(&fractions).enumerate() {
            let (row, column) = ((i / n) as f64, (i % n) as f64);
            let fraction = if fraction.is_finite() { *fraction } else { 0.0 };
            let background = map.at(fraction);
            let (x0, y0) = plot.at(column, row);
            let cell = Area {
                x0,
                y0,
                x1: x0 + w,
                y1: y0 + h,
            };
            canvas.fill(cell, Paint::Rgb(background), 1.0);
            canvas.frame(cell, Paint::Grid);
            if size < 7.0 {
                continue;
            }
            let ink = ink_on(background);
            let (x, y) = plot.at(column + 0.5, row + 0.5);
            let text = if count.fract() == 0.0 {
                format!("{count}")
            } else {
                format!("{count:.1}")
            };
            let both = h >= 32.0 && w >= 40.0 && *count > 0.0;
            let up = if both { 7.0 } else { 0.0 };
            canvas.text((x, y - up), text, size, ink, Anchor::Middle);
            if both {
                let text = format!("{:.0} %", fraction * 100.0);
                canvas.text((x, y + 9.0), text, size.min(SMALL), ink, Anchor::Middle);
            }
        }
        Ok(())
    })
}
