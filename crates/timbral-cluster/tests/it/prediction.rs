//! Models on tables of features: predictions in SQL.

use timbral::boost::{BoostParams, Dataset, Model, Objective};
use timbral_cluster::Session;
use timbral_cluster::datafusion::arrow::array::{Array, AsArray, RecordBatch};
use timbral_cluster::datafusion::arrow::compute::concat_batches;
use timbral_cluster::datafusion::arrow::datatypes::Float64Type;

use crate::music::texts;

/// Trees that call tempi above 100 fast; `rms` says something in between.
pub(crate) fn two_classes() -> Model {
    let rows = (0..40).map(|i| [60.0 + 2.0 * i as f32, (i * 7 % 10) as f32]);
    let rows: Vec<_> = rows.collect();
    let labels: Vec<f32> = rows
        .iter()
        .map(|r| f32::from(r[0] + r[1] > 104.0))
        .collect();
    let x = timbral::ndarray::Array2::from(rows);
    let params = BoostParams {
        n_rounds: 5,
        objective: Objective::Logistic,
        ..BoostParams::default()
    };
    let data = Dataset::new(x.view(), &labels).unwrap();
    let model = params.fit(&data).unwrap();
    let names = ["tempo", "rms"].map(str::to_owned).to_vec();
    let model = model.with_feature_names(names).unwrap();
    let classes = ["slow", "fast"].map(str::to_owned).to_vec();
    model.with_class_names(classes).unwrap()
}

async fn query(session: &Session, sql: &str) -> RecordBatch {
    let batches = session.context().sql(sql).await.unwrap();
    let batches = batches.collect().await.unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn numbers(rows: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    let column = rows.column_by_name(name).unwrap();
    column.as_primitive::<Float64Type>().iter().collect()
}

/// Fields in another order, of other types, missing values, and fields that the model does not have.
#[tokio::test]
async fn predictions_are_those_of_the_trees() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    let model = two_classes();
    model.save(&path).unwrap();
    let session = Session::local().unwrap();
    let sql = format!(
        "SELECT p.label AS label, p.probability AS probability, p.labels AS labels, p.reason AS reason, p.error AS error \
         FROM (SELECT predict_features(named_struct('rms', rms, 'error', error, 'tempo', tempo), '{}') AS p \
         FROM (VALUES (1, 140.5, 'x'), (9, 61.0, NULL), (NULL, 120.0, NULL), (3, NULL, NULL), (NULL, NULL, NULL), \
         (NULL, NULL, 'a.wav: cut off')) AS t(rms, tempo, error))",
        path.display()
    );
    let rows = query(&session, &sql).await;
    let nan = f32::NAN;
    let x = timbral::ndarray::array![[140.5, 1.0], [61.0, 9.0], [120.0, nan], [nan, 3.0]];
    let expected = model.compile().probabilities(x.view()).unwrap();
    let (labels, probabilities) = (texts(&rows, "label"), numbers(&rows, "probability"));
    assert_eq!(labels[..3], ["fast", "slow", "fast"]);
    let lists = rows.column_by_name("labels").unwrap().as_list::<i32>();
    for (i, expected) in expected.outer_iter().enumerate() {
        let best = if expected[1] > expected[0] { 1 } else { 0 };
        assert_eq!(labels[i], ["slow", "fast"][best]);
        assert_eq!(probabilities[i], Some(f64::from(expected[best])));
        let list = lists.value(i);
        let all = list.as_struct().column(1).as_primitive::<Float64Type>();
        let expected = [best, 1 - best].map(|class| f64::from(expected[class]));
        assert_eq!(all.values()[..], expected);
    }
    assert_eq!(
        texts(&rows, "reason")[3..],
        ["", "no features", "no features"]
    );
    let errors = ["", "all features of the model are null", "a.wav: cut off"];
    assert_eq!(texts(&rows, "error")[3..], errors);
    assert!(lists.is_null(4) && probabilities[4].is_none() && labels[4].is_empty());
}
