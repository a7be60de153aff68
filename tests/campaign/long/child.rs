//! The process that opens the doors. It may die: by a limit of memory, a full stack, or an input that takes too
//! long. What it was at is in a file.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{all_seeds, known, mutant};
use crate::doors::Door;
use crate::watch::{self, Fault};

/// The exit status of a process that ended itself because an input took too long.
pub(super) const TOO_LONG: i32 = 90;

/// An input may take so long; a hundred times what the longest takes on a machine that does nothing else.
const MOST_SECONDS: u64 = 20;

/// How often the time is looked at.
const TICK: Duration = Duration::from_millis(200);

/// Beginnings and ends of inputs so far: odd while one is at hand.
static STEPS: AtomicU64 = AtomicU64::new(0);

#[derive(clap::Args)]
pub(super) struct Args {
    pub(super) door: String,
    #[arg(long)]
    pub(super) seed: u64,
    /// The number of the first mutant.
    #[arg(long)]
    pub(super) from: u64,
    #[arg(long)]
    pub(super) seconds: u64,
    /// The file for the number of the mutant at hand.
    #[arg(long)]
    pub(super) state: PathBuf,
    #[arg(long)]
    pub(super) data: Option<PathBuf>,
}

/// Opens the door for one mutant after the other. Prints `finding NUMBER FAULT` for each new fault, and at the
/// end `done NUMBER MIB`.
pub(super) fn run(args: &Args) {
    let door = known(&args.door);
    let seeds = all_seeds(door, args.data.as_deref());
    let mut state = File::create(&args.state).unwrap();
    let mut seen: HashSet<Fault> = HashSet::new();
    watch_the_time();
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let (mut index, mut peak) = (args.from, 0);
    while Instant::now() < end {
        let number = index.to_le_bytes();
        state
            .rewind()
            .and_then(|()| state.write_all(&number))
            .unwrap();
        let mutant = mutant(door, &seeds, args.seed, index);
        if let Some(fault) = timed(door, &mutant) {
            if !seen.contains(&fault) {
                println!("finding {index} {fault}");
            }
            seen.insert(fault);
        }
        peak = peak.max(watch::peak_mib());
        index += 1;
    }
    println!("done {index} {peak}");
}

/// Opens a door for one file. Prints `finding 0 FAULT` if there is one.
pub(super) fn attempt(door: &'static Door, bytes: &[u8]) {
    watch_the_time();
    if let Some(fault) = timed(door, bytes) {
        println!("finding 0 {fault}");
    }
}

fn timed(door: &Door, bytes: &[u8]) -> Option<Fault> {
    STEPS.fetch_add(1, Ordering::SeqCst);
    let fault = watch::check(door, bytes).err();
    STEPS.fetch_add(1, Ordering::SeqCst);
    fault
}

/// Ends the process at an input that takes too long. Counts its own steps, as a process that is stopped for a while
/// loses time on every clock.
fn watch_the_time() {
    std::thread::spawn(|| {
        let (mut last, mut left) = (0, Duration::ZERO);
        loop {
            std::thread::sleep(TICK);
            let now = STEPS.load(Ordering::SeqCst);
            if now != last || now.is_multiple_of(2) {
                (last, left) = (now, Duration::from_secs(MOST_SECONDS));
            } else if left.is_zero() {
                std::process::exit(TOO_LONG);
            } else {
                left = left.saturating_sub(TICK);
            }
        }
    });
}
