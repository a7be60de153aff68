use ndarray::{Array2, ArrayView2, s};

use super::decoder::log_of;
use super::viterbi::{StatePath, ViterbiParams, check_distribution, viterbi_of_logs};
use crate::error::{Result, check, check_length};

/// The most probable sequence of states, from the probability of each state given the observation, as a
/// classifier returns it. Equals `librosa.sequence.viterbi_discriminative`.
///
/// By Bayes' rule the likelihood of an observation is `prob / p_state` up to a factor;
/// [`viterbi`](crate::viterbi) does the rest.
///
/// - `prob`: shape `(n_states, n_steps)`, each column with sum 1;
/// - `transition`: shape `(n_states, n_states)`, each row with sum 1;
/// - `p_state`: the probability of each state overall, with sum 1; `None`: the same for all states.
///
/// # Errors
///
/// Those of [`viterbi`](crate::viterbi); a column of `prob`, or a `p_state`, whose sum is not 1; a `p_state`
/// whose length is not the number of states.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{ViterbiParams, transition_loop, viterbi_discriminative};
///
/// // The second state is rare, so that a little evidence for it counts for much.
/// let prob = array![[0.99, 0.7, 0.7, 0.99], [0.01, 0.3, 0.3, 0.01]];
/// let (stay, params) = (transition_loop(2, 0.7)?, ViterbiParams::default());
/// let path = viterbi_discriminative(prob.view(), stay.view(), Some(&[0.9, 0.1]), &params)?;
/// assert_eq!(path.states, [0, 1, 1, 0]);
/// let path = viterbi_discriminative(prob.view(), stay.view(), None, &params)?;
/// assert_eq!(path.states, [0, 0, 0, 0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn viterbi_discriminative(
    prob: ArrayView2<'_, f64>,
    transition: ArrayView2<'_, f64>,
    p_state: Option<&[f64]>,
    params: &ViterbiParams,
) -> Result<StatePath> {
    let n_states = prob.nrows();
    for column in prob.columns() {
        check_distribution("prob", column.iter())?;
    }
    let marginal: Vec<f64> = match p_state {
        Some(p_state) => {
            check_length("p_state", n_states, p_state.len())?;
            check_distribution("p_state", p_state.iter())?;
            p_state.iter().map(|p| log_of(*p)).collect()
        }
        None => vec![log_of(1.0 / n_states.max(1) as f64); n_states],
    };
    viterbi_of_logs(prob, transition, params, |state, p| {
        log_of(p) - marginal[state]
    })
}

/// The most probable sequences of several states that are independent of each other and each on or off, such as
/// the labels of a tagger. Equals `librosa.sequence.viterbi_binary`.
///
/// - `prob`: shape `(n_states, n_steps)`: the probability that a state is on, `0..=1`;
/// - `transition`: shape `(2, 2)`, each row with sum 1, the same for all states. Rows are off and on before a
///   step, and columns are off and on after it;
/// - `p_state`, `p_init`: the probability that each state is on, overall and before the first step, `0..=1`;
///   `None`: one half. The field `p_init` of `params` is not used;
/// - result: shape `(n_states, n_steps)`, true where a state is on.
///
/// # Errors
///
/// Those of [`viterbi_discriminative`]; a probability outside `0..=1`; a `p_state` or `p_init` whose length is
/// not the number of states.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{ViterbiParams, transition_loop, viterbi_binary};
///
/// let prob = array![[0.1, 0.2, 0.8, 0.4, 0.9]];
/// let on = viterbi_binary(prob.view(), transition_loop(2, 0.8)?.view(), None, None, &ViterbiParams::default())?;
/// assert_eq!(on, array![[false, false, true, true, true]]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn viterbi_binary(
    prob: ArrayView2<'_, f64>,
    transition: ArrayView2<'_, f64>,
    p_state: Option<&[f64]>,
    p_init: Option<&[f64]>,
    params: &ViterbiParams,
) -> Result<Array2<bool>> {
    let n_states = prob.nrows();
    for (name, given) in [("p_state", p_state), ("p_init", p_init)] {
        let given = given.unwrap_or_default();
        if !given.is_empty() {
            check_length(name, n_states, given.len())?;
        }
        for p in given {
            check((0.0..=1.0).contains(p), name, p, "must be in 0..=1")?;
        }
    }
    let on =
        |given: Option<&[f64]>, state: usize| given.and_then(|p| p.get(state)).map_or(0.5, |p| *p);
    let mut out = Array2::from_elem(prob.dim(), false);
    for (state, row) in prob.outer_iter().enumerate() {
        let mut both = Array2::zeros((2, row.len()));
        both.slice_mut(s![1, ..]).assign(&row);
        both.slice_mut(s![0, ..]).assign(&row.mapv(|p| 1.0 - p));
        let (marginal, initial) = (on(p_state, state), on(p_init, state));
        let params = ViterbiParams {
            p_init: Some(vec![1.0 - initial, initial]),
            ..params.clone()
        };
        let marginal = [1.0 - marginal, marginal];
        let path = viterbi_discriminative(both.view(), transition, Some(&marginal), &params)?;
        for (to, state) in out.row_mut(state).iter_mut().zip(path.states) {
            *to = state == 1;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::transition_loop;
    use ndarray::array;

    #[test]
    fn wrong_probabilities_are_named() {
        let (stay, params) = (transition_loop(2, 0.7).unwrap(), ViterbiParams::default());
        let run = |prob: Array2<f64>, p_state: Option<&[f64]>| {
            viterbi_discriminative(prob.view(), stay.view(), p_state, &params).is_err()
        };
        assert!(run(array![[0.5], [0.6]], None));
        assert!(run(array![[0.5], [0.5]], Some(&[1.0])));
        assert!(run(array![[0.5], [0.5]], Some(&[0.5, 0.6])));
        assert!(run(Array2::zeros((0, 3)), None) && run(Array2::zeros((2, 0)), None));
        let binary = |prob: Array2<f64>, p: Option<&[f64]>, q: Option<&[f64]>| {
            viterbi_binary(prob.view(), stay.view(), p, q, &params)
        };
        assert!(binary(array![[1.5]], None, None).is_err());
        assert!(binary(array![[0.5]], Some(&[0.5, 0.5]), None).is_err());
        assert!(binary(array![[0.5]], None, Some(&[-0.5])).is_err());
        assert_eq!(
            binary(Array2::zeros((0, 4)), None, None).unwrap().dim(),
            (0, 4)
        );
    }
}
