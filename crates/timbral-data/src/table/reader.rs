//! Builds a table row by row, from any file format.

use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis};

use super::cell::{Cell, shown};
#[cfg(feature = "parquet")]
use super::column_cells::ColumnCells;
use super::feature_table::FeatureTable;
use super::notice::Notice;
use super::origin::Origin;
use super::recording::recording_of;
use super::roles::{Role, Roles};
use super::schema::{TableSchema, empty};
use crate::error::{Error, Place, Result};

#[derive(Debug)]
pub(crate) struct TableReader {
    path: PathBuf,
    columns: Roles,
    /// Whether numbers may have commas for points.
    decimal_comma: bool,
    features: Vec<f32>,
    places: Vec<Place>,
    ids: Vec<String>,
    /// The cells of the first index column, if it may be the names of the rows.
    index: Option<(usize, Vec<String>)>,
    /// `None` from the first missing one on.
    lengths: Option<Vec<u64>>,
    groups: Vec<String>,
    labels: Vec<String>,
    artists: Vec<String>,
    albums: Vec<String>,
}

impl TableReader {
    /// Finds the role of each column. `indices` are names that the file itself calls indices.
    pub(crate) fn new(
        path: &Path,
        schema: &TableSchema,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        indices: &[String],
    ) -> Result<Self> {
        let columns = Roles::find(path, schema, names, indices)?;
        let index = match columns.roles.contains(&Role::Id) {
            true => None,
            false => columns.roles.iter().position(|r| *r == Role::Index),
        };
        Ok(Self {
            path: path.to_owned(),
            columns,
            decimal_comma: false,
            features: Vec::new(),
            places: Vec::new(),
            ids: Vec::new(),
            index: index.map(|column| (column, Vec::new())),
            lengths: Some(Vec::new()),
            groups: Vec::new(),
            labels: Vec::new(),
            artists: Vec::new(),
            albums: Vec::new(),
        })
    }

    /// Accepts numbers with a comma for the point, as in files whose cells are separated by semicolons.
    pub(crate) fn with_decimal_commas(mut self, accept: bool) -> Self {
        self.decimal_comma = accept;
        self
    }

