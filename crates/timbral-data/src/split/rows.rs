use std::path::Path;

use timbral_metrics::Fold;

use crate::error::{Error, Result};
use crate::text_file::read_text;

/// Most bytes of a file of row numbers.
const FILE_LIMIT: u64 = 64 << 20;

/// Training, validation and test rows of a table.
///
/// Rows are numbers from 0. The methods of this crate return each part in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// Training rows.
    pub train: Vec<usize>,
    /// Validation rows; empty if the split has none.
    pub valid: Vec<usize>,
    /// Test rows.
    pub test: Vec<usize>,
}

impl Split {
    /// Reads the test rows from a text file; all other rows are training rows.
    ///
    /// One number per line, counted from 0 at the first row below the header; empty lines are skipped.
    ///
    /// # Errors
    ///
    /// [`Error::Line`] for a line that is not a number below `n_rows` or repeats an earlier one;
    /// [`Error::EmptyTable`] if the file has no number; the file cannot be read.
    ///
    /// ```
    /// use timbral_data::Split;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("test.txt");
    /// std::fs::write(&path, "3\n0\n")?;
    /// let split = Split::read_test_rows(&path, 4)?;
    /// assert_eq!((split.train, split.test), (vec![1, 2], vec![0, 3]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_test_rows(path: impl AsRef<Path>, n_rows: usize) -> Result<Self> {
        let path = path.as_ref();
        Self::of_test_rows(&read_text(path, FILE_LIMIT)?, path, n_rows)
    }

    fn of_test_rows(text: &str, path: &Path, n_rows: usize) -> Result<Self> {
        let mut in_test = vec![false; n_rows];
        let lines = text.lines().map(str::trim).enumerate();
        for (i, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let wrong = |reason: &str| Error::Line {
                path: path.to_owned(),
                line: i + 1,
                reason: format!("{line:.40?} {reason}"),
            };
            let row: usize = line
                .parse()
                .map_err(|_| wrong("is not the number of a row"))?;
            match in_test.get_mut(row) {
                None => return Err(wrong(&format!("is not below the {n_rows} rows"))),
                Some(true) => return Err(wrong("appears twice")),
                Some(test) => *test = true,
            }
        }
        if !in_test.contains(&true) {
            let (path, what) = (path.to_owned(), "rows");
            return Err(Error::EmptyTable { path, what });
        }
        Ok(Self::by(&in_test))
    }

    /// Converts a split of `table.select(rows)` to a split of `table`: each number `i` becomes `rows[i]`.
    ///
    /// Use it to split a part of a table again. Folds of `timbral_metrics` convert with [`Split::from`].
    ///
    /// ```
    /// use timbral_data::Split;
    ///
    /// let outer = Split { train: vec![0, 2, 4, 6], valid: vec![], test: vec![1, 3] };
    /// // A split of the four training rows, as of `table.select(&outer.train)`.
    /// let inner = Split { train: vec![0, 1, 3], valid: vec![], test: vec![2] };
    /// let nested = inner.of_rows(&outer.train)?;
    /// assert_eq!((nested.train, nested.test), (vec![0, 2, 6], vec![4]));
    /// # Ok::<(), timbral_data::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Row`] if a number of the split is not below `rows.len()`.
    pub fn of_rows(&self, rows: &[usize]) -> Result<Self> {
        let n_rows = rows.len();
        let part = |part: &[usize]| -> Result<Vec<usize>> {
            let row = |&row: &usize| rows.get(row).copied().ok_or(Error::Row { row, n_rows });
            part.iter().map(row).collect()
        };
        Ok(Self {
            train: part(&self.train)?,
            valid: part(&self.valid)?,
            test: part(&self.test)?,
        })
    }

    /// Without validation rows, from a flag per row.
    pub(super) fn by(in_test: &[bool]) -> Self {
        let (test, train) = (0..in_test.len()).partition(|row| in_test[*row]);
        Self {
            train,
            valid: Vec::new(),
            test,
        }
    }
}

/// Training and test rows; no validation rows.
impl From<Fold> for Split {
    fn from(fold: Fold) -> Self {
        Self {
            train: fold.train,
            valid: Vec::new(),
            test: fold.test,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beyond_the_rows_is_named() {
        let split = Split {
            valid: vec![1, 2],
            ..Split::default()
        };
        let error = split.of_rows(&[5, 6]).unwrap_err().to_string();
        assert_eq!(error, "row 2 of a table of 2 rows");
    }

    #[test]
    fn a_bad_line_of_row_numbers_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.txt");
        for (text, message) in [
            ("1\n\n4\n", "line 3: \"4\" is not below the 4 rows"),
            ("1\n2\n1\n", "line 3: \"1\" appears twice"),
            ("-1\n", "line 1: \"-1\" is not the number of a row"),
            ("1.0", "line 1: \"1.0\" is not the number of a row"),
            ("99999999999999999999999", "line 1:"),
            ("\n \n", "no rows"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Split::read_test_rows(&path, 4).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        std::fs::write(&path, "2\r\n 0 \r\n").unwrap();
        assert_eq!(Split::read_test_rows(&path, 4).unwrap().test, [0, 2]);
    }
}
