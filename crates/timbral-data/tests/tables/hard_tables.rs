//! The folder `data/hard_tables` of `TIMBRAL_DATA` (default `../shared`): tables as people have them.

use std::io::Write as _;
use std::path::PathBuf;

use timbral_data::{FeatureTable, Notice, TableSchema};

fn hard_tables() -> Option<PathBuf> {
    let root = std::env::var_os("TIMBRAL_DATA").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into(),
        PathBuf::from,
    );
    let folder = root.join("data/hard_tables");
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no folder {}", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn tables_are_read_as_pandas_reads_them() {
    let Some(folder) = hard_tables() else { return };
    let read = |name: &str| FeatureTable::read(folder.join(name)).unwrap_or_else(|e| panic!("{e}"));
    // The same cells in every file of 200 rows.
    let genre = read("genre.csv");
    assert_eq!((genre.n_rows(), genre.n_features()), (200, 6));
    assert_eq!(genre.classes().len(), 10);
    for name in [
        "semi.csv",
        "tab.csv",
        "tab.tsv",
        "polars.parquet",
        "unnamed.csv",
        "length_f.csv",
    ] {
        let table = read(name);
        assert_eq!(table.features(), genre.features(), "{name}");
        assert_eq!(table.labels(), genre.labels(), "{name}");
        assert_eq!(table.ids(), genre.ids(), "{name}");
    }
    assert_eq!(read("length_f.csv").lengths().unwrap()[0], 661_794);
    assert!(matches!(
        read("unnamed.csv").notices(),
        [Notice::Index { column: 1, .. }]
    ));

    let filtered = read("filtered.parquet");
    assert_eq!((filtered.n_rows(), filtered.n_features()), (138, 6));
    assert!(matches!(filtered.notices(), [Notice::Index { .. }]));

    for name in ["bool.csv", "bool.parquet"] {
        let table = read(name);
        assert_eq!(table.n_features(), 7, "{name}");
        assert_eq!(table.features()[[0, 6]], 1.0);
        assert_eq!(table.features()[[1, 6]], 0.0);
    }
    for name in ["floatlabel.parquet", "intlab.npz"] {
        let table = read(name);
        let expected: Vec<String> = (0..10).map(|i| i.to_string()).collect();
        assert_eq!(table.classes(), expected, "{name}");
        assert_eq!(table.labels(), genre.labels(), "{name}");
    }
    for (name, row, feature) in [("null_cell.csv", 3, 2), ("missing_cell.csv", 0, 0)] {
        let table = read(name);
        let (at, column) = table.first_missing().unwrap();
        assert!(
            name == "missing_cell.csv" || (at, column) == (row, feature),
            "{at}, {column}"
        );
        let error = table.cell_error(at, column, "is missing").to_string();
        let place = format!("{name}, line {}, column {} (", at + 2, column + 2);
        assert!(error.contains(&place), "{error}");
    }
    let error = FeatureTable::read(folder.join("none_label.csv"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("none_label.csv, line 7, column 8 (\"label\"): \"None\" is missing"),
        "{error}"
    );

    assert_eq!(read("int12.csv").classes()[2], "2");
    let schema = TableSchema {
        label: Some("genre".into()),
        ..TableSchema::default()
    };
    assert_eq!(schema.read(folder.join("genre.csv")).unwrap(), genre);
    let error = schema
        .read(folder.join("base.csv"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no column \"genre\"; the columns are \"filename\""),
        "{error}"
    );
}
