//! The columns of a Parquet file, decoded some rows at a time.

use ::parquet::basic::{ConvertedType, LogicalType, Repetition};
use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::{
    BoolType, ByteArrayType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
    Int96Type,
};
use ::parquet::errors::Result;
use ::parquet::file::reader::{FileReader, RowGroupReader};
use ::parquet::schema::types::ColumnDescPtr;

use super::cell::Cell;
use super::column_cells::{ColumnCells, Floats};
use super::pages::Reader;
use super::parquet_values::{TIME, Values, damaged, typed};

/// Rows that are decoded at a time.
const BATCH: usize = 1024;

/// The columns of a file and the rows of them that are decoded.
pub(super) struct Columns {
    file: Reader,
    columns: Vec<Column>,
    /// Of the next row group.
    group: usize,
    /// Rows of the row group that are not decoded yet.
    left: usize,
    /// Decoded rows that were not taken yet.
    decoded: usize,
}

impl Columns {
    /// The columns that `is_read`; the cells of the others are missing ones.
    pub(super) fn new(file: Reader, is_read: &[bool]) -> Self {
        let schema = file.metadata().file_metadata().schema_descr();
        let mut leaves = vec![None; is_read.len()];
        for leaf in 0..schema.num_columns() {
            let root = schema.get_column_root(leaf);
            let is_once = root.get_basic_info().repetition() != Repetition::REPEATED;
            if root.is_primitive() && is_once {
                leaves[schema.get_column_root_idx(leaf)] = Some((leaf, schema.column(leaf)));
            }
        }
        let columns = leaves.into_iter().zip(is_read).map(|(leaf, read)| {
            if !read {
                return Column::Constant(Cell::Missing);
            }
            match leaf {
                Some((leaf, descr)) => Column::Flat(Flat {
                    leaf,
                    is_time: is_time(&descr),
                    descr,
                    levels: Vec::new(),
                    values: None,
                    row: 0,
                    value: 0,
                }),
                None => Column::Constant(Cell::Other("a list or struct")),
            }
        });
        let columns = columns.collect();
        Self {
            file,
            columns,
            group: 0,
            left: 0,
            decoded: 0,
        }
    }

    /// Decodes further rows, if all decoded ones were taken. Returns the bytes of their texts, or `None` at the end.
    pub(super) fn fill(&mut self) -> Result<Option<usize>> {
        if self.decoded > 0 {
            return Ok(Some(0));
        }
        while self.left == 0 {
            if self.group == self.file.num_row_groups() {
                return Ok(None);
            }
            let group = self.file.get_row_group(self.group)?;
            self.group += 1;
            let n_rows = usize::try_from(group.metadata().num_rows());
            self.left = n_rows.map_err(|_| damaged("a negative number of rows"))?;
            for column in &mut self.columns {
                column.open(&*group)?;
            }
        }
        let n_rows = self.left.min(BATCH);
        let mut n_text = 0;
        for column in &mut self.columns {
            n_text += column.decode(n_rows)?;
        }
        self.left -= n_rows;
        self.decoded = n_rows;
        Ok(Some(n_text))
    }

    /// The next decoded rows, `most` or as many as there are, with their number.
    pub(super) fn take(&mut self, most: usize) -> (usize, &mut [Column]) {
        let n_rows = self.decoded.min(most);
        self.decoded -= n_rows;
        (n_rows, &mut self.columns)
    }
}

/// Whether a column has times.
fn is_time(descr: &ColumnDescPtr) -> bool {
    let by_logical = matches!(
        descr.logical_type_ref(),
        Some(LogicalType::Timestamp { .. } | LogicalType::Time { .. } | LogicalType::Date)
    );
    let by_converted = matches!(
        descr.converted_type(),
        ConvertedType::DATE
            | ConvertedType::TIME_MILLIS
            | ConvertedType::TIME_MICROS
            | ConvertedType::TIMESTAMP_MILLIS
            | ConvertedType::TIMESTAMP_MICROS
            | ConvertedType::INTERVAL
    );
    by_logical || by_converted
}

