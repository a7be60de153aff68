use std::fmt;

use serde::{Deserialize, Serialize};

/// What a search finds, on rows that it has not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Judged {
    /// Share of the rows that are classified right.
    pub by_row: f64,
    /// Share of the recordings, see [`Evaluation::by_recording`](crate::Evaluation::by_recording).
    pub by_recording: Option<f64>,
    /// The score of the best trial on the rows held out of those to learn from.
    pub held_out: f64,
    /// The best trial's point.
    pub point: String,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} by row, ", self.by_row)?;
        if let Some(by_recording) = self.by_recording {
            write!(f, "{by_recording:.4} by recording, ")?;
        }
        write!(f, "held out {:.4}: {}", self.held_out, self.point)
    }
}
