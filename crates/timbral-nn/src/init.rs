use crate::random::Rng;

/// Fills weights `[n_in, n_out]` with Glorot's uniform numbers, within ± √(6 / (n_in + n_out))
/// (Glorot and Bengio 2010; Keras's `GlorotUniform`).
pub(crate) fn glorot_uniform(weights: &mut [f32], n_in: usize, n_out: usize, rng: &mut Rng) {
    uniform(weights, (6.0 / (n_in + n_out) as f64).sqrt(), rng);
}

/// Fills weights `[n_in, n_out]` with He's uniform numbers, within ± √(6 / n_in) (He et al. 2015;
/// Keras's `HeUniform`).
pub(crate) fn he_uniform(weights: &mut [f32], n_in: usize, rng: &mut Rng) {
    uniform(weights, (6.0 / n_in as f64).sqrt(), rng);
}

fn uniform(weights: &mut [f32], limit: f64, rng: &mut Rng) {
    for weight in weights {
        *weight = (rng.uniform() * 2.0 - 1.0) * limit as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn numbers_have_their_limits_and_variance() {
        let mut rng = Key::new(3).stream();
        let mut weights = vec![0.0; 100_000];
        let mut check = |limit: f64, fill: &dyn Fn(&mut [f32], &mut Rng)| {
            fill(&mut weights, &mut rng);
            assert!(weights.iter().all(|w| f64::from(w.abs()) <= limit));
            let squares: f64 = weights.iter().map(|w| f64::from(w * w)).sum();
            let variance = squares / weights.len() as f64;
            // limit² / 3; four standard errors of the mean of 100000 squares are 1.2 %.
            assert!((variance * 3.0 / (limit * limit) - 1.0).abs() < 0.012);
        };
        check((6.0_f64 / 300.0).sqrt(), &|w, rng| {
            glorot_uniform(w, 100, 200, rng)
        });
        check((6.0_f64 / 100.0).sqrt(), &|w, rng| he_uniform(w, 100, rng));
    }
}
