/// The features that the nodes on a path may use together: what
/// [`BoostParams::interaction_constraints`](crate::BoostParams::interaction_constraints) leaves.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// The features of the splits above the node, ascending.
    used: Vec<usize>,
    /// The features that the node may use; `None` for all.
    allowed: Option<Vec<usize>>,
}

impl Path {
    /// The path to the root; `None` without constraints.
    pub(super) fn root(constraints: &[Vec<usize>]) -> Option<Box<Self>> {
        let root = || Self {
            used: Vec::new(),
            allowed: None,
        };
        (!constraints.is_empty()).then(|| Box::new(root()))
    }

    /// The path to the children of a node that is split by a feature: they may use the features of the path, and
    /// those of each constraint that has all of them.
    pub(super) fn below(&self, feature: usize, constraints: &[Vec<usize>]) -> Box<Self> {
        let mut used = self.used.clone();
        if let Err(place) = used.binary_search(&feature) {
            used.insert(place, feature);
        }
        let has_all = |set: &&Vec<usize>| used.iter().all(|feature| set.contains(feature));
        let mut allowed: Vec<usize> = constraints
            .iter()
            .filter(has_all)
            .flatten()
            .copied()
            .collect();
        allowed.extend(&used);
        allowed.sort_unstable();
        allowed.dedup();
        Box::new(Self {
            used,
            allowed: Some(allowed),
        })
    }

    /// Those of some features that the node may use, in their order.
    pub(super) fn allowed(&self, features: &[usize]) -> Vec<usize> {
        let Some(allowed) = &self.allowed else {
            return features.to_vec();
        };
        let features = features.iter().copied();
        features
            .filter(|f| allowed.binary_search(f).is_ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of XGBoost's documentation of feature interaction constraints.
    #[test]
    fn sets_that_overlap_are_joined_by_what_they_share_only() {
        let constraints = [vec![1, 2], vec![2, 3, 4], vec![5, 6]];
        let all: Vec<usize> = (0..8).collect();
        let root = Path::root(&constraints).unwrap();
        assert_eq!(root.allowed(&all), all);
        let below = root.below(2, &constraints);
        assert_eq!(below.allowed(&all), [1, 2, 3, 4]);
        assert_eq!(below.allowed(&[0, 3, 5]), [3]);
        assert_eq!(below.below(1, &constraints).allowed(&all), [1, 2]);
        assert_eq!(below.below(3, &constraints).allowed(&all), [2, 3, 4]);
        let alone = root.below(0, &constraints);
        assert_eq!(alone.allowed(&all), [0]);
        assert!(Path::root(&[]).is_none());
    }
}
