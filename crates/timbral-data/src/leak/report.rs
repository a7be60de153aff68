use std::collections::HashSet;
use std::fmt;

use timbral_core::InvalidParameter;

use super::duplicates::bits;
use super::near_copies::GroupMeans;
use super::neighbours::KNearestParams;
use crate::error::Result;
use crate::scaling::ScalerParams;
use crate::split::Split;
use crate::table::FeatureTable;

/// Near copies that the text of a report names.
const NAMED: usize = 5;

/// How much a split of a table leaks: test rows whose group (recording, artist) has training rows as
/// well, so that a model can recognise the group instead of the genre.
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
/// assert_eq!(report.shared_fraction(), 0.5);
/// assert_eq!(report.nearest_fraction_of_shared(), 1.0);
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeakReport {
    /// Number of training rows.
    pub train_rows: usize,
    /// Number of test rows, at least 1.
    pub test_rows: usize,
    /// Names of the groups with training and test rows.
    pub shared_groups: Vec<String>,
    /// Number of test rows of those groups.
    pub test_rows_shared: usize,
    /// Number of test rows whose nearest training row is of the same group. The distance is Euclidean after
    /// standard scaling fitted to the training rows; of equally near rows the first counts.
    pub test_rows_nearest: usize,
    /// Number of test rows that are equal, bit by bit, to a training row of another group.
    pub test_rows_repeated: usize,
    /// Names of a test and a training group that are nearly copies, as in
    /// [`near_copies`](crate::near_copies), but scaled by the training rows.
    pub near_copies: Vec<(String, String)>,
}

impl LeakReport {
    /// Compares training and test rows; other rows of the table are ignored.
    ///
    /// # Errors
    ///
    /// A part has no rows, a row does not exist or is in both parts, or a feature is missing or
    /// infinite.
    pub fn new(table: &FeatureTable, train: &[usize], test: &[usize]) -> Result<Self> {
        let wrong = |value: String, reason| InvalidParameter::new("test", value, reason);
        if test.is_empty() {
            return Err(wrong("[]".to_owned(), "must have rows").into());
        }
        let train_rows: HashSet<usize> = train.iter().copied().collect();
        if let Some(row) = test.iter().find(|row| train_rows.contains(row)) {
            return Err(wrong(row.to_string(), "is a training row as well").into());
        }
        let scaled = ScalerParams::default()
            .fit(table, train)?
            .transform(table)?;
        let known = scaled.select(train)?;
        let tested = scaled.select(test)?;
        for part in [&known, &tested] {
            if let Some((row, feature)) = part.first_missing() {
                let reason = "is missing, and rows without it have no distance";
                return Err(part.cell_error(row, feature, reason));
            }
        }
        let nearest = KNearestParams {
            k: 1,
            ..KNearestParams::default()
        };
        let model = nearest.fit(known.features(), known.groups())?;
        let nearest = model.predict(tested.features())?;

        let mut in_train = vec![false; table.n_groups()];
        known.groups().iter().for_each(|g| in_train[*g] = true);
        let mut shared: Vec<usize> = tested.groups().to_vec();
        shared.retain(|g| in_train[*g]);
        let test_rows_shared = shared.len();
        shared.sort_unstable();
        shared.dedup();

        let key = |row: &usize| (bits(table.features().row(*row)), table.groups()[*row]);
        let mut train_bits: Vec<(Vec<u32>, usize)> = train.iter().map(key).collect();
        train_bits.sort_unstable();
        let repeated = |row: &&usize| {
            let (bits, group) = key(row);
            let start = train_bits.partition_point(|(b, _)| *b < bits);
            let same = train_bits[start..].iter().take_while(|(b, _)| *b == bits);
            same.into_iter().any(|(_, g)| *g != group)
        };
        let name = |group: usize| table.group_names()[group].clone();
        let (train_means, test_means) = (GroupMeans::new(&known), GroupMeans::new(&tested));
        let mut near_copies = Vec::new();
        for test in 0..table.n_groups() {
            let near = |train: &usize| test_means.are_near(test, &train_means, *train);
            let near = (0..table.n_groups()).filter(|train| *train != test && near(train));
            near_copies.extend(near.map(|train| (name(test), name(train))));
        }
        let same = nearest.iter().zip(tested.groups()).filter(|(a, b)| a == b);
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
            near_copies,
        })
    }

    /// Compares the training and validation rows of a split with its test rows.
    ///
    /// ```
    /// use timbral_data::{FeatureTable, LeakReport, Split};
    ///
    /// let ids = ["a.0.wav", "a.1.wav", "b.0.wav"].map(str::to_owned).to_vec();
    /// let table = FeatureTable::new(vec!["tempo".into()], ndarray::array![[0.0], [0.1], [5.0]], ids)?
    ///     .with_groups(["a", "a", "b"])?;
    /// let split = Split { train: vec![2], valid: vec![0], test: vec![1] };
    /// assert_eq!(LeakReport::of_split(&table, &split)?.shared_fraction(), 1.0);
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

    /// Fraction of the test rows whose group has training rows.
    pub fn shared_fraction(&self) -> f64 {
        self.test_rows_shared as f64 / self.test_rows as f64
    }

    /// Fraction of the test rows whose nearest training row is of the same group.
    pub fn nearest_fraction(&self) -> f64 {
        self.test_rows_nearest as f64 / self.test_rows as f64
    }

    /// Fraction, of the test rows whose group has training rows, whose nearest training row is of the same group; 0 if
    /// there are no such test rows.
    pub fn nearest_fraction_of_shared(&self) -> f64 {
        self.test_rows_nearest as f64 / self.test_rows_shared.max(1) as f64
    }
}

