use std::fmt;
use std::path::Path;
use std::str::FromStr;

use timbral_metrics::{TrainTestParams, train_test_split};

use crate::error::{Error, Result};
use crate::gtzan;
use crate::table::FeatureTable;
use crate::text::read_text;

/// Share of the rows, or of the groups, that a random split tests on.
const TEST_SIZE: f64 = 0.2;

/// Most bytes of a file of row numbers.
const FILE_LIMIT: u64 = 64 << 20;

/// Rows of a table to learn from, to choose settings by and to judge by, each ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to choose settings by; none where the split has no such part.
    pub valid: Vec<usize>,
    /// Rows to judge by.
    pub test: Vec<usize>,
}

impl Split {
    /// Reads the rows to judge by from a text file; all others are to learn from.
    ///
    /// One number a line, counted from 0 at the first row below the header; empty lines are
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`Error::Line`] for a line that is no number below `n_rows` or one named before; the file
    /// cannot be read or names no row.
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
        let text = read_text(path, FILE_LIMIT)?;
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
                Some(true) => return Err(wrong("stands there twice")),
                Some(test) => *test = true,
            }
        }
        if !in_test.contains(&true) {
            let (path, what) = (path.to_owned(), "rows");
            return Err(Error::EmptyTable { path, what });
        }
        Ok(Self::by(&in_test))
    }

    fn by(in_test: &[bool]) -> Self {
        let (test, train) = (0..in_test.len()).partition(|row| in_test[*row]);
        Self {
            train,
            valid: Vec::new(),
            test,
        }
    }
}

/// How to split a table, as an argument of a command: `random`, `grouped` or `fault-filtered`.
///
/// ```
/// use timbral_data::{FeatureTable, SplitMethod};
///
/// let ids = ["a.0.wav", "a.1.wav", "b.0.wav", "b.1.wav"].map(str::to_owned).to_vec();
/// let table = FeatureTable::new(vec![], ndarray::Array2::zeros((4, 0)), ids)?
///     .with_groups(["a", "a", "b", "b"])?;
/// let split = "grouped".parse::<SplitMethod>()?.split(&table, 42)?;
/// assert_eq!(split.test.len(), 2);
/// assert_eq!(table.groups()[split.test[0]], table.groups()[split.test[1]]);
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SplitMethod {
    /// A fifth of the rows, drawn by lot, is the test part. The pieces of a recording fall on both
    /// sides, so that scores are too good: see [`LeakReport`](crate::LeakReport).
    Random,
    /// A fifth of the groups, drawn by lot, is the test part; no group is on both sides.
    Grouped,
    /// The parts of [`gtzan::fault_filtered`]; nothing is drawn.
    FaultFiltered,
}

impl SplitMethod {
    const NAMES: [(&str, Self); 3] = [
        ("random", Self::Random),
        ("grouped", Self::Grouped),
        ("fault-filtered", Self::FaultFiltered),
    ];

    /// Splits a table; the numbers of rows, or groups, to test on are rounded up.
    ///
    /// # Errors
    ///
    /// [`Error::Split`] for too few rows or groups, [`Error::NotATrack`] where the fault-filtered
    /// parts are asked for and a row is not of GTZAN.
    pub fn split(self, table: &FeatureTable, seed: u64) -> Result<Split> {
        let draw = |n| {
            let test_size = TEST_SIZE;
            let drawn = train_test_split(n, &TrainTestParams { test_size, seed })?;
            let mut in_test = vec![false; n];
            drawn.test.into_iter().for_each(|i| in_test[i] = true);
            Ok::<_, Error>(in_test)
        };
        match self {
            Self::Random => Ok(Split::by(&draw(table.n_rows())?)),
            Self::Grouped => {
                // Rows that were selected need not be of every group.
                let mut groups = table.groups().to_vec();
                groups.sort_unstable();
                groups.dedup();
                let drawn = draw(groups.len())?;
                let in_test = |group: &usize| drawn[groups.partition_point(|g| g < group)];
                let in_test: Vec<bool> = table.groups().iter().map(in_test).collect();
                Ok(Split::by(&in_test))
            }
            Self::FaultFiltered => gtzan::fault_filtered_split(table),
        }
    }
}

