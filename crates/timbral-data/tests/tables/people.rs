//! Tables as pandas, polars, NumPy and spreadsheets write them (`golden/people.py`), in small cases.

use std::io::Write;

use ndarray::array;
use timbral_data::{Error, FeatureTable, Result, TableSchema};

fn read(text: &str) -> Result<FeatureTable> {
    TableSchema::default().read_csv_from(text.as_bytes(), "t.csv")
}

fn notices(table: &FeatureTable) -> Vec<String> {
    table.notices().iter().map(ToString::to_string).collect()
}

#[test]
fn every_missing_word_of_pandas_is_missing() {
    for word in [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
    ] {
        let table = read(&format!("filename,x,label\na,{word},pop\n")).unwrap();
        assert!(table.features()[[0, 0]].is_nan(), "{word}");
        assert_eq!(table.first_missing(), Some((0, 0)));
        let error = read(&format!("filename,x,label\na,1,pop\nb,1,{word}\n")).unwrap_err();
        let expected = format!(
            "t.csv, line 3, column 3 (\"label\"): \"{word}\" is missing: every row must have one"
        );
        assert_eq!(error.to_string(), expected);
    }
    let error = read("x\nnone\n").unwrap_err();
    assert!(
        error.to_string().contains("\"none\" is not a number"),
        "{error}"
    );
}

#[test]
fn booleans_are_numbers() {
    let table = read("a,b\nTrue,false\nFALSE,TRUE\n,true\n").unwrap();
    assert_eq!(
        table.features().slice(ndarray::s![..2, ..]),
        array![[1.0, 0.0], [0.0, 1.0]]
    );
    assert!(table.features()[[2, 0]].is_nan());
}

#[test]
fn class_numbers_are_sorted_as_numbers() {
    let text: String = (0..12).rev().map(|i| format!("1,{i}\n")).collect();
    let table = read(&format!("x,label\n{text}")).unwrap();
    let expected: Vec<String> = (0..12).map(|i| i.to_string()).collect();
    assert_eq!(table.classes(), expected);
    assert_eq!(table.labels().unwrap()[0], 11);
    // pandas writes a point where a label was missing once.
    let table = read("x,label\n1,3.0\n1,10.0\n").unwrap();
    assert_eq!(table.classes(), ["3", "10"]);
}

#[test]
fn lengths_may_have_a_point_or_be_missing() {
    let table = read("x,length\n1,661794.0\n1,7\n").unwrap();
    assert_eq!(table.lengths(), Some(&[661_794, 7][..]));
    let table = read("x,length\n1,661794.0\n1,\n").unwrap();
    assert_eq!(table.lengths(), None);
    assert_eq!(notices(&table), ["some lengths are missing: none are used"]);
}

#[test]
fn other_separators_are_found() {
    let expected = read("filename,x,label\na,1.5,pop\nb,2,rock\n").unwrap();
    for text in [
        "filename;x;label\na;1.5;pop\nb;2;rock\n",
        "filename;x;label\r\na;1,5;pop\r\nb;2;rock\r\n",
        "filename\tx\tlabel\na\t1.5\tpop\nb\t2\trock\n",
        "filename|x|label\na|1.5|pop\nb|2|rock\n",
        "\u{feff}\"filename\";\"x\";\"label\"\n\"a\";\"1,5\";\"pop\"\nb;2;rock\n",
    ] {
        assert_eq!(read(text).unwrap(), expected, "{text}");
    }
    let error = read("filename;x;label\na;1.000,5;pop\n").unwrap_err();
    assert!(
        error.to_string().contains("\"1.000,5\" is not a number"),
        "{error}"
    );
}

