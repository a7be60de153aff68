//! The tree-structured Parzen estimator, one parameter at a time: hyperopt's densities, but Optuna's ten
//! random trials at the start (hyperopt has 20), and a larger fraction of good trials.
//!
//! Scores of models are noisy: hyperopt counts the best two of 40 trials as good, which may just be the
//! lucky ones.

use super::draws::Draws;
use super::space::{Range, Value};
use super::trial::rank;
use super::{Point, Space, Trial};

/// Random trials before the densities are used.
const N_STARTUP: usize = 10;
/// The fraction of the trials that counts as good, as Watanabe (2023) recommends.
const GOOD_FRACTION: f64 = 0.15;
/// Candidates drawn from the density of the good trials, of which one is chosen.
const N_CANDIDATES: usize = 24;
/// The newest trials, which count fully; older ones count less with age.
const N_REMEMBERED: usize = 25;
/// Draws outside the range after which one is moved to its edge.
const MOST_REJECTED: usize = 1000;

/// The next point: the candidate with the largest ratio of the density of the good trials to that of the
/// others.
///
/// ```text
/// good trials: the best ceil(.15 n)
/// ```
pub(super) fn point(space: &Space, trials: &[Trial], seed: u64) -> Point {
    let number = trials.len();
    if number < N_STARTUP {
        return space.point(number, seed);
    }
    let mut ranked = trials.to_vec();
    rank(&mut ranked);
    let n_good = (GOOD_FRACTION * number as f64).ceil() as usize;
    let (good, rest) = ranked.split_at_mut(n_good);
    for side in [&mut *good, &mut *rest] {
        side.sort_by_key(|trial| trial.number);
    }
    let mut draws = Draws::new(seed, number);
    let values = space.parameters().iter().map(|(name, range)| {
        let seen = |side: &[Trial]| -> Vec<f64> {
            let values = side.iter().filter_map(|trial| trial.point.get(name));
            values.filter_map(|value| range.place(value)).collect()
        };
        let (good, rest) = (
            Density::new(range, &seen(good)),
            Density::new(range, &seen(rest)),
        );
        let mut best = (f64::NEG_INFINITY, f64::NAN);
        for _ in 0..N_CANDIDATES {
            let place = good.draw(&mut draws);
            let gain = good.ln(place) - rest.ln(place);
            if gain > best.0 || best.1.is_nan() {
                best = (gain, place);
            }
        }
        (name.clone(), range.at(best.1))
    });
    Point(values.collect())
}

impl Range {
    /// The position of a value on the axis of the density: the logarithm of a log parameter, the index of
    /// a choice.
    fn place(&self, value: &Value) -> Option<f64> {
        match (self, value) {
            (Self::Integer(..), Value::Integer(value)) => Some(*value as f64),
            (Self::Linear(..), Value::Number(value)) => Some(*value),
            (Self::Log(..), Value::Number(value)) => Some(libm::log(*value)),
            (Self::Choice(values), value) => {
                values.iter().position(|v| v == value).map(|i| i as f64)
            }
            _ => None,
        }
    }

    /// The value at a position.
    fn at(&self, place: f64) -> Value {
        match self {
            Self::Integer(low, high) => Value::Integer((place.round() as i64).clamp(*low, *high)),
            Self::Linear(low, high) => Value::Number(place.clamp(*low, *high)),
            Self::Log(low, high) => Value::Number(libm::exp(place).clamp(*low, *high)),
            Self::Choice(values) => values[(place as usize).min(values.len() - 1)].clone(),
        }
    }
}

/// The density of a parameter's values, from those seen and a prior that counts as one.
#[derive(Debug, Clone, PartialEq)]
enum Density {
    /// Probabilities of the choices.
    Names(Vec<f64>),
    /// A mixture of normal distributions, truncated at the ends of the range.
    Numbers {
        /// Weight, mean and deviation.
        parts: Vec<(f64, f64, f64)>,
        ends: (f64, f64),
        /// Whether values are integers.
        whole: bool,
    },
}

impl Density {
    fn new(range: &Range, seen: &[f64]) -> Self {
        match range {
            Range::Choice(values) => {
                let mut weighted = vec![1.0; values.len()];
                for (place, weight) in seen.iter().zip(weights(seen.len())) {
                    weighted[*place as usize] += weight;
                }
                let sum: f64 = weighted.iter().sum();
                weighted.iter_mut().for_each(|weight| *weight /= sum);
                Self::Names(weighted)
            }
            Range::Integer(low, high) => {
                let (low, high) = (*low as f64 - 0.5, *high as f64 + 0.5);
                Self::numbers(seen, low, high, true)
            }
            Range::Linear(low, high) => Self::numbers(seen, *low, *high, false),
            Range::Log(low, high) => Self::numbers(seen, libm::log(*low), libm::log(*high), false),
        }
    }

