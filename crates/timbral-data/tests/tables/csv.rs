//! Reading and writing of CSV tables.

use ndarray::Array2;
use proptest::prelude::*;
use timbral_data::{Error, FeatureTable, TableSchema, recording_of};

use crate::same;

fn read(text: &str) -> FeatureTable {
    TableSchema::default()
        .read_csv_from(text.as_bytes(), "t.csv")
        .unwrap()
}

fn bits(table: &FeatureTable) -> Vec<u32> {
    table.features().iter().map(|x| x.to_bits()).collect()
}

#[test]
fn published_schema() {
    let table = read(
        "filename,length,a_mean,a_var,label\n\
         blues.00000.0.wav,66149,0.5,1e-3,blues\n\
         blues.00000.1.wav,66148,-0.0,,blues\n\
         pop.00007.0.wav,66149,NA,NaN,pop\n",
    );
    assert_eq!(table.feature_names(), ["a_mean", "a_var"]);
    let nan = f32::NAN.to_bits();
    let expected = [0.5f32, 1e-3, -0.0].map(f32::to_bits);
    assert_eq!(bits(&table), [&expected[..], &[nan; 3]].concat());
    assert_eq!(table.lengths(), Some(&[66_149, 66_148, 66_149][..]));
    assert_eq!(table.classes(), ["blues", "pop"]);
    assert_eq!(table.labels(), Some(&[0, 0, 1][..]));
    assert_eq!(table.group_names(), ["blues.00000", "pop.00007"]);
    assert_eq!(table.groups(), [0, 0, 1]);
}

/// As Excel saves "Unicode text": UTF-16, with a byte order mark and tabs.
#[test]
fn utf_16_is_read_by_its_byte_order_mark() {
    // A note out of a pair of units, and more than is looked at for the separator.
    let row = |i: usize| format!("\u{1d11e}é{i}.wav,{i}.5,pop\n");
    let text = "filename,x,label\n".to_owned() + &(0..3000).map(row).collect::<String>();
    let table = read(&text);
    let orders: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];
    for (order, text) in orders.into_iter().zip([text.replace(',', "\t"), text]) {
        let units: Vec<u16> = format!("\u{feff}{text}").encode_utf16().collect();
        let mut bytes: Vec<u8> = units.into_iter().flat_map(order).collect();
        let read = |bytes: &[u8]| TableSchema::default().read_csv_from(bytes, "t.csv");
        same(&table, &read(&bytes).unwrap());
        // Half a unit at the end, on the line after the last.
        bytes.push(b'x');
        let error = read(&bytes).unwrap_err();
        assert!(
            matches!(error, Error::NotUtf8 { line: 3002, .. }),
            "{error}"
        );
    }
}

#[test]
fn formatting_does_not_matter() {
    let plain = "filename,length,x,y,label\na.wav,3,1.5,nan,pop\nb.wav,4,-2,7,rock\n";
    let table = read(plain);
    for text in [
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\n\n"),
        plain.replace(',', " , "),
        plain.trim_end().to_owned(),
        plain.replace("1.5", "\"1.5\"").replace("pop", "\"pop\""),
        plain.replace("nan", "NA").replace("-2", "-2e0"),
        "label,y,length,x,filename\npop,,3,1.5,a.wav\nrock,7,4,-2,b.wav\n".to_owned(),
    ] {
        let schema = TableSchema {
            features: Some(vec!["x".into(), "y".into()]),
            ..TableSchema::default()
        };
        let other = schema.read_csv_from(text.as_bytes(), "t.csv").unwrap();
        same(&table, &other);
    }
}

#[test]
fn columns_may_be_absent_or_chosen() {
    let table = read("x\n1\n2\n");
    assert_eq!(table.ids(), ["0", "1"]);
    assert_eq!((table.labels(), table.lengths()), (None, None));
    assert_eq!(table.n_groups(), 2);

    let text = ",filename,label,group,length,x,note\n7,a.00000.0.wav,pop,g,3,1,hm\n8,a.00000.1.wav,pop,h,4,2,\n";
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let schema = TableSchema {
        ignore: names(&["", "label", "group", "length", "note"]),
        ..TableSchema::default()
    };
    let table = schema.read_csv_from(text.as_bytes(), "t.csv").unwrap();
    assert_eq!(table.feature_names(), ["x"]);
    assert_eq!((table.labels(), table.lengths()), (None, None));
    assert_eq!(table.group_names(), ["a.00000"]);

    let schema = TableSchema {
        features: Some(names(&["x", "length"])),
        ..TableSchema::default()
    };
    let table = schema.read_csv_from(text.as_bytes(), "t.csv").unwrap();
    assert_eq!(table.features(), ndarray::array![[1.0, 3.0], [2.0, 4.0]]);
    assert_eq!(table.lengths(), None);
    assert_eq!(table.group_names(), ["g", "h"]);
}

