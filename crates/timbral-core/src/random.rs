//! SplitMix64 (Steele, Lea and Flood 2014), as `rand_xoshiro` has it: integer arithmetic only, so that a
//! seed gives the same numbers on every machine and in every version.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};

/// What SplitMix64 adds to its state at every step.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of random numbers from a seed.
///
/// ```
/// use timbral_core::Rng;
///
/// assert_eq!(Rng::new(1_234_567).next_u64(), 6_457_827_717_110_365_317);
/// let mut items = [0, 1, 2, 3];
/// Rng::new(7).shuffle(&mut items);
/// assert_eq!(items, [2, 3, 0, 1]);
/// ```
#[derive(Debug, Clone)]
pub struct Rng(SplitMix64);

impl Rng {
    /// The stream for `seed`.
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::seed_from_u64(seed))
    }

    /// The stream of item `index` for `seed`. The numbers of an item do not depend on the order in which items
    /// are made.
    pub fn stream(seed: u64, index: u64) -> Self {
        Self::new(split_mix(seed) ^ finalize(!index))
    }

    /// The next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// An integer in `0..n`, all equally likely (Lemire 2019).
    ///
    /// # Panics
    ///
    /// `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let rejected = n.wrapping_neg() % n;
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(n);
            if (wide as u64) >= rejected {
                return (wide >> 64) as usize;
            }
        }
    }

    /// Puts items in a random order, in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// A number in `0..1` with 53 random bits.
    pub fn unit_f64(&mut self) -> f64 {
        unit_f64(self.next_u64())
    }

    /// A number in `0..1` with 24 random bits.
    pub fn unit_f32(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1_u32 << 24) as f32
    }
}

/// The number in `0..1` (1 is excluded) that is made of the upper 53 of 64 random bits.
pub fn unit_f64(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// SplitMix64's next output after the state `state`: a step and [`finalize`]. It mixes labels into seeds, so
/// that each named choice has its own numbers.
///
/// ```
/// assert_eq!(timbral_core::split_mix(1_234_567), 6_457_827_717_110_365_317);
/// ```
pub fn split_mix(state: u64) -> u64 {
    SplitMix64::seed_from_u64(state).next_u64()
}

/// SplitMix64's output function, a bijection of 64 bits.
pub fn finalize(z: u64) -> u64 {
    split_mix(z.wrapping_sub(GAMMA))
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
            assert_eq!(rng.next_u64(), expected);
        }
    }

    #[test]
    fn finalize_is_the_published_function() {
        let by_definition = |z: u64| {
            let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        for z in [0, 1, 42, u64::MAX, GAMMA] {
            assert_eq!(finalize(z), by_definition(z));
            assert_eq!(split_mix(z), by_definition(z.wrapping_add(GAMMA)));
        }
    }

    #[test]
    fn bounded_numbers_are_uniform() {
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
    fn a_shuffle_keeps_every_item_and_gives_each_place_its_chance() {
        let mut counts = [0u32; 5];
        for index in 0..10_000 {
            let mut items = [0, 1, 2, 3, 4];
            Rng::stream(7, index).shuffle(&mut items);
            counts[items.iter().position(|i| *i == 0).expect("kept")] += 1;
            items.sort_unstable();
            assert_eq!(items, [0, 1, 2, 3, 4]);
        }
        // 2000 expected, standard deviation 40; five of them.
        assert!(counts.iter().all(|c| c.abs_diff(2000) < 200), "{counts:?}");
    }

    #[test]
    fn unit_numbers_are_below_one() {
        assert_eq!(unit_f64(0), 0.0);
        assert!(unit_f64(u64::MAX) < 1.0);
        let mut rng = Rng::new(3);
        assert!((0..1000).all(|_| (0.0..1.0).contains(&rng.unit_f32())));
    }
}
