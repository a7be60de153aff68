use std::path::PathBuf;

use crate::error::{Error, Place};

/// Where the cells of a table come from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) path: PathBuf,
    /// The place of each row.
    pub(crate) places: Vec<Place>,
    /// The number of the column of each feature, from 1; 0 if it is not known.
    pub(crate) columns: Vec<usize>,
}

impl Origin {
    /// The origin of some of the rows.
    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        Self {
            path: self.path.clone(),
            places: rows.iter().map(|&row| self.places[row]).collect(),
            columns: self.columns.clone(),
        }
    }

    /// The error of a number that cannot be used.
    pub(crate) fn error(
        &self,
        (row, feature): (usize, usize),
        name: &str,
        value: f32,
        reason: &'static str,
    ) -> Option<Error> {
        Some(Error::Cell {
            path: self.path.clone(),
            place: *self.places.get(row)?,
            column: self.columns.get(feature).copied().filter(|n| *n > 0)?,
            name: name.to_owned(),
            value: value.to_string(),
            reason,
        })
    }
}
