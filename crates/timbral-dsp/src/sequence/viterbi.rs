use ndarray::ArrayView2;

use super::transition::MAX_STATES;
use crate::error::{Error, InvalidParameter, Result, check, check_length};
use crate::simd::dispatch;

/// Parameters of [`viterbi`], named as in `librosa.sequence.viterbi`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ViterbiParams {
    /// The probability of each state before the first step, with sum 1; default: all the same.
    pub p_init: Option<Vec<f64>>,
    /// Transitions that are less probable are left out, `0..=1`; default none.
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
/// - result: `n_steps` states. Of equal ones the first is taken.
///
/// The smallest normal f64 is added to every probability. Takes `n_steps n_states^2` steps, less with
/// `transition_min_prob`.
///
/// # Errors
///
/// - those of [`ViterbiParams::validate`];
/// - `prob` without steps, with no or more than 65 536 states, or with a value outside `0..=1`;
/// - a `transition` of another shape, with a value outside `0..=1` or a row whose sum is not 1;
/// - a `transition_min_prob` that leaves a state without predecessor.
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
    let decoder = Decoder::new(n_states, probability, params.transition_min_prob)?;
    let (states, log_probability) = decoder.decode(n_steps, &initial, |t, row| {
        for (state, (to, p)) in row.iter_mut().zip(prob.column(t)).enumerate() {
            *to = log(state, *p);
        }
    });
    Ok(StatePath {
        states,
        log_probability,
    })
}

/// The logarithm of a probability, finite for 0.
pub(super) fn log_of(p: f64) -> f64 {
    libm::log(p + f64::MIN_POSITIVE)
}

/// The rule for probabilities of which one comes true, with NumPy's tolerance of sums.
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

/// The transitions `k -> k - delta`, for the states `first ..` that they lead to.
#[derive(Debug, Clone)]
struct Diagonal {
    delta: isize,
    first: usize,
    costs: Vec<f64>,
}

/// Transitions by the distance between the states, ascending, so that neighbouring states are compared side by side
/// and the first of equal predecessors is still taken.
#[derive(Debug, Clone)]
pub(crate) struct Decoder {
    n_states: usize,
    diagonals: Vec<Diagonal>,
}

impl Decoder {
    /// From the probability of the second state after the first.
    ///
    /// # Errors
    ///
    /// A state without a transition to it of at least `least`.
    pub(crate) fn new(
        n_states: usize,
        probability: impl Fn(usize, usize) -> f64,
        least: Option<f64>,
    ) -> Result<Self> {
        let least = least.filter(|p| *p > 0.0).unwrap_or(0.0);
        let mut has_predecessor = vec![false; n_states];
        let mut diagonals = Vec::new();
        let n = n_states as isize;
        for delta in 1 - n..n {
            let targets = (-delta).max(0)..(n - delta).min(n);
            let mut diagonal = Diagonal {
                delta,
                first: 0,
                costs: Vec::new(),
            };
            for to in targets {
                let p = probability((to + delta) as usize, to as usize);
                if p < least {
                    continue;
                }
                let to = to as usize;
                has_predecessor[to] = true;
                if diagonal.costs.is_empty() {
                    diagonal.first = to;
                }
                let place = to - diagonal.first;
                diagonal.costs.resize(place, f64::NEG_INFINITY);
                diagonal.costs.push(log_of(p));
            }
            if !diagonal.costs.is_empty() {
                diagonals.push(diagonal);
            }
        }
        if has_predecessor.contains(&false) {
            let rule = "leaves a state without predecessor";
            return Err(InvalidParameter::new("transition_min_prob", least, rule).into());
        }
        Ok(Self {
            n_states,
            diagonals,
        })
    }

    /// The most probable states of `n_steps` steps and the logarithm of their probability. `observe(t, row)` fills
    /// the logarithms of the likelihoods of step `t`.
    pub(crate) fn decode(
        &self,
        n_steps: usize,
        initial: &[f64],
        mut observe: impl FnMut(usize, &mut [f64]),
    ) -> (Vec<usize>, f64) {
        let n = self.n_states;
        let mut observed = vec![0.0; n];
        let mut value = initial.to_vec();
        let (mut best, mut chosen) = (vec![0.0; n], vec![0u64; n]);
        let mut pointers: Vec<u16> = Vec::with_capacity(n * n_steps.saturating_sub(1));
        for t in 0..n_steps {
            observe(t, &mut observed);
            if t == 0 {
                value.iter_mut().zip(&observed).for_each(|(v, o)| *v += o);
                continue;
            }
            dispatch(
                #[inline(always)]
                || self.step(&value, &mut best, &mut chosen),
            );
            for ((v, b), o) in value.iter_mut().zip(&best).zip(&observed) {
                *v = o + b;
            }
            pointers.extend(chosen.iter().enumerate().map(|(to, i)| match i {
                0 => 0,
                i => (to as isize + self.diagonals[*i as usize - 1].delta) as u16,
            }));
        }
        let mut last = 0;
        for (state, v) in value.iter().enumerate() {
            if *v > value[last] {
                last = state;
            }
        }
        let log_probability = value.get(last).copied().unwrap_or(0.0);
        let mut states = vec![last; n_steps];
        for t in (1..n_steps).rev() {
            states[t - 1] = usize::from(pointers[(t - 1) * n + states[t]]);
        }
        (states, log_probability)
    }

    /// The best predecessor of every state: its value, and one more than the index of its diagonal.
    #[inline(always)]
    fn step(&self, value: &[f64], best: &mut [f64], chosen: &mut [u64]) {
        best.fill(f64::NEG_INFINITY);
        chosen.fill(0);
        for (i, diagonal) in self.diagonals.iter().enumerate() {
            let (first, costs) = (diagonal.first, &diagonal.costs[..]);
            let from = (first as isize + diagonal.delta) as usize;
            let value = &value[from..from + costs.len()];
            let best = &mut best[first..first + costs.len()];
            let chosen = &mut chosen[first..first + costs.len()];
            let index = i as u64 + 1;
            for j in 0..costs.len() {
                let sum = value[j] + costs[j];
                let better = sum > best[j];
                best[j] = if better { sum } else { best[j] };
                chosen[j] = if better { index } else { chosen[j] };
            }
        }
    }
}
