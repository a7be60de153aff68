use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::utils::take_function_args;
use datafusion::common::{exec_err, plan_err};
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
use super::literals::{text_of, text_of_column, texts};
use crate::error::Result;
use crate::tracks::{Outcome, Tracks};

/// What a function computes of a sound: rows to Arrow columns.
#[async_trait]
pub(super) trait OfSound: fmt::Debug + Send + Sync + 'static {
    /// The name in SQL.
    const NAME: &'static str;
    /// The arguments after the path if they are left out; `None` if one must be there.
    const DEFAULTS: &'static [Option<&'static str>];

    /// What the arguments stand for, such as a model.
    type Setting: Send + Sync + 'static;
    /// The result of a sound.
    type Row: Send + 'static;

    /// The columns, before those that all functions have. It is called when a query is planned.
    fn fields(&self, arguments: &[String]) -> Result<Vec<Field>>;

    /// Prepares the computation; once per arguments, as far as possible.
    async fn setting(&self, arguments: &[String]) -> Result<Arc<Self::Setting>>;

    /// The result of one sound.
    fn compute(setting: &Self::Setting, sound: &EncodedSound) -> timbral::Result<Self::Row>;

    /// What is missing of the sound.
    fn damaged(row: &Self::Row) -> Option<String>;

    /// The columns of [`fields`](Self::fields).
    fn arrays(setting: &Self::Setting, rows: &[Option<&Self::Row>]) -> Result<Vec<ArrayRef>>;
}

/// An argument of [`OfSound`], which gets as many as it has defaults.
pub(super) fn argument(arguments: &[String], place: usize) -> &str {
    arguments.get(place).map_or("", String::as_str)
}

/// A function of the path of a sound and of literals.
pub(super) struct SoundFunction<F> {
    of_sound: F,
    tracks: Arc<Tracks>,
    executor: String,
    signature: Signature,
}

impl<F: OfSound> SoundFunction<F> {
    pub(super) fn new(of_sound: F, tracks: &Arc<Tracks>, executor: &str) -> Self {
        let needed = F::DEFAULTS.iter().filter(|d| d.is_none()).count();
        let counts = 1 + needed..=1 + F::DEFAULTS.len();
        let signatures = counts.map(TypeSignature::String).collect();
        Self {
            of_sound,
            tracks: Arc::clone(tracks),
            executor: executor.to_owned(),
            signature: Signature::one_of(signatures, Volatility::Volatile),
        }
    }

    fn type_of(&self, arguments: &[String]) -> Result<Fields> {
        let mut fields = self.of_sound.fields(arguments)?;
        fields.extend(tail_fields());
        Ok(fields.into())
    }

    /// The arguments after the path, of which some are given; `None` inside is one that is no literal.
    fn arguments(given: &[Option<String>]) -> DataFusionResult<Vec<String>> {
        let argument = |(i, default): (usize, &Option<&str>)| {
            let argument = match given.get(i) {
                None => default.map(str::to_owned),
                Some(literal) => literal.clone(),
            };
            let Some(argument) = argument else {
                let name = F::NAME;
                return plan_err!("{name}: the arguments after the path must be text literals");
            };
            Ok(argument)
        };
        F::DEFAULTS.iter().enumerate().map(argument).collect()
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
        let literals = args.scalar_arguments.iter().skip(1);
        let literals = literals.map(|literal| literal.and_then(text_of).map(str::to_owned));
        let arguments = Self::arguments(&literals.collect::<Vec<_>>())?;
        let of_type = DataType::Struct(self.type_of(&arguments)?);
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
        let literals = args.args.split_off(1.min(args.args.len()));
        let literals: Vec<_> = literals.iter().map(text_of_column).collect();
        let arguments = Self::arguments(&literals)?;
        let [paths] = take_function_args(F::NAME, args.args)?;
        let paths = texts(&paths.into_array(args.number_rows)?)?;
        let setting = self.of_sound.setting(&arguments).await?;
        let for_threads = Arc::clone(&setting);
        let paths = paths.into_iter().map(|path| Some((path?, None)));
        let compute = move |sound: &EncodedSound| F::compute(&for_threads, sound);
        let outcomes: Vec<Outcome<F::Row>> = self.tracks.map(paths, compute).await;
        let rows: Vec<_> = outcomes.iter().map(|o| o.result.as_ref().ok()).collect();
        let mut arrays = F::arrays(&setting, &rows)?;
        let damaged = rows.iter().map(|row| row.and_then(F::damaged));
        arrays.extend(tail_arrays(&outcomes, damaged, &self.executor));
        let fields = self.type_of(&arguments)?;
        let array = StructArray::try_new(fields, arrays, None)?;
        Ok(ColumnarValue::Array(Arc::new(array)))
    }
}