    /// Each value seen is a normal distribution as wide as the distance to its farther neighbour.
    fn numbers(seen: &[f64], low: f64, high: f64, whole: bool) -> Self {
        let width = high - low;
        // Weight, mean, and whether it is the prior, which is first among equals.
        let mut sorted = vec![(1.0, f64::midpoint(low, high), true)];
        let weights = weights(seen.len());
        sorted.extend(
            seen.iter()
                .zip(weights)
                .map(|(mean, weight)| (weight, *mean, false)),
        );
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
        let sum: f64 = sorted.iter().map(|part| part.0).sum();
        let narrowest = width / (1.0 + sorted.len() as f64).min(100.0);
        let part = |i: usize| {
            let (weight, mean, is_prior) = sorted[i];
            let below = i.checked_sub(1).map(|i| mean - sorted[i].1);
            let above = sorted.get(i + 1).map(|next| next.1 - mean);
            let farther = below.unwrap_or(0.0).max(above.unwrap_or(0.0));
            let deviation = match (is_prior, seen.len()) {
                (true, _) => width,
                (false, 1) => width / 2.0,
                (false, _) => farther.clamp(narrowest, width),
            };
            (weight / sum, mean, deviation)
        };
        Self::Numbers {
            parts: (0..sorted.len()).map(part).collect(),
            ends: (low, high),
            whole,
        }
    }

    fn draw(&self, draws: &mut Draws) -> f64 {
        match self {
            Self::Names(probabilities) => pick(probabilities.iter().copied(), draws) as f64,
            Self::Numbers { parts, ends, whole } => {
                let mut place = ends.0;
                for _ in 0..MOST_REJECTED {
                    let (_, mean, deviation) = parts[pick(parts.iter().map(|p| p.0), draws)];
                    place = mean + deviation * draws.normal();
                    if (ends.0..=ends.1).contains(&place) {
                        break;
                    }
                }
                let place = place.clamp(ends.0, ends.1);
                match whole {
                    true => place.round().clamp(ends.0 + 0.5, ends.1 - 0.5),
                    false => place,
                }
            }
        }
    }

    /// The logarithm of the density, or of the probability of an integer.
    fn ln(&self, place: f64) -> f64 {
        match self {
            Self::Names(probabilities) => libm::log(probabilities[place as usize]),
            Self::Numbers { parts, ends, whole } => {
                let mixed = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
                    parts
                        .iter()
                        .map(|(weight, mean, deviation)| weight * f(*mean, *deviation))
                        .sum()
                };
                let between = |low: f64, high: f64| {
                    mixed(&|mean, deviation| {
                        normal_below((high - mean) / deviation)
                            - normal_below((low - mean) / deviation)
                    })
                };
                let here = match whole {
                    true => between(place - 0.5, place + 0.5),
                    false => mixed(&|mean, deviation| {
                        let z = (place - mean) / deviation;
                        libm::exp(-0.5 * z * z) / (deviation * std::f64::consts::TAU.sqrt())
                    }),
                };
                libm::log(here / between(ends.0, ends.1))
            }
        }
    }
}

/// Weights of values, in the order in which they were seen.
fn weights(n: usize) -> impl Iterator<Item = f64> {
    let n_old = n.saturating_sub(N_REMEMBERED);
    let first = 1.0 / n.max(1) as f64;
    (0..n).map(move |i| match i < n_old {
        true if n_old == 1 => first,
        true => first + (1.0 - first) * i as f64 / (n_old - 1) as f64,
        false => 1.0,
    })
}

/// A random index with these probabilities, which add up to 1.
fn pick(probabilities: impl Iterator<Item = f64>, draws: &mut Draws) -> usize {
    let mut left = draws.uniform();
    let mut last = 0;
    for (i, probability) in probabilities.enumerate() {
        last = i;
        left -= probability;
        if left < 0.0 {
            break;
        }
    }
    last
}