/// The decoded rows of a column.
pub(super) enum Column {
    /// Not decoded: the cells are all the same.
    Constant(Cell<'static>),
    Flat(Flat),
}

/// A column with one value or none in each row.
pub(super) struct Flat {
    /// Its place among the columns that the file stores.
    leaf: usize,
    descr: ColumnDescPtr,
    /// The crate gives times in nanoseconds as plain numbers.
    is_time: bool,
    /// 0 for rows without value; empty if all have one.
    levels: Vec<i16>,
    /// Of the current row group.
    values: Option<Box<dyn Values + Send>>,
    /// The next row, and its value.
    row: usize,
    value: usize,
}

impl Column {
    /// Goes on with a row group.
    fn open(&mut self, group: &dyn RowGroupReader) -> Result<()> {
        let Self::Flat(flat) = self else {
            return Ok(());
        };
        flat.values = Some(match group.get_column_reader(flat.leaf)? {
            ColumnReader::BoolColumnReader(reader) => typed::<BoolType>(reader),
            ColumnReader::Int32ColumnReader(reader) => typed::<Int32Type>(reader),
            ColumnReader::Int64ColumnReader(reader) => typed::<Int64Type>(reader),
            ColumnReader::Int96ColumnReader(reader) => typed::<Int96Type>(reader),
            ColumnReader::FloatColumnReader(reader) => typed::<FloatType>(reader),
            ColumnReader::DoubleColumnReader(reader) => typed::<DoubleType>(reader),
            ColumnReader::ByteArrayColumnReader(reader) => typed::<ByteArrayType>(reader),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                typed::<FixedLenByteArrayType>(reader)
            }
        });
        Ok(())
    }

    /// Decodes the next rows; returns the bytes of their texts.
    fn decode(&mut self, n_rows: usize) -> Result<usize> {
        let Self::Flat(flat) = self else {
            return Ok(0);
        };
        (flat.row, flat.value) = (0, 0);
        flat.levels.clear();
        match &mut flat.values {
            Some(values) => values.decode(n_rows, &mut flat.levels),
            None => Ok(0),
        }
    }
}

