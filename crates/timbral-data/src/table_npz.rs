use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use ndarray::Array3;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::error::{Error, Place, Result};
use crate::journal::write_whole;
use crate::schema::{Cell, GROUP, ID, LABEL, LENGTH, TableReader, TableSchema};
use crate::table::FeatureTable;
use crate::table_file::Stored;

/// Most bytes of an array: a small file can unpack to any size.
const ARRAY_LIMIT: u64 = 1 << 30;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Arrays without objects, as `numpy.load(path, allow_pickle=False)` reads them.
pub(crate) fn write(table: &FeatureTable, path: &Path) -> Result<()> {
    let stored = Stored::new(table, path)?;
    write_whole(path, |file| {
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
        if let Some(labels) = &stored.labels {
            add_texts(&mut zip, "labels", labels)?;
        }
        zip.finish()?.flush()
    })
}

pub(crate) fn add<W: Write + io::Seek>(
    zip: &mut ZipWriter<W>,
    name: &str,
    descr: &str,
    shape: &str,
    bytes: impl Iterator<Item = u8>,
) -> io::Result<()> {
    zip.start_file(
        format!("{name}.npy"),
        SimpleFileOptions::default().large_file(true),
    )?;
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    // The array begins at a multiple of 64 bytes; before the header stand ten.
    let padding = 63 - (10 + header.len()) % 64;
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let mut array = MAGIC.to_vec();
    array.extend([1, 0]);
    array.extend((header.len() as u16).to_le_bytes());
    array.extend(header.bytes());
    array.extend(bytes);
    zip.write_all(&array)
}

pub(crate) fn add_texts<W: Write + io::Seek>(
    zip: &mut ZipWriter<W>,
    name: &str,
    texts: &[&str],
) -> io::Result<()> {
    let width = texts.iter().map(|t| t.chars().count()).max().unwrap_or(0);
    let padded = |text: &&str| {
        let codes: Vec<u32> = text.chars().map(u32::from).collect();
        let padding = vec![0; width - codes.len()];
        codes.into_iter().chain(padding)
    };
    let bytes = texts.iter().flat_map(padded).flat_map(u32::to_le_bytes);
    let shape = format!("({},)", texts.len());
    add(zip, name, &format!("<U{width}"), &shape, bytes)
}

pub(crate) fn read(schema: &TableSchema, file: File, path: &Path) -> Result<FeatureTable> {
    let malformed = |reason: String| Error::Malformed {
        path: path.to_owned(),
        reason: format!("no NumPy table: {reason}"),
    };
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|e| malformed(e.to_string()))?;
    let mut array = |name: &str| unpack(&mut zip, name).map_err(&malformed);
    let required = |array: Option<Array>, name| {
        array.ok_or_else(|| malformed(format!("there is no array {name:?}")))
    };
    let features = required(array("features")?, "features")?;
    let (numbers, n, f) = features.matrix().map_err(&malformed)?;
    let names = required(array("feature_names")?, "feature_names")?;
    let names = names.texts(f).map_err(&malformed)?;
    let mut texts = |name| -> Result<Option<Vec<String>>> {
        let texts = array(name)?.map(|array| array.texts(n)).transpose();
        texts.map_err(&malformed)
    };
    let (ids, groups, labels) = (texts("ids")?, texts("groups")?, texts("labels")?);
    let lengths = array("lengths")?.map(|array| array.lengths(n)).transpose();
    let lengths = lengths.map_err(&malformed)?;

    let columns = names.iter().map(String::as_str);
    let columns = columns
        .chain(ids.as_ref().map(|_| ID))
        .chain(lengths.as_ref().map(|_| LENGTH))
        .chain(groups.as_ref().map(|_| GROUP))
        .chain(labels.as_ref().map(|_| LABEL));
    let mut table = TableReader::new(path, schema, columns)?;
    for row in 0..n {
        let numbers = numbers[row * f..][..f].iter().map(|x| Cell::Number(*x));
        let cells: Vec<Cell<'_>> = numbers
            .chain(ids.as_ref().map(|t| Cell::Text(&t[row])))
            .chain(lengths.as_ref().map(|l| Cell::Whole(l[row])))
            .chain(groups.as_ref().map(|t| Cell::Text(&t[row])))
            .chain(labels.as_ref().map(|t| Cell::Text(&t[row])))
            .collect();
        table.push(Place::Row(row as u64 + 1), cells.into_iter())?;
    }
    table.finish()
}

