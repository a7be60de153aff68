//! Options that assign roles to the columns of a table.

use std::path::Path;

use anyhow::bail;
use timbral::data::{FeatureTable, GroupBy, TableSchema};

use crate::session::phase;

/// The columns of a table of features; the file may be .csv, .tsv, .csv.gz, .parquet or .npz.
#[derive(clap::Args)]
pub(crate) struct TableArgs {
    #[command(flatten)]
    columns: ColumnArgs,
    /// Rows that splits and folds keep together: those of one recording, album, artist (columns album and artist of
    /// the table) or folder (the first one below that of the genre) [default: the widest of these that the table
    /// names for most recordings]
    #[arg(long, value_name = "GROUPS")]
    group_by: Option<GroupBy>,
}

/// The roles of the columns.
#[derive(clap::Args)]
pub(crate) struct ColumnArgs {
    /// Column of the labels [default: label, else genre, class, target, labels, genres or y]
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Column with the names of the rows [default: filename, else file_name, file, filepath, file_path, path,
    /// track_id or id]
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// Column with the recording (or artist, or album) of each row; splits keep its rows together [default:
    /// group, else derived from the names of the rows]
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Columns to leave out, separated by commas; the option may be repeated
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    ignore: Vec<String>,
}

impl ColumnArgs {
    pub(crate) fn schema(&self) -> TableSchema {
        TableSchema {
            id: self.id.clone(),
            label: self.label.clone(),
            group: self.group.clone(),
            ignore: self.ignore.clone(),
            ..TableSchema::default()
        }
    }
}

impl TableArgs {
    /// Reads a table of features, and prints what was decided about its columns.
    pub(crate) fn read(&self, path: &Path) -> timbral::Result<FeatureTable> {
        phase(format!("reading {}", path.display()));
        let table = self.columns.schema().read(path)?;
        for notice in table.notices() {
            eprintln!("note: {}: {notice}", path.display());
        }
        let supported = table.supported_groupings(2);
        let widest = supported.first().copied().unwrap_or_default();
        let by = self.group_by.unwrap_or(widest);
        let table = table.grouped_by(by);
        if by != GroupBy::Recording {
            let n = table.n_split_groups();
            eprintln!(
                "note: {}: splits keep recordings of one {by} together ({n} groups)",
                path.display()
            );
        }
        Ok(table)
    }

    /// As [`read`](Self::read), for a table that must have labels.
    pub(crate) fn read_labelled(&self, path: &Path) -> anyhow::Result<FeatureTable> {
        let table = self.read(path)?;
        if table.labels().is_none() {
            const MOST: usize = 12;
            let names = table.feature_names();
            let mut columns = names[..names.len().min(MOST)].join(", ");
            if names.len() > MOST {
                columns += &format!(" and {} more", names.len() - MOST);
            }
            bail!(
                "{}: the table has no labels; name their column by --label (the features are {columns})",
                path.display()
            );
        }
        Ok(table)
    }
}
