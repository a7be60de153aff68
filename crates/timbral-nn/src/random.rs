use timbral_core::{Rng, finalize, split_mix};

/// SplitMix64's increment.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// What random numbers are drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// The initial weights; below it a stream per tensor.
    Weights,
    /// The order of the training rows; below it a stream per epoch.
    Shuffle,
    /// Dropout; below it a stream per step and layer.
    Dropout,
    /// Augmentation; below it a stream per step, and the streams below.
    Augment,
    /// The first frame of an example's crop.
    Crop,
    /// Mixup, with the two streams below.
    Mixup,
    /// The example that another one is mixed with.
    Partners,
    /// The fraction of an example that is kept.
    Fractions,
    /// Masked bands and frames.
    Masks,
}

impl Stream {
    /// The label below the key that the stream belongs to. Files and results depend on it.
    const fn label(self) -> u64 {
        match self {
            Self::Weights | Self::Crop | Self::Partners => 0,
            Self::Shuffle | Self::Mixup | Self::Fractions => 1,
            Self::Dropout | Self::Masks => 2,
            Self::Augment => 3,
        }
    }
}

/// A node in a tree of random choices: the same path from the same seed gives the same numbers,
/// whatever else was drawn and in whatever order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    /// The root of the tree of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(split_mix(seed))
    }

    /// The choices of a named stream below this node.
    pub(crate) fn of(self, stream: Stream) -> Self {
        self.with(stream.label())
    }

    /// The choice `index` below this node.
    pub(crate) fn with(self, index: u64) -> Self {
        Self(finalize(self.0.wrapping_add(GAMMA) ^ finalize(!index)))
    }

    /// The numbers of this choice.
    pub(crate) fn rng(self) -> Rng {
        Rng::new(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_that_earlier_results_were_drawn_with() {
        let key = Key::new(7);
        assert_eq!(key.0, Rng::new(7).next_u64());
        let below = |label: u64| finalize(key.0.wrapping_add(GAMMA) ^ finalize(!label));
        assert_eq!(key.of(Stream::Augment).0, below(3));
        assert_eq!(key.of(Stream::Shuffle), key.with(1));
        assert_ne!(key.of(Stream::Weights), key.of(Stream::Dropout));
    }

    #[test]
    fn a_shuffle_keeps_every_item_and_gives_each_place_its_chance() {
        let mut counts = [0; 5];
        for seed in 0..10_000 {
            let mut items = [0, 1, 2, 3, 4];
            Key::new(7).with(seed).rng().shuffle(&mut items);
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
