use ndarray::Array2;

use crate::error::{Error, Result};

/// Largest number of members of an ensemble, counted as often as they are in it.
const MAX_MEMBERS: usize = 10;

/// Smaller probabilities count as this: the loss of a wrong and certain prediction stays finite.
const MIN_PROBABILITY: f32 = 1e-6;

/// Members of an ensemble, with replacement, in the order in which they were added (Caruana et al. 2004).
///
/// `each` has the probabilities of the same rows by every model. In each step the model is added whose
/// mean with the earlier ones has the lowest log loss (the first of equal ones), as long as that lowers it.
pub(crate) fn greedy(each: &[Array2<f32>], labels: &[usize]) -> Result<Vec<usize>> {
    let first = each.first().ok_or(Error::NoMembers)?;
    let mut sum = Array2::<f32>::zeros(first.dim());
    let (mut members, mut lowest) = (Vec::new(), f64::INFINITY);
    while members.len() < MAX_MEMBERS {
        let n = (members.len() + 1) as f32;
        let losses = each.iter().map(|probabilities| {
            let rows = labels.iter().enumerate();
            let p = rows.map(|(row, &label)| (sum[[row, label]] + probabilities[[row, label]]) / n);
            p.map(|p| -libm::log(f64::from(p.max(MIN_PROBABILITY))))
                .sum::<f64>()
                / labels.len() as f64
        });
        let best = losses.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
        match best {
            Some((model, loss)) if loss < lowest => {
                lowest = loss;
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
    fn only_models_that_lower_the_loss_are_added() {
        // The first two are each confident on one row and wrong on the other by a little; their mean is best.
        let each = [
            array![[0.9, 0.1], [0.6, 0.4]],
            array![[0.4, 0.6], [0.1, 0.9]],
            array![[0.1, 0.9], [0.9, 0.1]],
        ];
        // ln(.65^2) > ln(.9 .4): the pair is better than either, more copies do not help.
        assert_eq!(greedy(&each, &[0, 1]).unwrap(), [0, 1]);
        assert_eq!(greedy(&each[2..], &[1, 0]).unwrap(), [0]);
        assert!(greedy(&[], &[]).is_err());
    }
}
