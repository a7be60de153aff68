//! SplitMix64 (Steele, Lea and Flood 2014): integer arithmetic only, so that a seed gives the same
//! numbers on every machine.

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The stream of item `index` under `seed`: items do not depend on the order they are made in.
    pub(crate) fn stream(seed: u64, index: u64) -> Self {
        Self::new(mix(seed.wrapping_add(GAMMA)) ^ mix(!index))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// An integer in `0..n`, all equally likely (Lemire 2019); `n` must be above 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let rejected = n.wrapping_neg() % n;
        loop {
            let wide = u128::from(self.next()) * u128::from(n);
            if (wide as u64) >= rejected {
                return (wide >> 64) as usize;
            }
        }
    }

    /// Shuffles in place (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
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
        let mut rng = Rng::new(1_234_567);
        for expected in [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ] {
            assert_eq!(rng.next(), expected);
        }
    }

    #[test]
    fn bounded_numbers_are_even() {
        let mut rng = Rng::new(7);
        let mut counts = [0u32; 5];
        for _ in 0..50_000 {
            counts[rng.below(5)] += 1;
        }
        // Standard deviation of a count: sqrt(50000 * 0.2 * 0.8) = 89; five of them.
        assert!(
            counts.iter().all(|c| c.abs_diff(10_000) < 447),
            "{counts:?}"
        );
    }

    #[test]
    fn a_shuffle_keeps_the_items() {
        let mut items: Vec<usize> = (0..100).collect();
        Rng::stream(1, 2).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