    /// Adds a row; there must be as many cells as columns.
    pub(crate) fn push<'a>(
        &mut self,
        place: Place,
        cells: impl ExactSizeIterator<Item = Cell<'a>>,
    ) -> Result<()> {
        let (expected, got) = (self.columns.names.len(), cells.len());
        if got != expected {
            let path = self.path.clone();
            return Err(Error::RowCells {
                path,
                place,
                expected,
                got,
            });
        }
        let row = self.features.len();
        let width = self.columns.feature_names.len();
        self.features.resize(row + width, f32::NAN);
        self.places.push(place);
        for (i, cell) in cells.enumerate() {
            self.read(i, row, place, cell)?;
        }
        Ok(())
    }

    /// Adds rows; there must be as many columns as names.
    #[cfg(feature = "parquet")]
    pub(super) fn push_columns<C: ColumnCells>(
        &mut self,
        places: impl Iterator<Item = Place>,
        columns: &mut [C],
    ) -> Result<()> {
        let width = self.columns.feature_names.len();
        let start = self.features.len();
        let first_row = self.places.len();
        self.places.extend(places);
        let rows = first_row..self.places.len();
        self.features.resize(start + rows.len() * width, f32::NAN);
        // The error of the first row, and in it of the first column.
        let mut first: Option<(usize, Error)> = None;
        for (i, column) in columns.iter_mut().enumerate() {
            let features = self.features[start..].chunks_exact_mut(width);
            if let Role::Feature(place) = self.columns.roles[i]
                && let Some(floats) = column.floats(rows.len())
                && floats.copy(features.map(|row| &mut row[place]))
            {
                column.skip(rows.len());
                continue;
            }
            let end = first.as_ref().map_or(rows.len(), |(row, _)| *row);
            for row in 0..end {
                let place = self.places[rows.start + row];
                if let Err(error) = self.read(i, start + row * width, place, column.next()) {
                    first = Some((row, error));
                    break;
                }
            }
        }
        match first {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    /// Takes a cell of a row whose features begin at `row`.
    fn read(&mut self, i: usize, row: usize, place: Place, cell: Cell<'_>) -> Result<()> {
        let read = match self.columns.roles[i] {
            Role::Ignored => Ok(()),
            Role::Index => {
                if let Some((_, texts)) = self.index.as_mut().filter(|(column, _)| *column == i) {
                    texts.push(cell.text().unwrap_or_default());
                }
                Ok(())
            }
            Role::Feature(place) => cell
                .number(self.decimal_comma)
                .map(|x| self.features[row + place] = x),
            Role::Length if cell.is_missing() => {
                self.lengths = None;
                Ok(())
            }
            Role::Length => cell.length().map(|n| {
                if let Some(lengths) = &mut self.lengths {
                    lengths.push(n);
                }
            }),
            Role::Id => cell.text().map(|t| self.ids.push(t)),
            Role::Group => cell.text().map(|t| self.groups.push(t)),
            Role::Label => cell.text().map(|t| self.labels.push(t)),
            Role::Artist => {
                self.artists.push(cell.text().unwrap_or_default());
                Ok(())
            }
            Role::Album => {
                self.albums.push(cell.text().unwrap_or_default());
                Ok(())
            }
        };
        read.map_err(|reason| Error::Cell {
            path: self.path.clone(),
            place,
            column: i + 1,
            name: shown(&self.columns.names[i]),
            value: cell.shown(),
            reason,
        })
    }

    /// The table of all rows.
    pub(crate) fn finish(mut self) -> Result<FeatureTable> {
        let n_rows = self.places.len();
        if n_rows == 0 {
            return Err(empty(&self.path, "rows"));
        }
        let is_numbered = self.name_rows();
        let has = |role| self.columns.roles.contains(&role);
        let (has_groups, has_labels) = (has(Role::Group), has(Role::Label));
        let has_lengths = has(Role::Length);
        let (has_artists, has_albums) = (has(Role::Artist), has(Role::Album));
        let names = std::mem::take(&mut self.columns.feature_names);
        let shape = (n_rows, names.len());
        let features = std::mem::take(&mut self.features);
        let features = Array2::from_shape_vec(shape, features).map_err(|_| Error::Length {
            name: "features",
            expected: shape.1,
            got: n_rows,
        })?;
        let kept = self.without_counters(&features);
        if kept.is_empty() {
            return Err(empty(&self.path, "feature columns"));
        }
        let mut columns = vec![0; names.len()];
        for (i, role) in self.columns.roles.iter().enumerate() {
            if let Role::Feature(place) = role {
                columns[*place] = i + 1;
            }
        }
        let origin = Origin {
            path: self.path,
            places: self.places,
            columns: kept.iter().map(|&f| columns[f]).collect(),
        };
        let (names, features) = match kept.len() == names.len() {
            true => (names, features),
            false => (
                kept.iter().map(|&f| names[f].clone()).collect(),
                features.select(Axis(1), &kept),
            ),
        };
        let groups = match has_groups {
            true => Some(self.groups),
            // Rows without names are recordings of their own.
            false if is_numbered => None,
            false => {
                let of_id = self.ids.iter().map(|id| recording_of(id).to_owned());
                Some(of_id.collect())
            }
        };
        let mut notices = self.columns.notices;
        let mut table = FeatureTable::new(names, features, self.ids)?;
        if let Some(groups) = groups {
            table = table.with_groups(groups)?;
        }
        if has_lengths {
            match self.lengths {
                Some(lengths) => table = table.with_lengths(lengths)?,
                None => notices.push(Notice::Lengths),
            }
        }
        if has_labels {
            table = table.with_labels(self.labels)?;
        }
        if has_artists {
            table = table.with_artists(self.artists)?;
        }
        if has_albums {
            table = table.with_albums(self.albums)?;
        }
        notices.sort_by_key(Notice::column);
        Ok(table.with_origin(origin, notices))
    }

    /// Without a column of names, an index of texts is one; else rows are numbered from 0. Other indices
    /// are left out. Returns whether rows are numbered.
    fn name_rows(&mut self) -> bool {
        let n_rows = self.places.len();
        let number = |text: &String| text.is_empty() || text.parse::<f64>().is_ok();
        let (mut names, mut is_numbered) = (None, false);
        if let Some((column, texts)) = self.index.take()
            && !texts.iter().any(number)
        {
            self.ids = texts;
            names = Some(column);
        } else if !self.columns.roles.contains(&Role::Id) {
            self.ids = (0..n_rows).map(|row| row.to_string()).collect();
            is_numbered = true;
        }
        let indices = self.columns.roles.iter().enumerate();
        for (i, _) in indices.filter(|(_, role)| **role == Role::Index) {
            let (column, name) = (i + 1, self.columns.names[i].clone());
            self.columns.notices.push(match Some(i) == names {
                true => Notice::Names { column, name },
                false => Notice::Index { column, name },
            });
        }
        is_numbered
    }

    /// The features without those that only count the rows.
    fn without_counters(&mut self, features: &Array2<f32>) -> Vec<usize> {
        let mut kept: Vec<usize> = (0..features.ncols()).collect();
        for &(column, feature) in &self.columns.counters {
            let values = features.column(feature);
            let is_whole = values.iter().all(|x| x.fract() == 0.0);
            let rises = (values.iter().zip(values.iter().skip(1))).all(|(a, b)| a < b);
            if is_whole && rises {
                kept.retain(|&f| f != feature);
                let (column, name) = (column + 1, self.columns.names[column].clone());
                self.columns.notices.push(Notice::Index { column, name });
            }
        }
        kept
    }
}
