use ndarray::ArrayView2;

use crate::check;
use crate::drawing::{
    Area, Axis, Canvas, Colormap, Figure, FigureParams, Paint, axes, labelled_colorbar,
};
use crate::error::Result;

/// Maximum number of dots per feature; of more examples only every n-th is drawn.
const MAX_DOTS: usize = 600;

/// SHAP values of all examples, one row per feature: a beeswarm plot.
///
/// A dot is an example: its position is the SHAP value, its colour the rank of the feature value from low
/// to high; overlapping dots are stacked. Features are ordered by the mean of `|value|`, the largest first
/// (Lundberg and Lee 2017; `shap.plots.beeswarm`). Both matrices have shape `(n_samples, n_features)`.
///
/// # Errors
///
/// Empty matrices, shapes or numbers of names that differ, numbers that are not finite, or
/// `max_features` is 0.
///
/// ```
/// use ndarray::array;
/// use timbral_plot::{FigureParams, shap_summary};
///
/// let values = array![[0.1, -2.0], [-0.1, 2.0]];
/// let features = array![[1.0, 5.0], [2.0, 9.0]];
/// let figure = shap_summary(values.view(), features.view(), &["rms", "tempo"], 1, &FigureParams::default())?;
/// let svg = figure.svg()?;
/// assert!(svg.contains("tempo") && !svg.contains("rms"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn shap_summary<T: Copy + Into<f64>, U: Copy + Into<f64>, S: AsRef<str>>(
    values: ArrayView2<'_, T>,
    features: ArrayView2<'_, U>,
    names: &[S],
    max_features: usize,
    params: &FigureParams,
) -> Result<Figure> {
    let values = check::matrix("values", values)?;
    let features = check::matrix("features", features)?;
    check::shape("features.nrows()", values.nrows(), features.nrows())?;
    check::shape("features.ncols()", values.ncols(), features.ncols())?;
    check::shape("names", values.ncols(), names.len())?;
    timbral_core::check(
        max_features > 0,
        "max_features",
        max_features,
        "must be at least 1",
    )?;
    let n = values.nrows();
    let size = |c: usize| {
        values
            .column(c)
            .iter()
            .map(|v| v.abs() / n as f64)
            .sum::<f64>()
    };
    let mut order: Vec<usize> = (0..values.ncols()).collect();
    order.sort_by(|a, b| size(*b).total_cmp(&size(*a)));
    order.truncate(max_features);
    let shown = order.iter().flat_map(|c| values.column(*c).to_vec());
    let range = check::padded(check::range(shown.chain([0.0])));
    Figure::draw(params, |canvas, area| {
        let ends = [(0.0, "low".to_owned()), (1.0, "high".to_owned())];
        let map = Colormap::Viridis;
        let area = labelled_colorbar(canvas, area, map, (0.0, 1.0), &ends, "value of the feature");
        let named = order
            .iter()
            .map(|c| names[*c].as_ref().to_owned())
            .collect();
        let x = Axis::linear(range, "SHAP value");
        let plot = axes(canvas, area, &x, &Axis::names(named, ""));
        let zero = plot.x.at(0.0);
        canvas.line(
            vec![(zero, plot.area.y0), (zero, plot.area.y1)],
            Paint::Muted,
            1,
        );
        for (row, column) in order.iter().enumerate() {
            let ranks = ranks(&features.column(*column).to_vec());
            let step = n.div_ceil(MAX_DOTS);
            let dots: Vec<(f64, f64)> = (0..n)
                .step_by(step)
                .map(|i| (plot.x.at(values[[i, *column]]), ranks[i]))
                .collect();
            let y = plot.y.at(row as f64 + 0.5);
            let band = Area {
                y0: y - plot.y.unit() * 0.42,
                y1: y + plot.y.unit() * 0.42,
                ..plot.area
            };
            stack(canvas, band, &dots, map);
        }
        Ok(())
    })
}

/// Draws dots at their x, with those in the same bin stacked around the middle of the band.
fn stack(canvas: &mut Canvas, band: Area, dots: &[(f64, f64)], map: Colormap) {
    const BIN: f64 = 5.0;
    let bin = |x: f64| ((x - band.x0) / BIN).max(0.0) as usize;
    let mut counts = vec![0usize; bin(band.x1) + 1];
    for (x, _) in dots {
        counts[bin(*x)] += 1;
    }
    let most = counts.iter().max().copied().unwrap_or(1).max(1) as f64;
    let gap = (band.height() / most).min(3.0);
    let mut placed = vec![0usize; counts.len()];
    for (x, rank) in dots {
        let b = bin(*x);
        // 0, 1, -1, 2, -2, ... from the middle.
        let k = placed[b];
        placed[b] += 1;
        let side = if k % 2 == 1 { 1.0 } else { -1.0 };
        let y = (band.y0 + band.y1) / 2.0 + side * k.div_ceil(2) as f64 * gap;
        canvas.circle((*x, y), 2.0, Paint::Rgb(map.at(*rank)), 1.0);
    }
}

/// The rank of each value from 0 to 1; equal values share a rank, constant values have 0.5.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64 - 1.0;
    let rank = |v: &f64| {
        let below = sorted.partition_point(|s| s < v);
        let upto = sorted.partition_point(|s| s <= v);
        if n > 0.0 {
            (below + upto - 1) as f64 / 2.0 / n
        } else {
            0.5
        }
    };
    values.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_go_from_0_to_1_and_ties_are_equal() {
        assert_eq!(ranks(&[3.0, 1.0, 2.0]), [1.0, 0.0, 0.5]);
        assert_eq!(ranks(&[4.0, 4.0, 4.0]), [0.5, 0.5, 0.5]);
        assert_eq!(ranks(&[9.0]), [0.5]);
    }
}
