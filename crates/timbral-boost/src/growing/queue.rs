/// A node that waits to be split. The highest priority comes first; among equal priorities the
/// earliest node or the latest.
#[derive(PartialEq)]
pub(crate) struct Candidate {
    priority: f32,
    order: isize,
    pub(crate) index: usize,
}

impl Candidate {
    pub(crate) fn new(priority: f32, latest: bool, index: usize) -> Self {
        let order = if latest {
            index as isize
        } else {
            -(index as isize)
        };
        Self {
            priority,
            order,
            index,
        }
    }
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.priority
            .total_cmp(&other.priority)
            .then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BinaryHeap;

    use super::*;

    fn order(candidates: impl IntoIterator<Item = Candidate>) -> Vec<usize> {
        let mut queue: BinaryHeap<_> = candidates.into_iter().collect();
        std::iter::from_fn(|| queue.pop())
            .map(|candidate| candidate.index)
            .collect()
    }

    #[test]
    fn priority_comes_first_then_the_order_of_arrival() {
        let gains = [1.0, 3.0, 3.0, 2.0];
        let by = |latest| {
            gains
                .iter()
                .enumerate()
                .map(move |(i, &g)| Candidate::new(g, latest, i))
        };
        assert_eq!(order(by(false)), [1, 2, 3, 0]);
        assert_eq!(order(by(true)), [2, 1, 3, 0]);
    }
}
