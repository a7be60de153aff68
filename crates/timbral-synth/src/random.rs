use timbral_core::{finalize, split_mix};

/// What SplitMix64 adds to its state at every step.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The lowest and the highest value that may be drawn.
pub(crate) type Range = (f64, f64);

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Rng(timbral_core::Rng);

impl Rng {
    /// The stream of some keys: other keys give another stream, whatever was drawn before.
    pub(crate) fn keyed(keys: &[u64]) -> Self {
        let seed = keys.iter().fold(0, |state, &key| {
            finalize(state ^ split_mix(key).wrapping_add(GAMMA))
        });
        Self(timbral_core::Rng::new(seed))
    }

    /// A new stream, seeded from this one.
    pub(crate) fn split(&mut self) -> Self {
        Self::keyed(&[self.next()])
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..1` with 53 random bits.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.unit_f64()
    }

    pub(crate) fn within(&mut self, (low, high): Range) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of some items, which must not be empty; all are equally likely to 2^-32.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let wide = (self.next() >> 32) * items.len() as u64;
        items[(wide >> 32) as usize]
    }

    /// White noise in `-1..1`.
    pub(crate) fn noise(&mut self) -> f32 {
        (self.next() as i64 >> 40) as f32 / (1 << 23) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence() {
        // The first outputs for seed 1234567 of the authors' reference program.
        let mut rng = Rng(timbral_core::Rng::new(1_234_567));
        for expected in [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ] {
            assert_eq!(rng.next(), expected);
        }
    }

    #[test]
    fn other_keys_give_other_streams() {
        let keys: [&[u64]; 6] = [&[0], &[1], &[0, 0], &[0, 1], &[1, 0], &[0, 0, 0]];
        let mut firsts: Vec<u64> = keys.iter().map(|k| Rng::keyed(k).next()).collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), keys.len());
    }

    #[test]
    fn numbers_are_in_range_and_uniform() {
        let mut rng = Rng::keyed(&[7]);
        let n = 40_000;
        let noise: Vec<f32> = (0..n).map(|_| rng.noise()).collect();
        assert!(noise.iter().all(|v| (-1.0..1.0).contains(v)));
        let mean = noise.iter().sum::<f32>() / n as f32;
        // Standard deviation of the mean: 1 / sqrt(3 * 40000) = 0.0029; five of them.
        assert!(mean.abs() < 0.0145, "{mean}");
        let mut counts = [0u32; 5];
        for _ in 0..n {
            counts[rng.pick(&[0, 1, 2, 3, 4])] += 1;
        }
        // sqrt(40000 * 0.2 * 0.8) = 80; five of them.
        assert!(counts.iter().all(|c| c.abs_diff(8000) < 400), "{counts:?}");
    }
}
