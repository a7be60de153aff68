//! The error of every file in `malformed/`.

use std::collections::BTreeMap;
use std::io::{self, Read};

use timbral_data::{Error, FeatureTable, TableSchema};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tables/malformed");

/// File, and the error's text after the path.
const EXPECTED: &[(&str, &str)] = &[
    (
        "beyond_f32.csv",
        ", line 2, column 2 (\"tempo\"): \"3.5e38\" is infinite or beyond the range of 32 bits",
    ),
    (
        "binary.csv",
        ": a zip archive (a spreadsheet or .npz) under another name",
    ),
    ("blank_lines_only.csv", ": the table has no header"),
    ("byte_order_mark_only.csv", ": the table has no header"),
    (
        "column_twice.csv",
        ", header, column 4 (\"tempo\"): another column has this name",
    ),
    (
        "column_twice_but_for_spaces.csv",
        ", header, column 3 (\"tempo\"): another column has this name",
    ),
    (
        "decimal_comma.csv",
        ", line 2, column 2 (\"tempo\"): \"120,5\" is not a number; if the column is not a feature, leave it out with `TableSchema::ignore` (option --ignore)",
    ),
    ("empty.csv", ": the table has no header"),
    ("header_only.csv", ": the table has no rows"),
    ("header_without_line_end.csv", ": the table has no rows"),
    (
        "infinite.csv",
        ", line 3, column 2 (\"tempo\"): \"-inf\" is infinite or beyond the range of 32 bits",
    ),
    (
        "label_empty.csv",
        ", line 3, column 3 (\"label\"): \"\" is missing: every row must have one",
    ),
    (
        "label_nan.csv",
        ", line 2, column 3 (\"label\"): \"NaN\" is missing: every row must have one",
    ),
    (
        "latin1.csv",
        ", line 3: not UTF-8; save the file in that encoding",
    ),
    (
        "latin1_header.csv",
        ", line 1: not UTF-8; save the file in that encoding",
    ),
    (
        "latin1_in_quoted_lines.csv",
        ", line 4: not UTF-8; save the file in that encoding",
    ),
    (
        "length_fraction.csv",
        ", line 2, column 2 (\"length\"): \"66149.5\" is not a whole number of samples; if the column is something else, leave it out with `TableSchema::ignore` (option --ignore)",
    ),
    (
        "length_negative.csv",
        ", line 2, column 2 (\"length\"): \"-1\" is not a whole number of samples; if the column is something else, leave it out with `TableSchema::ignore` (option --ignore)",
    ),
    (
        "long_text.csv",
        ", line 2, column 2 (\"tempo\"): \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is not a number; if the column is not a feature, leave it out with `TableSchema::ignore` (option --ignore)",
    ),
    (
        "name_missing.csv",
        ", line 2, column 1 (\"filename\"): \" NA \" is missing: every row must have one",
    ),
    ("no_features.csv", ": the table has no feature columns"),
    (
        "nul_bytes.csv",
        ", line 2, column 1 (\"\\0\\0\\0\\0\"): \"\\0\\0\" is not a number; if the column is not a feature, leave it out with `TableSchema::ignore` (option --ignore)",
    ),
    (
        "number_with_unit.csv",
        ", line 2, column 2 (\"tempo\"): \"120 BPM\" is not a number; if the column is not a feature, leave it out with `TableSchema::ignore` (option --ignore)",
    ),
    ("quote_left_open.csv", ", line 3: 1 cells for 3 columns"),
    ("ragged_long.csv", ", line 2: 4 cells for 3 columns"),
    ("ragged_short.csv", ", line 3: 2 cells for 3 columns"),
    (
        "text_after_quoted_lines.csv",
        ", line 7, column 2 (\"tempo\"): \"1e\" is not a number; if the column is not a feature, leave it out with `TableSchema::ignore` (option --ignore)",
    ),
    (
        "text_column.csv",
        ", line 2, column 3 (\"mood\"): \"happy\" is not a number; if the column is not a feature, leave it out with `TableSchema::ignore` (option --ignore)",
    ),
    (
        "text_in_number.csv",
        ", line 5, column 3 (\"tempo\"): \"fast\" is not a number; if the column is not a feature, leave it out with `TableSchema::ignore` (option --ignore)",
    ),
    (
        "utf16_cut.csv",
        ", line 1: not UTF-8; save the file in that encoding",
    ),
];

