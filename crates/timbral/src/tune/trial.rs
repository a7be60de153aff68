use std::fmt;
use std::ops::ControlFlow;

use serde::Serialize;

use super::Point;
use crate::error::Error;

/// A point that was tried.
///
/// `Display` prints the last score, its resources, and the point.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Trial {
    /// Its position among the points drawn, from 0.
    pub number: usize,
    /// The parameters.
    pub point: Point,
    /// Resources and score, rung by rung.
    pub scores: Vec<(usize, f64)>,
}

impl Trial {
    pub(super) fn new(number: usize, point: Point) -> Self {
        let scores = Vec::new();
        Self {
            number,
            point,
            scores,
        }
    }

    /// The score at the most resources it was tried with; negative infinity before the first.
    pub fn score(&self) -> f64 {
        self.scores.last().map_or(f64::NEG_INFINITY, |last| last.1)
    }

    /// Adds the score at these resources, or passes on `Break`.
    pub(super) fn add_score<E: From<Error>>(
        &mut self,
        resources: usize,
        score: impl FnOnce(&Self) -> Result<ControlFlow<(), f64>, E>,
    ) -> Result<ControlFlow<()>, E> {
        let ControlFlow::Continue(value) = score(self)? else {
            return Ok(ControlFlow::Break(()));
        };
        if value.is_nan() {
            let point = self.point.to_string();
            return Err(Error::Score { point, resources }.into());
        }
        self.scores.push((resources, value));
        Ok(ControlFlow::Continue(()))
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resources = self.scores.last().map_or(0, |last| last.0);
        write!(f, "{:.4} at {resources}: {}", self.score(), self.point)
    }
}

/// Best first: more resources, then the higher score, then the earlier draw.
pub(super) fn rank(trials: &mut [Trial]) {
    trials.sort_by(|a, b| {
        let further = b.scores.len().cmp(&a.scores.len());
        let better = further.then(b.score().total_cmp(&a.score()));
        better.then(a.number.cmp(&b.number))
    });
}