/// The standard normal distribution function.
fn normal_below(z: f64) -> f64 {
    0.5 * (1.0 + libm::erf(z / std::f64::consts::SQRT_2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        Space::new()
            .integer("i", -2, 3)
            .linear("x", 0.0, 4.0)
            .log("l", 0.01, 100.0)
            .choice("c", ["a", "b", "c"])
            .integer("one", 7, 7)
            .linear("point", 0.5, 0.5)
    }

    /// Simpson's rule.
    fn integral(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
        let n = 2000;
        let step = (high - low) / f64::from(n);
        let weight = |i| match i {
            _ if i == 0 || i == n => 1.0,
            _ if i % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let sum: f64 = (0..=n)
            .map(|i| weight(i) * f(low + f64::from(i) * step))
            .sum();
        sum * step / 3.0
    }

    #[test]
    fn densities_add_up_to_one() {
        for (name, range) in &space().parameters()[..4] {
            for n in [0, 1, 2, 30] {
                let points = space().sample(n, 5).unwrap();
                let seen: Vec<f64> = points
                    .iter()
                    .map(|p| range.place(p.get(name).unwrap()).unwrap())
                    .collect();
                let density = Density::new(range, &seen);
                let p = |place: f64| density.ln(place).exp();
                let sum = match range {
                    Range::Integer(low, high) => (*low..=*high).map(|i| p(i as f64)).sum(),
                    Range::Choice(_) => (0..3).map(|i| p(f64::from(i))).sum(),
                    Range::Linear(low, high) => integral(p, *low, *high),
                    Range::Log(low, high) => integral(p, low.ln(), high.ln()),
                };
                // The narrowest part is a thirtieth of the range: Simpson's rule is exact to 1e-9.
                assert!((sum - 1.0).abs() < 1e-7, "{name}, {n} seen: {sum}");
            }
        }
    }

    #[test]
    fn deviations_are_distances_to_the_farther_neighbour() {
        let Density::Numbers { parts, .. } = Density::numbers(&[1.0, 4.0, 9.0], 0.0, 10.0, false)
        else {
            panic!();
        };
        // The prior is at 5; the smallest deviation is 10 / (1 + 4).
        let expected = [(1.0, 3.0), (4.0, 3.0), (5.0, 10.0), (9.0, 4.0)];
        assert_eq!(
            parts,
            expected.map(|(mean, deviation)| (0.25, mean, deviation))
        );
        let Density::Numbers { parts, .. } = Density::numbers(&[8.0], 0.0, 10.0, false) else {
            panic!();
        };
        assert_eq!(parts, [(0.5, 5.0, 10.0), (0.5, 8.0, 5.0)]);
        assert_eq!(
            Density::new(&space().parameters()[3].1, &[1.0, 1.0, 0.0]),
            Density::Names(vec![2.0 / 6.0, 3.0 / 6.0, 1.0 / 6.0])
        );
    }

    #[test]
    fn old_trials_count_less() {
        assert_eq!(weights(3).collect::<Vec<_>>(), [1.0; 3]);
        let many: Vec<f64> = weights(28).collect();
        // numpy.linspace(1 / 28, 1, 3), then ones.
        let head = [1.0 / 28.0, (1.0 + 1.0 / 28.0) / 2.0, 1.0];
        assert!(
            many.iter().zip(head).all(|(a, b)| (a - b).abs() < 1e-15),
            "{many:?}"
        );
        assert_eq!((many.len(), &many[3..]), (28, &[1.0; 25][..]));
        assert_eq!(weights(26).next(), Some(1.0 / 26.0));
    }

    #[test]
    fn draws_follow_the_density_and_stay_inside_the_range() {
        let mut draws = Draws::new(1, 0);
        let density = Density::numbers(&[0.1, 0.2, 3.9], 0.0, 4.0, false);
        let places: Vec<f64> = (0..20_000).map(|_| density.draw(&mut draws)).collect();
        assert!(places.iter().all(|place| (0.0..=4.0).contains(place)));
        for (low, high) in [(0.0, 0.5), (0.5, 2.0), (2.0, 4.0)] {
            let expected = integral(|place| density.ln(place).exp(), low, high);
            let hits = places.iter().filter(|p| (low..high).contains(*p)).count();
            // Five standard deviations of a fraction of a half.
            let fraction = hits as f64 / 20_000.0;
            assert!(
                (fraction - expected).abs() < 0.018,
                "{low} to {high}: {fraction}, {expected}"
            );
        }
    }

    #[test]
    fn points_are_inside_the_space_whatever_the_scores() {
        let mut trials: Vec<Trial> = Vec::new();
        for number in 0..60 {
            let point = point(&space(), &trials, 11);
            for (name, range) in space().parameters() {
                let value = point.get(name).unwrap();
                let place = range.place(value).unwrap();
                assert!(place.is_finite(), "{point}");
                match range {
                    Range::Integer(low, high) => {
                        assert!((*low as f64..=*high as f64).contains(&place), "{point}");
                    }
                    Range::Linear(low, high) => assert!((*low..=*high).contains(&place), "{point}"),
                    _ => {}
                }
            }
            let mut trial = Trial::new(number, point);
            trial.scores.push((
                1,
                if number % 3 == 0 {
                    f64::NEG_INFINITY
                } else {
                    1.0
                },
            ));
            trials.push(trial);
        }
    }
}
