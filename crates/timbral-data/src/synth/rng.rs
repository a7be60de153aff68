//! SplitMix64 (Steele, Lea and Flood 2014): integer arithmetic only, so that a seed gives the same
//! numbers on every machine.

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// From the lowest to the highest value that may be drawn.
pub(crate) type Range = (f64, f64);

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    /// The stream of some keys: another stream for each, whatever was drawn before.
    pub(crate) fn keyed(keys: &[u64]) -> Self {
        let state = keys.iter().fold(0, |state, &key| {
            mix(state ^ mix(key.wrapping_add(GAMMA)).wrapping_add(GAMMA))
        });
        Self { state }
    }

    /// A stream of its own.
    pub(crate) fn split(&mut self) -> Self {
        Self::keyed(&[self.next()])
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// A number in `0..1` with 53 bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn within(&mut self, (low, high): Range) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of some items, all equally likely to 2^-32; there must be one.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let wide = (self.next() >> 32) * items.len() as u64;
        items[(wide >> 32) as usize]
    }

    /// White noise in `-1..1`.
    pub(crate) fn noise(&mut self) -> f32 {
        (self.next() as i64 >> 40) as f32 / (1 << 23) as f32
    }
}

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence() {
        // The first outputs for seed 1234567 of the authors' reference program.
        let mut rng = Rng { state: 1_234_567 };
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
    fn numbers_are_in_range_and_even() {
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
