use ndarray::Array2;
use serde_json::{Value, json};
use timbral_core::{Monitor, Progress};
use timbral_data::FeatureTable;

use crate::error::{Error, Result};
use crate::experiment::parts::Experiment;
use crate::recipes::recipe::{FittedModel, Recipe};

/// Several recipes fitted to the same rows; its probabilities are the mean of theirs.
///
/// Each member gets the validation rows that it asks for, drawn from the training rows.
///
/// ```
/// use timbral::boost::BoostParams;
/// use timbral::data::{FeatureTable, SplitMethod};
/// use timbral::{Ensemble, Recipe, fit_and_evaluate};
///
/// let ids = (0..60).map(|i| format!("{i}")).collect();
/// let x = ndarray::Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f32);
/// let table = FeatureTable::new(vec!["x".into()], x, ids)?
///     .with_labels((0..60).map(|i| ["jazz", "pop", "rock"][i % 3]).collect::<Vec<_>>())?;
/// let split = SplitMethod::Grouped.split(&table, 0)?;
/// let trees = |max_depth| BoostParams { n_rounds: 10, max_depth, ..Default::default() };
/// let ensemble = Ensemble::new([trees(1), trees(6)]);
/// assert_eq!(ensemble.name(), "boosted-trees + boosted-trees");
/// let fit = fit_and_evaluate(&ensemble, &table, &split, 0, &mut ())?;
/// assert_eq!(fit.record.test_accuracy, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Ensemble<'r> {
    members: Vec<Box<dyn Recipe + 'r>>,
}

impl<'r> Ensemble<'r> {
    /// An ensemble of recipes of one type.
    pub fn new<R: Recipe + 'r>(members: impl IntoIterator<Item = R>) -> Self {
        let boxed = |member| Box::new(member) as Box<dyn Recipe + 'r>;
        Self::from_boxed(members.into_iter().map(boxed).collect())
    }

    /// An ensemble of recipes of several types.
    pub fn from_boxed(members: Vec<Box<dyn Recipe + 'r>>) -> Self {
        Self { members }
    }
}

impl Recipe for Ensemble<'_> {
    fn name(&self) -> String {
        let names: Vec<String> = self.members.iter().map(|m| m.name()).collect();
        names.join(" + ")
    }

    fn parameters(&self) -> Value {
        let members = self.members.iter();
        members
            .map(|member| json!({ "model": member.name(), "parameters": member.parameters() }))
            .collect()
    }

    /// Fits one member after the other, each with the same seed.
    ///
    /// # Errors
    ///
    /// Those of the members, and [`Error::NoMembers`].
    fn fit(
        &self,
        experiment: &Experiment,
        seed: u64,
        monitor: &mut dyn Monitor,
    ) -> Result<Box<dyn FittedModel + '_>> {
        let mut members = Vec::new();
        for member in &self.members {
            let name = member.name();
            let mut named = |progress: &Progress| {
                let message = format!("{name} {}", progress.message);
                monitor.report(&progress.clone().with_message(message))
            };
            let own = experiment.with_validation(member.validation(), seed)?;
            let fitted = member.fit(&own, seed, &mut named)?;
            members.push((name, fitted));
        }
        Ok(Box::new(FittedEnsemble { members }))
    }
}

/// A fitted [`Ensemble`].
struct FittedEnsemble<'a> {
    members: Vec<(String, Box<dyn FittedModel + 'a>)>,
}

impl FittedModel for FittedEnsemble<'_> {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        let each = self.members.iter().map(|(_, m)| m.probabilities(rows));
        mean(&each.collect::<Result<Vec<_>>>()?)
    }

    fn details(&self) -> Value {
        let details = self.members.iter().map(|(name, member)| {
            let mut details = member.details();
            details["model"] = name.as_str().into();
            details
        });
        json!({ "parameters": details.collect::<Vec<_>>() })
    }
}

/// The mean of probabilities of the same rows and classes.
pub(crate) fn mean(each: &[Array2<f32>]) -> Result<Array2<f32>> {
    let (first, others) = each.split_first().ok_or(Error::NoMembers)?;
    let mut sum = first.clone();
    for other in others {
        if other.dim() != sum.dim() {
            let (expected, got) = (sum.dim(), other.dim());
            return Err(Error::Probabilities { expected, got });
        }
        sum += other;
    }
    Ok(sum / each.len() as f32)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_mean_is_that_of_each_cell_and_shapes_must_fit() {
        let each = [array![[1.0, 0.0]], array![[0.5, 0.5]], array![[0.0, 1.0]]];
        assert_eq!(mean(&each).unwrap(), array![[0.5, 0.5]]);
        assert!(matches!(mean(&[]), Err(Error::NoMembers)));
        let error = mean(&[array![[1.0, 0.0]], array![[1.0]]]).unwrap_err();
        assert!(matches!(
            error,
            Error::Probabilities {
                expected: (1, 2),
                got: (1, 1)
            }
        ));
    }
}
