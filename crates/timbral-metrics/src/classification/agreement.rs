use super::confusion::ConfusionMatrix;

/// The weight of a disagreement in Cohen's kappa, by the distance of the class indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KappaWeights {
    /// All disagreements have the same weight.
    #[default]
    None,
    /// The weight is the distance; for ordered classes.
    Linear,
    /// The weight is the square of the distance; for ordered classes.
    Quadratic,
}

/// Measures of the agreement of true and predicted classes.
impl ConfusionMatrix {
    /// Fraction of the rows whose prediction is right: `trace(C) / sum(C)`.
    ///
    /// Equals `sklearn.metrics.accuracy_score`.
    ///
    /// ```
    /// use timbral_metrics::ConfusionMatrix;
    ///
    /// let matrix = ConfusionMatrix::new(&[0, 0, 1, 1], &[0, 1, 1, 1], 2, None)?;
    /// assert_eq!(matrix.accuracy_score(), 0.75);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn accuracy_score(&self) -> f64 {
        self.true_positives().iter().sum::<f64>() / self.total()
    }

    /// Balanced accuracy: the mean recall of the classes that occur among the true classes. With `adjusted` it is
    /// rescaled so that random predictions have 0 and perfect ones 1.
    ///
    /// ```text
    /// b = mean_c C[c, c] / sum_p C[c, p],   adjusted: (b - 1/K) / (1 - 1/K)
    /// ```
    ///
    /// `K` counts the classes that occur in the truth; adjusted divides by 0 when there is only one.
    /// Equals `sklearn.metrics.balanced_accuracy_score`.
    ///
    /// ```
    /// use timbral_metrics::ConfusionMatrix;
    ///
    /// let matrix = ConfusionMatrix::new(&[0, 0, 0, 1], &[0, 0, 1, 1], 2, None)?;
    /// assert_eq!(matrix.balanced_accuracy_score(false), (2.0 / 3.0 + 1.0) / 2.0);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn balanced_accuracy_score(&self, adjusted: bool) -> f64 {
        let hits = self.true_positives();
        let recalls: Vec<f64> = self
            .true_sums()
            .iter()
            .zip(&hits)
            .filter(|(support, _)| **support != 0.0)
            .map(|(support, hits)| hits / support)
            .collect();
        let n = recalls.len() as f64;
        let score = recalls.iter().sum::<f64>() / n;
        if adjusted {
            (score - 1.0 / n) / (1.0 - 1.0 / n)
        } else {
            score
        }
    }

    /// Cohen's kappa: the agreement beyond the agreement expected by chance from the two distributions of classes.
    ///
    /// ```text
    /// kappa = 1 - sum(d C) / sum(d E),   E[t, p] = (sum_p C[t, p]) (sum_t C[t, p]) / sum(C)
    /// ```
    ///
    /// with `d = [t != p]`, `|t - p|` or `(t - p)^2`. NaN when truth and prediction are all one
    /// class, where it is not defined. Equals `sklearn.metrics.cohen_kappa_score(...,
    /// labels=range(n_classes))`.
    ///
    /// ```
    /// use timbral_metrics::{ConfusionMatrix, KappaWeights};
    ///
    /// let matrix = ConfusionMatrix::new(&[0, 0, 1, 1], &[0, 1, 1, 1], 2, None)?;
    /// assert_eq!(matrix.cohen_kappa_score(KappaWeights::None), 0.5);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn cohen_kappa_score(&self, weights: KappaWeights) -> f64 {
        let (t_sums, p_sums, total) = (self.true_sums(), self.pred_sums(), self.total());
        let (mut observed, mut expected) = (0.0, 0.0);
        for (t, row) in self.rows().enumerate() {
            for (p, cell) in row.iter().enumerate() {
                let distance = t.abs_diff(p) as f64;
                let d = match weights {
                    KappaWeights::None => f64::from(u8::from(t != p)),
                    KappaWeights::Linear => distance,
                    KappaWeights::Quadratic => distance * distance,
                };
                observed += d * cell;
                expected += d * (t_sums[t] * p_sums[p] / total);
            }
        }
        // One class only: 0 / 0 is the NaN.
        1.0 - observed / expected
    }

    /// Matthews correlation coefficient of truth and prediction, for any number of classes
    /// (Gorodkin 2004).
    ///
    /// ```text
    /// s = sum(C),  c = trace(C),  t_k = sum_p C[k, p],  p_k = sum_t C[t, k]
    /// mcc = (c s - sum t_k p_k) / sqrt((s^2 - sum p_k^2) (s^2 - sum t_k^2))
    /// ```
    ///
    /// 0 where truth or prediction is all one class. Equals `sklearn.metrics.matthews_corrcoef`.
    ///
    /// ```
    /// use timbral_metrics::ConfusionMatrix;
    ///
    /// let matrix = ConfusionMatrix::new(&[1, 1, 1, 0], &[1, 0, 1, 1], 2, None)?;
    /// assert!((matrix.matthews_corrcoef() + 1.0 / 3.0).abs() < 1e-15);
    /// # Ok::<(), timbral_metrics::Error>(())
    /// ```
    pub fn matthews_corrcoef(&self) -> f64 {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (t, p) = (self.true_sums(), self.pred_sums());
        let correct: f64 = self.true_positives().iter().sum();
        let total: f64 = p.iter().sum();
        let variances = (total * total - dot(&p, &p)) * (total * total - dot(&t, &t));
        if variances == 0.0 {
            return 0.0;
        }
        (correct * total - dot(&t, &p)) / variances.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_only() {
        let matrix = ConfusionMatrix::new(&[1, 1], &[1, 1], 3, None).unwrap();
        assert_eq!(matrix.balanced_accuracy_score(false), 1.0);
        assert!(matrix.balanced_accuracy_score(true).is_nan());
        assert!(matrix.cohen_kappa_score(KappaWeights::None).is_nan());
        assert_eq!(matrix.matthews_corrcoef(), 0.0);
    }
}
