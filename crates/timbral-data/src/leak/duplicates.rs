use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use ndarray::ArrayView1;
use sha2::{Digest, Sha256};

use crate::error::{Result, at};
use crate::table::{FeatureTable, joined};

/// Rows of different groups whose features are equal bit by bit: most likely the same sound under two
/// names.
///
/// Each list has the numbers of such rows in ascending order; the lists are ordered by their first row.
///
/// ```
/// use timbral_data::{FeatureTable, duplicate_rows};
///
/// let ids = ["a", "b", "c"].map(str::to_owned).to_vec();
/// let features = ndarray::array![[1.0, 2.0], [1.0, 3.0], [1.0, 2.0]];
/// let table = FeatureTable::new(vec!["x".into(), "y".into()], features, ids)?;
/// assert_eq!(duplicate_rows(&table), [[0, 2]]);
/// # Ok::<(), timbral_data::Error>(())
/// ```
pub fn duplicate_rows(table: &FeatureTable) -> Vec<Vec<usize>> {
    let features = table.features();
    let mut sets = equal(table.n_rows(), |row| bits(features.row(row)));
    let groups = table.groups();
    sets.retain(|rows| rows.iter().any(|row| groups[*row] != groups[rows[0]]));
    sets
}

/// Numbers with a fraction in each row of a copy.
const MIN_FRACTIONS: usize = 16;

/// The bits of the features of a row, which can be compared and sorted.
pub(crate) fn bits(row: ArrayView1<'_, f32>) -> Vec<u32> {
    row.iter().map(|x| x.to_bits()).collect()
}

/// Files with the same bytes, found by their SHA-256.
///
/// Each list has the indices of such files in `paths` in ascending order; the lists are ordered by their
/// first index.
///
/// # Errors
///
/// A file cannot be read.
///
/// ```
/// use timbral_data::duplicate_files;
///
/// let folder = tempfile::tempdir()?;
/// let paths = ["a.au", "b.au", "c.au"].map(|name| folder.path().join(name));
/// for (path, bytes) in paths.iter().zip(["one", "two", "one"]) {
///     std::fs::write(path, bytes)?;
/// }
/// assert_eq!(duplicate_files(&paths)?, [[0, 2]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn duplicate_files<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Vec<usize>>> {
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    equal_files(&paths)
}

fn equal_files(paths: &[&Path]) -> Result<Vec<Vec<usize>>> {
    let size = |path: &&Path| Ok(path.metadata().map_err(at(path))?.len());
    let sizes: Result<Vec<u64>> = paths.iter().map(size).collect();
    let sizes = sizes?;
    // Only files of one size can be alike, and of those only the ones with the same bytes in the middle
    // are read whole.
    let mut sets = equal(paths.len(), |file| sizes[file]);
    for in_part in [true, false] {
        let mut finer = Vec::new();
        for set in sets {
            let key = |file: &usize| {
                let path = paths[*file];
                match in_part {
                    true => middle(path, sizes[*file]).map_err(at(path)),
                    false => Ok(sha256(path, || Ok(()))?.1.into_bytes()),
                }
            };
            let keys: Result<Vec<Vec<u8>>> = set.iter().map(key).collect();
            let keys = keys?;
            let parts = equal(set.len(), |i| keys[i].as_slice());
            finer.extend(
                parts
                    .iter()
                    .map(|part| part.iter().map(|i| set[*i]).collect()),
            );
        }
        sets = finer;
    }
    sets.sort_unstable();
    Ok(sets)
}

/// Up to 4 KiB from the middle of a file.
fn middle(path: &Path, size: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(size / 2))?;
    let mut bytes = Vec::new();
    file.take(4096).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The group of each row, where groups that have the same features bit by bit, row for row, are one: copies
/// of a recording under several names. Its number is that of the first of them. If the table is
/// [grouped](FeatureTable::grouped_by) by something wider, the groups of that are joined, too.
///
/// Few or rounded numbers are equal by chance, so only groups count whose rows have 16 or more numbers
/// with a fraction each.
///
/// ```
/// use timbral_data::{FeatureTable, groups_without_copies};
///
/// let ids = ["a", "b", "c"].map(str::to_owned).to_vec();
/// let features = ndarray::Array2::from_shape_fn((3, 20), |(row, j)| (row % 2 + j) as f32 + 0.5);
/// let names = (0..20).map(|j| format!("x{j}")).collect();
/// let table = FeatureTable::new(names, features, ids)?;
/// assert_eq!(groups_without_copies(&table), [0, 1, 0]);
/// # Ok::<(), timbral_data::Error>(())
/// ```
pub fn groups_without_copies(table: &FeatureTable) -> Vec<usize> {
    let (groups, features) = (table.groups(), table.features());
    let mut rows_of = vec![Vec::new(); table.n_groups()];
    let mut is_evidence = vec![true; table.n_groups()];
    for (row, group) in groups.iter().enumerate() {
        let values = features.row(row);
        let fractions = values.iter().filter(|x| x.is_finite() && x.fract() != 0.0);
        is_evidence[*group] &= fractions.count() >= MIN_FRACTIONS;
        rows_of[*group].push(bits(values));
    }
    rows_of.iter_mut().for_each(|rows| rows.sort_unstable());
    let mut first: Vec<usize> = (0..rows_of.len()).collect();
    for copies in equal(rows_of.len(), |group| rows_of[group].as_slice()) {
        for copy in copies.iter().filter(|copy| is_evidence[**copy]) {
            first[*copy] = copies[0];
        }
    }
    let groups: Vec<usize> = groups.iter().map(|group| first[*group]).collect();
    let wider: Vec<Option<usize>> = table.split_groups().iter().copied().map(Some).collect();
    joined(&groups, &wider)
}

