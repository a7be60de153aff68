use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use timbral_core::write_atomic;
use zip::{ZipArchive, ZipWriter};

use super::cell::Cell;
use super::feature_table::FeatureTable;
use super::npy::{Items, add, add_texts, unpack};
use super::reader::TableReader;
use super::schema::{ALBUM, ARTIST, GROUP, ID, LABEL, LENGTH, TableSchema};
use super::stored::Stored;
use crate::error::{Error, Place, Result, at};

/// Arrays without objects, as `numpy.load(path, allow_pickle=False)` reads them.
pub(crate) fn write(table: &FeatureTable, path: &Path) -> Result<()> {
    let stored = Stored::new(table, path)?;
    let write = write_atomic(path, |file| {
        let mut zip = ZipWriter::new(BufWriter::new(file));
        let (n, f) = table.features().dim();
        let features = table.features().into_iter().flat_map(|x| x.to_le_bytes());
        let shape = format!("({n}, {f})");
        add(&mut zip, "features", "<f4", &shape, features)?;
        let names = table.feature_names().iter().map(String::as_str);
        add_texts(&mut zip, "feature_names", &names.collect::<Vec<_>>())?;
        let ids = table.ids().iter().map(String::as_str);
        add_texts(&mut zip, "ids", &ids.collect::<Vec<_>>())?;
        if let Some(lengths) = stored.lengths {
            let bytes = lengths.iter().flat_map(|n| n.to_le_bytes());
            add(&mut zip, "lengths", "<u8", &format!("({n},)"), bytes)?;
        }
        let groups = table.groups().iter().map(|g| &*table.group_names()[*g]);
        add_texts(&mut zip, "groups", &groups.collect::<Vec<_>>())?;
        let texts = [
            ("artists", &stored.artists),
            ("albums", &stored.albums),
            ("labels", &stored.labels),
        ];
        for (name, texts) in texts {
            if let Some(texts) = texts {
                add_texts(&mut zip, name, texts)?;
            }
        }
        zip.finish()?.flush()
    });
    write.map_err(at(path))
}

