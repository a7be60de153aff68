//! The most probable path through the states of a hidden Markov model.

use std::ops::Range;

use crate::error::{InvalidParameter, Result};
use crate::simd::dispatch;

/// The logarithm of a probability, finite for 0.
pub(super) fn log_of(p: f64) -> f64 {
    libm::log(p + f64::MIN_POSITIVE)
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
    /// The first of the states that are never left out.
    dense: usize,
    /// The largest logarithm of a transition, and the smallest of the best ones from a dense state.
    largest: f64,
    surest: f64,
}

/// What is observed at a step in the states that may be left out.
pub(crate) struct Sparse<'a> {
    /// The states with a likelihood of their own, ascending.
    pub(crate) states: &'a mut Vec<usize>,
    /// The logarithm of the likelihood of the others.
    pub(crate) others: f64,
}

impl Decoder {
    /// The transitions from the probability of the second state after the first. The states before `dense` may
    /// be left out of steps in which they are much less likely than the dense ones; this changes no result.
    ///
    /// # Errors
    ///
    /// A state without a transition to it of at least `least`.
    pub(crate) fn new(
        n_states: usize,
        dense: usize,
        probability: impl Fn(usize, usize) -> f64,
        least: Option<f64>,
    ) -> Result<Self> {
        let least = least.filter(|p| *p > 0.0).unwrap_or(0.0);
        let mut has_predecessor = vec![false; n_states];
        let mut best_of_dense = vec![f64::NEG_INFINITY; n_states];
        let mut largest = f64::NEG_INFINITY;
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
                let (from, to) = ((to + delta) as usize, to as usize);
                let p = probability(from, to);
                if p < least {
                    continue;
                }
                has_predecessor[to] = true;
                if diagonal.costs.is_empty() {
                    diagonal.first = to;
                }
                let place = to - diagonal.first;
                diagonal.costs.resize(place, f64::NEG_INFINITY);
                let cost = log_of(p);
                diagonal.costs.push(cost);
                largest = largest.max(cost);
                if from >= dense {
                    best_of_dense[to] = best_of_dense[to].max(cost);
                }
            }
            if !diagonal.costs.is_empty() {
                diagonals.push(diagonal);
            }
        }
        if has_predecessor.contains(&false) {
            let rule = "leaves a state without a predecessor; lower it";
            return Err(InvalidParameter::new("transition_min_prob", least, rule).into());
        }
        Ok(Self {
            n_states,
            diagonals,
            dense,
            largest,
            surest: best_of_dense.into_iter().fold(f64::INFINITY, f64::min),
        })
    }

    /// The most probable states of `n_steps` steps, and the logarithm of their probability.
    /// `observe(t, row, sparse)` fills the logarithms of the likelihoods of step `t`, and lists the states
    /// before the dense ones that matter.
    pub(crate) fn decode(
        &self,
        n_steps: usize,
        initial: &[f64],
        mut observe: impl FnMut(usize, &mut [f64], &mut Sparse<'_>),
    ) -> (Vec<usize>, f64) {
        let n = self.n_states;
        let mut observed = vec![0.0; n];
        let mut value = initial.to_vec();
        let (mut best, mut chosen) = (vec![0.0; n], vec![0u64; n]);
        // The states before the dense ones with a value at the last step and at this one.
        let (mut live, mut next): (Vec<usize>, Vec<usize>) =
            ((0..self.dense).collect(), Vec::new());
        let mut pointers: Vec<u16> = Vec::with_capacity(n * n_steps.saturating_sub(1));
        for t in 0..n_steps {
            next.clear();
            let mut sparse = Sparse {
                states: &mut next,
                others: f64::NEG_INFINITY,
            };
            observe(t, &mut observed, &mut sparse);
            let others = sparse.others;
            if t == 0 {
                value.iter_mut().zip(&observed).for_each(|(v, o)| *v += o);
                continue;
            }
            let step = |next: &[usize], best: &mut [f64], chosen: &mut [u64]| {
                best.fill(f64::NEG_INFINITY);
                chosen.fill(0);
                dispatch(
                    #[inline(always)]
                    || self.step(&value, &live, next, best, chosen),
                );
            };
            step(&next, &mut best, &mut chosen);
            let is_complete = next.len() == self.dense;
            if !is_complete && !self.can_leave_out(others, &value, &best, &observed) {
                next.clear();
                next.extend(0..self.dense);
                step(&next, &mut best, &mut chosen);
            }
            for ((v, b), o) in value.iter_mut().zip(&best).zip(&observed) {
                *v = o + b;
            }
            std::mem::swap(&mut live, &mut next);
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

    /// Whether the states that are left out, with the likelihood `others`, are on no best path. `value` are the
    /// values of the last step, `best` those of the best predecessors of the dense states, and `observed` the
    /// likelihoods of these states.
    fn can_leave_out(&self, others: f64, value: &[f64], best: &[f64], observed: &[f64]) -> bool {
        let highest = value.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let dense = best.iter().zip(observed).skip(self.dense);
        let lowest = dense.map(|(b, o)| b + o).fold(f64::INFINITY, f64::min);
        // What they can have at most, now and as predecessors. The units are nats.
        let bound = highest + self.largest + others;
        bound < lowest - 1.0 && bound + self.largest < lowest + self.surest - 1.0
    }

    /// The best predecessor of every dense state and of those in `next`, among the dense ones and those in `live`: its
    /// value, and one more than the index of its diagonal.
    #[inline(always)]
    fn step(
        &self,
        value: &[f64],
        live: &[usize],
        next: &[usize],
        best: &mut [f64],
        chosen: &mut [u64],
    ) {
        for (group, diagonals) in self.diagonals.chunks(GROUP).enumerate() {
            let index = (group * GROUP) as u64 + 1;
            for (diagonal, index) in diagonals.iter().zip(index..) {
                let mut compare = |to: usize| {
                    let place = to.checked_sub(diagonal.first);
                    if let Some(cost) = place.and_then(|place| diagonal.costs.get(place)) {
                        let sum = value[(to as isize + diagonal.delta) as usize] + cost;
                        if sum > best[to] {
                            (best[to], chosen[to]) = (sum, index);
                        }
                    }
                };
                next.iter().for_each(|to| compare(*to));
                for from in live {
                    let to = *from as isize - diagonal.delta;
                    if to >= self.dense as isize {
                        compare(to as usize);
                    }
                }
            }
            // The targets that all diagonals of the group have, and those before and after them.
            let ranges = diagonals
                .iter()
                .map(|diagonal| self.dense_targets(diagonal));
            let start = ranges.clone().map(|r| r.start).max().unwrap_or(0);
            let end = ranges.clone().map(|r| r.end).min().unwrap_or(0);
            let [a, b, c, d] = diagonals else {
                for ((diagonal, targets), index) in diagonals.iter().zip(ranges).zip(index..) {
                    relax([diagonal], targets, index, value, best, chosen);
                }
                continue;
            };
            let end = end.max(start);
            for ((diagonal, targets), index) in diagonals.iter().zip(ranges).zip(index..) {
                let before = targets.start..start.min(targets.end);
                let after = end.max(targets.start)..targets.end;
                for part in [before, after] {
                    relax([diagonal], part, index, value, best, chosen);
                }
            }
            relax([a, b, c, d], start..end, index, value, best, chosen);
        }
    }

    /// The dense states that a diagonal leads to from a dense state.
    #[inline(always)]
    fn dense_targets(&self, diagonal: &Diagonal) -> Range<usize> {
        let end = diagonal.first + diagonal.costs.len();
        let start = self.dense + diagonal.delta.min(0).unsigned_abs();
        start.clamp(diagonal.first, end)..end
    }
}

/// Diagonals that are compared together, so that the best value so far stays in a register.
const GROUP: usize = 4;

/// Compares the values through some diagonals, the first of which has `index`, with the best ones of `targets`.
#[inline(always)]
fn relax<const N: usize>(
    diagonals: [&Diagonal; N],
    targets: Range<usize>,
    index: u64,
    value: &[f64],
    best: &mut [f64],
    chosen: &mut [u64],
) {
    let n = targets.len();
    if n == 0 {
        return;
    }
    let (best, chosen) = (&mut best[targets.clone()], &mut chosen[targets.clone()]);
    let costs = diagonals.map(|d| &d.costs[targets.start - d.first..][..n]);
    let value = diagonals.map(|d| &value[(targets.start as isize + d.delta) as usize..][..n]);
    for j in 0..n {
        let (mut highest, mut from) = (best[j], chosen[j]);
        for i in 0..N {
            let sum = value[i][j] + costs[i][j];
            let better = sum > highest;
            highest = if better { sum } else { highest };
            from = if better { index + i as u64 } else { from };
        }
        (best[j], chosen[j]) = (highest, from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_states_out_changes_no_path() {
        // Two voices of n states each, as in pyin; the first may be left out.
        for (n, width, likely) in [(7, 2, 1e-300), (40, 5, 0.0), (40, 3, 1e-3), (1, 1, 0.0)] {
            let probability = |from: usize, to: usize| {
                let near = (from % n).abs_diff(to % n);
                let switch = if (from < n) == (to < n) { 0.9 } else { 0.1 };
                let weight = (width as f64 - near as f64).max(0.0) / (width * width) as f64;
                switch * weight
            };
            let least = Some(0.5 / (width * width) as f64 * 0.1);
            let observed = |t: usize, state: usize| match state {
                _ if state >= n => log_of(0.3 / n as f64),
                _ if (state * 7 + t * 3).is_multiple_of(11) => {
                    log_of(0.05 + (state + t) as f64 % 0.7)
                }
                _ => log_of(likely),
            };
            let path = |dense: usize| {
                let decoder = Decoder::new(2 * n, dense, probability, least).unwrap();
                let initial = vec![log_of(0.5 / n as f64); 2 * n];
                decoder.decode(50, &initial, |t, row, sparse| {
                    for (state, to) in row.iter_mut().enumerate() {
                        *to = observed(t, state);
                    }
                    sparse.others = log_of(likely);
                    let own = |state: &usize| observed(t, *state) != log_of(likely);
                    sparse.states.extend((0..dense).filter(own));
                })
            };
            assert_eq!(path(n), path(0), "{n} {width} {likely}");
        }
    }
}
