//! The campaign: every door through which bytes come in, under damaged and altered files; commands that are
//! killed; a folder with damaged files among many.
//!
//! Without arguments it is a test of seconds, with the usual arguments of tests. With `--long` it runs as long as
//! it may, and keeps what it finds: `cargo test --release --test campaign -- --long help`.

#![allow(
    clippy::unwrap_used,
    reason = "helpers outside of test functions fail the test too"
)]
#![allow(clippy::print_stdout, reason = "a program that reports")]

mod doors;
mod engine;
mod findings;
mod folder;
mod kills;
mod long;
mod program;
mod seeds;
mod watch;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// Mutants per door in the short test.
const MUTANTS: u64 = 300;

/// The random seed of the short test.
const SEED: u64 = 17;

fn main() -> ExitCode {
    watch::record_panics();
    match std::env::args().nth(1).as_deref() {
        Some("--long") => long::main(),
        _ => {
            // One trial at a time, as the memory of a door is measured as that of the process.
            let args = Arguments {
                test_threads: Some(1),
                ..Arguments::from_args()
            };
            libtest_mimic::run(&args, trials()).exit_code()
        }
    }
}

fn trials() -> Vec<Trial> {
    let mutants = doors::DOORS.iter().map(|door| {
        Trial::test(format!("mutants::{}", door.name), move || {
            let seeds = (door.seeds)();
            for index in 0..MUTANTS {
                let mutant = long::mutant(door, &seeds, SEED, index);
                watch::check(door, &mutant).map_err(|fault| format!("mutant {index}: {fault}"))?;
            }
            Ok(())
        })
    });
    let valid = doors::DOORS.iter().map(|door| {
        Trial::test(format!("valid::{}", door.name), move || {
            for (i, seed) in (door.seeds)().iter().enumerate() {
                watch::check(door, &seed.bytes).map_err(|fault| format!("seed {i}: {fault}"))?;
            }
            Ok(())
        })
    });
    let others: [(&str, fn()); 5] = [
        ("valid::sounds_are_decoded", seeds::audio::check),
        ("faults_are_noticed", watch::check_itself),
        ("every_finding_stays_fixed", findings::check_all),
        ("a_killed_command_leaves_whole_files", kills::short),
        ("damaged_files_in_a_folder_are_all_told", folder::short),
    ];
    let others = others.map(|(name, check)| {
        Trial::test(name, move || {
            check();
            Ok::<_, Failed>(())
        })
    });
    mutants.chain(valid).chain(others).collect()
}
