use std::fmt;

use serde::{Deserialize, Serialize};

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
/// The recordings were divided into folds by [`stratified_group_k_fold`]; each fold was classified by the
/// same models, trained on the other folds. The classifier itself is trained on all recordings.
///
/// [`stratified_group_k_fold`]: timbral_metrics::stratified_group_k_fold
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HeldOutScore {
    /// Over the recordings.
    pub accuracy: Accuracy,
    /// Number of folds.
    pub n_splits: usize,
}

impl HeldOutScore {
    pub(super) fn new(accuracy: Accuracy, n_splits: usize) -> Self {
        Self { accuracy, n_splits }
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

/// The recordings and rows of each genre, and the score.
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
            Some(HeldOutScore { accuracy, n_splits }) => write!(
                f,
                "accuracy on held-out recordings ({n_splits} folds): {accuracy}"
            ),
        }
    }
}