#[test]
fn each_file_gives_its_error() {
    let mut expected: BTreeMap<&str, &str> = EXPECTED.iter().copied().collect();
    for file in std::fs::read_dir(FOLDER).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let error = FeatureTable::read(&path).expect_err(name).to_string();
        let text = error.strip_prefix(path.to_str().unwrap()).unwrap();
        assert_eq!(expected.remove(name), Some(text), "{name}");
    }
    assert!(expected.is_empty(), "no such files: {expected:?}");
}

/// A header, then `line` repeatedly, for `left` bytes, generated in memory.
struct Endless {
    header: &'static [u8],
    byte: u8,
    left: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.header.is_empty() {
            return self.header.read(buffer);
        }
        let n = self.left.min(buffer.len() as u64) as usize;
        buffer[..n].fill(self.byte);
        self.left -= n as u64;
        Ok(n)
    }
}

#[test]
fn a_line_of_two_gigabytes_is_refused_after_sixteen_megabytes() {
    const LENGTH: u64 = 2 << 30;
    const LIMIT: u64 = 16 << 20;
    for (header, byte, line) in [
        (&b""[..], b'x', 1),
        (b"x,y\n\n1,2\n3,4\r\n\n", b'0', 6),
        (b"x,y\n1,2\n", b',', 3),
        // A quote left open: every following line is part of the cell.
        (b"x,y\n1,2\n\"", b'\n', 3),
    ] {
        let mut text = Endless {
            header,
            byte,
            left: LENGTH,
        };
        let error = TableSchema::default()
            .read_csv_from(&mut text, "long.csv")
            .unwrap_err();
        let expected = format!(
            "long.csv, line {line}: a record of more than 16777216 bytes; is a quote left open?"
        );
        assert_eq!(error.to_string(), expected);
        // Bytes beyond the limit are in buffers.
        assert!(LENGTH - text.left < LIMIT + (1 << 16), "{}", text.left);
    }
}

#[test]
fn an_error_of_the_source_is_an_io_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let text = b"x\n1\n".chain(Broken);
    let error = TableSchema::default().read_csv_from(text, "a.csv");
    assert_eq!(error.unwrap_err().to_string(), "a.csv: the disk is gone");
}

#[test]
fn a_folder_or_missing_file_is_an_io_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder.csv")).unwrap();
    for name in ["folder.csv", "absent.csv"] {
        let path = folder.path().join(name);
        assert!(matches!(FeatureTable::read(&path), Err(Error::Io { .. })));
        assert!(matches!(
            FeatureTable::read_csv(&path),
            Err(Error::Io { .. })
        ));
    }
}

#[test]
fn columns_of_the_schema_must_exist() {
    let name = || Some("genre".to_owned());
    let default = TableSchema::default;
    for schema in [
        TableSchema {
            id: name(),
            ..default()
        },
        TableSchema {
            label: name(),
            ..default()
        },
        TableSchema {
            group: name(),
            ..default()
        },
        TableSchema {
            ignore: vec!["genre".into()],
            ..default()
        },
        TableSchema {
            features: Some(vec!["genre".into()]),
            ..default()
        },
    ] {
        let error = schema
            .read_csv_from(&b"x,label\n1,a\n"[..], "t.csv")
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "t.csv: no column \"genre\"; the columns are \"x\", \"label\"",
            "{schema:?}"
        );
    }
}

#[test]
fn a_column_has_one_role() {
    let x = || vec!["x".to_owned()];
    let default = TableSchema::default;
    for schema in [
        TableSchema {
            features: Some(vec!["x".into(), "x".into()]),
            ..default()
        },
        TableSchema {
            features: Some(x()),
            ignore: x(),
            ..default()
        },
        TableSchema {
            id: Some("x".into()),
            label: Some("x".into()),
            ..default()
        },
    ] {
        let error = schema.read_csv_from(&b"x,y\n1,2\n"[..], "t.csv");
        assert_eq!(
            error.unwrap_err().to_string(),
            "schema = x: the column is named twice, or in two roles"
        );
    }
}
