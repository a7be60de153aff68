use std::io::Write;
use std::path::Path;

use timbral_data::gtzan::Artists;
use timbral_data::{Error, FeatureTable, Spectrograms, Split};

/// Calls `open` with a file of these bytes and an ending.
pub(crate) fn with_file(ending: &str, bytes: &[u8], open: impl FnOnce(&Path)) {
    let mut file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    open(file.path());
}

pub(crate) fn csv(bytes: &[u8]) {
    table(".csv", bytes);
}

pub(crate) fn csv_gz(bytes: &[u8]) {
    table(".csv.gz", bytes);
}

pub(crate) fn parquet(bytes: &[u8]) {
    table(".parquet", bytes);
}

pub(crate) fn npz(bytes: &[u8]) {
    table(".npz", bytes);
}

/// A table that is read has numbers or missing cells, and the parts fit each other.
fn table(ending: &str, bytes: &[u8]) {
    with_file(ending, bytes, |path| {
        let Ok(table) = FeatureTable::read(path) else {
            return;
        };
        assert!(table.n_rows() > 0 && table.n_features() > 0);
        assert!(!table.features().iter().any(|x| x.is_infinite()));
        assert_eq!(table.ids().len(), table.n_rows());
        assert!(table.groups().iter().all(|group| *group < table.n_groups()));
        let labels = table.labels().unwrap_or_default();
        assert!(labels.iter().all(|label| *label < table.classes().len()));
        // Writing takes long, as it waits for the disk.
        if bytes.len().is_multiple_of(16) {
            written_and_read(&table);
        }
    });
}

fn written_and_read(table: &FeatureTable) {
    for ending in [".csv", ".npz", ".parquet"] {
        with_file(ending, &[], |path| {
            match table.write(path) {
                Err(Error::NotStorable { .. }) => return,
                written => written.unwrap_or_else(|e| panic!("{ending} is not written: {e}")),
            }
            let read = FeatureTable::read(path);
            let read = read.unwrap_or_else(|e| panic!("{ending} is not read again: {e}"));
            assert_eq!(read.ids(), table.ids(), "{ending}");
            assert_eq!(read.feature_names(), table.feature_names(), "{ending}");
            let same = |(a, b): (&f32, &f32)| a == b || a.is_nan() && b.is_nan();
            assert!(
                read.features().iter().zip(table.features()).all(same),
                "{ending}"
            );
            let label = |table: &FeatureTable, row: usize| {
                Some(table.classes()[table.labels()?[row]].clone())
            };
            for row in 0..table.n_rows() {
                assert_eq!(label(&read, row), label(table, row), "{ending}");
            }
        });
    }
}

pub(crate) fn spectrograms(bytes: &[u8]) {
    with_file(".npz", bytes, |path| {
        if let Ok(read) = Spectrograms::read(path) {
            assert_eq!(read.images().dim().0, read.table().n_rows());
        }
    });
}

pub(crate) fn test_rows(bytes: &[u8]) {
    const ROWS: usize = 20;
    with_file(".txt", bytes, |path| {
        if let Ok(split) = Split::read_test_rows(path, ROWS) {
            assert!(!split.test.is_empty() && split.test.len() + split.train.len() == ROWS);
        }
    });
}

pub(crate) fn artists(bytes: &[u8]) {
    with_file(".txt", bytes, |path| drop(Artists::read(path)));
}
