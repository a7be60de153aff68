//! Arrays in `.npz` archives. Written here because the two crates for it do not fit: `ndarray-npy` has no
//! arrays of strings, and `npyz` (0.9.1) allocates the header at the length that the file claims, up to
//! 4 GiB. What would be left for them is the parser of the header, [`Array::parse`].

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use ndarray::Array3;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::cell::Cell;

/// Most bytes of an array: a small file can unpack to any size.
const ARRAY_LIMIT: u64 = 1 << 30;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Adds an array to an archive.
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
    // The data begin at a multiple of 64 bytes; ten bytes precede the header.
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

/// Adds an array of strings to an archive.
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

/// Why an array cannot be used.
pub(crate) type Fault = String;

/// An array as it is in the file.
pub(crate) struct Array {
    name: String,
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
    data: Vec<u8>,
}

/// The array `name.npy` of an archive, if there is one.
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

    /// The items of `W` bytes each.
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

    /// The numbers in row order, with the numbers of rows and columns.
    pub(crate) fn matrix(&self) -> std::result::Result<(Vec<f32>, usize, usize), Fault> {
        const EXPECTED: &str = "numbers of rows and columns";
        let (n, f) = match self.shape.as_slice() {
            &[n, f] if f > 0 => (n, f),
            _ => return Err(self.wrong(EXPECTED)),
        };
        let numbers: Vec<f32> = match self.numbers()?.ok_or_else(|| self.wrong(EXPECTED))? {
            Items::Floats(numbers) => numbers.into_iter().map(|x| x as f32).collect(),
            Items::Signed(numbers) => numbers.into_iter().map(|x| x as f32).collect(),
            Items::Unsigned(numbers) => numbers.into_iter().map(|x| x as f32).collect(),
            Items::Bools(values) => values.into_iter().map(f32::from).collect(),
            Items::Texts(_) => return Err(self.wrong(EXPECTED)),
        };
        if !self.fortran_order {
            return Ok((numbers, n, f));
        }
        let by_row = (0..n).flat_map(|i| (0..f).map(move |j| j * n + i));
        Ok((by_row.map(|i| numbers[i]).collect(), n, f))
    }

    /// The items of an array of shape `(n,)` or `(n, 1)`, of any plain type.
    pub(crate) fn column(&self, n: usize) -> std::result::Result<Items, Fault> {
        let expected = || self.wrong(format_args!("texts or numbers of shape [{n}]"));
        if self.shape != [n] && self.shape != [n, 1] {
            return Err(expected());
        }
        if self.is_text() {
            return self.texts(n).map(Items::Texts);
        }
        self.numbers()?.ok_or_else(expected)
    }

    /// All numbers in the order of the file; `None` for another type.
    fn numbers(&self) -> std::result::Result<Option<Items>, Fault> {
        // Reads `$type` of either byte order.
        macro_rules! read {
            ($type:ty, $kind:ident, $as:ty) => {{
                let items = self.items()?.into_iter();
                let is_big = self.descr.starts_with('>');
                let number = |bytes| match is_big {
                    true => <$type>::from_be_bytes(bytes),
                    false => <$type>::from_le_bytes(bytes),
                };
                Items::$kind(items.map(|bytes| <$as>::from(number(bytes))).collect())
            }};
        }
        let kind = self.descr.trim_start_matches(['<', '>', '|', '=']);
        Ok(Some(match kind {
            "f2" => match read!(u16, Unsigned, u64) {
                Items::Unsigned(bits) => {
                    Items::Floats(bits.into_iter().map(|bits| half(bits as u16)).collect())
                }
                other => other,
            },
            "f4" => read!(f32, Floats, f64),
            "f8" => read!(f64, Floats, f64),
            "i1" => read!(i8, Signed, i64),
            "i2" => read!(i16, Signed, i64),
            "i4" => read!(i32, Signed, i64),
            "i8" => read!(i64, Signed, i64),
            "u1" => read!(u8, Unsigned, u64),
            "u2" => read!(u16, Unsigned, u64),
            "u4" => read!(u32, Unsigned, u64),
            "u8" => read!(u64, Unsigned, u64),
            "b1" => Items::Bools((self.items::<1>()?.into_iter()).map(|[b]| b != 0).collect()),
            "O" => {
                return Err(format!(
                    "array {:?} has Python objects, which only Python can read; write it as \
                     `x.astype(str)` or `x.astype(float)`",
                    self.name
                ));
            }
            _ => return Ok(None),
        }))
    }

    fn is_text(&self) -> bool {
        let kind = self.descr.trim_start_matches(['<', '>', '|', '=']);
        kind.starts_with(['U', 'S'])
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

    /// The strings of an array of shape `(n,)` or `(n, 1)`: characters of 32 bits, or bytes in UTF-8.
    pub(crate) fn texts(&self, n: usize) -> std::result::Result<Vec<String>, Fault> {
        let expected = || self.wrong(format_args!("'<U' of shape [{n}]"));
        if self.shape != [n] && self.shape != [n, 1] {
            return Err(expected());
        }
        let kind = self.descr.trim_start_matches(['<', '>', '|', '=']);
        let (size, width) = match kind.split_at_checked(1) {
            Some(("U", width)) => (4, width),
            Some(("S", width)) => (1, width),
            _ => return Err(expected()),
        };
        let bytes = width
            .parse::<usize>()
            .ok()
            .and_then(|w| w.checked_mul(size));
        let bytes = bytes.ok_or_else(expected)?;
        if bytes.checked_mul(n) != Some(self.data.len()) {
            return Err(expected());
        }
        let is_big = self.descr.starts_with('>');
        let text = |row: usize| -> Option<String> {
            let bytes = &self.data[row * bytes..][..bytes];
            let text = match size {
                1 => std::str::from_utf8(bytes).ok()?.to_owned(),
                _ => {
                    let codes = bytes.as_chunks::<4>().0.iter().map(|code| match is_big {
                        true => u32::from_be_bytes(*code),
                        false => u32::from_le_bytes(*code),
                    });
                    codes.map(char::from_u32).collect::<Option<_>>()?
                }
            };
            Some(text.trim_end_matches('\0').to_owned())
        };
        (0..n).map(text).collect::<Option<_>>().ok_or_else(expected)
    }
}

