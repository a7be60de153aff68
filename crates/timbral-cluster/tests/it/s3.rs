//! Extraction from a bucket into a bucket of a server on loopback of which every tenth request fails.

use std::collections::BTreeMap;
use std::fs;

use timbral::boost::{BoostParams, Model};

use crate::music::{Music, assert_equals_table_from, shards};
use crate::prediction::trees_of;
use crate::processes::{Cluster, example};
use crate::s3_server::S3Server;

/// The files of a folder of music as objects.
fn objects(music: &Music) -> BTreeMap<String, Vec<u8>> {
    let folder = music.folder.path();
    let object = |path: std::path::PathBuf| {
        let key = path
            .strip_prefix(folder)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        (key, fs::read(path).unwrap())
    };
    music.files().into_iter().map(object).collect()
}

/// The model that is trained on the shards.
const MODEL: &str = "s3://bucket/genres.ubj";

async fn run(server: &S3Server, scheduler: Option<&str>) {
    let mut args = vec!["s3://bucket/music", "s3://bucket/out", "--rows", "6"];
    args.extend(["--train", MODEL]);
    args.extend(
        scheduler
            .iter()
            .flat_map(|address| ["--scheduler", *address]),
    );
    let mut command = tokio::process::Command::new(example("cluster_extract"));
    let output = command
        .args(args)
        .envs(server.environment())
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("| predicted "), "{printed}");
}

/// The shards of the bucket have the rows of the command `extract-features`, and the model is that of the same shards in
/// files.
async fn check(server: &S3Server, music: &Music) {
    let folder = music.folder.path().join("from-bucket");
    fs::create_dir_all(&folder).unwrap();
    for (key, bytes) in server.objects() {
        if let Some(name) = key.strip_prefix("out/shards/") {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    let folder = folder.to_str().unwrap();
    let rows = shards(folder).await;
    assert_equals_table_from(music, &rows, "s3://bucket");
    let model = Model::from_slice(&server.objects()["genres.ubj"]).unwrap();
    assert_eq!(model, trees_of(folder, &BoostParams::default()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_with_faults_gives_the_table_of_extract_features() {
    let music = Music::new(60);
    let server = S3Server::start(objects(&music)).await;
    run(&server, None).await;
    check(&server, &music).await;
    let (requests, faults) = server.counts();
    assert!(
        requests > 150 && faults == requests / 10,
        "{faults} of {requests}"
    );

    // A second run changes nothing.
    let before = server.objects();
    run(&server, None).await;
    assert_eq!(server.objects(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_works_on_a_bucket_with_faults() {
    let music = Music::new(60);
    let server = S3Server::start(objects(&music)).await;
    let cluster = Cluster::start(&server.environment()).await;
    run(&server, Some(&cluster.address())).await;
    check(&server, &music).await;
    let (requests, faults) = server.counts();
    assert!(
        requests > 150 && faults == requests / 10,
        "{faults} of {requests}"
    );
}