impl ColumnCells for Column {
    fn next(&mut self) -> Cell<'_> {
        let flat = match self {
            Self::Constant(cell) => return *cell,
            Self::Flat(flat) => flat,
        };
        let row = flat.row;
        flat.row += 1;
        if flat.levels.get(row) == Some(&0) {
            return Cell::Missing;
        }
        flat.value += 1;
        if flat.is_time {
            return TIME;
        }
        let values = flat.values.as_ref();
        values.map_or(Cell::Missing, |v| v.cell(flat.value - 1, &flat.descr))
    }

    fn floats(&self, n_rows: usize) -> Option<Floats<'_>> {
        let Self::Flat(flat) = self else {
            return None;
        };
        let rows = flat.row..flat.row + n_rows;
        // Without missing values the value of a row has its number.
        let is_full = |n_values: usize| flat.levels.len() <= n_values;
        match flat.values.as_ref()?.floats()? {
            Floats::Single(x) if is_full(x.len()) => x.get(rows).map(Floats::Single),
            Floats::Double(x) if is_full(x.len()) => x.get(rows).map(Floats::Double),
            _ => None,
        }
    }

    fn skip(&mut self, n_rows: usize) {
        if let Self::Flat(flat) = self {
            flat.row += n_rows;
            flat.value += n_rows;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::sync::Arc;

    use ::parquet::data_type::ByteArray;
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;

    use super::super::parquet::ParquetRows;
    use super::*;
    use crate::TableSchema;
    use crate::error::Place;

    /// More than a batch in a row group.
    const ROWS: [usize; 3] = [1500, 1, 2100];

    fn is_known(row: usize) -> bool {
        row % 7 != 3 && !(1000..1100).contains(&row)
    }

    /// A table of three row groups: `x` is missing in some rows, `y` never.
    fn write(path: &std::path::Path) {
        write_with(path, |row| row as f32 / 4.0, |_| true);
    }

    /// The same with other values of `x`, and labels in some rows only.
    fn write_with(path: &std::path::Path, x: fn(usize) -> f32, is_labelled: fn(usize) -> bool) {
        let schema = "message t { required binary filename (UTF8); optional float x; \
            required int32 y; optional binary label (UTF8); }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let file = File::create(path).unwrap();
        let mut file = SerializedFileWriter::new(file, schema, properties).unwrap();
        let mut start = 0;
        for n in ROWS {
            let rows = start..start + n;
            let known = rows.clone().filter(|row| is_known(*row));
            let levels: Vec<i16> = rows.clone().map(|row| is_known(row).into()).collect();
            let texts = |rows: &mut dyn Iterator<Item = usize>, letter| -> Vec<ByteArray> {
                rows.map(|row| format!("{letter}{row}").as_str().into())
                    .collect()
            };
            let mut group = file.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let ids = texts(&mut rows.clone(), 'r');
            let writer = column.typed::<ByteArrayType>();
            writer.write_batch(&ids, None, None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let x: Vec<f32> = known.map(x).collect();
            let writer = column.typed::<FloatType>();
            writer.write_batch(&x, Some(&levels), None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let y: Vec<i32> = rows.clone().map(|row| 5 - row as i32).collect();
            let writer = column.typed::<Int32Type>();
            writer.write_batch(&y, None, None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let labelled = rows.clone().filter(|row| is_labelled(*row));
            let labels = texts(&mut labelled.map(|row| row % 3), 'c');
            let levels: Vec<i16> = rows.clone().map(|row| is_labelled(row).into()).collect();
            let writer = column.typed::<ByteArrayType>();
            writer.write_batch(&labels, Some(&levels), None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
            start += n;
        }
        file.close().unwrap();
    }

    #[test]
    fn rows_go_on_over_batches_row_groups_and_missing_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        write(&path);
        for most in [1, 700, usize::MAX] {
            let schema = TableSchema::default();
            let mut rows =
                ParquetRows::open(&schema, File::open(&path).unwrap().into(), &path).unwrap();
            let mut row = 0;
            while let Some(table) = rows.next_table(most).unwrap() {
                let labels = table.labels().unwrap();
                for (i, values) in table.features().rows().into_iter().enumerate() {
                    let x = is_known(row).then_some(row as f32 / 4.0);
                    assert_eq!((!values[0].is_nan()).then_some(values[0]), x, "{row}");
                    assert_eq!(values[1], 5.0 - row as f32);
                    assert_eq!(table.ids()[i], format!("r{row}"));
                    assert_eq!(table.classes()[labels[i]], format!("c{}", row % 3));
                    row += 1;
                }
            }
            assert_eq!(row, ROWS.iter().sum::<usize>());
        }
    }

    #[test]
    fn the_first_bad_row_is_named_whatever_its_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let read = || TableSchema::default().read(&path).unwrap_err();
        let large = |row| if row == 1250 { f32::INFINITY } else { 1.0 };
        write_with(&path, large, |row| row != 1260);
        let error = read();
        assert!(
            matches!(&error, crate::Error::Cell { place: Place::Row(1251), name, .. } if name == "x"),
            "{error}"
        );
        write_with(&path, large, |row| row != 1240);
        let error = read();
        assert!(
            matches!(&error, crate::Error::Cell { place: Place::Row(1241), name, .. } if name == "label"),
            "{error}"
        );
    }

    /// A damaged page of a column without a role is not looked at.
    #[test]
    fn columns_without_a_role_are_not_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        write(&path);
        let reader = Reader::new(File::open(&path).unwrap().into()).unwrap();
        let chunk = reader.metadata().row_group(0).column(1).byte_range();
        let mut bytes = fs::read(&path).unwrap();
        let (start, len) = (chunk.0 as usize, chunk.1 as usize);
        bytes[start..start + len].fill(0xff);
        fs::write(&path, bytes).unwrap();
        assert!(TableSchema::default().read(&path).is_err());
        let mut schema = TableSchema {
            ignore: vec!["x".to_owned()],
            ..TableSchema::default()
        };
        let n_rows = ROWS.iter().sum::<usize>();
        assert_eq!(schema.read(&path).unwrap().n_rows(), n_rows);
        schema = TableSchema {
            features: Some(vec!["y".to_owned()]),
            ..TableSchema::default()
        };
        assert_eq!(schema.read(&path).unwrap().n_rows(), n_rows);
    }
}
