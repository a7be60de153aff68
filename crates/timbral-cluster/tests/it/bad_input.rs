use std::fs;
use std::path::Path;
use std::process::Command;

use timbral_cluster::{ExtractParams, Session};

use crate::music::{Music, bytes_of, shards, texts};
use crate::processes::example;

async fn error_of(music: &Music) -> String {
    let session = Session::local().unwrap();
    let (manifest, out) = (music.path("manifest"), music.path("shards"));
    let run = ExtractParams::default();
    let error = run
        .run(&session, &manifest, &out, &mut ())
        .await
        .unwrap_err();
    error.to_string()
}

#[tokio::test]
async fn paths_that_do_not_exist_are_rows() {
    let music = Music::new(10);
    music.manifest(100).await;
    let files = music.files();
    fs::remove_file(&files[0]).unwrap();
    fs::write(&files[1], "RIFF").unwrap();
    let session = Session::local().unwrap();
    let (manifest, out) = (music.path("manifest"), music.path("shards"));
    let run = ExtractParams::default();
    let report = run.run(&session, &manifest, &out, &mut ()).await.unwrap();
    assert_eq!((report.rows, report.errors), (10, 2 + music.bad as u64));
    let rows = shards(&out).await;
    assert_eq!(texts(&rows, "reason")[..2], ["not found", "changed"]);
    assert!(texts(&rows, "error")[0].starts_with(files[0].to_str().unwrap()));
}

#[tokio::test]
async fn what_is_no_manifest_is_named_and_leaves_no_shard() {
    let music = Music::new(10);
    let error = error_of(&music).await;
    assert!(
        error.ends_with("manifest: has no parts of a manifest"),
        "{error}"
    );

    // A table without the columns of a manifest.
    let manifest = music.path("manifest");
    fs::create_dir(&manifest).unwrap();
    let session = Session::local().unwrap();
    let copy = format!(
        "COPY (SELECT 1 AS size, 'x' AS file) TO '{manifest}/part-0000000.parquet' STORED AS PARQUET"
    );
    session
        .context()
        .sql(&copy)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let error = error_of(&music).await;
    let expected = "a manifest has columns path, size and hash; there is no path among size, file; make the manifest again";
    assert!(error.contains(expected), "{error}");
    assert!(error.contains("part-0000000.parquet"), "{error}");

    fs::write(format!("{manifest}/part-0000000.parquet"), "PAR1").unwrap();
    let error = error_of(&music).await;
    assert!(error.contains("part-0000000.parquet: "), "{error}");
    assert!(bytes_of(music.path("shards")).is_empty());
}

#[tokio::test]
async fn literals_that_are_wrong_fail_the_query() {
    let session = Session::local().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("m.timbral");
    fs::write(&model, "PK").unwrap();
    for (call, expected) in [
        ("audio_features('/a.wav', 'mfc')".to_owned(), "mfc"),
        (
            "predict_genre('/a.wav', '/no/model')".to_owned(),
            "/no/model: ",
        ),
        (
            format!("predict_genre('/a.wav', '{}')", model.display()),
            "m.timbral: not a timbral-classifier file",
        ),
        (
            "predict_genre('/a.wav', 'gs://b/model')".to_owned(),
            "gs://b/model: only paths",
        ),
    ] {
        let error = match session.context().sql(&format!("SELECT {call}")).await {
            Err(error) => error,
            Ok(frame) => frame.collect().await.unwrap_err(),
        };
        let error = error.to_string();
        assert!(error.contains(expected), "{error}");
    }
    let params = ExtractParams {
        features: "nothing".to_owned(),
        ..ExtractParams::default()
    };
    assert!(
        params
            .validate()
            .unwrap_err()
            .to_string()
            .contains("nothing")
    );
    let params = ExtractParams {
        partitions: 0,
        ..ExtractParams::default()
    };
    assert!(
        params
            .validate()
            .unwrap_err()
            .to_string()
            .contains("partitions")
    );
}

/// A file system of 64 KiB that is unmounted at the end.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// `None` where this user may not mount.
    fn mount(folder: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(folder);
        let done = mount.output().is_ok_and(|output| output.status.success());
        done.then_some(Self(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).output();
    }
}

#[test]
fn a_full_disk_leaves_whole_shards_and_is_named() {
    let music = Music::new(50);
    let out = music.folder.path().join("out");
    fs::create_dir(&out).unwrap();
    // Where nothing can be mounted, files may have at most 8 KiB.
    let disk = SmallDisk::mount(&out);
    let limit = if disk.is_some() {
        ""
    } else {
        "trap '' XFSZ; ulimit -f 8; "
    };
    let (program, source) = (example("cluster_extract"), music.path("music"));
    let command = format!(
        "{limit}exec '{}' '{source}' '{}' --rows 10 --partitions 1",
        program.display(),
        out.display()
    );
    let output = Command::new("bash")
        .args(["-c", &command])
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    let reason = if disk.is_some() {
        "No space left"
    } else {
        "File too large"
    };
    assert!(
        error.contains(reason) && error.contains("shards/part-000000"),
        "{error}"
    );
    // What is there can be read; nothing else is there.
    let session = Session::local().unwrap();
    let left = bytes_of(out.join("shards"));
    assert!(left.len() < 5, "{left:?}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for name in left.keys() {
        assert!(name.ends_with(".parquet"), "{name}");
        let path = out.join("shards").join(name);
        let table = session
            .context()
            .read_parquet(path.to_str().unwrap(), Default::default());
        let rows = runtime.block_on(async { table.await.unwrap().count().await.unwrap() });
        assert_eq!(rows, 10);
    }
}
