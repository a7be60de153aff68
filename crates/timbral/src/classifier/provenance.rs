use std::fmt;

use serde::{Deserialize, Serialize};

use crate::experiment::evaluation::Accuracy;

/// What a classifier was trained on, how, and how good it was on music it had not heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Provenance {
    /// The version of this crate.
    pub version: String,
    /// When it was trained, in seconds since 1970; 0 if that is not known.
    pub trained_at: u64,
    /// Where all random choices started.
    pub seed: u64,
    /// The parameters, by the names of the fields.
    pub parameters: serde_json::Value,
    /// How much of each genre there was; empty if that is not known.
    pub genres: Vec<GenreCount>,
    /// How good it is; `None` if that was not measured.
    pub score: Option<HeldOutScore>,
}

impl Default for Provenance {
    /// Nothing is known but the version of this crate.
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

/// How much of a genre a classifier was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GenreCount {
    /// The genre.
    pub genre: String,
    /// Recordings.
    pub recordings: usize,
    /// Segments of them, as the first model is told of them.
    pub rows: usize,
}

/// The share of recordings whose genre was found by models that had not heard them.
///
/// The recordings were dealt into folds by [`stratified_group_k_fold`]; the same models, trained on
/// the other folds, judged each one. The classifier itself is trained on all recordings.
///
/// [`stratified_group_k_fold`]: timbral_metrics::stratified_group_k_fold
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HeldOutScore {
    /// Over the recordings.
    pub accuracy: Accuracy,
    /// Folds.
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

/// The genres with their recordings and rows, and the score.
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
            None => write!(f, "accuracy on recordings not heard: not measured"),
            Some(HeldOutScore { accuracy, n_splits }) => write!(
                f,
                "accuracy on recordings not heard ({n_splits} folds): {accuracy}"
            ),
        }
    }
}
