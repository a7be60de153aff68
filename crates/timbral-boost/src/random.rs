use timbral_core::{split_mix, unit_f64};

/// A place in a tree of random choices: the same path from the same seed gives the same numbers,
/// whatever else was drawn and in whatever order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64);

/// The random choices of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// The columns of a tree (`colsample_bytree`), below the key of the tree.
    TreeColumns,
    /// The root, below the key of the tree; its key draws its columns (`colsample_bynode`).
    Root,
    /// The columns of each level (`colsample_bylevel`), below the key of the tree.
    LevelColumns,
    /// The rows of a tree (`subsample`), below the key of the tree.
    Rows,
    /// The left child of a node, below the key of the node.
    LeftChild,
    /// The right child of a node, below the key of the node.
    RightChild,
    /// The pairs of an objective of ranking, below the key of the round.
    Pairs,
}

impl Stream {
    /// The label in the path of keys. Trees and nodes have labels of their own; a change of a label
    /// changes the models of every seed.
    fn label(self) -> u64 {
        match self {
            Self::TreeColumns => 0,
            Self::Root => 1,
            Self::LevelColumns => 2,
            Self::Rows | Self::LeftChild => 3,
            Self::RightChild => 4,
            Self::Pairs => 5,
        }
    }
}

impl Key {
    pub(crate) fn new(seed: u64) -> Self {
        Self(split_mix(seed))
    }

    /// The choice with the given index below this one.
    pub(crate) fn with(self, index: u64) -> Self {
        Self(split_mix(self.0 ^ split_mix(index)))
    }

    /// A named choice below this one.
    pub(crate) fn stream(self, stream: Stream) -> Self {
        self.with(stream.label())
    }

    /// A number from 0 to 1, 1 excluded.
    pub(crate) fn uniform(self) -> f64 {
        unit_f64(self.0)
    }

    /// A random fraction of the items (at least one), in their order.
    pub(crate) fn sample(self, items: &[usize], fraction: f32) -> Vec<usize> {
        let n = ((f64::from(fraction) * items.len() as f64) as usize).clamp(1, items.len().max(1));
        if n >= items.len() {
            return items.to_vec();
        }
        let mut drawn: Vec<(u64, usize)> = items
            .iter()
            .map(|&item| (self.with(item as u64).0, item))
            .collect();
        drawn.sort_unstable();
        let mut sample: Vec<usize> = drawn[..n].iter().map(|&(_, item)| item).collect();
        sample.sort_unstable();
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_their_size_and_every_item_is_equally_likely() {
        let items: Vec<usize> = (0..10).collect();
        let mut counts = [0; 10];
        for seed in 0..10_000 {
            let sample = Key::new(seed).sample(&items, 0.3);
            assert_eq!(sample.len(), 3);
            sample.iter().for_each(|&i| counts[i] += 1);
        }
        // 3000 expected, standard deviation 46.
        assert!(
            counts.iter().all(|n| (2800..3200).contains(n)),
            "{counts:?}"
        );
        assert_eq!(Key::new(1).sample(&items, 0.01).len(), 1);
        assert_eq!(Key::new(1).sample(&items, 1.0), items);
    }
}
