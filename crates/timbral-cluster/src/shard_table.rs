use datafusion::arrow::datatypes::FieldRef;
use datafusion::common::Column;
use datafusion::functions::core::named_struct;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{ParquetReadOptions, lit};

use crate::error::Result;
use crate::functions::is_number;
use crate::location::Location;
use crate::session::Session;

/// Text fields of `features` with the reason why a row has no features.
const REASONS: [&str; 2] = ["reason", "error"];

/// Columns as one struct, as `predict_features` takes it: `named_struct('tempo', tempo, ...)`.
///
/// ```
/// use datafusion::prelude::{SessionContext, col, get_field, lit};
/// use timbral_cluster::feature_struct;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let table = SessionContext::new().sql("SELECT 98.5 AS tempo, 0.25 AS rms").await?;
/// let rows = table.select([feature_struct(["tempo", "rms"]).alias("f")])?;
/// let rows = rows.select([get_field(col("f"), "tempo").eq(lit(98.5))])?;
/// assert!(rows.to_string().await?.contains("| true "));
/// # Ok(())
/// # }
/// ```
pub fn feature_struct<S: AsRef<str>>(columns: impl IntoIterator<Item = S>) -> Expr {
    let pair = |name: S| {
        let column = Column::from_name(name.as_ref());
        [lit(name.as_ref()), Expr::Column(column)]
    };
    named_struct().call(columns.into_iter().flat_map(pair).collect())
}

impl Session {
    /// Makes an SQL table from a folder of shards, or from any Parquet files with columns of numbers.
    ///
    /// It has the columns of the files, and `features`: a struct of all columns of numbers, and of `reason` and `error`
    /// if they are there, for `predict_features`.
    ///
    /// ```no_run
    /// # async fn predict(session: timbral_cluster::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// session.register_shards("shards", "s3://bucket/shards").await?;
    /// let query = "SELECT path, p.label, p.probability FROM \
    ///     (SELECT path, predict_features(features, 's3://bucket/genres.ubj') AS p FROM shards)";
    /// session.context().sql(query).await?.show().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// There are no Parquet files, or they cannot be read; they have a column `features`; the name is taken.
    pub async fn register_shards(&self, name: &str, shards: &str) -> Result<()> {
        let shards: Location = shards.parse()?;
        let folder = format!("{}/", shards.to_string().trim_end_matches('/'));
        let context = self.context();
        let table = context.read_parquet(folder, ParquetReadOptions::default());
        let table = table.await?;
        let fields = table.schema().fields();
        let is_field = |field: &&FieldRef| {
            is_number(field.data_type()) || REASONS.contains(&field.name().as_str())
        };
        let names: Vec<_> = fields.iter().filter(is_field).map(|f| f.name()).collect();
        let features = feature_struct(names).alias("features");
        let columns = table.schema().columns();
        let mut columns: Vec<_> = columns.into_iter().map(Expr::Column).collect();
        columns.push(features);
        context.register_table(name, table.select(columns)?.into_view())?;
        Ok(())
    }
}
