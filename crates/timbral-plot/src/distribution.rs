use crate::axes::{Axis, axes};
use crate::canvas::Area;
use crate::check;
use crate::error::Result;
use crate::figure::{Figure, FigureParams};
use crate::theme::Paint;

/// The spread of a feature in each class: a box plot.
///
/// A box goes from the lower to the upper quartile with a line at the median; whiskers reach to
/// the last value within 1.5 heights of the box; dots are values beyond (Tukey 1977).
///
/// # Errors
///
/// No values, ones that are not finite, lengths that differ, or a class out of range.
///
/// ```
/// use timbral_plot::{FigureParams, distributions};
///
/// let tempo = [90.0, 100.0, 110.0, 125.0, 128.0, 300.0];
/// let classes = [0, 0, 0, 1, 1, 1];
/// let params = FigureParams::default();
/// let svg = distributions(&tempo, &classes, &["blues", "disco"], "tempo (bpm)", &params)?.svg()?;
/// assert!(svg.contains("blues") && svg.contains("disco") && svg.contains("tempo (bpm)"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn distributions<T: Copy + Into<f64>, S: AsRef<str>>(
    values: &[T],
    labels: &[usize],
    class_names: &[S],
    value_label: &str,
    params: &FigureParams,
) -> Result<Figure> {
    let values = check::finite("values", values)?;
    check::shape("labels", values.len(), labels.len())?;
    check::classes("labels", labels, class_names.len())?;
    let range = check::padded(check::range(values.iter().copied()));
    Figure::draw(params, |canvas, area| {
        let x = Axis::names(check::strings(class_names), "");
        let plot = axes(canvas, area, &x, &Axis::linear(range, value_label));
        let half = plot.x.unit() * 0.32;
        for class in 0..class_names.len() {
            let of_class = values
                .iter()
                .zip(labels)
                .filter(|(_, label)| **label == class);
            let mut sorted: Vec<f64> = of_class.map(|(value, _)| *value).collect();
            if sorted.is_empty() {
                continue;
            }
            sorted.sort_unstable_by(f64::total_cmp);
            let [lower, median, upper] = [0.25, 0.5, 0.75].map(|q| quantile(&sorted, q));
            let reach = 1.5 * (upper - lower);
            let inside = |v: &&f64| **v >= lower - reach && **v <= upper + reach;
            let (low, high) = check::range(sorted.iter().filter(inside).copied());
            let (low, high) = (low.min(lower), high.max(upper));
            let middle = plot.x.at(class as f64 + 0.5);
            let paint = Paint::Class(class);
            let y = |v: f64| plot.y.at(v);
            let box_area = Area {
                x0: middle - half,
                x1: middle + half,
                y0: y(upper),
                y1: y(lower),
            };
            canvas.fill(box_area, paint, 0.35);
            canvas.frame(box_area, paint);
            canvas.line(vec![(middle, y(high)), (middle, y(upper))], paint, 2);
            canvas.line(vec![(middle, y(lower)), (middle, y(low))], paint, 2);
            for end in [low, high] {
                let reach = half * 0.5;
                canvas.line(
                    vec![(middle - reach, y(end)), (middle + reach, y(end))],
                    paint,
                    2,
                );
            }
            canvas.line(
                vec![(box_area.x0, y(median)), (box_area.x1, y(median))],
                Paint::Ink,
                2,
            );
            for value in sorted.iter().filter(|v| !inside(v)) {
                canvas.circle((middle, y(*value)), 2.5, paint, 0.7);
            }
        }
        Ok(())
    })
}

/// The quantile of sorted values, linear between neighbours (NumPy's default).
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_numpy_s() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(
            [0.25, 0.5, 0.75].map(|q| quantile(&sorted, q)),
            [1.75, 3.0, 5.0]
        );
        assert_eq!(quantile(&[7.0], 0.75), 7.0);
    }
}
