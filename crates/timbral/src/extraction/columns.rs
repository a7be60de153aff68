use std::path::Path;

use crate::error::Result;
use crate::extraction::extractor::{Extractor, FeatureRow};
use crate::extraction::sound_files::DamagedFile;

/// Columns of a table of features, and their values for a sound file.
///
/// [`Extraction::run_columns`](crate::Extraction::run_columns) makes tables of any such columns.
pub trait Columns: Sync {
    /// The names of the columns.
    fn names(&self) -> &[String];

    /// Everything that the values depend on, apart from the file. A run that resumes must have equal settings.
    fn settings(&self) -> serde_json::Value;

    /// The rows of a file, one per segment in their order, with a value for every name.
    ///
    /// # Errors
    ///
    /// The file cannot be used; the error names it.
    fn rows(&self, path: &Path) -> Result<Vec<FeatureRow>>;

    /// Returns the files that were read since the last call and of which something is missing; none by default.
    fn take_damaged(&self) -> Vec<DamagedFile> {
        Vec::new()
    }
}

impl Columns for Extractor {
    fn names(&self) -> &[String] {
        self.names()
    }

    fn settings(&self) -> serde_json::Value {
        serde_json::json!({"features": self.features(), "segments": self.segments()})
    }

    fn rows(&self, path: &Path) -> Result<Vec<FeatureRow>> {
        self.rows(path)
    }

    fn take_damaged(&self) -> Vec<DamagedFile> {
        self.take_damaged()
    }
}