/// The items of an array.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Items {
    Texts(Vec<String>),
    Floats(Vec<f64>),
    Signed(Vec<i64>),
    Unsigned(Vec<u64>),
    Bools(Vec<bool>),
}

impl Items {
    /// All items as names.
    pub(crate) fn names(&self) -> std::result::Result<Vec<String>, Fault> {
        let n = match self {
            Self::Texts(items) => items.len(),
            Self::Floats(items) => items.len(),
            Self::Signed(items) => items.len(),
            Self::Unsigned(items) => items.len(),
            Self::Bools(items) => items.len(),
        };
        let name = |row| {
            let name = self.cell(row).text();
            name.map_err(|reason| format!("labels[{row}] {reason}"))
        };
        (0..n).map(name).collect()
    }

    /// The item of a row.
    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Texts(items) => Cell::Text(&items[row]),
            Self::Floats(items) => Cell::Number(items[row]),
            Self::Signed(items) => {
                u64::try_from(items[row]).map_or(Cell::Number(items[row] as f64), Cell::Whole)
            }
            Self::Unsigned(items) => Cell::Whole(items[row]),
            Self::Bools(items) => Cell::Bool(items[row]),
        }
    }
}

/// A number of 16 bits (IEEE 754 binary16).
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (bits >> 10 & 0x1f, f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => libm::scalbn(fraction, -24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => libm::scalbn(1024.0 + fraction, i32::from(exponent) - 25),
    };
    sign * size
}
