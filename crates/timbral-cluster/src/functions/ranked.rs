use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, StringArray, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};

use super::arrays::lists;
use crate::error::Result;

/// Columns of classes with their probabilities.
pub(super) struct Ranked {
    /// The column of the most probable class.
    pub(super) first: &'static str,
    /// The column of all.
    pub(super) all: &'static str,
}

impl Ranked {
    /// A class and its probability.
    fn pair(&self) -> Fields {
        let class = Field::new(self.first, DataType::Utf8, true);
        let probability = Field::new("probability", DataType::Float64, true);
        vec![class, probability].into()
    }

    fn item(&self) -> Arc<Field> {
        Arc::new(Field::new_list_field(DataType::Struct(self.pair()), true))
    }

    /// The most probable class, its probability, and the list of all.
    pub(super) fn fields(&self) -> [Field; 3] {
        [
            Field::new(self.first, DataType::Utf8, true),
            Field::new("probability", DataType::Float64, true),
            Field::new(self.all, DataType::List(self.item()), true),
        ]
    }

    /// Their values, of rows of classes with the most probable one first; null where there is no row.
    pub(super) fn arrays(&self, rows: &[Option<Vec<(&str, f64)>>]) -> Result<[ArrayRef; 3]> {
        let first = || rows.iter().map(|row| row.as_ref()?.first());
        let all = || rows.iter().flatten().flatten();
        let pairs: Vec<ArrayRef> = vec![
            Arc::new(all().map(|pair| Some(pair.0)).collect::<StringArray>()),
            Arc::new(Float64Array::from_iter_values(all().map(|pair| pair.1))),
        ];
        let pairs = StructArray::try_new(self.pair(), pairs, None)?;
        let lengths = rows.iter().map(|row| row.as_ref().map(Vec::len));
        let list = lists(self.item(), lengths, Arc::new(pairs))?;
        let classes = first().map(|pair| pair.map(|pair| pair.0));
        let probabilities = first().map(|pair| pair.map(|pair| pair.1));
        Ok([
            Arc::new(classes.collect::<StringArray>()),
            Arc::new(probabilities.collect::<Float64Array>()),
            list,
        ])
    }
}
