use std::fmt;

use serde::{Deserialize, Serialize};
use timbral_data::GroupBy;

use super::calibration::Calibration;
use crate::experiment::evaluation::Accuracy;

/// What a classifier was trained on, how, and its accuracy on recordings that it was not trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Provenance {
    /// The version of this crate.
    pub version: String,
    /// When it was trained, in seconds since 1970; 0 if unknown.
    pub trained_at: u64,
    /// Random seed.
    pub seed: u64,
    /// The parameters, by the names of the fields.
    pub parameters: serde_json::Value,
    /// The training data of each genre; empty if unknown.
    pub genres: Vec<GenreCount>,
    /// Its accuracy; `None` if it was not measured.
    pub score: Option<HeldOutScore>,
    /// Its accuracy under the other groupings that the data support, the widest first: the differences are the
    /// album effect ([`GroupBy`]).
    #[serde(default)]
    pub other_scores: Vec<HeldOutScore>,
    /// How the probabilities are calibrated; `None` if no recordings were held out.
    #[serde(default)]
    pub calibration: Option<Calibration>,
}

impl Default for Provenance {
    /// Only the version of this crate is known.
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            trained_at: 0,
            seed: 0,
            parameters: serde_json::Value::Null,
            genres: Vec::new(),
            score: None,
            other_scores: Vec::new(),
            calibration: None,
        }
    }
}

/// The training data of a genre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GenreCount {
    /// The genre.
    pub genre: String,
    /// Number of recordings.
    pub recordings: usize,
    /// Number of their segments in the input of the first model.
    pub rows: usize,
}

/// The accuracy on recordings that the models were not trained on.
///
/// The recordings were divided into folds by [`stratified_group_k_fold`]; recordings of one artist, album or folder
/// are in one fold if `group_by` is that. Each fold was classified by models that were trained in the same way on the
/// other folds. The classifier itself is trained on all recordings.
///
/// [`stratified_group_k_fold`]: timbral_metrics::stratified_group_k_fold
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HeldOutScore {
    /// Accuracy over the recordings, each classified as a whole.
    pub accuracy: Accuracy,
    /// Number of folds.
    pub n_splits: usize,
    /// The groups that folds never divide.
    #[serde(default)]
    pub group_by: GroupBy,
    /// Number of such groups; 0 if unknown.
    #[serde(default)]
    pub n_groups: usize,
}

impl HeldOutScore {
    pub(super) fn new(accuracy: Accuracy, n_splits: usize, (by, n): (GroupBy, usize)) -> Self {
        Self {
            accuracy,
            n_splits,
            group_by: by,
            n_groups: n,
        }
    }
}

/// `.7100 (.6200 to .8000) of 100, in 5 folds that share no artist (37 groups)`.
impl fmt::Display for HeldOutScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accuracy,
            n_splits,
            group_by,
            n_groups,
        } = self;
        write!(
            f,
            "{accuracy}, in {n_splits} folds that share no {group_by}"
        )?;
        match n_groups {
            0 => Ok(()),
            n => write!(f, " ({n} groups)"),
        }
    }
}

impl GenreCount {
    pub(super) fn new(genre: String, recordings: usize, rows: usize) -> Self {
        Self {
            genre,
            recordings,
            rows,
        }
    }
}

/// The recordings and rows of each genre, and the scores.
impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for GenreCount {
            genre,
            recordings,
            rows,
        } in &self.genres
        {
            writeln!(f, "{genre}: {recordings} recordings, {rows} rows")?;
        }
        match &self.score {
            None => write!(f, "accuracy on held-out recordings: not measured"),
            Some(score) => write!(f, "accuracy on held-out recordings: {score}"),
        }?;
        for other in &self.other_scores {
            write!(f, "\nthe same with other folds: {other}")?;
        }
        let wide = self.score.iter().chain(&self.other_scores);
        let by = |by| wide.clone().find(|score| score.group_by == by);
        let widest = wide.clone().max_by_key(|score| score.group_by);
        if let (Some(narrow), Some(wide)) = (by(GroupBy::Recording), widest)
            && wide.group_by != GroupBy::Recording
        {
            let effect = narrow.accuracy.value - wide.accuracy.value;
            let by = wide.group_by;
            write!(
                f,
                "\nalbum effect: {effect:+.4}, by which folds that share {by}s are too optimistic"
            )?;
        }
        match &self.calibration {
            Some(calibration) => write!(f, "\n{calibration}"),
            None => Ok(()),
        }
    }
}
