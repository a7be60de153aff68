/// The cross-entropy of a softmax.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CrossEntropy<'a> {
    /// Label smoothing: the fraction of a label's weight that is spread evenly over all classes.
    pub(crate) smoothing: f32,
    /// One weight per class; none means all are 1.
    pub(crate) class_weights: &'a [f32],
}

/// The target of an example: one label, or two that are mixed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Target {
    pub(crate) label: usize,
    /// The label that it is mixed with.
    pub(crate) other: usize,
    /// The weight of `label`; that of `other` is 1 minus this.
    pub(crate) fraction: f32,
}

impl From<usize> for Target {
    fn from(label: usize) -> Self {
        Self {
            label,
            other: label,
            fraction: 1.0,
        }
    }
}

/// Sums over rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Score {
    pub(crate) loss: f64,
    pub(crate) correct: usize,
}

impl CrossEntropy<'_> {
    /// The sum over rows of the loss - w Σ target · log softmax of logits `[n, n_classes]`. Replaces
    /// the logits by the gradient of the mean loss, w (softmax - target) / n.
    pub(crate) fn gradient(
        self,
        logits: &mut [f32],
        targets: &[Target],
        n_classes: usize,
    ) -> Score {
        let mut score = Score::default();
        let n = targets.len() as f32;
        let spread = self.smoothing / n_classes as f32;
        let weight_of = |label: usize| self.class_weights.get(label).copied().unwrap_or(1.0);
        for (row, target) in logits.chunks_exact_mut(n_classes).zip(targets) {
            let Target {
                label,
                other,
                fraction,
            } = *target;
            let weight = fraction * weight_of(label) + (1.0 - fraction) * weight_of(other);
            let best = (1..n_classes).fold(0, |best, j| if row[j] > row[best] { j } else { best });
            let main = if fraction >= 0.5 { label } else { other };
            score.correct += usize::from(best == main);
            let max = row[best];
            let sum: f32 = row.iter().map(|x| libm::expf(x - max)).sum();
            let log_sum = max + libm::logf(sum);
            let mut loss = 0.0;
            for (j, x) in row.iter_mut().enumerate() {
                let mut target = spread;
                if j == label {
                    target += (1.0 - self.smoothing) * fraction;
                }
                if j == other {
                    target += (1.0 - self.smoothing) * (1.0 - fraction);
                }
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
    fn targets() -> [Target; 2] {
        [0, 1].map(Target::from)
    }

    #[test]
    fn losses_are_those_of_the_definition() {
        let plain = CrossEntropy {
            smoothing: 0.0,
            class_weights: &[],
        };
        // -log of the probability; ln 3 where all logits are equal.
        let score = plain.gradient(&mut [1.0, 1.0, 1.0], &[2.into()], 3);
        assert!((score.loss - 3.0_f64.ln()).abs() < 1e-6);
        assert_eq!(score.correct, 0);
        assert_eq!(
            plain.gradient(&mut LOGITS.clone(), &targets(), 3).correct,
            1
        );
        // Logits far apart neither overflow nor give NaN.
        let mut far = [1e4, -1e4];
        assert_eq!(plain.gradient(&mut far, &[0.into()], 2).loss, 0.0);
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
        let mixed = Target {
            label: 2,
            other: 0,
            fraction: 0.7,
        };
        let targets = [0.into(), mixed];
        loss.gradient(&mut gradient, &targets, 3);
        for i in 0..LOGITS.len() {
            let at = |step: f32| {
                let mut logits = LOGITS;
                logits[i] += step;
                loss.gradient(&mut logits, &targets, 3).loss / 2.0
            };
            let expected = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((f64::from(gradient[i]) - expected).abs() < TOLERANCE);
        }
    }
}
