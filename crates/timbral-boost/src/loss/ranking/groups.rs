use std::ops::Range;

/// The rows of each query group, one group after the other, and the weights of the groups.
#[derive(Debug, Clone)]
pub(crate) struct Groups<'a> {
    /// Where each group starts, and the number of rows.
    starts: Vec<usize>,
    weights: Option<&'a [f32]>,
}

impl<'a> Groups<'a> {
    /// Groups of these sizes, which add up to `n_rows`; without sizes all rows are one group.
    pub(crate) fn new(n_rows: usize, sizes: Option<&[usize]>, weights: Option<&'a [f32]>) -> Self {
        let mut starts = vec![0];
        for size in sizes.unwrap_or(&[n_rows]) {
            starts.push(starts[starts.len() - 1] + size);
        }
        Self { starts, weights }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.starts.windows(2).map(|pair| pair[0]..pair[1])
    }

    pub(crate) fn weight(&self, group: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[group])
    }

    pub(crate) fn total_weight(&self) -> f64 {
        (0..self.len())
            .map(|group| f64::from(self.weight(group)))
            .sum()
    }

    pub(crate) fn largest(&self) -> usize {
        self.ranges().map(|rows| rows.len()).max().unwrap_or(0)
    }

    /// The weight of the group of each row, if groups have weights.
    pub(crate) fn row_weights(&self) -> Option<Vec<f32>> {
        let weights = self.weights?;
        let rows = self.ranges().zip(weights);
        Some(
            rows.flat_map(|(rows, &weight)| rows.map(move |_| weight))
                .collect(),
        )
    }
}

/// The indices of numbers from the largest to the smallest; of equal ones the first comes first.
pub(super) fn descending(numbers: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    // Adding 0 makes 0 of -0.
    order.sort_by(|&a, &b| (numbers[b] + 0.0).total_cmp(&(numbers[a] + 0.0)));
    order
}
