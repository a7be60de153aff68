use timbral_core::quantile;

use crate::check;
use crate::drawing::{Area, Axis, Figure, FigureParams, Paint, axes};
use crate::error::Result;

/// Box plots of a feature, one per class.
///
/// A box extends from the lower to the upper quartile, with a line at the median; whiskers reach to the
/// last value within 1.5 interquartile ranges of the box; dots are outliers (Tukey 1977).
///
/// # Errors
///
/// No values, values that are not finite, lengths differ, or a class is out of range.
///
/// ```
/// use timbral_plot::{FigureParams, box_plots};
///
/// let tempo = [90.0, 100.0, 110.0, 125.0, 128.0, 300.0];
/// let classes = [0, 0, 0, 1, 1, 1];
/// let params = FigureParams::default();
/// let svg = box_plots(&tempo, &classes, &["blues", "disco"], "tempo (bpm)", &params)?.svg()?;
/// assert!(svg.contains("blues") && svg.contains("disco") && svg.contains("tempo (bpm)"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn box_plots<T: Copy + Into<f64>, S: AsRef<str>>(
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
