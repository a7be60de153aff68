use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::ColumnarValue;

/// The texts of a column of any of the types of texts.
pub(super) fn texts(array: &ArrayRef) -> DataFusionResult<Vec<Option<String>>> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().map(owned).collect(),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().map(owned).collect(),
        DataType::Utf8View => array.as_string_view().iter().map(owned).collect(),
        other => return exec_err!("expected texts, got {other}"),
    })
}

pub(super) fn text_of(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}

/// The text of a literal, whether it comes as one value or once per row.
pub(super) fn text_of_column(column: &ColumnarValue) -> Option<String> {
    match column {
        ColumnarValue::Scalar(value) => text_of(value).map(str::to_owned),
        ColumnarValue::Array(array) => texts(array).ok()?.into_iter().next()?,
    }
}
