//! Models on tables of features: training on shards, and predictions in SQL.

use std::fs;
use std::ops::ControlFlow;

use timbral::Progress;
use timbral::boost::{BoostParams, Dataset, Model, Objective};
use timbral::data::TableShards;
use timbral_cluster::datafusion::arrow::array::{Array, AsArray, RecordBatch};
use timbral_cluster::datafusion::arrow::compute::concat_batches;
use timbral_cluster::datafusion::arrow::datatypes::Float64Type;
use timbral_cluster::{Error, Session, TrainParams};

use crate::music::{Music, texts};

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

/// The trees of the rows of shards that have no error, as one local file.
pub(crate) async fn trees_of(shards: &str, boost: &BoostParams) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.parquet");
    let session = Session::local().unwrap();
    session.register_shards("shards", shards).await.unwrap();
    let copy = format!(
        "COPY (SELECT * EXCEPT (features) FROM shards WHERE error IS NULL ORDER BY path) TO '{}'",
        file.display()
    );
    let copied = session.context().sql(&copy).await.unwrap();
    copied.collect().await.unwrap();
    let table = TableShards::open(&TrainParams::default().schema, file).unwrap();
    timbral::train_on_shards(boost, &table, &mut ()).unwrap()
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

#[tokio::test]
async fn shards_are_trained_on_and_predicted() {
    let music = Music::new(20);
    // One per row: a shard has no row to train on.
    music.manifest(1).await;
    let session = Session::local().unwrap();
    music.extract(&session).await.unwrap();
    let (shards, model) = (music.path("shards"), music.path("model.ubj"));
    let params = TrainParams {
        boost: BoostParams {
            n_rounds: 3,
            ..BoostParams::default()
        },
        ..TrainParams::default()
    };
    let mut units = Vec::new();
    let mut monitor = |p: &Progress| {
        units.push((p.unit, p.done, p.total));
        ControlFlow::Continue(())
    };
    let run = params.run(&session, &shards, &model, &mut monitor);
    let trees = run.await.unwrap();
    assert_eq!(trees, trees_of(&shards, &params.boost).await);
    assert_eq!(Model::load(&model).unwrap(), trees);
    // The row of the file that cannot be read is not among them.
    assert!(units.contains(&("rows", 19, 19)), "{units:?}");
    assert_eq!(units.last(), Some(&("rounds", 3, 3)));

    session.register_shards("shards", &shards).await.unwrap();
    let sql = format!(
        "SELECT path, error, p.label AS predicted, p.error AS reason FROM \
         (SELECT path, error, predict_features(features, '{model}') AS p FROM shards) ORDER BY path"
    );
    let rows = query(&session, &sql).await;
    let table = TableShards::open(&TrainParams::default().schema, &shards).unwrap();
    let mut expected = Vec::new();
    let predictor = trees.compile();
    let visited = table.visit(100, |block| {
        for class in predictor.classes(block.features()).unwrap() {
            expected.push(table.classes()[class].clone());
        }
        Ok::<_, timbral::data::Error>(())
    });
    visited.unwrap();
    let (errors, reasons) = (texts(&rows, "error"), texts(&rows, "reason"));
    assert_eq!(errors, reasons);
    for (i, predicted) in texts(&rows, "predicted").iter().enumerate() {
        match errors[i].is_empty() {
            true => assert_eq!(*predicted, expected[i]),
            false => assert!(predicted.is_empty()),
        }
    }
    assert_eq!(errors.iter().filter(|e| !e.is_empty()).count(), 1);

    // Of the sounds themselves, whose features are given on in one SELECT or in several.
    let tracks = format!(
        "(VALUES ('{}'), ('/no.wav')) AS t(path)",
        music.files()[0].display()
    );
    let call = |features: &str| format!("predict_features({features}, '{model}') AS p");
    let nested = format!("SELECT {} FROM {tracks}", call("audio_features(path)"));
    let inner = format!("SELECT path, audio_features(path) AS f FROM {tracks}");
    let filtered = format!(
        "SELECT {} FROM ({inner}) WHERE f.length IS NULL OR path IS NOT NULL",
        call("f")
    );
    let subquery = format!("SELECT {} FROM ({inner})", call("f"));
    for sql in [nested, filtered, subquery] {
        let sql = format!("SELECT p.label AS label, p.reason AS reason FROM ({sql})");
        let of_sounds = query(&session, &sql).await;
        let label = &*texts(&rows, "predicted")[0];
        assert_eq!(texts(&of_sounds, "label"), [label, ""], "{sql}");
        assert_eq!(texts(&of_sounds, "reason"), ["", "not found"]);
    }
}

#[tokio::test]
async fn a_training_can_be_stopped() {
    let music = Music::new(20);
    music.manifest(6).await;
    let session = Session::local().unwrap();
    music.extract(&session).await.unwrap();
    let (shards, model) = (music.path("shards"), music.path("model.json"));
    let params = TrainParams::default();
    let mut stop = |_: &Progress| ControlFlow::Break(());
    let stopped = params.run(&session, &shards, &model, &mut stop).await;
    assert!(matches!(stopped, Err(Error::Stopped)));
    assert!(!fs::exists(&model).unwrap());
    // In the second round: the rounds so far.
    let mut stop = |p: &Progress| match (p.unit, p.done) {
        ("rounds", 2) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let trees = params.run(&session, &shards, &model, &mut stop).await;
    assert_eq!(trees.unwrap().n_rounds(), 2);
    assert_eq!(Model::load(&model).unwrap().n_rounds(), 2);
}
