use std::collections::HashSet;
use std::fmt;

use crate::duplicates::bits;
use crate::error::{Error, Result};
use crate::neighbours::KNearest;
use crate::scale::ScalerParams;
use crate::split::Split;
use crate::table::FeatureTable;

/// What a split of a table gives away: test rows whose group (recording, artist) has training rows
/// as well, so that a model can recognise the group instead of the genre.
///
/// ```
/// use timbral_data::{FeatureTable, LeakReport};
///
/// let ids = ["a.0.wav", "a.1.wav", "b.0.wav", "c.0.wav"].map(str::to_owned).to_vec();
/// let features = ndarray::array![[0.0], [0.1], [5.0], [0.2]];
/// let table = FeatureTable::new(vec!["tempo".into()], features, ids)?
///     .with_groups(["a", "a", "b", "c"])?;
/// let report = LeakReport::new(&table, &[0, 2], &[1, 3])?;
/// assert_eq!(report.shared_groups, ["a"]);
/// assert_eq!(report.shared_share(), 0.5);
/// assert_eq!(report.nearest_share_of_shared(), 1.0);
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeakReport {
    /// Rows to learn from.
    pub train_rows: usize,
    /// Rows to judge by, at least 1.
    pub test_rows: usize,
    /// Names of the groups with rows on both sides.
    pub shared_groups: Vec<String>,
    /// Test rows of those groups.
    pub test_rows_shared: usize,
    /// Test rows whose nearest training row is of the same group: Euclidean distance after
    /// standard scaling fitted to the training rows, of equally near rows the first.
    pub test_rows_nearest: usize,
    /// Test rows that equal a training row of another group to the last bit.
    pub test_rows_repeated: usize,
}

impl LeakReport {
    /// Compares the rows on the two sides; rows on neither do not matter.
    ///
    /// # Errors
    ///
    /// A side without rows, a row that is not there or on both sides, or a
    /// feature that is missing or infinite.
    pub fn new(table: &FeatureTable, train: &[usize], test: &[usize]) -> Result<Self> {
        let wrong = |value, reason| Error::InvalidParameter {
            name: "test",
            value,
            reason,
        };
        if test.is_empty() {
            return Err(wrong("[]".to_owned(), "must have rows"));
        }
        let train_rows: HashSet<usize> = train.iter().copied().collect();
        if let Some(row) = test.iter().find(|row| train_rows.contains(row)) {
            return Err(wrong(row.to_string(), "is a row to learn from as well"));
        }
        let scaled = ScalerParams::default()
            .fit(table, train)?
            .transform(table)?;
        let learned = scaled.select(train)?;
        let judged = scaled.select(test)?;
        let model = KNearest { k: 1 }.fit(learned.features(), learned.groups())?;
        let nearest = model.predict(judged.features())?;

        let mut in_train = vec![false; table.n_groups()];
        learned.groups().iter().for_each(|g| in_train[*g] = true);
        let mut shared: Vec<usize> = judged.groups().to_vec();
        shared.retain(|g| in_train[*g]);
        let test_rows_shared = shared.len();
        shared.sort_unstable();
        shared.dedup();

        let key = |row: &usize| (bits(table.features().row(*row)), table.groups()[*row]);
        let mut known: Vec<(Vec<u32>, usize)> = train.iter().map(key).collect();
        known.sort_unstable();
        let repeated = |row: &&usize| {
            let (bits, group) = key(row);
            let start = known.partition_point(|(b, _)| *b < bits);
            let same = known[start..].iter().take_while(|(b, _)| *b == bits);
            same.into_iter().any(|(_, g)| *g != group)
        };
        let same = nearest.iter().zip(judged.groups()).filter(|(a, b)| a == b);
        Ok(Self {
            train_rows: train.len(),
            test_rows: test.len(),
            shared_groups: shared
                .iter()
                .map(|g| table.group_names()[*g].clone())
                .collect(),
            test_rows_shared,
            test_rows_nearest: same.count(),
            test_rows_repeated: test.iter().filter(repeated).count(),
        })
    }

