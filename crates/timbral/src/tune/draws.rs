use timbral_core::{split_mix, unit_f64};

/// The random numbers of one trial; they depend on the seed and its number only.
#[derive(Debug, Clone)]
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn new(seed: u64, number: usize) -> Self {
        Self(split_mix(split_mix(seed) ^ number as u64))
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0 = split_mix(self.0);
        self.0
    }

    /// Uniform in `0..1`.
    pub(super) fn uniform(&mut self) -> f64 {
        unit_f64(self.bits())
    }

    /// Normal with mean 0 and standard deviation 1 (Box and Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_draws_have_the_moments_of_their_distribution() {
        let mut draws = Draws::new(3, 0);
        let values: Vec<f64> = (0..20_000).map(|_| draws.normal()).collect();
        let moment = |k| values.iter().map(|v| v.powi(k)).sum::<f64>() / 20_000.0;
        // Five standard errors: 0.035, 0.05, 0.35.
        assert!(moment(1).abs() < 0.035, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.05, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.35, "{}", moment(4));
    }
}
