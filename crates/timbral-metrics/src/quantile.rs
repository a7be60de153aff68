//! Quantiles as numpy's default and scikit-learn's weighted median define them.

/// The value at the share `q` of ascending `sorted`, linear between neighbours; as
/// `numpy.quantile`. `sorted` must not be empty.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len() - 1;
    let place = last as f64 * q;
    let below = (place.floor() as usize).min(last);
    let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
    let t = place - below as f64;
    // From the nearer neighbour, as numpy, so that an edge on a value is that value.
    if t < 0.5 {
        a + (b - a) * t
    } else {
        b - (b - a) * (1.0 - t)
    }
}

/// The median of `values` by `weights`, the mean of two values when the half falls between them.
/// There must be a weight above 0.
pub(crate) fn weighted_median(values: &[f64], weights: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..values.len()).filter(|i| weights[*i] > 0.0).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut cumulated = Vec::with_capacity(order.len());
    let mut total = 0.0;
    for i in &order {
        total += weights[*i];
        cumulated.push(total);
    }
    let half = 0.5 * total;
    let last = order.len() - 1;
    let at = cumulated.partition_point(|c| *c < half).min(last);
    let value = values[order[at]];
    // The step reaches half the weight exactly, to rounding: it belongs to both sides.
    if cumulated[at] - half > f64::EPSILON {
        value
    } else {
        (value + values[order[(at + 1).min(last)]]) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let v = [1.0, 2.0, 4.0];
        for (q, expected) in [(0.0, 1.0), (0.25, 1.5), (0.5, 2.0), (0.75, 3.0), (1.0, 4.0)] {
            assert_eq!(quantile(&v, q), expected, "{q}");
        }
    }

    #[test]
    fn weights_move_the_median() {
        let v = [4.0, 1.0, 2.0, 3.0];
        assert_eq!(weighted_median(&v, &[1.0; 4]), 2.5);
        assert_eq!(weighted_median(&v, &[5.0, 1.0, 1.0, 1.0]), 4.0);
        assert_eq!(weighted_median(&v, &[0.0, 0.0, 1.0, 0.0]), 2.0);
    }
}