pub(crate) fn read(schema: &TableSchema, file: File, path: &Path) -> Result<FeatureTable> {
    let malformed = |reason: String| Error::Malformed {
        path: path.to_owned(),
        reason: format!("not a NumPy table: {reason}"),
    };
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|e| malformed(e.to_string()))?;
    let mut array = |name: &str| unpack(&mut zip, name).map_err(&malformed);
    // The names of this crate, then scikit-learn's.
    let features = match array("features")? {
        Some(features) => features,
        None => array("X")?
            .ok_or_else(|| malformed("there is no array \"features\" or \"X\"".into()))?,
    };
    let (numbers, n, f) = features.matrix().map_err(&malformed)?;
    let names = match array("feature_names")? {
        Some(names) => names.texts(f).map_err(&malformed)?,
        None => (0..f).map(|feature| format!("f{feature}")).collect(),
    };
    let mut others: Vec<(&str, Items)> = Vec::new();
    for (name, column) in [
        ("ids", ID),
        ("lengths", LENGTH),
        ("groups", GROUP),
        ("artists", ARTIST),
        ("albums", ALBUM),
        ("labels", LABEL),
        ("y", LABEL),
    ] {
        if others.iter().any(|(taken, _)| *taken == column) {
            continue;
        }
        if let Some(array) = array(name)? {
            others.push((column, array.column(n).map_err(&malformed)?));
        }
    }
    let columns = names.iter().map(String::as_str);
    let columns = columns.chain(others.iter().map(|(column, _)| *column));
    let mut table = TableReader::new(path, schema, columns, &[])?;
    for row in 0..n {
        let numbers = numbers[row * f..][..f].iter();
        let cells: Vec<Cell<'_>> = numbers
            .map(|x| Cell::Number((*x).into()))
            .chain(others.iter().map(|(_, items)| items.cell(row)))
            .collect();
        table.push(Place::Row(row as u64 + 1), cells.into_iter())?;
    }
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Entry<'a> = (&'a str, &'a str, &'a str, &'a [u8]);

    /// The error of reading a table of these arrays, without the path.
    fn refused(arrays: &[Entry<'_>]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.npz");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for (name, descr, shape, data) in arrays {
            add(&mut zip, name, descr, shape, data.iter().copied()).unwrap();
        }
        zip.finish().unwrap();
        let error = FeatureTable::read(&path).unwrap_err().to_string();
        error
            .strip_prefix(path.to_str().unwrap())
            .unwrap()
            .to_owned()
    }

    #[test]
    fn names_of_scikit_learn_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.npz");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        let two = [0.5f32, 2.0].map(f32::to_le_bytes).concat();
        add(&mut zip, "X", "<f4", "(2, 1)", two.into_iter()).unwrap();
        add(&mut zip, "y", "|u1", "(2,)", [3, 7].into_iter()).unwrap();
        zip.finish().unwrap();
        let table = FeatureTable::read(&path).unwrap();
        assert_eq!(table.features().as_slice(), Some(&[0.5, 2.0][..]));
        assert_eq!(table.classes(), ["3", "7"]);
    }

    #[test]
    fn arrays_must_fit() {
        let features: Entry<'_> = ("features", "<f4", "(1, 1)", &[0, 0, 128, 63]);
        let names: Entry<'_> = ("feature_names", "<U1", "(1,)", b"x\0\0\0");
        for (arrays, text) in [
            (&[names][..], "there is no array \"features\" or \"X\""),
            (&[names], "there is no array \"features\" or \"X\""),
            (
                &[("features", "|O", "(1, 1)", b"\0\0\0\0"), names],
                "array \"features\" has Python objects, which only Python can read; write it as `x.astype(str)` or \
                 `x.astype(float)`",
            ),
            (
                &[("features", "<f4", "(4294967296, 4294967296)", b""), names],
                "array \"features\": 0 bytes are not those of [4294967296, 4294967296]",
            ),
            (
                &[("features", "<f4", "(1000000000000, 0)", b""), names],
                "array \"features\" is \"<f4\" of shape [1000000000000, 0], not numbers of rows and columns",
            ),
            (
                &[("features", "<f4", "(-1, 1)", b""), names],
                "array \"features\": not the header of a .npy file",
            ),
            (
                &[features, ("feature_names", "<U0", "(1000000000000,)", b"")],
                "array \"feature_names\" is \"<U0\" of shape [1000000000000], not '<U' of shape [1]",
            ),
            (
                &[features, ("feature_names", "<U1", "(1,)", b"\0\xd8\0\0")],
                "array \"feature_names\" is \"<U1\" of shape [1], not '<U' of shape [1]",
            ),
            (
                &[
                    features,
                    names,
                    ("ids", "<U4611686018427387905", "(1,)", b"x\0\0\0"),
                ],
                "array \"ids\" is \"<U4611686018427387905\" of shape [1], not '<U' of shape [1]",
            ),
            (
                &[features, names, ("labels", "<U1", "(2,)", &[0; 8])],
                "array \"labels\" is \"<U1\" of shape [2], not texts or numbers of shape [1]",
            ),
            (
                &[features, names, ("labels", "<c8", "(1,)", &[0; 8])],
                "array \"labels\" is \"<c8\" of shape [1], not texts or numbers of shape [1]",
            ),
        ] {
            assert_eq!(refused(arrays), format!(": not a NumPy table: {text}"));
        }
        let lengths: Entry<'_> = ("lengths", "<i8", "(1,)", &[255; 8]);
        assert_eq!(
            refused(&[features, names, lengths]),
            ", row 1, column 2 (\"length\"): \"-1\" is not a whole number of samples; if the column is \
             something else, leave it out with `TableSchema::ignore` (option --ignore)"
        );
        let labels: Entry<'_> = ("labels", "<U1", "(1,)", &[0; 4]);
        assert_eq!(
            refused(&[features, names, labels]),
            ", row 1, column 2 (\"label\"): \"\" is missing: every row must have one"
        );
        let infinite: Entry<'_> = ("features", "<f4", "(1, 1)", &[0, 0, 128, 127]);
        assert_eq!(
            refused(&[infinite, names]),
            ", row 1, column 1 (\"x\"): \"inf\" is infinite or beyond the range of 32 bits"
        );
        let label: Entry<'_> = (
            "feature_names",
            "<U5",
            "(1,)",
            b"l\0\0\0a\0\0\0b\0\0\0e\0\0\0l\0\0\0",
        );
        assert_eq!(
            refused(&[features, label]),
            ": the table has no feature columns"
        );
    }
}