#[test]
fn indices_are_left_out_with_a_notice() {
    for (text, column) in [
        (
            "Unnamed: 0,x,label\n0,5,pop\n1,6,rock\n",
            "column 1 (\"Unnamed: 0\")",
        ),
        (
            "Unnamed: 0.1,x,label\n9,5,pop\n1,6,rock\n",
            "column 1 (\"Unnamed: 0.1\")",
        ),
        (",x,label\n0,5,pop\n1,6,rock\n", "column 1 (\"\")"),
        (
            "x,__index_level_0__,label\n5,3,pop\n6,1,rock\n",
            "column 2 (\"__index_level_0__\")",
        ),
        ("index,x,label\n3,5,pop\n7,6,rock\n", "column 1 (\"index\")"),
        (
            "x,Unnamed: 1,label\n5,,pop\n6,,rock\n",
            "column 2 (\"Unnamed: 1\")",
        ),
    ] {
        let table = read(text).unwrap();
        assert_eq!(table.feature_names(), ["x"], "{text}");
        assert_eq!(table.features(), array![[5.0], [6.0]]);
        assert_eq!(table.ids(), ["0", "1"]);
        let notice = format!("{column} is an index of the rows, not a feature: left out");
        assert_eq!(notices(&table), [notice], "{text}");
    }
    // An index of texts has the names, unless there is another column of them.
    let table = read(",x\na.wav,5\nb.wav,6\n").unwrap();
    assert_eq!(table.ids(), ["a.wav", "b.wav"]);
    assert_eq!(
        notices(&table),
        ["column 1 (\"\") has the names of the rows"]
    );
    // A feature that happens to be called so, or one that is asked for, stays.
    let table = read("index,x\n3,5\n1,6\n").unwrap();
    assert_eq!(table.feature_names(), ["index", "x"]);
    let schema = TableSchema {
        features: Some(vec!["index".into(), "Unnamed: 0".into()]),
        ..TableSchema::default()
    };
    let text = "index,Unnamed: 0,x\n0,0,5\n1,1,6\n";
    let table = schema.read_csv_from(text.as_bytes(), "t.csv").unwrap();
    assert_eq!(table.feature_names(), ["index", "Unnamed: 0"]);
    let error = read("index,label\n0,pop\n1,rock\n").unwrap_err();
    assert_eq!(error.to_string(), "t.csv: the table has no feature columns");
}

#[test]
fn columns_of_usual_names_have_their_roles() {
    for name in ["genre", "Genre", "CLASS", "target", "labels", "y", "Label"] {
        let table = read(&format!("file,tempo,{name}\nb.wav,5,pop\na.wav,6,rock\n")).unwrap();
        assert_eq!(table.classes(), ["pop", "rock"], "{name}");
        assert_eq!(table.ids(), ["b.wav", "a.wav"]);
        assert_eq!(
            notices(&table),
            [
                "column 1 (\"file\") has the names of the rows".to_owned(),
                format!("column 3 ({name:?}) has the labels"),
            ]
        );
    }
    // Next to x, y is a feature; `label` comes first; what is ignored has no role.
    assert_eq!(read("x,y\n1,2\n").unwrap().labels(), None);
    let table = read("label,target\npop,2\n").unwrap();
    assert_eq!(table.feature_names(), ["target"]);
    let schema = TableSchema {
        ignore: vec!["label".into()],
        ..TableSchema::default()
    };
    let table = schema
        .read_csv_from("label,genre,x\n0,pop,2\n".as_bytes(), "t.csv")
        .unwrap();
    assert_eq!(table.classes(), ["pop"]);
}

#[test]
fn a_bad_cell_is_named_by_its_place_after_rows_were_selected() {
    let table = read("filename,x,a_var\na,1,1\n\nb,2,-3\nc,,4\n").unwrap();
    let part = table.select(&[2, 1]).unwrap();
    assert_eq!(
        part.cell_error(0, 0, "is missing").to_string(),
        "t.csv, line 5, column 2 (\"x\"): \"NaN\" is missing"
    );
    let params = timbral_data::ScalerParams {
        log_variances: Some(1e-10),
        ..Default::default()
    };
    let error = params.fit(&part, &[0, 1]).unwrap_err().to_string();
    assert_eq!(
        error,
        "t.csv, line 4, column 3 (\"a_var\"): \"-3\" a variance is not negative"
    );
}

