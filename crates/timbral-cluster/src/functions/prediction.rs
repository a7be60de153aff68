use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::utils::take_function_args;
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::async_udf::AsyncScalarUDFImpl;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::arrays::reason_fields;
use super::literals::{text_of, text_of_column, texts};
use super::models::Models;
use super::ranked::Ranked;
use super::trees::Trees;
use crate::computed::computed;
use crate::error::{Error, Result};
use crate::stores::Stores;

const NAME: &str = "predict_features";

const RANKED: Ranked = Ranked {
    first: "label",
    all: "labels",
};

/// The classes of rows of features by boosted trees.
pub(super) struct PredictFeatures {
    stores: Arc<Stores>,
    models: Models<Trees>,
    signature: Signature,
}

impl PredictFeatures {
    pub(super) fn new(stores: Arc<Stores>) -> Self {
        Self {
            stores,
            models: Models::default(),
            signature: Signature::any(2, Volatility::Volatile),
        }
    }

    async fn trees(&self, model: &str) -> Result<Arc<Trees>> {
        let read = async {
            let bytes = self.stores.read(&model.parse()?).await?;
            Trees::from_bytes(&bytes, model)
        };
        self.models.get(model, read).await
    }

    async fn predict(&self, rows: &StructArray, model: &str) -> Result<StructArray> {
        let trees = self.trees(model).await?;
        let table = trees.table(rows)?;
        let is_known = |(i, row): (usize, _)| rows.is_valid(i) && has_value(row);
        let known: Vec<bool> = table.outer_iter().enumerate().map(is_known).collect();
        let for_threads = Arc::clone(&trees);
        let probabilities = computed(move || for_threads.probabilities(table.view())).await;
        let probabilities = probabilities.unwrap_or_else(|| {
            Err(Error::Model {
                location: model.to_owned(),
                reason: "the prediction panicked; please report it with the model".to_owned(),
            })
        })?;
        let ranked = known.iter().zip(probabilities.outer_iter());
        let ranked: Vec<_> = ranked
            .map(|(known, row)| known.then(|| trees.ranked(row.iter().copied())))
            .collect();
        let mut arrays: Vec<ArrayRef> = RANKED.arrays(&ranked)?.into();
        for (name, otherwise) in [
            ("reason", "no features"),
            ("error", "all features of the model are null"),
        ] {
            arrays.push(Arc::new(reasons(rows, &known, name, otherwise)?));
        }
        Ok(StructArray::try_new(fields(), arrays, None)?)
    }
}

fn has_value(row: timbral::ndarray::ArrayView1<'_, f32>) -> bool {
    row.iter().any(|x| !x.is_nan())
}

/// Why rows have no prediction: the text of the field `name` of their struct, if it has one.
fn reasons(rows: &StructArray, known: &[bool], name: &str, otherwise: &str) -> Result<StringArray> {
    let own = match rows.column_by_name(name) {
        Some(column) if column.data_type().is_string() => texts(column)?,
        _ => vec![None; rows.len()],
    };
    let reason = |(known, own): (&bool, Option<String>)| match known {
        true => None,
        false => Some(own.unwrap_or_else(|| otherwise.to_owned())),
    };
    Ok(known.iter().zip(own).map(reason).collect())
}

fn fields() -> Fields {
    let mut fields: Vec<Field> = RANKED.fields().into();
    fields.extend(reason_fields());
    fields.into()
}

impl fmt::Debug for PredictFeatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}

impl PartialEq for PredictFeatures {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for PredictFeatures {}

impl Hash for PredictFeatures {
    fn hash<H: Hasher>(&self, state: &mut H) {
        NAME.hash(state);
    }
}

impl ScalarUDFImpl for PredictFeatures {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        let ([features, _], [_, model]) = (args.arg_fields, args.scalar_arguments) else {
            return plan_err!("{NAME} takes features and a model");
        };
        let of = features.data_type();
        if !matches!(of, DataType::Struct(_)) {
            return plan_err!(
                "{NAME}: the first argument must be a struct of numbers, such as \
                 named_struct('tempo', tempo), not {of}"
            );
        }
        if model.and_then(text_of).is_none() {
            return plan_err!("{NAME}: the second argument must be a text literal");
        }
        Ok(Arc::new(Field::new(
            NAME,
            DataType::Struct(fields()),
            false,
        )))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        exec_err!("{NAME} is asynchronous")
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for PredictFeatures {
    async fn invoke_async_with_args(
        &self,
        args: ScalarFunctionArgs,
    ) -> DataFusionResult<ColumnarValue> {
        let [features, model] = take_function_args(NAME, args.args)?;
        let Some(model) = text_of_column(&model) else {
            return exec_err!("{NAME}: the second argument must be a text literal");
        };
        let rows = features.into_array(args.number_rows)?;
        let Some(rows) = rows.as_struct_opt() else {
            return exec_err!("{NAME}: the first argument must be a struct of numbers");
        };
        let predicted = self.predict(rows, &model).await?;
        Ok(ColumnarValue::Array(Arc::new(predicted)))
    }
}
