//! The published GTZAN tables, if they are present.

use std::io::Write as _;
use std::path::PathBuf;

use timbral_data::FeatureTable;

use crate::same;

fn gtzan(name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("TIMBRAL_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = data.join("data/gtzan").join(name);
    if !path.exists() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: {} is not there; set TIMBRAL_DATA",
            path.display()
        );
        return None;
    }
    Some(path)
}

/// Every cell against the text of the file, which is split at commas.
#[test]
fn written_as_published() {
    for (name, n_recordings) in [
        ("features_3_sec.csv", None),
        ("features_30_sec.csv", Some(1000)),
    ] {
        let Some(path) = gtzan(name) else { return };
        let table = FeatureTable::read(&path).unwrap();
        assert_eq!((table.n_features(), table.classes().len()), (57, 10));
        if let Some(n) = n_recordings {
            assert_eq!((table.n_rows(), table.n_groups()), (n, n));
        } else {
            assert!(table.n_groups() <= 1000 && table.n_rows() > 9 * table.n_groups());
        }

        let folder = tempfile::tempdir().unwrap();
        for format in FORMATS {
            let copy = folder.path().join("table").with_extension(format);
            table.write(&copy).unwrap();
            same(&table, &FeatureTable::read(&copy).unwrap());
        }

        let theirs = std::fs::read_to_string(&path).unwrap();
        let ours = std::fs::read_to_string(folder.path().join("table.csv")).unwrap();
        let (theirs, ours): (Vec<_>, Vec<_>) = (theirs.lines().collect(), ours.lines().collect());
        assert_eq!(ours[0], theirs[0]);
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs).skip(1) {
            let ours: Vec<&str> = ours.split(',').collect();
            let theirs: Vec<&str> = theirs.split(',').collect();
            assert_eq!(ours.len(), 60);
            assert_eq!(ours[..2], theirs[..2]);
            assert_eq!(ours[59], theirs[59]);
            let bits = |t: &&str| t.parse::<f32>().unwrap().to_bits();
            assert!(
                ours[2..59]
                    .iter()
                    .map(bits)
                    .eq(theirs[2..59].iter().map(bits))
            );
        }
    }
}

const FORMATS: &[&str] = &[
    "csv",
    #[cfg(feature = "npy")]
    "npz",
    #[cfg(feature = "parquet")]
    "parquet",
];