/// Decimals next to the midpoint of two `f32`: rounding to `f64` first gives the wrong one.
#[test]
fn decimals_are_rounded_once() {
    let table =
        read("x\n1.00000005960464477539062500000001\n1.000000059604644775390625\n7.1e-46\n");
    let expected = [1.0 + f32::EPSILON, 1.0, f32::from_bits(1)];
    assert_eq!(bits(&table), expected.map(f32::to_bits));
}

#[test]
fn tables_that_would_read_back_differently_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let table = |name: &str, x: f32, id: &str, label: &str| {
        FeatureTable::new(vec![name.into()], ndarray::array![[x]], vec![id.into()])
            .and_then(|t| t.with_labels([label]))
            .unwrap()
    };
    table("x", 1.0, "a", "pop").write_csv(&path).unwrap();
    for (table, text) in [
        (
            table("label", 1.0, "a", "pop"),
            "feature \"label\" is the name of another column",
        ),
        (
            table("", 1.0, "a", "pop"),
            "feature \"\" is empty, or has spaces around it or a NUL in it",
        ),
        (
            table("x", f32::INFINITY, "a", "pop"),
            "value \"inf\" is infinite",
        ),
        (
            table("x", 1.0, " a", "pop"),
            "id \" a\" is empty, or has spaces around it or a NUL in it",
        ),
        (
            table("x", 1.0, "a", "NA"),
            "class \"NA\" means a missing value",
        ),
        (
            table("x", 1.0, "a", "pop").with_groups([""]).unwrap(),
            "group \"\" is empty, or has spaces around it or a NUL in it",
        ),
        (
            table("x", 1.0, "a", "pop").select(&[]).unwrap(),
            "the table has no rows",
        ),
        (
            FeatureTable::new(vec![], Array2::zeros((1, 0)), vec!["a".into()]).unwrap(),
            "the table has no feature columns",
        ),
    ] {
        let error = table.write_csv(&path).unwrap_err().to_string();
        assert_eq!(error, format!("{}: {text}", path.display()));
        // The earlier table stays.
        assert_eq!(FeatureTable::read(&path).unwrap().classes(), ["pop"]);
    }
    for (name, text) in [
        ("t.txt", "end in .csv"),
        ("csv", "end in .csv"),
        ("t", "end in .csv"),
    ] {
        let error = table("x", 1.0, "a", "pop")
            .write(folder.path().join(name))
            .unwrap_err();
        assert!(matches!(error, Error::TableFormat { .. }));
        assert!(error.to_string().contains(text), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A text that a table file can hold.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 ,\"'\n\r\té.]{0,12}".prop_map(|t| format!("x{}y", t))
}

pub(crate) fn tables() -> impl Strategy<Value = FeatureTable> {
    let number = any::<u32>()
        .prop_map(f32::from_bits)
        .prop_map(|x| if x.is_finite() { x } else { f32::NAN });
    (1..6usize, 1..4usize).prop_flat_map(move |(n, f)| {
        let texts = || prop::collection::vec(text(), n);
        (
            prop::collection::hash_set(text(), f),
            prop::collection::vec(number.clone(), n * f),
            texts(),
            prop::option::of(prop::collection::vec(any::<u64>(), n)),
            prop::option::of(texts()),
            prop::option::of(texts()),
        )
            .prop_map(move |(names, numbers, ids, lengths, labels, groups)| {
                let features = Array2::from_shape_vec((n, f), numbers).unwrap();
                let recordings: Vec<String> =
                    ids.iter().map(|id| recording_of(id).to_owned()).collect();
                let mut table =
                    FeatureTable::new(names.into_iter().collect(), features, ids).unwrap();
                table = table.with_groups(groups.unwrap_or(recordings)).unwrap();
                if let Some(lengths) = lengths {
                    table = table.with_lengths(lengths).unwrap();
                }
                if let Some(labels) = labels {
                    table = table.with_labels(labels).unwrap();
                }
                table
            })
    })
}

proptest! {
    #[test]
    fn written_is_read_back(table in tables()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        table.write(&path).unwrap();
        same(&table, &FeatureTable::read(&path).unwrap());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = TableSchema::default().read_csv_from(&bytes[..], "t.csv");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a,\"\r\n1.e-]{0,40}") {
        let _ = TableSchema::default().read_csv_from(text.as_bytes(), "t.csv");
    }
}