impl FromStr for SplitMethod {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::NAMES.iter().find(|(n, _)| *n == name);
        found
            .map(|(_, method)| *method)
            .ok_or(Error::InvalidParameter {
                name: "split",
                value: name.to_owned(),
                reason: "must be random, grouped or fault-filtered",
            })
    }
}

impl fmt::Display for SplitMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, method)| method == self);
        f.pad(name.map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use timbral_metrics::{FoldParams, group_k_fold};

    use super::*;

    fn table(groups: &[u8]) -> FeatureTable {
        let ids = (0..groups.len()).map(|row| row.to_string()).collect();
        let features = ndarray::Array2::zeros((groups.len(), 0));
        let table = FeatureTable::new(vec![], features, ids).unwrap();
        table.with_groups(groups.iter().map(u8::to_string)).unwrap()
    }

    proptest! {
        #[test]
        fn a_group_is_on_one_side(
            groups in prop::collection::vec(0u8..20, 2..200),
            keep in prop::collection::vec(any::<bool>(), 200),
            seed: u64,
        ) {
            let table = table(&groups);
            let rows: Vec<usize> = (0..groups.len()).filter(|row| keep[*row]).collect();
            let table = table.select(&rows).unwrap();
            let present: HashSet<usize> = table.groups().iter().copied().collect();
            prop_assume!(present.len() >= 2);
            let split = SplitMethod::Grouped.split(&table, seed).unwrap();
            let params = FoldParams { n_splits: 2, shuffle: Some(seed) };
            let folds = group_k_fold(table.groups(), &params).unwrap();
            let sides = folds.iter().map(|f| (&f.train, &f.test));
            for (train, test) in sides.chain([(&split.train, &split.test)]) {
                let of = |rows: &[usize]| -> HashSet<usize> {
                    rows.iter().map(|row| table.groups()[*row]).collect()
                };
                prop_assert!(of(train).is_disjoint(&of(test)));
                prop_assert_eq!(train.len() + test.len(), table.n_rows());
            }
            prop_assert!(split.train.is_sorted() && split.test.is_sorted());
            let of_groups = |n: usize| n.div_ceil(5);
            let tested: HashSet<usize> = split.test.iter().map(|r| table.groups()[*r]).collect();
            prop_assert_eq!(tested.len(), of_groups(present.len()));
        }
    }

    #[test]
    fn a_fifth_of_the_rows_is_drawn_by_the_seed() {
        let table = table(&[0; 101]);
        let split = SplitMethod::Random.split(&table, 1).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (80, 21));
        assert!(split.train.is_sorted() && split.test.is_sorted());
        assert_eq!(split, SplitMethod::Random.split(&table, 1).unwrap());
        assert_ne!(split, SplitMethod::Random.split(&table, 2).unwrap());
    }

    #[test]
    fn too_little_to_split_is_an_error() {
        for method in [SplitMethod::Random, SplitMethod::Grouped] {
            assert!(matches!(method.split(&table(&[]), 0), Err(Error::Split(_))));
        }
        let one_group = SplitMethod::Grouped.split(&table(&[7, 7]), 0);
        assert!(matches!(one_group, Err(Error::Split(_))));
        let other = SplitMethod::FaultFiltered.split(&table(&[1]), 0);
        assert!(matches!(other, Err(Error::NotATrack { .. })));
    }

    #[test]
    fn methods_have_the_names_that_are_read() {
        for (name, method) in SplitMethod::NAMES {
            assert_eq!(name.parse::<SplitMethod>().unwrap(), method);
            assert_eq!(method.to_string(), name);
        }
        let error = "Random".parse::<SplitMethod>().unwrap_err().to_string();
        assert_eq!(
            error,
            "split = Random: must be random, grouped or fault-filtered"
        );
    }

    #[test]
    fn a_bad_line_of_row_numbers_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.txt");
        for (text, message) in [
            ("1\n\n4\n", "line 3: \"4\" is not below the 4 rows"),
            ("1\n2\n1\n", "line 3: \"1\" stands there twice"),
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
