//! Sums and means in the order in which numpy adds: the error grows only with the logarithm of the
//! number of terms.

/// Sum by numpy's pairwise scheme: eight running sums in blocks of at most 128, halves above that.
pub(crate) fn sum(v: &[f64]) -> f64 {
    const BLOCK: usize = 128;
    if v.len() < 8 {
        return v.iter().sum();
    }
    if v.len() > BLOCK {
        let half = v.len() / 2;
        let (left, right) = v.split_at(half - half % 8);
        return sum(left) + sum(right);
    }
    let mut lanes = [0.0f64; 8];
    let chunks = v.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(l, x)| *l += x);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let total = ((a + b) + (c + d)) + ((e + f) + (g + h));
    rest.iter().fold(total, |t, x| t + x)
}

/// `sum(w v) / sum(w)`, with all weights 1 if there are none; as `numpy.average`.
pub(crate) fn mean(v: &[f64], weights: Option<&[f64]>) -> f64 {
    match weights {
        None => sum(v) / v.len() as f64,
        Some(w) => {
            let products: Vec<f64> = v.iter().zip(w).map(|(v, w)| v * w).collect();
            sum(&products) / sum(w)
        }
    }
}

/// Standard deviation, the sum of squares divided by `n - ddof`; as `numpy.std`.
pub(crate) fn standard_deviation(v: &[f64], ddof: usize) -> f64 {
    let centre = mean(v, None);
    let squares: Vec<f64> = v.iter().map(|x| (x - centre) * (x - centre)).collect();
    (sum(&squares) / v.len().saturating_sub(ddof) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_added_once() {
        for n in [0usize, 1, 7, 8, 9, 127, 128, 129, 1000] {
            let v: Vec<f64> = (0..n).map(|i| i as f64).collect();
            assert_eq!(sum(&v), (n * n.saturating_sub(1) / 2) as f64, "{n}");
        }
    }

    #[test]
    fn weighted_mean_and_deviation() {
        assert_eq!(mean(&[1.0, 5.0], Some(&[3.0, 1.0])), 2.0);
        assert_eq!(standard_deviation(&[1.0, 3.0], 0), 1.0);
        assert_eq!(standard_deviation(&[1.0, 3.0], 1), 2f64.sqrt());
    }
}
