//! What learning from trials gains over drawing them by lot, in tuning boosted trees.
//!
//! `cargo run --release --example sampler_study -- features_3_sec.csv --space hyperopt --trials 80 --steps 10`:
//! for ten seeds both samplers try 80 points, the first 10 the same, scored by 3-fold over the recordings.
//! Best scores on GTZAN (24 CPU-minutes): tpe 0.6893, random 0.6861, p 0.008 (permutation of the pairs); of
//! a third of the recordings (`--every 3 --seed 10`) 0.5588, 0.5571, p 0.45: chance hides the difference.

#![allow(clippy::print_stdout)]

#[path = "args/command.rs"]
mod command;
#[path = "args/tune.rs"]
mod tune;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use command::Stop;
use timbral::data::{FeatureTable, SplitMethod};
use timbral::metrics::{mean_difference, permutation_test};
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
    command::main(|args: Args| {
        let (path, every, study) = (&args.table, args.every.max(1), &args.study);
        let stop = Stop::new(study.threads)?;
        let table = FeatureTable::read(path)?.select_groups(|group| group % every == 0);
        let (mut tpe, mut random) = (Vec::new(), Vec::new());
        for seed in (args.search.seed..).take(study.seeds) {
            let split = SplitMethod::Grouped.split(&table, seed)?;
            let folds = group_folds(&table, &split, args.search.folds, seed)?;
            for (sampler, best) in [(Sampler::Tpe, &mut tpe), (Sampler::Random, &mut random)] {
                let search = args.search.with(sampler, seed).boost();
                let mut log = study.log(&format!("{sampler:?}.{seed}"), &(path, every, &search))?;
                let trials = tune::run(&search, (&table, &folds), &mut log, &stop)?;
                println!("seed {seed}, {sampler:?}: {}", trials[0]);
                best.push(trials[0].score());
            }
        }
        let test = permutation_test(&tpe, &random, &Default::default(), mean_difference)?;
        tune::print_mean("best score, tpe", &tpe);
        tune::print_mean("best score, random", &random);
        println!("p of no difference: {:.3}", test.p_value);
        Ok(())
    })
}
