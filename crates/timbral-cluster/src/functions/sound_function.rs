use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::utils::take_function_args;
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::async_udf::AsyncScalarUDFImpl;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use timbral::EncodedSound;

use super::BATCH_SIZE;
use super::arrays::tail_arrays;
use super::arrays::tail_fields;
use crate::error::Result;
use crate::tracks::{Outcome, Tracks};

/// What a function computes of a sound: rows to Arrow columns.
#[async_trait]
pub(super) trait OfSound: fmt::Debug + Send + Sync + 'static {
    /// The name in SQL.
    const NAME: &'static str;
    /// The second argument if it is left out; `None` if it must be there.
    const DEFAULT: Option<&'static str>;

    /// What an argument stands for, such as a model.
    type Setting: Send + Sync + 'static;
    /// The result of a sound.
    type Row: Send + 'static;

    /// The columns, before those that all functions have. It is called when a query is planned.
    fn fields(&self, argument: &str) -> Result<Vec<Field>>;

    /// Prepares the computation; once per argument, as far as possible.
    async fn setting(&self, argument: &str) -> Result<Arc<Self::Setting>>;

    /// The result of one sound.
    fn compute(setting: &Self::Setting, sound: &EncodedSound) -> timbral::Result<Self::Row>;

    /// What is missing of the sound.
    fn damaged(row: &Self::Row) -> Option<String>;

    /// The columns of [`fields`](Self::fields).
    fn arrays(setting: &Self::Setting, rows: &[Option<&Self::Row>]) -> Result<Vec<ArrayRef>>;
}

/// A function of the path of a sound and of a literal.
pub(super) struct SoundFunction<F> {
    of_sound: F,
    tracks: Arc<Tracks>,
    executor: String,
    signature: Signature,
}

impl<F: OfSound> SoundFunction<F> {
    pub(super) fn new(of_sound: F, tracks: &Arc<Tracks>, executor: &str) -> Self {
        let two = TypeSignature::String(2);
        let signatures = match F::DEFAULT {
            Some(_) => vec![TypeSignature::String(1), two],
            None => vec![two],
        };
        Self {
            of_sound,
            tracks: Arc::clone(tracks),
            executor: executor.to_owned(),
            signature: Signature::one_of(signatures, Volatility::Volatile),
        }
    }

    fn type_of(&self, argument: &str) -> Result<Fields> {
        let mut fields = self.of_sound.fields(argument)?;
        fields.extend(tail_fields());
        Ok(fields.into())
    }
}

impl<F: OfSound> fmt::Debug for SoundFunction<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(F::NAME).field(&self.executor).finish()
    }
}

impl<F: OfSound> PartialEq for SoundFunction<F> {
    fn eq(&self, other: &Self) -> bool {
        self.executor == other.executor
    }
}

impl<F: OfSound> Eq for SoundFunction<F> {}

impl<F: OfSound> Hash for SoundFunction<F> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (F::NAME, &self.executor).hash(state);
    }
}

impl<F: OfSound> ScalarUDFImpl for SoundFunction<F> {
    fn name(&self) -> &str {
        F::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        plan_err!("the type of {} depends on its arguments", F::NAME)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        let argument = match args.scalar_arguments.get(1) {
            None => F::DEFAULT,
            Some(literal) => literal.and_then(text_of),
        };
        let Some(argument) = argument else {
            return plan_err!("{}: the second argument must be a text literal", F::NAME);
        };
        let of_type = DataType::Struct(self.type_of(argument)?);
        Ok(Arc::new(Field::new(F::NAME, of_type, false)))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        exec_err!("{} is asynchronous", F::NAME)
    }
}

#[async_trait]
impl<F: OfSound> AsyncScalarUDFImpl for SoundFunction<F> {
    fn ideal_batch_size(&self) -> Option<usize> {
        Some(BATCH_SIZE)
    }

    async fn invoke_async_with_args(
        &self,
        mut args: ScalarFunctionArgs,
    ) -> DataFusionResult<ColumnarValue> {
        let argument = match args.args.len() {
            2 => args.args.pop().as_ref().and_then(text_of_column),
            _ => F::DEFAULT.map(str::to_owned),
        };
        let Some(argument) = argument else {
            return exec_err!("{}: the second argument must be a text literal", F::NAME);
        };
        let [paths] = take_function_args(F::NAME, args.args)?;
        let paths = texts(&paths.into_array(args.number_rows)?)?;
        let setting = self.of_sound.setting(&argument).await?;
        let for_threads = Arc::clone(&setting);
        let paths = paths.into_iter().map(|path| Some((path?, None)));
        let compute = move |sound: &EncodedSound| F::compute(&for_threads, sound);
        let outcomes: Vec<Outcome<F::Row>> = self.tracks.map(paths, compute).await;
        let rows: Vec<_> = outcomes.iter().map(|o| o.result.as_ref().ok()).collect();
        let mut arrays = F::arrays(&setting, &rows)?;
        let damaged = rows.iter().map(|row| row.and_then(F::damaged));
        arrays.extend(tail_arrays(&outcomes, damaged, &self.executor));
        let fields = self.type_of(&argument)?;
        let array = StructArray::try_new(fields, arrays, None)?;
        Ok(ColumnarValue::Array(Arc::new(array)))
    }
}

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

fn text_of(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}

/// The text of a literal, whether it comes as one value or once per row.
pub(super) fn text_of_column(column: &ColumnarValue) -> Option<String> {
    match column {
        ColumnarValue::Scalar(value) => text_of(value).map(str::to_owned),
        ColumnarValue::Array(array) => texts(array).ok()?.into_iter().next()?,
    }
}
