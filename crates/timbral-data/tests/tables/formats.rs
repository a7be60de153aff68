//! Parquet and NumPy tables: written by pyarrow and NumPy (`golden/tables.py`), and damaged ones.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use proptest::prelude::*;
use timbral_data::{FeatureTable, TableSchema};

use crate::csv::tables;
use crate::same;

fn golden() -> FeatureTable {
    let text = "filename,length,a_mean,b_mean,count,label\n\
        blues.00000.0.wav,66149,0.1,0.1,1,blues\n\
        blues.00000.1.wav,66148,-0.0,,-2,blues\n\
        été.00001.0.wav,7,,-2.5,3,pop\n";
    TableSchema::default()
        .read_csv_from(text.as_bytes(), "golden.csv")
        .unwrap()
}

fn written(table: &FeatureTable, extension: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t").with_extension(extension);
    table.write(&path).unwrap();
    same(table, &FeatureTable::read(&path).unwrap());
    std::fs::read(&path).unwrap()
}

fn schema_applies(path: &Path) {
    let schema = TableSchema {
        ignore: vec!["label".into()],
        features: Some(vec!["count".into(), "length".into()]),
        ..TableSchema::default()
    };
    let table = schema.read(path).unwrap();
    let expected = ndarray::array![[1.0, 66149.0], [-2.0, 66148.0], [3.0, 7.0]];
    assert_eq!(table.features(), expected);
    assert_eq!((table.labels(), table.lengths()), (None, None));
    assert_eq!(table.group_names(), ["blues.00000", "été.00001"]);
}

/// Every truncated file is an error; files with a changed byte are read or refused, without a panic.
fn damaged(extension: &str, whole: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t").with_extension(extension);
    std::fs::write(&path, whole).unwrap();
    // In place: rewriting the file each time takes a hundred times longer.
    let mut file = File::options().write(true).open(&path).unwrap();
    let mut put = |i: usize, byte: u8| {
        file.seek(SeekFrom::Start(i as u64)).unwrap();
        file.write_all(&[byte]).unwrap();
    };
    for (i, byte) in whole.iter().enumerate() {
        put(i, !byte);
        let _ = FeatureTable::read(&path);
        put(i, *byte);
    }
    FeatureTable::read(&path).unwrap();
    for end in (0..whole.len()).rev() {
        file.set_len(end as u64).unwrap();
        assert!(FeatureTable::read(&path).is_err(), "{end}");
    }
}

#[cfg(feature = "npy")]
mod npz {
    use super::*;

    const NUMPY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/table.npz");

    #[test]
    fn of_numpy() {
        same(&FeatureTable::read(NUMPY).unwrap(), &golden());
        schema_applies(Path::new(NUMPY));
    }

    #[test]
    fn damaged_ones() {
        damaged("npz", &std::fs::read(NUMPY).unwrap());
        damaged("npz", &written(&golden(), "npz"));
    }

    proptest! {
        #[test]
        fn written_is_read_back(table in tables()) {
            written(&table, "npz");
        }
    }
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::*;

    const PYARROW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/table.parquet");

    #[test]
    fn of_pyarrow() {
        same(&FeatureTable::read(PYARROW).unwrap(), &golden());
        schema_applies(Path::new(PYARROW));
    }

    #[test]
    fn damaged_ones() {
        damaged("parquet", &std::fs::read(PYARROW).unwrap());
        damaged("parquet", &written(&golden(), "parquet"));
    }

    proptest! {
        #[test]
        fn written_is_read_back(table in tables()) {
            written(&table, "parquet");
        }
    }
}

#[test]
fn artists_and_albums_are_read_back_from_every_format() {
    let text = "filename,x,Artist,album,label\na.wav,1,Ann & Co,Hot,jazz\nb.wav,2,,Cold,pop\nc.wav,3,NA,,pop\n";
    let table = TableSchema::default().read_csv_from(text.as_bytes(), "t.csv");
    let table = table.unwrap();
    assert_eq!(table.feature_names(), ["x"]);
    assert_eq!(table.artists().unwrap(), ["Ann & Co", "", ""]);
    assert_eq!(table.albums().unwrap(), ["Hot", "Cold", ""]);
    for extension in ["csv", "parquet", "npz"] {
        written(&table, extension);
    }
    // As the group they are as before, and a feature may have that name if it is asked for.
    let schema = TableSchema {
        group: Some("Artist".into()),
        ignore: vec!["album".into()],
        ..TableSchema::default()
    };
    let text = text.replace(",,Cold", ",Bob,Cold").replace("NA", "Cy");
    let by_artist = schema.read_csv_from(text.as_bytes(), "t.csv").unwrap();
    assert_eq!(by_artist.group_names(), ["Ann & Co", "Bob", "Cy"]);
    assert_eq!((by_artist.artists(), by_artist.albums()), (None, None));
}
