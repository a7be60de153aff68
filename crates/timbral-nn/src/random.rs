/// A place in a tree of random choices: the same path from the same seed gives the same numbers,
/// whatever else was drawn and in whatever order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(GAMMA)))
    }

    /// The choice named `label` below this one.
    pub(crate) fn with(self, label: u64) -> Self {
        Self(mix(self.0.wrapping_add(GAMMA) ^ mix(!label)))
    }

    /// The numbers of this choice.
    pub(crate) fn stream(self) -> Rng {
        Rng { state: self.0 }
    }
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of random numbers: SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// A number from 0 to 1, 1 excluded.
    pub(crate) fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// A number below `n`, which is above 0 (Lemire 2019).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let rejected = n.wrapping_neg() % n;
        loop {
            let wide = u128::from(self.next()) * u128::from(n);
            if wide as u64 >= rejected {
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
    fn a_shuffle_keeps_every_item_and_gives_each_place_its_chance() {
        let mut counts = [0; 5];
        for seed in 0..10_000 {
            let mut items = [0, 1, 2, 3, 4];
            Key::new(7).with(seed).stream().shuffle(&mut items);
            counts[items.iter().position(|i| *i == 0).expect("kept")] += 1;
            items.sort_unstable();
            assert_eq!(items, [0, 1, 2, 3, 4]);
        }
        // 2000 expected, standard deviation 40.
        assert!(
            counts.iter().all(|n| (1840..2160).contains(n)),
            "{counts:?}"
        );
    }
}
