use std::fmt;
use std::path::Path;

use serde::Serialize;

/// A genre and how probable it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GenreProbability {
    /// The genre.
    pub genre: String,
    /// From 0 to 1; those of all genres add up to 1.
    pub probability: f64,
}

/// The prediction for a part of a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PredictedWindow {
    /// The start of the part, in seconds.
    pub start: f64,
    /// Its end, in seconds.
    pub end: f64,
    /// All genres, the most probable first; equal ones by name.
    pub genres: Vec<GenreProbability>,
}

/// The prediction for a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Prediction {
    /// All genres, the most probable first; equal ones by name.
    pub genres: Vec<GenreProbability>,
    /// The predictions for the parts of the recording, in order of time.
    pub windows: Vec<PredictedWindow>,
    /// Whether the recording is rejected as unlike all genres of the classifier; `None` for a classifier that was
    /// trained without [`Rejection`](crate::Rejection).
    pub none_of_these: Option<bool>,
}

/// The first three genres with their probabilities; after `none of these:` if it is rejected.
impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.none_of_these == Some(true) {
            f.write_str("none of these: ")?;
        }
        ranks(&self.genres, f)
    }
}

/// Start, end, and the first three genres.
impl fmt::Display for PredictedWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:8.2} {:8.2} s  ", self.start, self.end)?;
        ranks(&self.genres, f)
    }
}

fn ranks(genres: &[GenreProbability], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (i, GenreProbability { genre, probability }) in genres.iter().take(3).enumerate() {
        let gap = if i == 0 { "" } else { ", " };
        write!(f, "{gap}{genre} {probability:.3}")?;
    }
    Ok(())
}

/// Probabilities with their genres, the most probable first.
pub(super) fn rank(classes: &[String], probabilities: &[f64]) -> Vec<GenreProbability> {
    let named = classes.iter().zip(probabilities);
    let mut genres: Vec<_> = named
        .map(|(genre, p)| GenreProbability {
            genre: genre.clone(),
            probability: *p,
        })
        .collect();
    genres.sort_by(|a, b| {
        let by_name = || a.genre.cmp(&b.genre);
        b.probability.total_cmp(&a.probability).then_with(by_name)
    });
    genres
}

/// A prediction as a line of a file of JSON.
#[derive(Serialize)]
struct Line<'a> {
    file: std::borrow::Cow<'a, str>,
    genres: &'a [GenreProbability],
    #[serde(skip_serializing_if = "Option::is_none")]
    none_of_these: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    windows: Option<&'a [PredictedWindow]>,
}

impl Prediction {
    /// The prediction of a file as one line of JSON with the fields `file`, `genres`, `none_of_these` if it is not
    /// `None`, and `windows` if `over_time` is true.
    pub fn to_json(&self, file: &Path, over_time: bool) -> String {
        let line = Line {
            file: file.to_string_lossy(),
            genres: &self.genres,
            none_of_these: self.none_of_these,
            windows: over_time.then_some(&self.windows),
        };
        // Names and finite numbers: serialisation cannot fail.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equally_probable_genres_the_first_by_name_comes_first() {
        let classes = ["rock", "jazz", "pop"].map(str::to_owned);
        let genres = rank(&classes, &[0.25, 0.25, 0.5]);
        let names: Vec<_> = genres.iter().map(|g| g.genre.as_str()).collect();
        assert_eq!(names, ["pop", "jazz", "rock"]);
    }
}
