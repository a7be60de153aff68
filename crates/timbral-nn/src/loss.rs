/// Turns logits `[n, n_classes]` into probabilities, row by row.
pub(crate) fn softmax(logits: &mut [f32], n_classes: usize) {
    for row in logits.chunks_exact_mut(n_classes) {
        let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut().for_each(|x| *x = libm::expf(*x - max));
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|x| *x /= sum);
    }
}

/// The cross-entropy of a softmax and what it is measured by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CrossEntropy<'a> {
    /// The share of a label's weight that is spread evenly over all classes.
    pub(crate) smoothing: f32,
    /// A weight a class; none are ones.
    pub(crate) class_weights: &'a [f32],
}

/// Sums over rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Score {
    pub(crate) loss: f64,
    pub(crate) correct: usize,
}

impl CrossEntropy<'_> {
    /// The loss of logits `[n, n_classes]`, - w(label) Σ target · log softmax a row; turns the
    /// logits into the gradient of the mean over rows by them, w (softmax - target) / n.
    pub(crate) fn gradient(self, logits: &mut [f32], labels: &[usize], n_classes: usize) -> Score {
        let mut score = Score::default();
        let n = labels.len() as f32;
        let spread = self.smoothing / n_classes as f32;
        for (row, &label) in logits.chunks_exact_mut(n_classes).zip(labels) {
            let weight = self.class_weights.get(label).copied().unwrap_or(1.0);
            let best = (1..n_classes).fold(0, |best, j| if row[j] > row[best] { j } else { best });
            score.correct += usize::from(best == label);
            let max = row[best];
            let sum: f32 = row.iter().map(|x| libm::expf(x - max)).sum();
            let log_sum = max + libm::logf(sum);
            let mut loss = 0.0;
            for (j, x) in row.iter_mut().enumerate() {
                let target = spread
                    + if j == label {
                        1.0 - self.smoothing
                    } else {
                        0.0
                    };
                let log_probability = *x - log_sum;
                if target > 0.0 {
                    loss -= f64::from(target * log_probability);
                }
                *x = weight * (libm::expf(log_probability) - target) / n;
            }
            score.loss += f64::from(weight) * loss;
        }
        score
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 6] = [0.5, -1.0, 2.0, 0.0, 0.3, -0.2];
    const LABELS: [usize; 2] = [0, 1];

    #[test]
    fn losses_are_those_of_the_definition() {
        let plain = CrossEntropy {
            smoothing: 0.0,
            class_weights: &[],
        };
        // -log of the probability; ln 3 where all logits are equal.
        let score = plain.gradient(&mut [1.0, 1.0, 1.0], &[2], 3);
        assert!((score.loss - 3.0_f64.ln()).abs() < 1e-6);
        assert_eq!(score.correct, 0);
        assert_eq!(plain.gradient(&mut LOGITS.clone(), &LABELS, 3).correct, 1);
        // Logits far apart neither overflow nor give NaN.
        let mut far = [1e4, -1e4];
        assert_eq!(plain.gradient(&mut far, &[0], 2).loss, 0.0);
        assert_eq!(far, [0.0, 0.0]);
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        // Loss in f32: rounding of 1e-7 / a step of 1e-2, and the third derivative, stay below.
        const TOLERANCE: f64 = 1e-4;
        let loss = CrossEntropy {
            smoothing: 0.1,
            class_weights: &[2.0, 0.5, 1.0],
        };
        let mut gradient = LOGITS;
        loss.gradient(&mut gradient, &LABELS, 3);
        for i in 0..LOGITS.len() {
            let at = |step: f32| {
                let mut logits = LOGITS;
                logits[i] += step;
                loss.gradient(&mut logits, &LABELS, 3).loss / 2.0
            };
            let expected = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((f64::from(gradient[i]) - expected).abs() < TOLERANCE);
        }
    }
}