/// Why an array cannot be used.
pub(crate) type Fault = String;

/// An array as it stands in the file.
pub(crate) struct Array {
    name: String,
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
    data: Vec<u8>,
}

pub(crate) fn unpack(
    zip: &mut ZipArchive<BufReader<File>>,
    name: &str,
) -> std::result::Result<Option<Array>, Fault> {
    let entry = match zip.by_name(&format!("{name}.npy")) {
        Ok(entry) => entry,
        Err(ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(format!("array {name:?}: {error}")),
    };
    let mut bytes = Vec::new();
    let read = entry.take(ARRAY_LIMIT + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("array {name:?}: {error}"))?;
    if bytes.len() as u64 > ARRAY_LIMIT {
        return Err(format!("array {name:?} has more than 2^30 bytes"));
    }
    let array = Array::parse(name, bytes);
    array
        .map(Some)
        .ok_or_else(|| format!("array {name:?}: not the header of a .npy file"))
}

impl Array {
    /// Format versions 1 to 3 (`numpy.lib.format`) of plain types.
    fn parse(name: &str, mut bytes: Vec<u8>) -> Option<Self> {
        let (start, length): (usize, usize) = match bytes.strip_prefix(MAGIC)? {
            [1, _, a, b, ..] => (10, u16::from_le_bytes([*a, *b]).into()),
            [2 | 3, _, a, b, c, d, ..] => (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
            _ => return None,
        };
        let end = start.checked_add(length)?;
        let header = std::str::from_utf8(bytes.get(start..end)?).ok()?;
        let value = |key: &str| Some(header.split_once(&format!("'{key}':"))?.1.trim_start());
        let descr = value("descr")?.strip_prefix('\'')?.split_once('\'')?.0;
        let fortran_order = value("fortran_order")?.starts_with("True");
        let shape = value("shape")?.strip_prefix('(')?.split_once(')')?.0;
        let shape = shape.split(',').map(str::trim).filter(|n| !n.is_empty());
        Some(Self {
            name: name.to_owned(),
            descr: descr.to_owned(),
            fortran_order,
            shape: shape.map(|n| n.parse().ok()).collect::<Option<_>>()?,
            data: bytes.split_off(end),
        })
    }

    /// The items, of `width` bytes, of an array of this shape.
    fn items<const W: usize>(&self) -> std::result::Result<Vec<[u8; W]>, Fault> {
        let n = self.shape.iter().try_fold(W, |n, m| n.checked_mul(*m));
        let (items, rest) = self.data.as_chunks::<W>();
        if n != Some(self.data.len()) || !rest.is_empty() {
            let (name, got) = (&self.name, self.data.len());
            return Err(format!(
                "array {name:?}: {got} bytes are not those of {:?}",
                self.shape
            ));
        }
        Ok(items.to_vec())
    }

    fn wrong(&self, expected: impl std::fmt::Display) -> Fault {
        let Self {
            name, descr, shape, ..
        } = self;
        format!("array {name:?} is {descr:?} of shape {shape:?}, not {expected}")
    }

    /// Row by row, with the numbers of rows and columns.
    fn matrix(&self) -> std::result::Result<(Vec<f32>, usize, usize), Fault> {
        const EXPECTED: &str = "'<f4' or '<f8' of rows and columns";
        let (n, f) = match self.shape.as_slice() {
            &[n, f] if f > 0 => (n, f),
            _ => return Err(self.wrong(EXPECTED)),
        };
        let numbers: Vec<f32> = match self.descr.as_str() {
            "<f4" => self.items()?.into_iter().map(f32::from_le_bytes).collect(),
            "<f8" => (self.items()?.into_iter())
                .map(|b| f64::from_le_bytes(b) as f32)
                .collect(),
            _ => return Err(self.wrong(EXPECTED)),
        };
        if !self.fortran_order {
            return Ok((numbers, n, f));
        }
        let by_row = (0..n).flat_map(|i| (0..f).map(move |j| j * n + i));
        Ok((by_row.map(|i| numbers[i]).collect(), n, f))
    }

    /// Images of rows and columns.
    pub(crate) fn cube(&self) -> std::result::Result<Array3<f32>, Fault> {
        const EXPECTED: &str = "'|u1' or '<f4' of images, bands and frames";
        let shape = match self.shape.as_slice() {
            &[n, bands, frames] if !self.fortran_order => (n, bands, frames),
            _ => return Err(self.wrong(EXPECTED)),
        };
        let numbers: Vec<f32> = match self.descr.as_str() {
            "|u1" => (self.items::<1>()?.into_iter())
                .map(|[byte]| f32::from(byte))
                .collect(),
            "<f4" => self.items()?.into_iter().map(f32::from_le_bytes).collect(),
            _ => return Err(self.wrong(EXPECTED)),
        };
        Array3::from_shape_vec(shape, numbers).map_err(|_| self.wrong(EXPECTED))
    }

    fn lengths(&self, n: usize) -> std::result::Result<Vec<u64>, Fault> {
        let expected = || self.wrong(format_args!("'<u8' or '<i8' of shape [{n}]"));
        if self.shape != [n] {
            return Err(expected());
        }
        let items = match self.descr.as_str() {
            "<u8" => self
                .items()?
                .into_iter()
                .map(|b| Some(u64::from_le_bytes(b)))
                .collect(),
            "<i8" => {
                let signed = self.items()?.into_iter().map(i64::from_le_bytes);
                signed.map(|n| u64::try_from(n).ok()).collect()
            }
            _ => None,
        };
        let items: Option<Vec<u64>> = items;
        items.ok_or_else(expected)
    }

    pub(crate) fn texts(&self, n: usize) -> std::result::Result<Vec<String>, Fault> {
        let expected = || self.wrong(format_args!("'<U' of shape [{n}]"));
        let width = self
            .descr
            .strip_prefix("<U")
            .and_then(|w| w.parse::<usize>().ok());
        let (Some(width), true) = (width, self.shape == [n]) else {
            return Err(expected());
        };
        let characters = width.checked_mul(n).and_then(|n| n.checked_mul(4));
        if characters != Some(self.data.len()) {
            return Err(expected());
        }
        let text = |row: usize| -> Option<String> {
            let bytes = &self.data[row * width * 4..][..width * 4];
            let (codes, _) = bytes.as_chunks::<4>();
            let codes = codes.iter().map(|b| u32::from_le_bytes(*b));
            let text: Option<String> = codes.map(char::from_u32).collect();
            text.map(|t| t.trim_end_matches('\0').to_owned())
        };
        (0..n).map(text).collect::<Option<_>>().ok_or_else(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Entry<'a> = (&'a str, &'a str, &'a str, &'a [u8]);

    /// What is wrong with the table of these arrays.
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
    fn arrays_must_fit() {
        let features: Entry<'_> = ("features", "<f4", "(1, 1)", &[0, 0, 128, 63]);
        let names: Entry<'_> = ("feature_names", "<U1", "(1,)", b"x\0\0\0");
        for (arrays, text) in [
            (&[names][..], "there is no array \"features\""),
            (&[features], "there is no array \"feature_names\""),
            (
                &[("features", "|O", "(1, 1)", b"\0\0\0\0"), names],
                "array \"features\" is \"|O\" of shape [1, 1], not '<f4' or '<f8' of rows and columns",
            ),
            (
                &[("features", "<f4", "(4294967296, 4294967296)", b""), names],
                "array \"features\": 0 bytes are not those of [4294967296, 4294967296]",
            ),
            (
                &[("features", "<f4", "(1000000000000, 0)", b""), names],
                "array \"features\" is \"<f4\" of shape [1000000000000, 0], not '<f4' or '<f8' of rows and columns",
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
                &[features, names, ("lengths", "<i8", "(1,)", &[255; 8])],
                "array \"lengths\" is \"<i8\" of shape [1], not '<u8' or '<i8' of shape [1]",
            ),
        ] {
            assert_eq!(refused(arrays), format!(": no NumPy table: {text}"));
        }
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
