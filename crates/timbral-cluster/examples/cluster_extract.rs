//! A folder or bucket of music to a table of features, in this process or on a cluster, and questions to the table.
//!
//! ```sh
//! cargo run --release -p timbral-cluster --example cluster_extract -- MUSIC OUT
//! cargo run --release -p timbral-cluster --example cluster_extract -- \
//!     s3://bucket/music s3://bucket/features --scheduler df://localhost:50050
//! ```

use std::io::{IsTerminal, stderr};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::Parser;
use timbral::Progress;
use timbral_cluster::{ExtractParams, ManifestParams, Session, TrainParams};

/// Extract the features of a large collection
#[derive(Parser)]
struct Args {
    /// Folder or bucket with music
    music: String,
    /// Folder or bucket for the manifest and the shards
    out: String,
    /// Scheduler of a cluster, df://HOST:PORT; without it this process does the work
    #[arg(long)]
    scheduler: Option<String>,
    /// Features: librosa, gtzan, fma, librosa-all, or a set as mfcc,chroma_cqt:mean,std
    #[arg(long, default_value = "librosa")]
    features: String,
    /// Tracks of a shard
    #[arg(long, default_value_t = 256)]
    rows: usize,
    /// Pieces in which the work is handed out
    #[arg(long, default_value_t = 64)]
    partitions: usize,
    /// Threads of this process, without --scheduler [default: one per core]
    #[arg(long)]
    threads: Option<usize>,
    /// Take the version that the store gives a file for the hash of its content
    #[arg(long)]
    e_tag: bool,
    /// Use the manifest that is there, without another listing
    #[arg(long)]
    keep_manifest: bool,
    /// Train boosted trees on the shards, write them to this file or object (.json, .ubj), and apply them to every row
    #[arg(long, value_name = "MODEL")]
    train: Option<String>,
}

/// The labels that a model gives to the rows of each label.
fn prediction(model: &str) -> String {
    format!(
        "SELECT label, p.label AS predicted, count(*) AS n FROM \
         (SELECT label, predict_features(features, '{model}') AS p FROM shards) \
         GROUP BY label, p.label ORDER BY label, n DESC"
    )
}

/// Questions to the table `shards`.
const QUESTIONS: [(&str, &str); 3] = [
    (
        "rows by genre",
        "SELECT label, count(*) AS n, round(avg(tempo), 1) AS tempo FROM shards GROUP BY label ORDER BY label",
    ),
    (
        "errors by reason",
        "SELECT reason, count(*) AS n, min(error) AS first FROM shards WHERE reason IS NOT NULL GROUP BY reason ORDER BY n DESC",
    ),
    (
        "slowest files",
        "SELECT path, round(seconds, 3) AS seconds, executor FROM shards ORDER BY seconds DESC NULLS LAST LIMIT 5",
    ),
];

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(threads) = args.threads {
        timbral_cluster::use_threads(threads)?;
    }
    tokio::runtime::Runtime::new()?.block_on(run(args))
}

async fn run(args: Args) -> anyhow::Result<()> {
    let stopped = Arc::new(AtomicBool::new(false));
    tokio::spawn({
        let stopped = Arc::clone(&stopped);
        async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stopped.store(true, Ordering::Relaxed);
            }
        }
    });
    let mut monitor = |progress: &Progress| {
        if stderr().is_terminal() {
            eprint!("\r{progress}\x1b[K");
        }
        match stopped.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let [manifest, shards] = ["manifest", "shards"].map(|name| format!("{}/{name}", args.out));
    if !args.keep_manifest {
        let params = ManifestParams {
            rows_per_part: args.rows,
            content_hash: !args.e_tag,
            ..ManifestParams::default()
        };
        let report = params.run(&args.music, &manifest, &mut monitor).await?;
        for error in &report.unreadable {
            eprintln!("not in the manifest: {error}");
        }
        eprintln!("{} files in {} parts", report.files, report.parts);
    }
    let session = match &args.scheduler {
        Some(scheduler) => Session::remote(scheduler).await?,
        None => Session::local()?,
    };
    let params = ExtractParams {
        features: args.features,
        partitions: args.partitions,
        ..ExtractParams::default()
    };
    let start = Instant::now();
    let report = params
        .run(&session, &manifest, &shards, &mut monitor)
        .await?;
    eprintln!("{report}, in {:.2} s", start.elapsed().as_secs_f64());
    for (executor, n) in &report.executors {
        eprintln!("  {executor}: {n}");
    }

    session.register_shards("shards", &shards).await?;
    let mut questions = QUESTIONS
        .map(|(title, sql)| (title, sql.to_owned()))
        .to_vec();
    if let Some(model) = &args.train {
        let params = TrainParams::default();
        let trees = params.run(&session, &shards, model, &mut monitor).await?;
        eprintln!("{} rounds of trees in {model}", trees.n_rounds());
        questions.push(("predicted labels", prediction(model)));
    }
    for (title, sql) in questions {
        eprintln!("{title}: {sql}");
        session.context().sql(&sql).await?.show().await?;
    }
    Ok(())
}