/// Length of a file and its SHA-256 in hexadecimal digits; `go_on` is called before every read and may stop it.
pub(crate) fn sha256(path: &Path, mut go_on: impl FnMut() -> Result<()>) -> Result<(u64, String)> {
    let mut file = File::open(path).map_err(at(path))?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 64 << 10];
    let mut bytes = 0;
    loop {
        go_on()?;
        let n = file.read(&mut chunk).map_err(at(path))?;
        if n == 0 {
            break;
        }
        hash.update(&chunk[..n]);
        bytes += n as u64;
    }
    let hash = hash.finalize();
    Ok((bytes, hash.iter().map(|b| format!("{b:02x}")).collect()))
}

/// Sets of at least two numbers below `n` with equal keys.
fn equal<K: Ord>(n: usize, key: impl Fn(usize) -> K) -> Vec<Vec<usize>> {
    let mut numbers: Vec<usize> = (0..n).collect();
    // Stable: equal keys stay in ascending order.
    numbers.sort_by_cached_key(|i| key(*i));
    let sets = numbers.chunk_by(|a, b| key(*a) == key(*b));
    let mut sets: Vec<Vec<usize>> = sets
        .filter(|set| set.len() > 1)
        .map(<[_]>::to_vec)
        .collect();
    sets.sort_unstable();
    sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn rows_of_one_group_may_be_alike() {
        let ids = (0..6).map(|row| row.to_string()).collect();
        let x = ndarray::array![[1.0], [f32::NAN], [1.0], [2.0], [f32::NAN], [1.0]];
        let table = FeatureTable::new(vec!["x".into()], x, ids).unwrap();
        assert_eq!(duplicate_rows(&table), [vec![0, 2, 5], vec![1, 4]]);
        let table = table.with_groups(["a", "b", "a", "a", "b", "a"]).unwrap();
        assert!(duplicate_rows(&table).is_empty());
        let table = table.with_groups(["a", "b", "a", "a", "b", "c"]).unwrap();
        assert_eq!(duplicate_rows(&table), [[0, 2, 5]]);
    }

    #[test]
    fn groups_with_the_same_rows_are_copies() {
        let table = |n: usize, rows: &[f32]| {
            let ids = (0..rows.len()).map(|row| row.to_string()).collect();
            let x = Array2::from_shape_fn((rows.len(), n), |(row, _)| rows[row]);
            let names = (0..n).map(|j| j.to_string()).collect();
            FeatureTable::new(names, x, ids).unwrap()
        };
        let rows = [0.1, 0.2, 0.2, 0.1, 0.1, f32::NAN, f32::NAN, 3.0, 3.0];
        let names = ["a", "a", "b", "b", "c", "d", "e", "f", "g"];
        let long = table(MIN_FRACTIONS, &rows).with_groups(names).unwrap();
        // c has a row of a, but not all; d and f have no fractions.
        let expected = [0, 0, 0, 0, 2, 3, 4, 5, 6];
        assert_eq!(groups_without_copies(&long), expected);
        let short = table(MIN_FRACTIONS - 1, &rows).with_groups(names).unwrap();
        assert_eq!(groups_without_copies(&short), short.groups());
        assert_eq!(groups_without_copies(&table(0, &[0.0, 0.0])), [0, 1]);
    }

    #[test]
    fn files_of_one_size_are_compared_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = vec![7u8; 20_000];
        let mut paths = Vec::new();
        for (name, place) in [("a", 0), ("b", 1), ("c", 0), ("d", 19_999)] {
            bytes.fill(7);
            bytes[place] = 8;
            paths.push(folder.path().join(name));
            std::fs::write(folder.path().join(name), &bytes).unwrap();
        }
        assert_eq!(duplicate_files(&paths).unwrap(), [[0, 2]]);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = duplicate_files(&["no/such.au"]).unwrap_err().to_string();
        assert!(error.starts_with("no/such.au: "), "{error}");
    }
}
