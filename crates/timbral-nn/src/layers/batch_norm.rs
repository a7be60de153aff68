//! Batch normalisation (Ioffe and Szegedy 2015) of rows `[n, units]`, without its shift.

const MOMENTUM: f32 = 0.99;
pub(crate) const EPSILON: f32 = 1e-3;

/// Moves a running statistic towards that of a batch.
pub(crate) fn follow(running: &mut f32, now: f32) {
    *running = MOMENTUM * *running + (1.0 - MOMENTUM) * now;
}

/// The numbers that the backward pass needs.
#[derive(Debug, Default)]
pub(crate) struct Normalised {
    /// (x - mean) / √(variance + ε), `[n, units]`.
    values: Vec<f32>,
    /// 1 / √(variance + ε), `[units]`.
    inverse_std: Vec<f32>,
}

impl Normalised {
    /// Normalises by the statistics of the batch and moves the running ones towards them.
    pub(crate) fn forward(
        &mut self,
        rows: &mut [f32],
        scale: &[f32],
        mean: &mut [f32],
        variance: &mut [f32],
    ) {
        let units = scale.len();
        let n = (rows.len() / units) as f32;
        let (mut means, mut variances) = (vec![0.0; units], vec![0.0; units]);
        for row in rows.chunks_exact(units) {
            means.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        means.iter_mut().for_each(|mean| *mean /= n);
        for row in rows.chunks_exact(units) {
            for ((sum, x), mean) in variances.iter_mut().zip(row).zip(&means) {
                *sum += (x - mean) * (x - mean);
            }
        }
        variances.iter_mut().for_each(|variance| *variance /= n);
        for (running, now) in mean.iter_mut().zip(&means) {
            follow(running, *now);
        }
        for (running, now) in variance.iter_mut().zip(&variances) {
            follow(running, *now);
        }
        self.inverse_std.clear();
        self.inverse_std
            .extend(variances.iter().map(|v| 1.0 / (v + EPSILON).sqrt()));
        self.values.clear();
        for row in rows.chunks_exact_mut(units) {
            for (j, x) in row.iter_mut().enumerate() {
                let value = (*x - means[j]) * self.inverse_std[j];
                self.values.push(value);
                *x = value * scale[j];
            }
        }
    }

    /// Replaces the gradient with respect to the normalised rows by that with respect to the rows.
    /// Writes the gradient of γ to `scale_gradient`; `shift_gradient` is that of β.
    pub(crate) fn backward(
        &self,
        delta: &mut [f32],
        scale: &[f32],
        scale_gradient: &mut [f32],
        shift_gradient: &[f32],
    ) {
        let units = scale.len();
        let n = (delta.len() / units) as f32;
        scale_gradient.fill(0.0);
        let rows = || self.values.chunks_exact(units);
        for (delta, values) in delta.chunks_exact(units).zip(rows()) {
            for ((sum, d), x) in scale_gradient.iter_mut().zip(delta).zip(values) {
                *sum += d * x;
            }
        }
        for (delta, values) in delta.chunks_exact_mut(units).zip(rows()) {
            for (j, (d, x)) in delta.iter_mut().zip(values).enumerate() {
                let mean = (shift_gradient[j] + x * scale_gradient[j]) / n;
                *d = scale[j] * self.inverse_std[j] * (*d - mean);
            }
        }
    }
}

/// Normalises by the running statistics.
pub(crate) fn normalise(rows: &mut [f32], scale: &[f32], mean: &[f32], variance: &[f32]) {
    let factors: Vec<f32> = scale
        .iter()
        .zip(variance)
        .map(|(scale, variance)| scale / (variance + EPSILON).sqrt())
        .collect();
    for row in rows.chunks_exact_mut(scale.len()) {
        for ((x, mean), factor) in row.iter_mut().zip(mean).zip(&factors) {
            *x = (*x - mean) * factor;
        }
    }
}
