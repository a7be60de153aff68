use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// Rows of cells as lines of CSV, which take less memory than strings. In JSON they are lists of cells.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PackedRows {
    n: usize,
    lines: Vec<u8>,
}

impl PackedRows {
    /// Rows of `columns` cells.
    pub(super) fn new(rows: impl IntoIterator<Item = Vec<String>>, columns: usize) -> Result<Self> {
        let mut packing = Packing::default();
        for row in rows {
            if row.len() != columns {
                return Err(Error::Cells {
                    expected: columns,
                    got: row.len(),
                });
            }
            packing.push(&row);
        }
        Ok(packing.finish())
    }

    pub(super) fn len(&self) -> usize {
        self.n
    }

    pub(super) fn lines(&self) -> &[u8] {
        &self.lines
    }
}

/// Rows that are being added.
struct Packing {
    n: usize,
    csv: csv::Writer<Vec<u8>>,
}

impl Default for Packing {
    fn default() -> Self {
        let csv = csv::WriterBuilder::new()
            .flexible(true)
            .from_writer(Vec::new());
        Self { n: 0, csv }
    }
}

impl Packing {
    fn push(&mut self, row: &[String]) {
        // Nothing fails that is written to memory.
        self.n += usize::from(self.csv.write_record(row).is_ok());
    }

    fn finish(self) -> PackedRows {
        let mut lines = self.csv.into_inner().unwrap_or_default();
        lines.shrink_to_fit();
        PackedRows { n: self.n, lines }
    }
}

impl Serialize for PackedRows {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(&self.lines[..]);
        let mut rows = to.serialize_seq(Some(self.n))?;
        let mut row = csv::StringRecord::new();
        while csv.read_record(&mut row).map_err(S::Error::custom)? {
            rows.serialize_element(&row.iter().collect::<Vec<_>>())?;
        }
        rows.end()
    }
}

impl<'de> Deserialize<'de> for PackedRows {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = PackedRows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of rows")
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut rows: A,
            ) -> std::result::Result<PackedRows, A::Error> {
                let mut packing = Packing::default();
                while let Some(row) = rows.next_element::<Vec<String>>()? {
                    packing.push(&row);
                }
                Ok(packing.finish())
            }
        }
        from.deserialize_seq(Rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_lists_of_cells_in_json_and_lines_in_a_table() {
        let json = r#"[["a, \"b\"","1\n2",""],["","",""],["ü","",";"]]"#;
        let packed: PackedRows = serde_json::from_str(json).unwrap();
        assert_eq!(packed.len(), 3);
        let text = "\"a, \"\"b\"\"\",\"1\n2\",\n,,\nü,,;\n";
        assert_eq!(std::str::from_utf8(packed.lines()).unwrap(), text);
        assert_eq!(serde_json::to_string(&packed).unwrap(), json);
        let one: PackedRows = serde_json::from_str(r#"[[""],["x"]]"#).unwrap();
        assert_eq!(serde_json::to_string(&one).unwrap(), r#"[[""],["x"]]"#);
        assert!(serde_json::from_str::<PackedRows>(r#"[["a"],3]"#).is_err());
    }
}
