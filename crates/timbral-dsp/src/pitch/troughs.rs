//! How probable the periods of a frame are.

use super::beta::beta_cdf;
use super::difference::Periods;

/// The thresholds of troughs, their probabilities, and the preference for short periods.
#[derive(Debug, Clone)]
pub(super) struct TroughPrior {
    /// Ascending, from `1 / n` to 1.
    thresholds: Vec<f64>,
    probabilities: Vec<f64>,
    /// `boltzmann[k]` is proportional to the weight of the k-th trough below a threshold.
    boltzmann_parameter: f64,
    no_trough_prob: f64,
}

impl TroughPrior {
    pub(super) fn new(
        n_thresholds: usize,
        (a, b): (f64, f64),
        boltzmann_parameter: f64,
        no_trough_prob: f64,
    ) -> Self {
        let edge = |i: usize| i as f64 / n_thresholds as f64;
        let below = |i: usize| beta_cdf(edge(i), a, b);
        Self {
            thresholds: (1..=n_thresholds).map(edge).collect(),
            probabilities: (0..n_thresholds).map(|i| below(i + 1) - below(i)).collect(),
            boltzmann_parameter,
            no_trough_prob,
        }
    }

    /// Fills `out` with the troughs of a frame and their probabilities, rounded to f32 as in librosa; those of 0
    /// are left out.
    pub(super) fn process(&self, periods: &Periods, out: &mut Vec<(usize, f64)>) {
        out.clear();
        let values = &periods.values;
        let is_trough = |i: &usize| periods.is_trough(*i);
        out.extend((0..values.len()).filter(is_trough).map(|i| (i, 0.0)));
        let lowest = out.iter().enumerate().reduce(|best, other| {
            if values[other.1.0] < values[best.1.0] {
                other
            } else {
                best
            }
        });
        let Some((lowest, (lowest_at, _))) = lowest else {
            return;
        };
        let lowest_value = values[*lowest_at];
        let mut missed = 0.0;
        for (threshold, probability) in self.thresholds.iter().zip(&self.probabilities) {
            let below = out.iter().filter(|(i, _)| values[*i] < *threshold).count();
            if lowest_value >= *threshold {
                missed += probability;
            }
            if below == 0 {
                continue;
            }
            let decay = -self.boltzmann_parameter;
            let norm = (1.0 - libm::exp(decay)) / (1.0 - libm::exp(decay * below as f64));
            let found = out.iter_mut().filter(|(i, _)| values[*i] < *threshold);
            for (k, (_, sum)) in found.enumerate() {
                *sum += norm * libm::exp(decay * k as f64) * probability;
            }
        }
        out[lowest].1 += self.no_trough_prob * missed;
        for (_, probability) in out.iter_mut() {
            *probability = f64::from(*probability as f32);
        }
        out.retain(|(_, probability)| *probability != 0.0);
    }
}
