use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};

use crate::error::{Error, Result};
use crate::location::Location;
use crate::parquet_bytes;

/// A track of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ManifestRow {
    pub(crate) path: String,
    pub(crate) size: u64,
    /// The version that the store gives the file.
    pub(crate) e_tag: Option<String>,
    /// A text that changes with the content: SHA-256 or `e_tag`.
    pub(crate) hash: String,
}

/// The columns of a manifest.
fn schema() -> SchemaRef {
    let text = |name, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text("path", false),
        Field::new("size", DataType::UInt64, false),
        text("e_tag", true),
        text("hash", false),
    ]))
}

/// A part of a manifest as a Parquet file.
pub(crate) fn write_part(rows: &[ManifestRow]) -> Result<Vec<u8>> {
    let text = |of: fn(&ManifestRow) -> Option<&str>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let sizes = rows.iter().map(|row| Some(row.size));
    let columns = vec![
        text(|row| Some(&row.path)),
        Arc::new(sizes.collect::<UInt64Array>()),
        text(|row| row.e_tag.as_deref()),
        text(|row| Some(&row.hash)),
    ];
    let schema = schema();
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    parquet_bytes::write(schema, &batch, None)
}

/// The rows of a part of a manifest.
pub(crate) fn read_part(bytes: Bytes, location: &Location) -> Result<Vec<ManifestRow>> {
    let bad = |reason: String| Error::Manifest {
        location: location.to_string(),
        reason,
    };
    let (batch, _) = parquet_bytes::read(bytes).map_err(|e| bad(e.to_string()))?;
    let column = |name: &str, of_type: &DataType| {
        let Some(column) = batch.column_by_name(name) else {
            let schema = batch.schema();
            let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            let got = names.join(", ");
            return Err(bad(format!(
                "a manifest has columns path, size and hash; there is no {name} among {got}"
            )));
        };
        let error = |e| bad(format!("column {name}: {e}"));
        cast(column, of_type).map_err(error)
    };
    let [paths, hashes] = ["path", "hash"].map(|name| column(name, &DataType::Utf8));
    let (paths, hashes) = (paths?, hashes?);
    let sizes = column("size", &DataType::UInt64)?;
    let e_tags = match batch.column_by_name("e_tag") {
        Some(_) => Some(column("e_tag", &DataType::Utf8)?),
        None => None,
    };
    let sizes = sizes.as_primitive::<UInt64Type>();
    for (name, nulls) in [
        ("path", paths.null_count()),
        ("hash", hashes.null_count()),
        ("size", datafusion::arrow::array::Array::null_count(sizes)),
    ] {
        if nulls > 0 {
            return Err(bad(format!("column {name}: {nulls} values are null")));
        }
    }
    let (paths, hashes) = (paths.as_string::<i32>(), hashes.as_string::<i32>());
    let e_tags = e_tags.as_ref().map(|column| column.as_string::<i32>());
    let row = |i: usize| ManifestRow {
        path: paths.value(i).to_owned(),
        size: sizes.value(i),
        e_tag: e_tags.and_then(|tags| tags.iter().nth(i)?.map(str::to_owned)),
        hash: hashes.value(i).to_owned(),
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location() -> Location {
        "/m/part.parquet".parse().unwrap()
    }

    #[test]
    fn rows_come_back() {
        let row = |path: &str, e_tag: Option<&str>| ManifestRow {
            path: path.to_owned(),
            size: 7,
            e_tag: e_tag.map(str::to_owned),
            hash: "ab".to_owned(),
        };
        let rows = [row("/a.wav", Some("1")), row("s3://b/c.wav", None)];
        let bytes = write_part(&rows).unwrap();
        assert_eq!(read_part(bytes.into(), &location()).unwrap(), rows);
    }

    #[test]
    fn what_is_no_manifest_is_named() {
        let schema = Arc::new(Schema::new(vec![
            Field::new("path", DataType::Utf8, true),
            Field::new("bytes", DataType::UInt64, true),
        ]));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![Some("x")])),
            Arc::new(UInt64Array::from(vec![1])),
        ];
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
        let bytes = parquet_bytes::write(schema, &batch, None).unwrap();
        let error = read_part(bytes.into(), &location())
            .unwrap_err()
            .to_string();
        let expected = "/m/part.parquet: a manifest has columns path, size and hash; there is no hash among path, \
            bytes; make the manifest again";
        assert_eq!(error, expected);
        let error = read_part(Bytes::from_static(b"PAR1"), &location());
        assert!(
            error
                .unwrap_err()
                .to_string()
                .starts_with("/m/part.parquet: ")
        );
    }
}
