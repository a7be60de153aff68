use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use timbral_core::parse_name;
use timbral_metrics::{FoldParams, TrainTestParams, stratified_group_k_fold, train_test_split};

use super::rows::Split;
use crate::error::{Error, Result};
use crate::gtzan;
use crate::leak::groups_without_copies;
use crate::table::FeatureTable;

/// Fraction of the rows, or of the groups, in the test part of a random split.
const TEST_SIZE: f64 = 0.2;

/// Folds of which the first is the test part of a stratified split: a fifth.
const FOLDS: usize = 5;

const EXPECTED: &str = "must be random, grouped, stratified-grouped or fault-filtered";

/// How to split a table.
///
/// Reads from and prints as `random`, `grouped`, `stratified-grouped` or `fault-filtered`.
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
#[non_exhaustive]
pub enum SplitMethod {
    /// A random fifth of the rows is the test part. Segments of one recording end up in both parts, so
    /// that scores are too good: see [`LeakReport`](crate::LeakReport).
    Random,
    /// A random fifth of the groups is the test part; no group is in both parts. Copies of a recording
    /// under several names count as one group ([`groups_without_copies`]).
    Grouped,
    /// Groups with about a fifth of the rows of every class are the test part; neither a group nor copies of it are
    /// in both parts.
    ///
    /// The test part is the first of five shuffled folds of
    /// [`stratified_group_k_fold`](timbral_metrics::stratified_group_k_fold). A table with fewer groups, or
    /// with fewer rows in its largest class, gets that many folds. Use it if classes have few or unequal
    /// recordings; the table must have labels.
    StratifiedGrouped,
    /// The parts of [`gtzan::fault_filtered`]; the seed has no effect.
    FaultFiltered,
}

impl SplitMethod {
    const NAMES: [(&str, Self); 4] = [
        ("random", Self::Random),
        ("grouped", Self::Grouped),
        ("stratified-grouped", Self::StratifiedGrouped),
        ("fault-filtered", Self::FaultFiltered),
    ];

    /// Splits a table. The number of test rows (`random`) or test groups (`grouped`) is rounded up.
    ///
    /// # Errors
    ///
    /// [`Error::Split`] for too few rows or groups; [`Error::NoLabels`] if a stratified split of a table
    /// without labels is requested; [`Error::NotATrack`] if the fault-filtered parts are requested and a
    /// row is not of GTZAN.
    pub fn split(self, table: &FeatureTable, seed: u64) -> Result<Split> {
        let draw = |n| {
            let test_size = TEST_SIZE;
            let params = TrainTestParams {
                test_size,
                seed,
                ..TrainTestParams::default()
            };
            let drawn = train_test_split(n, &params)?;
            let mut in_test = vec![false; n];
            drawn.test.into_iter().for_each(|i| in_test[i] = true);
            Ok::<_, Error>(in_test)
        };
        match self {
            Self::Random => Ok(Split::by(&draw(table.n_rows())?)),
            Self::Grouped => {
                // Selected rows may lack some groups.
                let of_rows = groups_without_copies(table);
                let mut groups = of_rows.clone();
                groups.sort_unstable();
                groups.dedup();
                let drawn = draw(groups.len())?;
                let in_test = |group: &usize| drawn[groups.partition_point(|g| g < group)];
                let in_test: Vec<bool> = of_rows.iter().map(in_test).collect();
                Ok(Split::by(&in_test))
            }
            Self::StratifiedGrouped => stratified_grouped(table, seed),
            Self::FaultFiltered => gtzan::fault_filtered_split(table),
        }
    }
}

/// The first of the folds that never divide a group and keep the proportions of the classes.
fn stratified_grouped(table: &FeatureTable, seed: u64) -> Result<Split> {
    let labels = table.labels().ok_or(Error::NoLabels)?;
    let mut in_class = vec![0; table.classes().len()];
    labels.iter().for_each(|class| in_class[*class] += 1);
    let largest = in_class.into_iter().max().unwrap_or(0);
    let groups = groups_without_copies(table);
    let n_groups = groups.iter().collect::<HashSet<_>>().len();
    let params = FoldParams {
        n_splits: FOLDS.min(n_groups).min(largest),
        shuffle: Some(seed),
        ..FoldParams::default()
    };
    let folds = stratified_group_k_fold(labels, &groups, &params)?;
    let first = folds.into_iter().next().unwrap_or_default();
    Ok(first.into())
}

impl FromStr for SplitMethod {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let all = Self::NAMES.map(|(_, method)| method);
        Ok(parse_name("split", name, all, EXPECTED)?)
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
    use proptest::prelude::*;
    use timbral_metrics::group_k_fold;

    use super::*;

    fn table(groups: &[u8]) -> FeatureTable {
        let ids = (0..groups.len()).map(|row| row.to_string()).collect();
        let features = ndarray::Array2::zeros((groups.len(), 0));
        let table = FeatureTable::new(vec![], features, ids).unwrap();
        table.with_groups(groups.iter().map(u8::to_string)).unwrap()
    }

    proptest! {
        #[test]
        fn a_group_is_in_one_part(
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
            let params = FoldParams { n_splits: 2, shuffle: Some(seed), ..FoldParams::default() };
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
    fn a_stratified_grouped_split_has_a_fifth_of_every_class_and_divides_no_group() {
        // 40 recordings of 3 rows; class 1 has 5 recordings, class 0 all others.
        let groups: Vec<u8> = (0..120).map(|row| row / 3).collect();
        let labels = groups
            .iter()
            .map(|group| u8::from(group % 8 == 0).to_string());
        let table = table(&groups).with_labels(labels).unwrap();
        let labels = table.labels().unwrap();
        for seed in 0..20 {
            let split = SplitMethod::StratifiedGrouped.split(&table, seed).unwrap();
            let of = |class| {
                split
                    .test
                    .iter()
                    .filter(|row| labels[**row] == class)
                    .count()
            };
            assert_eq!((of(0), of(1)), (21, 3), "seed {seed}");
            let train: HashSet<usize> = split.train.iter().map(|r| table.groups()[*r]).collect();
            assert!(
                !split
                    .test
                    .iter()
                    .any(|r| train.contains(&table.groups()[*r]))
            );
            assert_eq!(split.train.len() + split.test.len(), 120);
            assert!(split.train.is_sorted() && split.test.is_sorted());
        }
        let split = |seed| SplitMethod::StratifiedGrouped.split(&table, seed).unwrap();
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    #[test]
    fn a_stratified_grouped_split_needs_labels_and_two_groups() {
        let method = SplitMethod::StratifiedGrouped;
        let error = method.split(&table(&[1, 2]), 0).unwrap_err();
        assert!(matches!(error, Error::NoLabels), "{error}");
        let labelled = |groups: &[u8]| table(groups).with_labels(groups.iter().map(|_| "a"));
        let one_group = method.split(&labelled(&[7, 7]).unwrap(), 0);
        assert!(matches!(one_group, Err(Error::Split(_))), "{one_group:?}");
        let two = method.split(&labelled(&[7, 7, 8]).unwrap(), 0).unwrap();
        assert_eq!(two.train.len() + two.test.len(), 3);
        assert!(!two.train.is_empty() && !two.test.is_empty());
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
    fn names_read_back() {
        for (name, method) in SplitMethod::NAMES {
            assert_eq!(name.parse::<SplitMethod>().unwrap(), method);
            assert_eq!(method.to_string(), name);
        }
        let error = "Random".parse::<SplitMethod>().unwrap_err().to_string();
        assert_eq!(
            error,
            "split = Random: must be random, grouped, stratified-grouped or fault-filtered"
        );
    }
}