#[test]
fn files_of_other_kinds_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, expected) in [
        ("t.xlsx", &b""[..], "spreadsheet"),
        ("t.feather", b"", "Arrow or Feather"),
        ("t.pkl", b"", "pickle"),
        ("t.json", b"", "JSON"),
        ("t.npy", b"", "np.savez"),
        ("t.csv.zst", b"", "compressed"),
        ("t.gz", b"", "end in .csv"),
        ("t.csv", b"PAR1\0\0", "a Parquet file under another name"),
        ("t.tsv", b"PK\x03\x04", "a zip archive"),
        ("t.csv", b"\x1f\x8b\x08\0", "compressed by gzip"),
        ("t.csv", b"ARROW1\0\0", "Arrow or Feather"),
    ] {
        let path = folder.path().join(name);
        std::fs::File::create(&path)
            .unwrap()
            .write_all(bytes)
            .unwrap();
        let error = FeatureTable::read(&path).unwrap_err();
        assert!(
            matches!(error, Error::TableFormat { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(expected), "{name}: {error}");
    }
}

/// Files of `golden/people.py`.
#[cfg(all(feature = "gzip", feature = "npy", feature = "parquet"))]
mod files {
    use super::*;

    fn file(name: &str) -> Result<FeatureTable> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/people/");
        FeatureTable::read(format!("{folder}{name}"))
    }

    /// The three rows that most of the files have.
    fn rows() -> FeatureTable {
        read("filename,tempo,flag,label\na.wav,98.5,1,jazz\nb.wav,,0,jazz\nc.wav,120,1,rock\n")
            .unwrap()
    }

    fn same(a: &FeatureTable, b: &FeatureTable) {
        let bits = |t: &FeatureTable| t.features().mapv(f32::to_bits);
        assert_eq!(bits(a), bits(b));
        assert_eq!((a.ids(), a.classes()), (b.ids(), b.classes()));
        assert_eq!(a.labels(), b.labels());
        assert_eq!(a.feature_names(), b.feature_names());
    }

    #[test]
    fn of_any_codec() {
        for name in [
            "none.parquet",
            "gzip.parquet",
            "lz4.parquet",
            "zstd.parquet",
            "polars.parquet",
            "polars_lz4.parquet",
            "indexed.parquet",
            "pandas.csv.gz",
            "pandas.csv",
            "polars.tsv",
        ] {
            let table = file(name).unwrap_or_else(|e| panic!("{e}"));
            same(&table, &rows());
            let n_notices = usize::from(name.starts_with("pandas"));
            assert_eq!(
                table.notices().len(),
                n_notices,
                "{name}: {:?}",
                table.notices()
            );
        }
        let error = file("brotli.parquet").unwrap_err().to_string();
        assert!(
            error.contains("not supported: Parquet compressed by BROTLI"),
            "{error}"
        );
        assert!(error.contains("compression=\"snappy\""), "{error}");
    }

    #[test]
    fn indices_of_pandas_are_left_out() {
        let table = file("filtered.parquet").unwrap();
        same(&table, &rows().select(&[0, 2, 1]).unwrap());
        let left_out =
            "column 5 (\"__index_level_0__\") is an index of the rows, not a feature: left out";
        assert_eq!(notices(&table), [left_out]);
        let table = file("numbered.parquet").unwrap();
        same(&table, &rows());
        assert!(
            notices(&table)[0].contains("\"number\""),
            "{:?}",
            table.notices()
        );
    }

    #[test]
    fn pages_of_version_2_by_zstd() {
        let table = file("pages.parquet").unwrap();
        assert_eq!(table.n_rows(), 3000);
        let expected: Vec<String> = (0..11).map(|i| i.to_string()).collect();
        assert_eq!(table.classes(), expected);
        for row in 0..3000 {
            assert_eq!(table.features()[[row, 0]], ((row % 97) as f64 / 7.0) as f32);
            assert_eq!(table.labels().unwrap()[row], row % 11);
        }
    }

    #[test]
    fn arrays_of_any_type() {
        let table = file("numbers.npz").unwrap();
        assert_eq!(table.feature_names(), ["f0", "f1"]);
        assert_eq!(table.features(), array![[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(table.classes(), ["2", "10"]);
        let table = file("types.npz").unwrap();
        assert_eq!(
            (table.feature_names(), table.features()[[0, 0]]),
            (&["x".to_owned()][..], 1.5)
        );
        assert!(table.features()[[1, 0]].is_nan());
        assert_eq!(table.ids(), ["a", "é"]);
        assert_eq!(table.classes(), ["False", "True"]);
        assert_eq!(table.lengths(), Some(&[5, 6][..]));
        let error = file("objects.npz").unwrap_err().to_string();
        assert!(
            error.contains("array \"labels\" has Python objects"),
            "{error}"
        );
    }
}
