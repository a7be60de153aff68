//! The values of the physical types of Parquet files as cells of a table.

use ::parquet::basic::{ConvertedType, LogicalType};
use ::parquet::column::reader::ColumnReaderImpl;
use ::parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::record::Field;
use ::parquet::schema::types::ColumnDescPtr;

use super::cell::Cell;
use super::column_cells::Floats;

pub(super) const TIME: Cell<'static> = Cell::Other("a date or time");

pub(super) fn damaged(reason: &str) -> ParquetError {
    ParquetError::General(reason.to_owned())
}

/// Some values of a column of a row group, without those that are missing.
pub(super) trait Values {
    /// Replaces them by those of the next rows. Returns the bytes of texts.
    fn decode(&mut self, n_rows: usize, levels: &mut Vec<i16>) -> Result<usize>;

    fn cell(&self, value: usize, descr: &ColumnDescPtr) -> Cell<'_>;

    /// All values, if they are floating-point numbers.
    fn floats(&self) -> Option<Floats<'_>>;
}

struct Typed<T: DataType> {
    reader: ColumnReaderImpl<T>,
    values: Vec<T::T>,
}

/// The values of a column of a row group, none decoded yet.
pub(super) fn typed<T: DataType>(reader: ColumnReaderImpl<T>) -> Box<dyn Values + Send>
where
    T::T: Value,
{
    let values = Vec::new();
    Box::new(Typed::<T> { reader, values })
}

impl<T: DataType> Values for Typed<T>
where
    T::T: Value,
{
    fn decode(&mut self, n_rows: usize, levels: &mut Vec<i16>) -> Result<usize> {
        self.values.clear();
        let mut decoded = 0;
        while decoded < n_rows {
            let most = n_rows - decoded;
            let levels = Some(&mut *levels);
            let (n, _, _) = self
                .reader
                .read_records(most, levels, None, &mut self.values)?;
            if n == 0 {
                return Err(damaged("a column has fewer rows than its row group"));
            }
            decoded += n;
        }
        Ok(self.values.iter().map(Value::n_text).sum())
    }

    fn cell(&self, value: usize, descr: &ColumnDescPtr) -> Cell<'_> {
        let value = self.values.get(value);
        value.map_or(Cell::Missing, |value| value.cell(descr))
    }

    fn floats(&self) -> Option<Floats<'_>> {
        T::T::floats(&self.values)
    }
}

/// A value of one of the physical types.
pub(super) trait Value {
    fn cell(&self, descr: &ColumnDescPtr) -> Cell<'_>;

    fn n_text(&self) -> usize {
        0
    }

    fn floats(_: &[Self]) -> Option<Floats<'_>>
    where
        Self: Sized,
    {
        None
    }
}

impl Value for bool {
    fn cell(&self, _: &ColumnDescPtr) -> Cell<'_> {
        Cell::Bool(*self)
    }
}

impl Value for f32 {
    fn cell(&self, _: &ColumnDescPtr) -> Cell<'_> {
        Cell::Number((*self).into())
    }

    fn floats(values: &[Self]) -> Option<Floats<'_>> {
        Some(Floats::Single(values))
    }
}

impl Value for f64 {
    fn cell(&self, _: &ColumnDescPtr) -> Cell<'_> {
        Cell::Number(*self)
    }

    fn floats(values: &[Self]) -> Option<Floats<'_>> {
        Some(Floats::Double(values))
    }
}

impl Value for i32 {
    fn cell(&self, descr: &ColumnDescPtr) -> Cell<'_> {
        number(&Field::convert_int32(descr, *self))
    }
}

impl Value for i64 {
    fn cell(&self, descr: &ColumnDescPtr) -> Cell<'_> {
        number(&Field::convert_int64(descr, *self))
    }
}

impl Value for Int96 {
    fn cell(&self, _: &ColumnDescPtr) -> Cell<'_> {
        TIME
    }
}

impl Value for ByteArray {
    fn cell(&self, descr: &ColumnDescPtr) -> Cell<'_> {
        match descr.converted_type() {
            ConvertedType::DECIMAL => decimal(self, descr),
            _ => std::str::from_utf8(self.data()).map_or(Cell::Other("bytes"), Cell::Text),
        }
    }

    fn n_text(&self) -> usize {
        self.len()
    }
}

impl Value for FixedLenByteArray {
    fn cell(&self, descr: &ColumnDescPtr) -> Cell<'_> {
        match descr.logical_type_ref() {
            Some(LogicalType::Float16) => decimal(self, descr),
            _ => Value::cell(&**self, descr),
        }
    }

    fn n_text(&self) -> usize {
        self.len()
    }
}

/// A number that is stored as bytes.
fn decimal(bytes: &ByteArray, descr: &ColumnDescPtr) -> Cell<'static> {
    let field = Field::convert_byte_array(descr, bytes.clone());
    field.map_or(Cell::Other("bytes"), |field| number(&field))
}

fn number(field: &Field) -> Cell<'static> {
    let whole = |n: i64| u64::try_from(n).map_or(Cell::Number(n as f64), Cell::Whole);
    match field {
        Field::Float16(x) => Cell::Number(x.to_f64()),
        Field::Byte(n) => whole((*n).into()),
        Field::Short(n) => whole((*n).into()),
        Field::Int(n) => whole((*n).into()),
        Field::Long(n) => whole(*n),
        Field::UByte(n) => Cell::Whole((*n).into()),
        Field::UShort(n) => Cell::Whole((*n).into()),
        Field::UInt(n) => Cell::Whole((*n).into()),
        Field::ULong(n) => Cell::Whole(*n),
        // Its digits with a point.
        Field::Decimal(_) => {
            (field.to_string().parse()).map_or(Cell::Other("a decimal"), Cell::Number)
        }
        _ => TIME,
    }
}
