use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, ListArray, StringArray, UInt64Array};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use timbral::FeatureRow;
use timbral::audio::Gaps;

use crate::error::Result;
use crate::tracks::Outcome;

/// A column of texts.
fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

/// The columns with the reason why there is no result.
pub(super) fn reason_fields() -> [Field; 2] {
    ["reason", "error"].map(text)
}

/// The columns that every function of a sound has after its own.
pub(crate) fn tail_fields() -> [Field; 5] {
    let [reason, error] = reason_fields();
    let seconds = Field::new("seconds", DataType::Float64, true);
    [text("damaged"), reason, error, seconds, text("executor")]
}

/// Their values.
pub(crate) fn tail_arrays<T>(
    outcomes: &[Outcome<T>],
    damaged: impl Iterator<Item = Option<String>>,
    executor: &str,
) -> [ArrayRef; 5] {
    let failures = || outcomes.iter().map(|o| o.result.as_ref().err());
    let reasons = failures().map(|f| f.map(|f| f.reason));
    let errors = failures().map(|f| f.map(|f| &*f.error));
    let seconds = outcomes.iter().map(|outcome| outcome.seconds);
    let executors = outcomes.iter().map(|_| Some(executor));
    [
        Arc::new(damaged.collect::<StringArray>()),
        Arc::new(reasons.collect::<StringArray>()),
        Arc::new(errors.collect::<StringArray>()),
        Arc::new(seconds.collect::<Float64Array>()),
        Arc::new(executors.collect::<StringArray>()),
    ]
}

/// Rows of features as columns.
pub(crate) struct RowArrays;

impl RowArrays {
    /// `length` and one column per feature.
    pub(crate) fn fields(names: &[String]) -> Vec<Field> {
        let length = Field::new("length", DataType::UInt64, true);
        let numbers = names.iter().map(|n| Field::new(n, DataType::Float64, true));
        [length].into_iter().chain(numbers).collect()
    }

    /// Their values; null where there is no row.
    pub(crate) fn arrays(n_features: usize, rows: &[Option<&FeatureRow>]) -> Vec<ArrayRef> {
        let lengths = rows.iter().map(|row| row.map(|row| row.length as u64));
        let lengths: ArrayRef = Arc::new(lengths.collect::<UInt64Array>());
        let column = |i: usize| -> ArrayRef {
            let values = rows.iter().map(|row| (*row)?.values.get(i).copied());
            Arc::new(values.collect::<Float64Array>())
        };
        let columns = (0..n_features).map(column);
        [lengths].into_iter().chain(columns).collect()
    }
}

/// What is missing, as text.
pub(crate) fn gaps_text(gaps: &Gaps) -> Option<String> {
    (!gaps.is_empty()).then(|| gaps.to_string())
}

/// Lists of items, by row: `lengths` are their lengths, `None` for no list, and `values` the items of all.
pub(super) fn lists(
    item: Arc<Field>,
    lengths: impl Iterator<Item = Option<usize>>,
    values: ArrayRef,
) -> Result<ArrayRef> {
    let lengths: Vec<Option<usize>> = lengths.collect();
    let valid = NullBuffer::from_iter(lengths.iter().map(Option::is_some));
    let offsets = OffsetBuffer::from_lengths(lengths.into_iter().map(Option::unwrap_or_default));
    let lists = ListArray::try_new(item, offsets, values, Some(valid))?;
    Ok(Arc::new(lists))
}
