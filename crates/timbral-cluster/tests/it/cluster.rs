//! One scheduler and two executors as processes on loopback.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use timbral::boost::BoostParams;
use timbral_cluster::TrainParams;

use crate::music::{Music, assert_equals_table, bytes_of, shards, texts};
use crate::prediction::two_classes;
use crate::processes::Cluster;

/// The number of tracks: `TIMBRAL_CLUSTER_TRACKS`, else 200.
fn music() -> Music {
    let tracks = std::env::var("TIMBRAL_CLUSTER_TRACKS").ok();
    Music::new(tracks.and_then(|n| n.parse().ok()).unwrap_or(200))
}

/// Waits until a third of the shards are there.
async fn a_third(music: &Music, parts: usize) {
    while bytes_of(music.path("shards")).len() < parts / 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn parts(music: &Music) -> usize {
    bytes_of(music.path("manifest")).len()
}

/// A third of the shards was there, not all.
fn assert_some(before: &BTreeMap<String, Vec<u8>>, n_parts: usize) {
    let n = before.len();
    assert!(n >= n_parts / 3 && n < n_parts, "{n}");
}

/// The shards that were there have not been written again.
fn assert_kept(before: &BTreeMap<String, Vec<u8>>, music: &Music) {
    let after = bytes_of(music.path("shards"));
    for (name, bytes) in before {
        assert_eq!(after.get(name), Some(bytes), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_executors_make_the_table_of_extract_features() {
    let music = music();
    music.manifest(5).await;
    let cluster = Cluster::start(&[]).await;
    let session = cluster.session().await;
    let report = music.extract(&session).await.unwrap();
    let n = music.tracks as u64;
    assert_eq!(
        (report.rows, report.errors, report.computed),
        (n, music.bad as u64, n)
    );
    let rows = shards(&music.path("shards")).await;
    assert_equals_table(&music, &rows);
    let ids: BTreeSet<_> = texts(&rows, "executor").into_iter().collect();
    assert_eq!(ids, ["one", "two"].map(str::to_owned).into());
    // SQL on the cluster, with a function of it.
    let context = session.context();
    let table = format!("{}/", music.path("manifest"));
    context
        .register_parquet("manifest", table, Default::default())
        .await
        .unwrap();
    let sql = "SELECT count(*) AS n, min(f.executor) AS first FROM (SELECT audio_features(path) AS f FROM manifest) \
        WHERE f.reason IS NOT NULL";
    let rows = context.sql(sql).await.unwrap().collect().await.unwrap();
    assert_eq!(texts(&rows[0], "n"), [music.bad.to_string()]);
    assert!(["one", "two"].contains(&&*texts(&rows[0], "first")[0]));
    // A model that one executor reads, and one that does not fit.
    let model = music.path("model.ubj");
    two_classes().save(&model).unwrap();
    let predict = |fields: &str| {
        format!(
            "SELECT DISTINCT p.label AS label FROM \
             (SELECT predict_features(named_struct({fields}), '{model}') AS p FROM manifest)"
        )
    };
    let rows = context.sql(&predict("'tempo', size, 'rms', 0")).await;
    let rows = rows.unwrap().collect().await.unwrap();
    assert_eq!(texts(&rows[0], "label"), ["fast"]);
    let rows = context.sql(&predict("'tempo', size")).await;
    let error = rows.unwrap().collect().await.unwrap_err().to_string();
    assert!(error.contains("the struct has no rms"), "{error}");
    // Features and labels of the sounds in one query.
    let boost = BoostParams {
        n_rounds: 2,
        ..BoostParams::default()
    };
    let params = TrainParams {
        boost,
        ..TrainParams::default()
    };
    let (shards, model) = (music.path("shards"), music.path("genres.ubj"));
    let run = params.run(&session, &shards, &model, &mut ()).await;
    run.unwrap();
    let sql = format!(
        "SELECT count(p.label) AS n FROM \
         (SELECT predict_features(audio_features(path), '{model}') AS p FROM manifest WHERE path LIKE '%00000.wav')"
    );
    let rows = context.sql(&sql).await.unwrap().collect().await.unwrap();
    assert_eq!(texts(&rows[0], "n"), ["10"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_that_is_killed_loses_nothing() {
    let music = music();
    music.manifest(5).await;
    let mut cluster = Cluster::start(&[]).await;
    let session = cluster.session().await;
    let n_parts = parts(&music);
    let kill = async {
        a_third(&music, n_parts).await;
        cluster.executors.pop();
        bytes_of(music.path("shards"))
    };
    let (report, before) = tokio::join!(music.extract(&session), kill);
    let report = report.unwrap();
    assert_eq!((report.rows, report.shards), (music.tracks as u64, n_parts));
    assert_equals_table(&music, &shards(&music.path("shards")).await);
    // What was done when it was killed has not been done again: seconds and executors are as they were.
    assert_some(&before, n_parts);
    assert_kept(&before, &music);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_scheduler_was_killed_goes_on_when_it_is_started_again() {
    let music = music();
    music.manifest(5).await;
    let mut cluster = Cluster::start(&[]).await;
    let session = cluster.session().await;
    let n_parts = parts(&music);
    let kill = async {
        a_third(&music, n_parts).await;
        cluster.scheduler = None;
        cluster.executors.clear();
        bytes_of(music.path("shards"))
    };
    let (report, before) = tokio::join!(music.extract(&session), kill);
    assert!(report.is_err());
    assert_some(&before, n_parts);

    cluster.start_scheduler().await;
    cluster.start_executors();
    let session = cluster.session().await;
    let report = music.extract(&session).await.unwrap();
    assert_eq!((report.rows, report.shards), (music.tracks as u64, n_parts));
    let done: u64 = before.len() as u64 * 5;
    assert_eq!(report.computed, music.tracks as u64 - done);
    assert_equals_table(&music, &shards(&music.path("shards")).await);
    assert_kept(&before, &music);
}
