use ndarray::ArrayView2;

use super::decoder::{Decoder, log_of};
use super::transition::MAX_STATES;
use crate::error::{Error, Result, check, check_length};

/// Parameters of [`viterbi`], named as in `librosa.sequence.viterbi`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ViterbiParams {
    /// The probability of each state before the first step, with sum 1; default: the same for all states.
    pub p_init: Option<Vec<f64>>,
    /// Transitions that are less probable than this are left out, `0..=1`; default: none are left out.
    pub transition_min_prob: Option<f64>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl ViterbiParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A probability outside `0..=1`, or a `p_init` whose sum is not 1.
    pub fn validate(&self) -> Result<()> {
        let least = self.transition_min_prob.unwrap_or(0.0);
        let holds = (0.0..=1.0).contains(&least);
        check(holds, "transition_min_prob", least, "must be in 0..=1")?;
        if let Some(p_init) = &self.p_init {
            check_distribution("p_init", p_init.iter())?;
        }
        Ok(())
    }
}

/// The most probable sequence of states.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StatePath {
    /// The state of each step.
    pub states: Vec<usize>,
    /// The natural logarithm of the probability of this sequence and the observations.
    pub log_probability: f64,
}

/// The most probable sequence of states of a hidden Markov model (Viterbi 1967); equals `librosa.sequence.viterbi`.
///
/// ```text
/// v[0, j] = log prob[j, 0] + log p_init[j]
/// v[t, j] = log prob[j, t] + max_k (v[t - 1, k] + log transition[k, j])
/// ```
///
/// - `prob`: shape `(n_states, n_steps)`: the likelihood of what was observed at each step in each state, `0..=1`;
/// - `transition`: shape `(n_states, n_states)`, each row with sum 1: the probability of state `j` after `k`;
/// - result: `n_steps` states. Of equally probable states the first is taken.
///
/// The smallest normal f64 is added to every probability. The number of operations is of the order of
/// `n_steps n_states^2`, and smaller with `transition_min_prob`.
///
/// # Errors
///
/// - those of [`ViterbiParams::validate`];
/// - `prob` without steps, with no or more than 65 536 states, or with a value outside `0..=1`;
/// - a `transition` of another shape, with a value outside `0..=1` or a row whose sum is not 1;
/// - a `transition_min_prob` that leaves a state without a predecessor.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{ViterbiParams, transition_loop, viterbi};
///
/// let prob = array![[0.9, 0.4, 0.9, 0.1, 0.1], [0.1, 0.6, 0.1, 0.9, 0.9]];
/// let path = viterbi(prob.view(), transition_loop(2, 0.8)?.view(), &ViterbiParams::default())?;
/// assert_eq!(path.states, [0, 0, 0, 1, 1]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn viterbi(
    prob: ArrayView2<'_, f64>,
    transition: ArrayView2<'_, f64>,
    params: &ViterbiParams,
) -> Result<StatePath> {
    viterbi_of_logs(prob, transition, params, |_, p| log_of(p))
}

/// [`viterbi`] with the logarithm `log(state, prob)` of the likelihood.
pub(super) fn viterbi_of_logs(
    prob: ArrayView2<'_, f64>,
    transition: ArrayView2<'_, f64>,
    params: &ViterbiParams,
    log: impl Fn(usize, f64) -> f64,
) -> Result<StatePath> {
    params.validate()?;
    let (n_states, n_steps) = prob.dim();
    for (name, got) in [("prob rows", n_states), ("prob columns", n_steps)] {
        if got == 0 {
            let needed = 1;
            return Err(Error::TooShort { name, needed, got });
        }
    }
    let few = n_states <= MAX_STATES;
    check(few, "n_states", n_states, "must be at most 65536")?;
    check_length("transition rows", n_states, transition.nrows())?;
    check_length("transition columns", n_states, transition.ncols())?;
    for p in prob {
        check((0.0..=1.0).contains(p), "prob", p, "must be in 0..=1")?;
    }
    for row in transition.outer_iter() {
        check_distribution("transition", row.iter())?;
    }
    let initial = match &params.p_init {
        Some(p_init) => {
            check_length("p_init", n_states, p_init.len())?;
            p_init.iter().map(|p| log_of(*p)).collect()
        }
        None => vec![log_of(1.0 / n_states as f64); n_states],
    };
    let probability = |from, to| transition[[from, to]];
    let decoder = Decoder::new(n_states, 0, probability, params.transition_min_prob)?;
    let (states, log_probability) = decoder.decode(n_steps, &initial, |t, row, _| {
        for (state, (to, p)) in row.iter_mut().zip(prob.column(t)).enumerate() {
            *to = log(state, *p);
        }
    });
    Ok(StatePath {
        states,
        log_probability,
    })
}

/// The rule for probabilities that add up to 1, with NumPy's tolerance of sums.
pub(super) fn check_distribution<'a>(
    name: &'static str,
    p: impl Iterator<Item = &'a f64> + Clone,
) -> Result<()> {
    for p in p.clone() {
        check((0.0..=1.0).contains(p), name, p, "must be in 0..=1")?;
    }
    let sum: f64 = p.sum();
    let is_one = (sum - 1.0).abs() <= 1.001e-5;
    check(is_one, name, sum, "must have the sum 1")?;
    Ok(())
}
