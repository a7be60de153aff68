use serde::{Deserialize, Serialize};

/// The shape of one example: an image `[height, width, channels]`, a sequence `[1, steps, features]`
/// or a row of a table `[1, 1, features]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Rows of an image; bands of a spectrogram.
    pub height: usize,
    /// Columns of an image; frames of a spectrogram.
    pub width: usize,
    /// Numbers per position.
    pub channels: usize,
}

impl Shape {
    pub(crate) const fn new(height: usize, width: usize, channels: usize) -> Self {
        Self {
            height,
            width,
            channels,
        }
    }

    /// A row of a table.
    pub(crate) const fn row(n_features: usize) -> Self {
        Self::new(1, 1, n_features)
    }

    /// Numbers per example, saturating.
    pub(crate) const fn len(self) -> usize {
        self.height
            .saturating_mul(self.width)
            .saturating_mul(self.channels)
    }
}
