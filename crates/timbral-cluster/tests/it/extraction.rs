use std::fs;

use timbral_cluster::{ExtractParams, ManifestParams, Session};

use crate::music::{Music, assert_equals_table, bytes_of, shards};

#[tokio::test(flavor = "multi_thread")]
async fn shards_are_the_table_of_extract_features() {
    let music = Music::new(60);
    music.manifest(16).await;
    let session = Session::local().unwrap();
    let out = music.path("shards");
    let report = music.extract(&session).await.unwrap();
    let counts = (report.shards, report.rows, report.errors, report.computed);
    assert_eq!(counts, (4, 60, 2, 60));
    assert_eq!(report.executors.get("local"), Some(&60));
    assert_equals_table(&music, &shards(&out).await);
    // Nothing but the shards is left.
    let names: Vec<_> = bytes_of(&out).into_keys().collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_does_what_is_new_or_changed() {
    let music = Music::new(20);
    music.manifest(6).await;
    let session = Session::local().unwrap();
    let (manifest, out) = (music.path("manifest"), music.path("shards"));
    music.extract(&session).await.unwrap();
    let first = bytes_of(&out);

    let again = music.extract(&session).await.unwrap();
    assert_eq!((again.rows, again.computed), (20, 0));
    assert_eq!(bytes_of(&out), first);

    // One file of the first part changes, one of the second part goes, one is new.
    let files = music.files();
    fs::copy(&files[1], &files[0]).unwrap();
    fs::remove_file(&files[8]).unwrap();
    fs::copy(&files[3], files[3].with_file_name("new.wav")).unwrap();
    let manifest_params = ManifestParams {
        rows_per_part: 6,
        ..ManifestParams::default()
    };
    let report = manifest_params
        .run(&music.path("music"), &manifest, &mut ())
        .await
        .unwrap();
    let counts = (
        report.files,
        report.parts,
        report.new,
        report.changed,
        report.removed,
    );
    assert_eq!(counts, (20, 5, 1, 1, 1));
    let report = music.extract(&session).await.unwrap();
    assert_eq!((report.rows, report.computed, report.shards), (20, 2, 5));
    let now = bytes_of(&out);
    let is_same = |name: &&String| now.get(*name) == first.get(*name);
    let same: Vec<_> = first.keys().filter(is_same).map(String::as_str).collect();
    assert_eq!(same, ["part-0000002.parquet", "part-0000003.parquet"]);
    let table = Music {
        tracks: 20,
        ..music
    };
    assert_equals_table(&table, &shards(&out).await);

    // Other features are another table.
    let other = ExtractParams {
        features: "tempo;rms".to_owned(),
        ..ExtractParams::default()
    };
    let report = table.extract_with(other.clone(), &session).await.unwrap();
    assert_eq!((report.rows, report.computed), (20, 20));

    // Parts that are gone take their shards with them.
    fs::remove_file(table.folder.path().join("manifest/part-0000001.parquet")).unwrap();
    let report = table.extract_with(other, &session).await.unwrap();
    assert_eq!((report.rows, report.computed, report.shards), (15, 0, 4));
    assert_eq!(bytes_of(&out).len(), 4);
}
