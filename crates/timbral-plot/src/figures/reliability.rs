use timbral_metrics::{BinParams, calibration_curve};

use crate::drawing::{Axis, Figure, FigureParams, Key, Paint, axes, legend};
use crate::error::{Error, Result};

/// A reliability diagram of one or more models: observed frequency against predicted probability.
///
/// Each model is a name, a list of whether each prediction was correct, and a list of the probabilities of the
/// predictions; with several classes that of the predicted class. The area of a dot is proportional to the number of
/// predictions in the bin. The dots of a calibrated model are on the diagonal.
///
/// # Errors
///
/// No models, lengths differ, no predictions, or probabilities outside 0..=1.
///
/// ```
/// use timbral_metrics::BinParams;
/// use timbral_plot::{FigureParams, reliability_diagram};
///
/// let model = ("boosting", &[true, false, true][..], &[0.9, 0.4, 0.7][..]);
/// let figure = reliability_diagram(&[model], &BinParams::default(), &FigureParams::default())?;
/// assert!(figure.svg()?.contains("boosting"));
/// # Ok::<(), timbral_plot::Error>(())
/// ```
pub fn reliability_diagram<S: AsRef<str>>(
    models: &[(S, &[bool], &[f64])],
    bins: &BinParams,
    params: &FigureParams,
) -> Result<Figure> {
    if models.is_empty() {
        return Err(Error::Empty { name: "models" });
    }
    let mut drawn = Vec::new();
    for (name, hits, probabilities) in models {
        drawn.push((name.as_ref(), calibration_curve(hits, probabilities, bins)?));
    }
    Figure::draw(params, |canvas, area| {
        let keys = drawn.iter().enumerate();
        let keys = keys.map(|(i, (name, _))| (Key::Line(Paint::Class(i)), (*name).to_owned()));
        let keys: Vec<_> = keys
            .chain([(Key::Line(Paint::Muted), "perfectly calibrated".to_owned())])
            .collect();
        let area = legend(canvas, area, &keys);
        let x = Axis::linear((-0.02, 1.02), "predicted probability");
        let plot = axes(
            canvas,
            area,
            &x,
            &Axis::linear((-0.02, 1.02), "fraction that came true"),
        );
        canvas.line(vec![plot.at(0.0, 0.0), plot.at(1.0, 1.0)], Paint::Muted, 1);
        for (i, (_, bins)) in drawn.iter().enumerate() {
            let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1) as f64;
            let points: Vec<_> = bins
                .iter()
                .map(|b| plot.at(b.prob_pred, b.prob_true))
                .collect();
            for (point, bin) in points.iter().zip(bins) {
                let radius = 3.0 + 7.0 * (bin.count as f64 / most).sqrt();
                canvas.circle(*point, radius, Paint::Class(i), 0.55);
            }
            canvas.line(points, Paint::Class(i), 2);
        }
        Ok(())
    })
}
