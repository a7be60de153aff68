/// A place in a tree of random choices: the same path from the same seed gives the same numbers,
/// whatever else was drawn and in whatever order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// The choice named `label` below this one.
    pub(crate) fn with(self, label: u64) -> Self {
        Self(mix(self.0 ^ mix(label)))
    }

    /// A number from 0 to 1, 1 excluded.
    pub(crate) fn uniform(self) -> f64 {
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A share of the items (at least one), in their order.
    pub(crate) fn sample(self, items: &[usize], share: f32) -> Vec<usize> {
        let n = ((f64::from(share) * items.len() as f64) as usize).clamp(1, items.len().max(1));
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

/// SplitMix64's step and output (Steele, Lea & Flood 2014).
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_their_size_and_every_item_its_chance() {
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
