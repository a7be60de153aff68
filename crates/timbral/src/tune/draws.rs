/// The random bits of one trial; they depend on the seed and its number alone.
#[derive(Debug, Clone)]
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn new(seed: u64, number: usize) -> Self {
        Self(mix(mix(seed) ^ number as u64))
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0 = mix(self.0);
        self.0
    }

    /// From 0 to 1, without 1.
    pub(super) fn uniform(&mut self) -> f64 {
        share(self.bits())
    }

    /// Of mean 0 and deviation 1 (Box and Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// The number from 0 to 1, without 1, that random bits stand for.
pub(super) fn share(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// SplitMix64's step and output (Steele, Lea and Flood 2014).
fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
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
