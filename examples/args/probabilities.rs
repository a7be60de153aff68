//! The probabilities that a model gives the rows of a table, as a file.

use std::path::Path;

use ndarray::ArrayView2;
use timbral::data::{FeatureTable, write_whole};

/// Writes a CSV table of `filename`, a column a class and, if they are known, `label`.
pub(crate) fn write(
    path: &Path,
    table: &FeatureTable,
    classes: &[String],
    probabilities: ArrayView2<'_, f32>,
) -> anyhow::Result<()> {
    let labels = table.labels();
    let head = [&["filename".to_owned()], classes].concat().into_iter();
    let head = head.chain(labels.map(|_| "label".to_owned()));
    Ok(write_whole(path, |file| {
        let mut csv = csv::Writer::from_writer(file);
        csv.write_record(head)?;
        for (row, (id, shares)) in table.ids().iter().zip(probabilities.rows()).enumerate() {
            let shares = shares.into_iter().map(f32::to_string);
            let label = labels.map(|labels| table.classes()[labels[row]].clone());
            csv.write_record([id.clone()].into_iter().chain(shares).chain(label))?;
        }
        csv.flush()
    })?)
}