/// Five lines, without a line feed at the end; of the near copies the first few are named.
impl fmt::Display for LeakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |fraction: f64| format!("{:.1} %", 100.0 * fraction);
        writeln!(
            f,
            "{} training rows, {} test rows",
            self.train_rows, self.test_rows
        )?;
        writeln!(
            f,
            "test rows whose group is trained on: {} ({}), of {} groups",
            self.test_rows_shared,
            percent(self.shared_fraction()),
            self.shared_groups.len(),
        )?;
        writeln!(
            f,
            "  whose nearest training row is of that group: {} ({} of them, {} of all)",
            self.test_rows_nearest,
            percent(self.nearest_fraction_of_shared()),
            percent(self.nearest_fraction()),
        )?;
        writeln!(
            f,
            "test rows that repeat a training row of another group: {}",
            self.test_rows_repeated
        )?;
        let n = self.near_copies.len();
        write!(
            f,
            "test groups that are nearly copies of a training group: {n}"
        )?;
        for (i, (test, train)) in self.near_copies.iter().take(NAMED).enumerate() {
            write!(f, "{}{test} of {train}", if i == 0 { " (" } else { ", " })?;
        }
        match n {
            0 => Ok(()),
            1..=NAMED => write!(f, ")"),
            _ => write!(f, ", ...)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn table() -> FeatureTable {
        let x = ndarray::array![[0.0], [9.0], [1.0], [9.0], [9.5], [0.0]];
        let ids = (0..6).map(|row| row.to_string()).collect();
        let table = FeatureTable::new(vec!["x".into()], x, ids).unwrap();
        table.with_groups(["a", "b", "c", "b", "a", "c"]).unwrap()
    }

    #[test]
    fn rows_are_counted() {
        let report = LeakReport::new(&table(), &[0, 1], &[2, 3, 4, 5]).unwrap();
        assert_eq!(report.shared_groups, ["a", "b"]);
        // Row 3 lies next to its own group, row 4 next to the other one, row 5 repeats row 0.
        assert_eq!(report.test_rows_shared, 2);
        assert_eq!(report.test_rows_nearest, 1);
        assert_eq!(report.test_rows_repeated, 1);
        let text = "2 training rows, 4 test rows\n\
            test rows whose group is trained on: 2 (50.0 %), of 2 groups\n\
            \x20 whose nearest training row is of that group: 1 (50.0 % of them, 25.0 % of all)\n\
            test rows that repeat a training row of another group: 1\n\
            test groups that are nearly copies of a training group: 0";
        assert_eq!(report.to_string(), text);
    }

    #[test]
    fn whole_groups_share_nothing() {
        let report = LeakReport::new(&table(), &[0, 1, 3, 4], &[2]).unwrap();
        assert_eq!(
            (report.shared_fraction(), report.nearest_fraction()),
            (0.0, 0.0)
        );
        assert_eq!(report.nearest_fraction_of_shared(), 0.0);
    }

    #[test]
    fn near_copies_are_named() {
        let x = ndarray::Array2::from_shape_fn((8, 20), |(row, j)| {
            // Rows 0 and 1 have copies that are a little off.
            let sound = if row < 2 { row + 6 } else { row };
            (sound * 10 + j) as f32 + if row < 2 { 0.01 } else { 0.0 }
        });
        let names = (0..20).map(|j| j.to_string()).collect();
        let ids = (0..8).map(|row| row.to_string()).collect();
        let table = FeatureTable::new(names, x, ids).unwrap();
        let report = LeakReport::new(&table, &[2, 3, 4, 5, 6, 7], &[0, 1]).unwrap();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(report.near_copies, [pair("0", "6"), pair("1", "7")]);
        let text = report.to_string();
        let last = "test groups that are nearly copies of a training group: 2 (0 of 6, 1 of 7)";
        assert_eq!(text.lines().last(), Some(last));
    }

    #[test]
    fn bad_parts_are_errors() {
        let new = |train: &[usize], test: &[usize]| LeakReport::new(&table(), train, test);
        let both = new(&[0, 1], &[1]).unwrap_err().to_string();
        assert_eq!(both, "test = 1: is a training row as well");
        assert!(matches!(new(&[0], &[6]), Err(Error::Row { row: 6, .. })));
        assert!(matches!(new(&[7], &[0]), Err(Error::Row { row: 7, .. })));
        assert!(matches!(new(&[0], &[]), Err(Error::InvalidParameter(_))));
        assert!(new(&[], &[0]).is_err());
    }
}
