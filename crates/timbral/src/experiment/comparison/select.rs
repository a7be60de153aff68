use ndarray::Array2;

use crate::error::{Error, Result};

/// Most members of an ensemble, counted as often as they are in it.
const MOST: usize = 10;

/// Below this a probability counts as this: a model that is sure and wrong is not infinitely bad.
const LEAST: f32 = 1e-6;

/// Members of an ensemble, with replacement, in the order in which they were added (Caruana et al. 2004).
///
/// `each` has the probabilities of the same rows by every model. The model is added whose mean with
/// those before has the least log loss, the first of equals, as long as that lowers it.
pub(crate) fn greedy(each: &[Array2<f32>], labels: &[usize]) -> Result<Vec<usize>> {
    let first = each.first().ok_or(Error::NoMembers)?;
    let mut sum = Array2::<f32>::zeros(first.dim());
    let (mut members, mut least) = (Vec::new(), f64::INFINITY);
    while members.len() < MOST {
        let n = (members.len() + 1) as f32;
        let losses = each.iter().map(|shares| {
            let rows = labels.iter().enumerate();
            let p = rows.map(|(row, &label)| (sum[[row, label]] + shares[[row, label]]) / n);
            p.map(|p| -f64::from(p.max(LEAST)).ln()).sum::<f64>() / labels.len() as f64
        });
        let best = losses.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
        match best {
            Some((model, loss)) if loss < least => {
                least = loss;
                sum += &each[model];
                members.push(model);
            }
            _ => break,
        }
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn models_are_added_that_help_and_no_others() {
        // The first two are each sure of one row and wrong on the other by a little; their mean is best.
        let each = [
            array![[0.9, 0.1], [0.6, 0.4]],
            array![[0.4, 0.6], [0.1, 0.9]],
            array![[0.1, 0.9], [0.9, 0.1]],
        ];
        // ln(.65^2) > ln(.9 .4): the pair beats either, further copies bring nothing.
        assert_eq!(greedy(&each, &[0, 1]).unwrap(), [0, 1]);
        assert_eq!(greedy(&each[2..], &[1, 0]).unwrap(), [0]);
        assert!(greedy(&[], &[]).is_err());
    }
}
