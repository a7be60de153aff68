//! What learning from trials gains over drawing them by lot, in tuning boosted trees.
//!
//! `cargo run --release --example sampler_study -- features_3_sec.csv --every 10 --steps 10`: for
//! each of ten seeds both samplers try 40 points, scored by 3-fold over a tenth of the recordings;
//! the best scores are compared pair by pair (permutation test). The first 20 points are the same. `--log` names a folder here.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;
#[path = "args/tune.rs"]
#[allow(dead_code)]
mod tune;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use command::{Stop, bar, parse};
use timbral::data::{FeatureTable, SplitMethod};
use timbral::metrics::{PermutationParams, permutation_test};
use timbral::tune::{Sampler, group_folds};

#[derive(Parser)]
struct Args {
    /// A table of features with labels and groups
    table: PathBuf,
    /// Take each so many-th recording alone, for speed
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// Pairs of searches
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    #[command(flatten)]
    search: tune::SearchArgs,
}

fn main() -> anyhow::Result<ExitCode> {
    let mut args: Args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let stop = Stop::new(args.search.threads)?;
    let table = FeatureTable::read(&args.table)?;
    let rows = (0..table.n_rows()).filter(|row| table.groups()[*row] % args.every.max(1) == 0);
    let table = table.select(&rows.collect::<Vec<_>>())?;
    let mut best = [Vec::new(), Vec::new()];
    for seed in 0..args.seeds {
        let split = SplitMethod::Grouped.split(&table, seed)?;
        let folds = group_folds(&table, &split, args.search.folds, seed)?;
        for (sampler, best) in [Sampler::Tpe, Sampler::Random].into_iter().zip(&mut best) {
            (args.search.sampler, args.search.seed) = (sampler, seed);
            let bar = bar(0, "scores of trials")?;
            let watch = |progress| tune::watch(&bar, &stop, progress);
            let search = args.search.boost();
            let name = format!("{sampler:?}.{seed}.jsonl");
            let path = args.search.log.as_ref().map(|folder| folder.join(name));
            let mut log = tune::log(path.as_deref(), &(&args.table, args.every, &search))?;
            let trials = search.run(&table, &folds, &mut log, &watch)?;
            bar.finish_and_clear();
            if stop.is_set() {
                return Ok(stop.status());
            }
            println!("seed {seed}, {sampler:?}: {}", trials[0]);
            best.push(trials[0].score());
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let gain = |a: &[f64], b: &[f64]| Ok(mean(a) - mean(b));
    let test = permutation_test(&best[0], &best[1], &PermutationParams::default(), gain)?;
    let [tpe, random] = best.map(|best| mean(&best));
    println!(
        "best score, mean: tpe {tpe:.4}, random {random:.4}; p {:.3}",
        test.p_value
    );
    Ok(stop.status())
}
