//! True and false positives at every threshold, from which both curves are computed.

use crate::arguments;
use crate::error::Result;

/// Weights of the rows at or above each distinct score, scores falling.
pub(crate) struct Thresholds {
    pub(crate) false_positives: Vec<f64>,
    pub(crate) true_positives: Vec<f64>,
    pub(crate) scores: Vec<f64>,
}

impl Thresholds {
    /// Checks the arguments of a curve and sums along the falling scores.
    pub(crate) fn new(
        y_true: &[bool],
        y_score: &[f64],
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        arguments::rows("y_score", y_true.len(), y_score.len(), sample_weight)?;
        arguments::finite("y_score", y_score)?;
        let weight = |i: usize| sample_weight.map_or(1.0, |w| w[i]);
        // Rows without weight must not add thresholds.
        let mut order: Vec<usize> = (0..y_true.len()).filter(|i| weight(*i) != 0.0).collect();
        // 0 and -0 are adjacent in this order and count as one score below.
        order.sort_by(|a, b| y_score[*b].total_cmp(&y_score[*a]));
        let mut steps = Self {
            false_positives: Vec::new(),
            true_positives: Vec::new(),
            scores: Vec::new(),
        };
        let (mut fps, mut tps) = (0.0, 0.0);
        for (at, i) in order.iter().enumerate() {
            if y_true[*i] {
                tps += weight(*i);
            } else {
                fps += weight(*i);
            }
            let last_of_its_score = order.get(at + 1).is_none_or(|j| y_score[*j] != y_score[*i]);
            if last_of_its_score {
                steps.false_positives.push(fps);
                steps.true_positives.push(tps);
                steps.scores.push(y_score[*i]);
            }
        }
        Ok(steps)
    }

    /// Keeps the first, the last and those of the others for which `keep(before, at, after)`.
    pub(crate) fn retain(self, keep: impl Fn([(f64, f64); 3]) -> bool) -> Self {
        let n = self.scores.len();
        let point = |i: usize| (self.false_positives[i], self.true_positives[i]);
        let kept: Vec<usize> = (0..n)
            .filter(|&i| i == 0 || i + 1 == n || keep([point(i - 1), point(i), point(i + 1)]))
            .collect();
        let pick = |v: &[f64]| kept.iter().map(|i| v[*i]).collect();
        Self {
            false_positives: pick(&self.false_positives),
            true_positives: pick(&self.true_positives),
            scores: pick(&self.scores),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_make_one_step() {
        let steps = Thresholds::new(&[true, false, true, false], &[0.5, 0.5, 0.0, -0.0], None);
        let steps = steps.unwrap();
        assert_eq!(steps.scores, [0.5, 0.0]);
        assert_eq!(steps.true_positives, [1.0, 2.0]);
        assert_eq!(steps.false_positives, [1.0, 2.0]);
    }
}
