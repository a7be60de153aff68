use std::fs;
use std::path::Path;
use std::process::Command;

use timbral::boost::{BoostParams, Dataset, Objective};
use timbral_cluster::{ExtractParams, Session, TrainParams};

use crate::music::{Music, bytes_of, shards, texts};
use crate::prediction::two_classes;
use crate::processes::example;

async fn error_of_extraction(music: &Music) -> String {
    let session = Session::local().unwrap();
    music.extract(&session).await.unwrap_err().to_string()
}

/// The error of a query, from planning or from running it.
async fn error_of_query(sql: &str) -> String {
    let session = Session::local().unwrap();
    let error = match session.context().sql(sql).await {
        Err(error) => error,
        Ok(frame) => frame.collect().await.unwrap_err(),
    };
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
    let report = music.extract(&session).await.unwrap();
    assert_eq!((report.rows, report.errors), (10, 2 + music.bad as u64));
    let rows = shards(&music.path("shards")).await;
    assert_eq!(texts(&rows, "reason")[..2], ["not found", "changed"]);
    assert!(texts(&rows, "error")[0].starts_with(files[0].to_str().unwrap()));
}

#[tokio::test]
async fn what_is_no_manifest_is_named_and_leaves_no_shard() {
    let music = Music::new(10);
    let error = error_of_extraction(&music).await;
    let expected = "manifest: has no parts of a manifest";
    assert!(error.ends_with(expected), "{error}");

    let part = music.folder.path().join("manifest/part-0000000.parquet");
    fs::create_dir(part.parent().unwrap()).unwrap();
    for (row, got) in [
        ("1 AS size, 'x' AS file", "no path among size, file"),
        ("1 AS size, 'x' AS path", "no hash among size, path"),
        ("'h' AS hash, 'x' AS path", "no size among hash, path"),
    ] {
        // A file that is there would be one of several of the table.
        let _ = fs::remove_file(&part);
        let copy = format!("COPY (SELECT {row}) TO '{}'", part.display());
        let session = Session::local().unwrap();
        let copied = session.context().sql(&copy).await.unwrap();
        copied.collect().await.unwrap();
        let error = error_of_extraction(&music).await;
        let expected = format!(
            "part-0000000.parquet: a manifest has columns path, size and hash; there is {got}; make the manifest again"
        );
        assert!(error.contains(&expected), "{error}");
    }

    fs::write(part, "PAR1").unwrap();
    let error = error_of_extraction(&music).await;
    assert!(error.contains("part-0000000.parquet: "), "{error}");
    assert!(bytes_of(music.path("shards")).is_empty());
}

#[tokio::test]
async fn literals_that_are_wrong_fail_the_query() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("m.timbral");
    fs::write(&model, "PK").unwrap();
    let saved = format!("predict_genre('/a.wav', '{}')", model.display());
    for (call, expected) in [
        ("audio_features('/a.wav', 'mfc')", "mfc"),
        ("predict_genre('/a.wav', '/no/model')", "/no/model: "),
        (&*saved, "m.timbral: not a timbral-classifier file"),
        (
            "predict_genre('/a.wav', 'gs://b/model')",
            "gs://b/model: only paths",
        ),
        #[cfg(feature = "pretrained")]
        ("embed_audio('/a.wav', '/no/weights')", "/no/weights: "),
        #[cfg(feature = "pretrained")]
        ("embed_audio('/a.wav', '/w', 'vggish')", "vggish"),
    ] {
        let error = error_of_query(&format!("SELECT {call}")).await;
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn parameters_out_of_range_are_named() {
    let features = "nothing".to_owned();
    let features = ExtractParams {
        features,
        ..ExtractParams::default()
    };
    let partitions = ExtractParams {
        partitions: 0,
        ..ExtractParams::default()
    };
    for (params, expected) in [(features, "nothing"), (partitions, "partitions")] {
        let error = params.validate().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_model_that_does_not_fit_the_features_fails_the_query() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    two_classes().save(path("fits.json")).unwrap();
    let x = timbral::ndarray::array![[0.0], [1.0]];
    let data = Dataset::new(x.view(), &[0.0, 1.0]).unwrap();
    let params = BoostParams {
        n_rounds: 1,
        objective: Objective::SquaredError,
        ..BoostParams::default()
    };
    let numbers = params.fit(&data).unwrap();
    numbers.save(path("no-names.json")).unwrap();
    let named = numbers.with_feature_names(vec!["tempo".to_owned()]);
    named.unwrap().save(path("numbers.json")).unwrap();
    fs::write(path("cut.json"), "{").unwrap();
    for (features, model, expected) in [
        // Of another width: with one feature fewer than the model has.
        (
            "named_struct('tempo', 1, 'length', 2)",
            "fits.json",
            "fits.json: the model has 2 features, of which the struct has no rms; its fields are tempo, length",
        ),
        (
            "named_struct('tempo', 'fast', 'rms', 1)",
            "fits.json",
            "fits.json: the model's feature tempo is no number but Utf8",
        ),
        ("1", "fits.json", "must be a struct of numbers"),
        (
            "named_struct('x', 1)",
            "no-names.json",
            "no-names.json: the model has no names",
        ),
        (
            "named_struct('tempo', 1)",
            "numbers.json",
            "numbers.json: not supported",
        ),
        (
            "named_struct('x', 1)",
            "cut.json",
            "cut.json: not a valid model",
        ),
        ("named_struct('x', 1)", "none.json", "none.json: "),
    ] {
        let call = format!("SELECT predict_features({features}, '{}')", path(model));
        let error = error_of_query(&call).await;
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_trained_on_is_named_and_leaves_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let session = Session::local().unwrap();
    let error = async |model: &str| {
        let (params, shards, model) = (TrainParams::default(), path("shards"), path(model));
        let result = params.run(&session, &shards, &model, &mut ()).await;
        result.unwrap_err().to_string()
    };
    let ending = error("model.bin").await;
    assert!(ending.ends_with("must end in .json or .ubj"), "{ending}");
    let none = error("model.ubj").await;
    assert!(none.ends_with("shards: has no shards"), "{none}");
    let copy = format!(
        "COPY (SELECT 'rock' AS label) TO '{}/a.parquet'",
        path("shards")
    );
    let copied = session.context().sql(&copy).await.unwrap();
    copied.collect().await.unwrap();
    let columns = error("model.ubj").await;
    assert!(
        columns.contains("a.parquet: no column \"path\""),
        "{columns}"
    );
    fs::write(folder.path().join("shards/a.parquet"), "PAR1").unwrap();
    let damaged = error("model.ubj").await;
    assert!(damaged.contains("a.parquet: "), "{damaged}");
    assert!(!folder.path().join("model.ubj").exists());
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
