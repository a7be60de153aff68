use std::ops::ControlFlow;

use serde::Serialize;
use timbral_core::check;

use super::trial::rank;
use super::{Space, Trial};
use crate::error::{Error, Result};

/// Successive halving of random points (Jamieson and Talwalkar 2016), with the names of
/// scikit-learn's `HalvingRandomSearchCV`.
///
/// ```text
/// rung i: n_i points at r_i resources; those with the best ceil(n_i / factor) scores go on
/// n_0 = n_candidates, r_i = min(min_resources factor^i, max_resources), until r_i = max_resources
/// ```
///
/// Resources are what makes a trial expensive and its score reliable: rounds, epochs, rows.
///
/// ```
/// use std::ops::ControlFlow;
/// use timbral::Error;
/// use timbral::tune::{Halving, Space, Value};
///
/// let space = Space::new().linear("x", 0.0, 1.0);
/// let halving = Halving { n_candidates: 27, min_resources: 1, max_resources: 9, ..Default::default() };
/// assert_eq!(halving.rungs(), [(27, 1), (9, 3), (3, 9)]);
/// // The more resources, the closer is the score to 1 - |x - 0.3|.
/// let trials = halving.search(&space, |trial, resources, _: &mut ()| {
///     let Some(Value::Number(x)) = trial.point.get("x") else { return Err(Error::NoLabels) };
///     Ok(ControlFlow::Continue(1.0 - (x - 0.3).abs() - 0.1 / resources as f64))
/// })?;
/// assert_eq!((trials.len(), trials[0].scores.len(), trials[26].scores.len()), (27, 3, 1));
/// assert!((trials[0].score() - 0.97).abs() < 0.02);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Halving {
    /// Number of points drawn at random, at least 1; default 27.
    pub n_candidates: usize,
    /// Resources of each trial of the first rung, at least 1; default 1.
    pub min_resources: usize,
    /// Resources of each trial of the last rung, at least `min_resources`; default 9.
    pub max_resources: usize,
    /// The factor by which the trials become fewer and their resources more, at least 2; default 3.
    pub factor: usize,
    /// Random seed; default 0.
    pub seed: u64,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for Halving {
    fn default() -> Self {
        Self {
            n_candidates: 27,
            min_resources: 1,
            max_resources: 9,
            factor: 3,
            seed: 0,
            _non_exhaustive: (),
        }
    }
}

impl Halving {
    /// Trials and resources of each rung.
    pub fn rungs(&self) -> Vec<(usize, usize)> {
        let mut rungs = vec![(self.n_candidates, self.min_resources)];
        let (factor, mut last) = (self.factor.max(2), rungs[0]);
        while last.1 < self.max_resources {
            let more = last.1.max(1).saturating_mul(factor);
            last = (last.0.div_ceil(factor), more.min(self.max_resources));
            rungs.push(last);
        }
        rungs
    }