    /// Compares what a split learns from or chooses by with what it tests.
    ///
    /// ```
    /// use timbral_data::{FeatureTable, LeakReport, Split};
    ///
    /// let ids = ["a.0.wav", "a.1.wav", "b.0.wav"].map(str::to_owned).to_vec();
    /// let table = FeatureTable::new(vec!["tempo".into()], ndarray::array![[0.0], [0.1], [5.0]], ids)?
    ///     .with_groups(["a", "a", "b"])?;
    /// let split = Split { train: vec![2], valid: vec![0], test: vec![1] };
    /// assert_eq!(LeakReport::of_split(&table, &split)?.shared_share(), 1.0);
    /// # Ok::<(), timbral_data::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn of_split(table: &FeatureTable, split: &Split) -> Result<Self> {
        let train = [&split.train[..], &split.valid].concat();
        Self::new(table, &train, &split.test)
    }

    /// Share of the test rows whose group has training rows.
    pub fn shared_share(&self) -> f64 {
        self.test_rows_shared as f64 / self.test_rows as f64
    }

    /// Share of the test rows whose nearest training row is of the same group.
    pub fn nearest_share(&self) -> f64 {
        self.test_rows_nearest as f64 / self.test_rows as f64
    }

    /// The same as a share of the test rows whose group has training rows; 0 if there are none.
    pub fn nearest_share_of_shared(&self) -> f64 {
        self.test_rows_nearest as f64 / self.test_rows_shared.max(1) as f64
    }
}

/// Four lines, the last without an end.
impl fmt::Display for LeakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        writeln!(
            f,
            "{} training rows, {} test rows",
            self.train_rows, self.test_rows
        )?;
        writeln!(
            f,
            "test rows whose group is trained on: {} ({}), of {} groups",
            self.test_rows_shared,
            percent(self.shared_share()),
            self.shared_groups.len(),
        )?;
        writeln!(
            f,
            "  whose nearest training row is of that group: {} ({} of them, {} of all)",
            self.test_rows_nearest,
            percent(self.nearest_share_of_shared()),
            percent(self.nearest_share()),
        )?;
        write!(
            f,
            "test rows that repeat a training row of another group: {}",
            self.test_rows_repeated
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> FeatureTable {
        let x = ndarray::array![[0.0], [9.0], [1.0], [9.0], [9.5], [0.0]];
        let ids = (0..6).map(|row| row.to_string()).collect();
        let table = FeatureTable::new(vec!["x".into()], x, ids).unwrap();
        table.with_groups(["a", "b", "c", "b", "a", "c"]).unwrap()
    }

    #[test]
    fn what_is_counted() {
        let report = LeakReport::new(&table(), &[0, 1], &[2, 3, 4, 5]).unwrap();
        assert_eq!(report.shared_groups, ["a", "b"]);
        // Row 3 lies next to its own group, row 4 next to the other one, row 5 repeats row 0.
        assert_eq!(report.test_rows_shared, 2);
        assert_eq!(report.test_rows_nearest, 1);
        assert_eq!(report.test_rows_repeated, 1);
        let text = "2 training rows, 4 test rows\n\
            test rows whose group is trained on: 2 (50.0 %), of 2 groups\n\
            \x20 whose nearest training row is of that group: 1 (50.0 % of them, 25.0 % of all)\n\
            test rows that repeat a training row of another group: 1";
        assert_eq!(report.to_string(), text);
    }

    #[test]
    fn nothing_is_shared_by_whole_groups() {
        let report = LeakReport::new(&table(), &[0, 1, 3, 4], &[2]).unwrap();
        assert_eq!((report.shared_share(), report.nearest_share()), (0.0, 0.0));
        assert_eq!(report.nearest_share_of_shared(), 0.0);
    }

    #[test]
    fn bad_sides_are_errors() {
        let new = |train: &[usize], test: &[usize]| LeakReport::new(&table(), train, test);
        let both = new(&[0, 1], &[1]).unwrap_err().to_string();
        assert_eq!(both, "test = 1: is a row to learn from as well");
        assert!(matches!(new(&[0], &[6]), Err(Error::Row { row: 6, .. })));
        assert!(matches!(new(&[7], &[0]), Err(Error::Row { row: 7, .. })));
        assert!(matches!(
            new(&[0], &[]),
            Err(Error::InvalidParameter { .. })
        ));
        assert!(new(&[], &[0]).is_err());
    }
}
