//! Labels to indices.

/// The index of each entry among the distinct ones in rising order, and how many these are; as
/// `numpy.unique(..., return_inverse=True)`.
pub(crate) fn encode<T: Ord>(values: &[T]) -> (Vec<usize>, usize) {
    let mut distinct: Vec<&T> = values.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let codes = values
        .iter()
        .map(|v| distinct.partition_point(|d| *d < v))
        .collect();
    (codes, distinct.len())
}

/// The rows of each of the codes below `n`, ascending.
pub(crate) fn rows_of(codes: &[usize], n: usize) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); n];
    for (i, code) in codes.iter().enumerate() {
        rows[*code].push(i);
    }
    rows
}

/// How often each of the codes below `n` occurs.
pub(crate) fn counts(codes: &[usize], n: usize) -> Vec<usize> {
    let mut counts = vec![0; n];
    codes.iter().for_each(|c| counts[*c] += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_with_the_labels() {
        let (codes, n) = encode(&["rock", "blues", "rock", "jazz"]);
        assert_eq!((codes.as_slice(), n), (&[2, 0, 2, 1][..], 3));
        assert_eq!(counts(&codes, n), [1, 1, 2]);
        assert_eq!(rows_of(&codes, n), [vec![1], vec![3], vec![0, 2]]);
    }
}
