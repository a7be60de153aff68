/// Values from this one on are no categories: not all whole numbers above it are f32.
pub(crate) const END: u32 = 1 << 24;

/// The categories that go right at a split.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct CategorySet {
    /// Ascending.
    members: Vec<u32>,
    /// A bit for each category up to the largest, unless that takes much more memory than `members`.
    bits: Vec<u64>,
}

impl CategorySet {
    /// A set of some categories, each below [`END`], in any order.
    pub(crate) fn new(mut members: Vec<u32>) -> Self {
        members.sort_unstable();
        members.dedup();
        let n_words = members.last().map_or(0, |&last| last as usize / 64 + 1);
        let mut bits = Vec::new();
        if n_words <= 16 + members.len() {
            bits.resize(n_words, 0);
            for &category in &members {
                bits[category as usize / 64] |= 1 << (category % 64);
            }
        }
        Self { members, bits }
    }

    pub(crate) fn members(&self) -> &[u32] {
        &self.members
    }

    pub(crate) fn contains(&self, category: u32) -> bool {
        match self.bits.get(category as usize / 64) {
            Some(word) => word >> (category % 64) & 1 == 1,
            None => self.bits.is_empty() && self.members.binary_search(&category).is_ok(),
        }
    }

    /// Whether a value that is not missing goes left. Of a number that is not whole the fraction is cut off;
    /// one that is no category goes left.
    pub(crate) fn goes_left(&self, value: f32) -> bool {
        !(0.0..END as f32).contains(&value) || !self.contains(value as u32)
    }
}

/// The sets of the categorical splits of a tree.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct CategorySets {
    /// By node; empty without a categorical split.
    of_node: Vec<CategorySet>,
}

impl CategorySets {
    pub(crate) fn new(n_nodes: usize) -> Self {
        Self {
            of_node: vec![CategorySet::default(); n_nodes],
        }
    }

    pub(crate) fn set(&mut self, node: usize, set: CategorySet) {
        self.of_node[node] = set;
    }

    pub(crate) fn get(&self, node: usize) -> &CategorySet {
        &self.of_node[node]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_where_xgboost_sends_them() {
        // Near each other, and so far apart that there are no bits.
        for far in [70, END - 1] {
            let set = CategorySet::new(vec![far, 0, 5, 5]);
            assert_eq!(set.members(), [0, 5, far]);
            for right in [0.0, -0.0, 0.9, 5.0, 5.99, far as f32] {
                assert!(!set.goes_left(right), "{right}");
            }
            let no_category = [
                -0.5,
                -1.0,
                END as f32,
                1e30,
                f32::INFINITY,
                f32::NEG_INFINITY,
            ];
            for left in [1.0, 4.99, 6.0, 69.0, 1e6].into_iter().chain(no_category) {
                assert!(set.goes_left(left), "{left}");
            }
        }
    }
}
