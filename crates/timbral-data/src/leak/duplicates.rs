use std::fs::File;
use std::io::Read;
use std::path::Path;

use ndarray::ArrayView1;
use sha2::{Digest, Sha256};

use crate::error::{Result, at};
use crate::table::FeatureTable;

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
    let digest = |path: &P| Ok(sha256(path.as_ref(), || Ok(()))?.1);
    let digests: Result<Vec<String>> = paths.iter().map(digest).collect();
    let digests = digests?;
    Ok(equal(paths.len(), |file| digests[file].as_str()))
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
    fn a_file_that_is_not_there_is_named() {
        let error = duplicate_files(&["no/such.au"]).unwrap_err().to_string();
        assert!(error.starts_with("no/such.au: "), "{error}");
    }
}
