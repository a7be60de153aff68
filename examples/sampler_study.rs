//! What learning from trials gains over drawing them by lot, in tuning boosted trees.
//!
//! `cargo run --release --example sampler_study -- features_3_sec.csv --every 10 --steps 10`: for
//! each of ten seeds both samplers try 40 points, scored by 3-fold over a tenth of the recordings;
//! the best scores are compared pair by pair (permutation test). The first 20 points are the same.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;
#[path = "args/tune.rs"]
mod tune;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use command::{Stop, parse};
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
    #[command(flatten)]
    search: tune::SearchArgs,
    #[command(flatten)]
    study: tune::StudyArgs,
}

fn main() -> anyhow::Result<ExitCode> {
    let args: Args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let (path, every, mut search, study) = (args.table, args.every, args.search, args.study);
    let stop = Stop::new(study.threads)?;
    let table = FeatureTable::read(&path)?;
    let rows = (0..table.n_rows()).filter(|row| table.groups()[*row] % every.max(1) == 0);
    let table = table.select(&rows.collect::<Vec<_>>())?;
    let mut best = [Vec::new(), Vec::new()];
    for seed in 0..study.seeds {
        let split = SplitMethod::Grouped.split(&table, seed)?;
        let folds = group_folds(&table, &split, search.folds, seed)?;
        for (sampler, best) in [Sampler::Tpe, Sampler::Random].into_iter().zip(&mut best) {
            (search.sampler, search.seed) = (sampler, seed);
            let search = search.boost();
            let mut log = study.log(&format!("{sampler:?}.{seed}"), &(&path, every, &search))?;
            let trials = tune::watched(&stop, |watch| search.run(&table, &folds, &mut log, watch))?;
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