    /// Tries points of `space` and returns all trials, best first: those with scores at more resources
    /// first, then those with higher scores, then those drawn earlier.
    ///
    /// `score` gets the trial, its resources and the state that it left at the last rung (at the first
    /// `S::default()`), such as a model to train further. It is called for one trial after the other, rung by rung,
    /// in the order of the draws, so that the result is determined by the seed. The first `Break` ends the search
    /// with the trials so far.
    ///
    /// # Errors
    ///
    /// [`Error::Space`] as of [`Space::sample`], [`Error::InvalidParameter`] for a number of this struct
    /// out of range, [`Error::Score`] for a score that is NaN, and those of `score`.
    pub fn search<S: Default, E: From<Error>>(
        &self,
        space: &Space,
        mut score: impl FnMut(&Trial, usize, &mut S) -> std::result::Result<ControlFlow<(), f64>, E>,
    ) -> std::result::Result<Vec<Trial>, E> {
        self.check()?;
        let points = space.sample(self.n_candidates, self.seed)?;
        let trials = points.into_iter().enumerate();
        let mut trials: Vec<Trial> = trials.map(|(i, point)| Trial::new(i, point)).collect();
        let mut states: Vec<S> = trials.iter().map(|_| S::default()).collect();
        'rungs: for (n, resources) in self.rungs() {
            // Trials that do not go on need no state.
            for trial in &trials[n..] {
                states[trial.number] = S::default();
            }
            trials[..n].sort_by_key(|trial| trial.number);
            for trial in &mut trials[..n] {
                let state = &mut states[trial.number];
                let added = trial.add_score(resources, |trial| score(trial, resources, state))?;
                if added.is_break() {
                    break 'rungs;
                }
            }
            rank(&mut trials);
        }
        rank(&mut trials);
        Ok(trials)
    }

    fn check(&self) -> Result<()> {
        let at_least_1 = "must be at least 1";
        let Self {
            n_candidates,
            min_resources,
            max_resources,
            factor,
            ..
        } = *self;
        check(n_candidates >= 1, "n_candidates", n_candidates, at_least_1)?;
        check(
            min_resources >= 1,
            "min_resources",
            min_resources,
            at_least_1,
        )?;
        check(
            max_resources >= min_resources,
            "max_resources",
            max_resources,
            "must be at least min_resources",
        )?;
        check(factor >= 2, "factor", factor, "must be at least 2")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Point, Value};
    use super::*;

    fn go<E>(score: f64) -> std::result::Result<ControlFlow<(), f64>, E> {
        Ok(ControlFlow::Continue(score))
    }

    fn space() -> Space {
        Space::new().linear("fraction", 0.5, 1.0)
    }

    fn fraction(point: &Point) -> f64 {
        match point.get("fraction") {
            Some(Value::Number(value)) => *value,
            other => panic!("{other:?}"),
        }
    }

    fn halving(seed: u64) -> Halving {
        Halving {
            n_candidates: 10,
            min_resources: 2,
            max_resources: 20,
            seed,
            ..Halving::default()
        }
    }

    #[test]
    fn a_seed_is_one_result() {
        let score = |trial: &Trial, resources, _: &mut ()| {
            go::<Error>(fraction(&trial.point) * resources as f64)
        };
        let search = |seed| halving(seed).search(&space(), score).unwrap();
        assert_eq!(search(5), search(5));
        assert_ne!(search(5), search(6));
    }

    #[test]
    fn the_best_go_on_with_the_state_they_left() {
        assert_eq!(halving(0).rungs(), [(10, 2), (4, 6), (2, 18), (1, 20)]);
        let mut calls = Vec::new();
        let trials = halving(1)
            .search(&space(), |trial, resources, spent: &mut usize| {
                calls.push((resources, *spent));
                *spent = resources;
                go::<Error>(fraction(&trial.point))
            })
            .unwrap();
        let expected = [
            vec![(2, 0); 10],
            vec![(6, 2); 4],
            vec![(18, 6); 2],
            vec![(20, 18)],
        ];
        assert_eq!(calls, expected.concat());
        // Scores that do not change give the order of all trials.
        assert!(trials.is_sorted_by(|a, b| a.score() >= b.score()));
        let lengths: Vec<usize> = trials.iter().map(|t| t.scores.len()).collect();
        assert_eq!(lengths, [4, 3, 2, 2, 1, 1, 1, 1, 1, 1]);
        let points = space().sample(10, 1).unwrap();
        assert!(trials.iter().all(|t| t.point == points[t.number]));
    }

    #[test]
    fn a_break_ends_the_search_with_the_trials_so_far() {
        let mut left = 12;
        let trials = halving(0).search(&space(), |trial, _, _: &mut ()| {
            left -= 1;
            match left {
                0 => Ok(ControlFlow::Break(())),
                _ => go::<Error>(fraction(&trial.point)),
            }
        });
        let lengths: Vec<usize> = trials.unwrap().iter().map(|t| t.scores.len()).collect();
        assert_eq!(lengths, [2, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn among_equals_the_first_drawn_are_first() {
        let trials = halving(0).search(&space(), |_, _, _: &mut ()| go::<Error>(1.0));
        let numbers: Vec<usize> = trials.unwrap().iter().map(|t| t.number).collect();
        assert_eq!(numbers, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        for (halving, name) in [
            (
                Halving {
                    n_candidates: 0,
                    ..halving(0)
                },
                "n_candidates",
            ),
            (
                Halving {
                    min_resources: 0,
                    ..halving(0)
                },
                "min_resources",
            ),
            (
                Halving {
                    max_resources: 1,
                    ..halving(0)
                },
                "max_resources",
            ),
            (
                Halving {
                    factor: 1,
                    ..halving(0)
                },
                "factor",
            ),
        ] {
            let result = halving.search(&space(), |_, _, _: &mut ()| go::<Error>(0.0));
            let error = result.unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{name} = ")) && error.contains(": must be"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_score_that_is_nan_and_an_error_of_the_callback_end_the_search() {
        let space = Space::new().integer("i", 3, 3);
        let nan = halving(0).search(&space, |_, _, _: &mut ()| go::<Error>(f64::NAN));
        assert_eq!(
            nan.unwrap_err().to_string(),
            "search: the score at 2 resources is NaN: i 3"
        );
        let failed = halving(0).search(&space, |_, _, _: &mut ()| Err(Error::NoLabels));
        assert!(matches!(failed, Err(Error::NoLabels)));
        let worst = halving(0).search(&space, |_, _, _: &mut ()| go::<Error>(f64::NEG_INFINITY));
        assert_eq!(worst.unwrap().len(), 10);
    }
}
