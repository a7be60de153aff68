use ndarray::Axis;
use timbral_data::FeatureTable;
use timbral_plot::{
    FigureParams, Pca, box_plots, correlation_heatmap, correlations, label_counts, scatter_map,
};

use crate::error::{Error, Result};
use crate::experiment::parts::complete;
use crate::explore::CaptionedFigure;

/// Number of features whose distributions are drawn.
const N_DISTRIBUTIONS: usize = 4;
/// Largest number of points of the map.
const MAX_POINTS: usize = 3000;

/// The figures of a labelled table: rows per genre, the features that separate genres best, the
/// correlations of the features, and the rows in the plane of their first two principal components.
///
/// The features drawn are those with the largest ratio of the variance between genres to that within (the
/// F statistic of an analysis of variance).
///
/// ```
/// use timbral::data::FeatureTable;
///
/// let ids = (0..8).map(|i| i.to_string()).collect();
/// let x = ndarray::Array2::from_shape_fn((8, 2), |(i, j)| (i * (j + 1) % 5) as f32);
/// let table = FeatureTable::new(vec!["tempo".into(), "rms_mean".into()], x, ids)?
///     .with_labels((0..8).map(|i| ["jazz", "rock"][i % 2]).collect::<Vec<_>>())?;
/// assert_eq!(timbral::table_figures(&table)?.len(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// No labels or no rows, a cell that is missing.
pub fn table_figures(table: &FeatureTable) -> Result<Vec<CaptionedFigure>> {
    let labels = table.labels().ok_or(Error::NoLabels)?;
    complete(table)?;
    let (names, classes, x) = (table.feature_names(), table.classes(), table.features());
    let mut counts = vec![0; classes.len()];
    labels.iter().for_each(|label| counts[*label] += 1);
    let params = |title: &str| FigureParams::titled(title);
    let mut figures = vec![CaptionedFigure::new(
        label_counts(classes, &counts, &params("Rows per genre"))?,
        "Number of rows per genre",
    )];
    let ratios: Vec<f64> = x
        .columns()
        .into_iter()
        .map(|c| f_ratio(c, labels, &counts))
        .collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|a, b| ratios[*b].total_cmp(&ratios[*a]));
    for feature in order.into_iter().take(N_DISTRIBUTIONS) {
        let values = x.column(feature).to_vec();
        let figure = box_plots(
            &values,
            labels,
            classes,
            &names[feature],
            &params(&names[feature]),
        )?;
        let ratio = ratios[feature];
        figures.push(CaptionedFigure::new(
            figure,
            format!("By genre; variance between genres over variance within: {ratio:.0}"),
        ));
    }
    if names.len() < 2 {
        return Ok(figures);
    }
    let r = correlations(x)?;
    let tall = params("Correlations").sized(1000, 940);
    figures.push(CaptionedFigure::new(
        correlation_heatmap(r.view(), names, &tall)?,
        "Features in the order of a clustering: strongly correlated ones are neighbours",
    ));
    let step = table.n_rows().div_ceil(MAX_POINTS);
    let rows: Vec<usize> = (0..table.n_rows()).step_by(step.max(1)).collect();
    let pca = Pca::fit_scaled(x, 2)?;
    let points = pca.transform(x.select(Axis(0), &rows).view())?;
    let labels: Vec<usize> = rows.iter().map(|row| labels[*row]).collect();
    let axes: Vec<String> = pca
        .explained_variance_ratio
        .iter()
        .enumerate()
        .map(|(i, ratio)| {
            format!(
                "component {} ({:.0} % of the variance)",
                i + 1,
                100.0 * ratio
            )
        })
        .collect();
    figures.push(CaptionedFigure::new(
        scatter_map(
            points.view(),
            &labels,
            classes,
            [&axes[0], &axes[1]],
            &params("Map of the rows"),
        )?,
        "The first two principal components of the standardised features",
    ));
    Ok(figures)
}

/// The variance of the class means over the mean variance within classes, each divided by its degrees of
/// freedom.
fn f_ratio(column: ndarray::ArrayView1<'_, f32>, labels: &[usize], counts: &[usize]) -> f64 {
    let n = column.len() as f64;
    let mut means = vec![0.0; counts.len()];
    for (x, label) in column.iter().zip(labels) {
        means[*label] += f64::from(*x) / counts[*label] as f64;
    }
    let mean = column.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    let between: f64 = means
        .iter()
        .zip(counts)
        .map(|(m, count)| *count as f64 * (m - mean) * (m - mean))
        .sum();
    let within: f64 = column
        .iter()
        .zip(labels)
        .map(|(x, label)| (f64::from(*x) - means[*label]).powi(2))
        .sum();
    let classes = counts.iter().filter(|count| **count > 0).count() as f64;
    let ratio = between
        / (classes - 1.0).max(1.0)
        / (within / (n - classes).max(1.0)).max(f64::MIN_POSITIVE);
    if ratio.is_finite() { ratio } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_f_statistic() {
        // Three groups of three: means 2, 3, 7; 42 between (2 degrees), 6 within (6 degrees).
        let x = ndarray::array![1.0_f32, 2.0, 3.0, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0];
        let labels = [0, 0, 0, 1, 1, 1, 2, 2, 2];
        assert!((f_ratio(x.view(), &labels, &[3, 3, 3]) - 21.0).abs() < 1e-9);
    }
}
