use crate::drawing::{Anchor, Area, Canvas, Figure, FigureParams, TEXT, fit};
use crate::error::{Error, Result};

/// Panels side by side under their names, with the number of columns that gives the best aspect ratio.
pub(super) fn grid<'a>(
    params: &FigureParams,
    names: impl ExactSizeIterator<Item = &'a str>,
    mut draw: impl FnMut(&mut Canvas, Area, usize),
) -> Result<Figure> {
    let n = names.len();
    if n == 0 {
        return Err(Error::Empty { name: "panels" });
    }
    Figure::draw(params, |canvas, area| {
        let columns = (1..=n)
            .min_by_key(|c| {
                let (w, h) = (
                    area.width() / *c as f64,
                    area.height() / n.div_ceil(*c) as f64,
                );
                let empty = n.div_ceil(*c) * c - n;
                ((w / h / 1.7).ln().abs() * 1000.0) as i64 + 350 * empty as i64
            })
            .unwrap_or(1);
        let rows = n.div_ceil(columns);
        for (i, name) in names.enumerate() {
            let mut part = area
                .row(i / columns, rows, 12.0)
                .column(i % columns, columns, 16.0);
            let name = fit(name, TEXT, part.width());
            canvas.bold(
                ((part.x0 + part.x1) / 2.0 + 12.0, part.y0 + 7.0),
                name,
                TEXT,
                Anchor::Middle,
            );
            part.y0 += 20.0;
            draw(canvas, part, i);
        }
        Ok(())
    })
}
