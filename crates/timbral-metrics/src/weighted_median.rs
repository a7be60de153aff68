/// The median of `values` weighted by `weights`, as in scikit-learn: the mean of two values if half of the
/// weight lies between them. Some weight must be above 0.
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
    // Up to rounding, the step reaches exactly half of the weight: it belongs to both sides.
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
    fn weights_move_the_median() {
        let v = [4.0, 1.0, 2.0, 3.0];
        assert_eq!(weighted_median(&v, &[1.0; 4]), 2.5);
        assert_eq!(weighted_median(&v, &[5.0, 1.0, 1.0, 1.0]), 4.0);
        assert_eq!(weighted_median(&v, &[0.0, 0.0, 1.0, 0.0]), 2.0);
    }
}
