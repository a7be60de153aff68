//! The prediction before the first tree.

use super::objective::{Objective, clamped, weight, weighted_mean};

impl Objective {
    /// The base score, as XGBoost estimates it.
    ///
    /// - For several classes `ln(n_k / n + 1e-6)`, centred on its mean;
    /// - for [`Quantile`](Self::Quantile) the quantiles of the labels;
    /// - for [`PseudoHuber`](Self::PseudoHuber) one Newton step from 0, for
    ///   [`AbsoluteError`](Self::AbsoluteError) and [`Expectile`](Self::Expectile) one from the mean;
    /// - else the mean of the labels.
    pub(crate) fn estimate(&self, labels: &[f32], weights: Option<&[f32]>) -> Vec<f32> {
        if self.is_multiclass() {
            return logs_of_shares(self.n_outputs(), labels, weights);
        }
        if let Self::Quantile { alpha } = self {
            let quantiles = alpha.iter().map(|alpha| quantile(*alpha, labels, weights));
            return quantiles.collect();
        }
        if let Self::Expectile { alpha } = self {
            let mean = mean(labels, weights) as f32;
            let mut highest = f32::NEG_INFINITY;
            let outputs = (0..alpha.len()).map(|output| {
                highest = self.newton_step(output, mean, labels, weights).max(highest);
                highest
            });
            return outputs.collect();
        }
        vec![match self {
            Self::PseudoHuber { .. } => self.newton_step(0, 0.0, labels, weights),
            Self::AbsoluteError => {
                self.newton_step(0, mean(labels, weights) as f32, labels, weights)
            }
            // If all labels are of one class or 0 the margin would be infinite.
            Self::Logistic => clamped(mean(labels, weights) as f32),
            _ if self.has_log_link() => (mean(labels, weights) as f32).max(1e-6),
            _ => mean(labels, weights) as f32,
        }]
    }

    fn newton_step(
        &self,
        output: usize,
        from: f32,
        labels: &[f32],
        weights: Option<&[f32]>,
    ) -> f32 {
        let width = self.width(labels.iter().map(|label| from - label), weights);
        let (mut gradient, mut hessian) = (0.0, 0.0);
        for (row, &label) in labels.iter().enumerate() {
            let [g, h] = self.gradient(output, from, label, width).map(f64::from);
            gradient += weight(weights, row) * g;
            hessian += weight(weights, row) * h;
        }
        (f64::from(from) - gradient / hessian) as f32
    }
}

fn mean(labels: &[f32], weights: Option<&[f32]>) -> f64 {
    weighted_mean(labels.iter().copied().map(f64::from), weights)
}

fn logs_of_shares(n_classes: usize, labels: &[f32], weights: Option<&[f32]>) -> Vec<f32> {
    let mut counts = vec![0.0; n_classes];
    for (row, &label) in labels.iter().enumerate() {
        counts[label as usize] += weight(weights, row);
    }
    let total = counts.iter().sum::<f64>() as f32;
    let log = |&count: &f64| libm::logf(count as f32 / total + 1e-6);
    let logs: Vec<f32> = counts.iter().map(log).collect();
    let mean = logs.iter().sum::<f32>() / logs.len() as f32;
    logs.iter().map(|log| log - mean).collect()
}

/// Without weights between two labels, at `alpha (n + 1)`, counted from 1; with weights the first label up to which
/// there is at least the fraction `alpha` of all weights.
fn quantile(alpha: f32, labels: &[f32], weights: Option<&[f32]>) -> f32 {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|a, b| labels[*a].total_cmp(&labels[*b]));
    let Some(last) = order.len().checked_sub(1) else {
        return 0.0;
    };
    let sorted = |i: usize| labels[order[i.min(last)]];
    let Some(weights) = weights else {
        let place = f64::from(alpha) * (labels.len() as f64 + 1.0) - 1.0;
        let place = place.clamp(0.0, last as f64);
        let (below, above) = (sorted(place as usize), sorted(place as usize + 1));
        return below + place.fract() as f32 * (above - below);
    };
    let least = f64::from(alpha) * weights.iter().map(|w| f64::from(*w)).sum::<f64>();
    let mut sum = 0.0;
    let reaches = |row: &&usize| {
        sum += f64::from(weights[**row]);
        sum >= least
    };
    order
        .iter()
        .find(reaches)
        .map_or(sorted(last), |row| labels[*row])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_definition() {
        let labels = [4.0, 1.0, 3.0, 2.0];
        for (alpha, expected) in [(0.01, 1.0), (0.2, 1.0), (0.5, 2.5), (0.7, 3.5), (0.99, 4.0)] {
            assert!(
                (quantile(alpha, &labels, None) - expected).abs() < 1e-6,
                "{alpha}"
            );
        }
        // In the order of the labels the weights are 2, 4, 1, 1.
        let weights = [1.0, 2.0, 1.0, 4.0];
        for (alpha, expected) in [(0.1, 1.0), (0.25, 1.0), (0.3, 2.0), (0.76, 3.0), (0.9, 4.0)] {
            assert_eq!(quantile(alpha, &labels, Some(&weights)), expected);
        }
    }
}
