//! Starts processes that open the doors, one door after the other, and keeps what they find.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use timbral_core::split_mix;

use super::{all_seeds, child, known, minimise, mutant};
use crate::doors::{DOORS, Door};
use crate::watch::Fault;

/// A process works on one door for so long, in seconds.
const SLICE: u64 = 20;

/// Address space of a process, in MiB: beyond it an allocation fails and the process aborts.
const ADDRESS_SPACE: u64 = 4096;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Random seed; another one makes other mutants
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How long to go on
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,
    /// Doors, a list; all by default
    #[arg(long, value_delimiter = ',')]
    doors: Vec<String>,
    /// Number of processes at a time
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Folder for findings
    #[arg(long, default_value = "target/campaign")]
    out: PathBuf,
}

/// What is known of a door.
#[derive(Default)]
struct Record {
    executions: u64,
    seconds: f64,
    peak_mib: u64,
    faults: BTreeSet<Fault>,
}

type Records = Mutex<BTreeMap<&'static str, Record>>;

pub(super) fn run(args: &Args) -> ExitCode {
    std::fs::create_dir_all(&args.out).unwrap();
    let doors: Vec<&Door> = match args.doors.is_empty() {
        true => DOORS.iter().collect(),
        false => args.doors.iter().map(|name| known(name)).collect(),
    };
    let end = Instant::now() + Duration::from_secs_f64(60.0 * args.minutes);
    let records = Records::default();
    // The number of slices so far: a door is taken again only after a whole round, so that no two processes
    // work on the same mutants.
    let turn = Mutex::new(0);
    let next = || {
        let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let door = doors[*turn % doors.len()];
        *turn += 1;
        (Instant::now() < end).then_some(door)
    };
    std::thread::scope(|scope| {
        for _ in 0..args.jobs.clamp(1, doors.len()) {
            scope.spawn(|| {
                while let Some(door) = next() {
                    slice(door, args, end, &records);
                }
            });
        }
    });
    let records = records.into_inner().unwrap_or_else(PoisonError::into_inner);
    report(&records);
    match records.values().all(|record| record.faults.is_empty()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(2),
    }
}

/// What a process did.
struct Slice {
    /// The number of the mutant after the last.
    to: u64,
    peak_mib: u64,
    found: Vec<(u64, Fault)>,
}

/// One process on one door.
fn slice(door: &'static Door, args: &Args, end: Instant, records: &Records) {
    let lock = || records.lock().unwrap_or_else(PoisonError::into_inner);
    let from = lock().entry(door.name).or_default().executions;
    let data = data();
    let begun = Instant::now();
    let left = end.saturating_duration_since(begun).as_secs();
    let slice = process(door, args.seed, from, left.clamp(1, SLICE), data.as_deref());
    let mut new = Vec::new();
    {
        let mut records = lock();
        let record = records.entry(door.name).or_default();
        record.executions = slice.to;
        record.seconds += begun.elapsed().as_secs_f64();
        record.peak_mib = record.peak_mib.max(slice.peak_mib);
        for (index, fault) in slice.found {
            if record.faults.insert(fault.clone()) {
                new.push((index, fault));
            }
        }
        let (n, seconds, mib) = (record.executions, record.seconds, record.peak_mib);
        println!(
            "{:<14}{n:>10} executions in {seconds:>6.0} s, at most {mib} MiB",
            door.name
        );
    }
    if new.is_empty() {
        return;
    }
    let seeds = all_seeds(door, data.as_deref());
    for (index, fault) in new {
        let mutant = mutant(door, &seeds, args.seed, index);
        keep(door, mutant, &fault, &args.out);
    }
}

fn process(door: &Door, seed: u64, from: u64, seconds: u64, data: Option<&Path>) -> Slice {
    let state = tempfile::NamedTempFile::new().unwrap();
    let mut args = vec!["child".to_owned(), door.name.to_owned()];
    for (name, value) in [("seed", seed), ("from", from), ("seconds", seconds)] {
        args.extend([format!("--{name}"), value.to_string()]);
    }
    let paths = [("state", Some(state.path())), ("data", data)];
    for (name, path) in paths {
        args.extend(path.map(|path| format!("--{name}={}", path.display())));
    }
    let output = limited(&args).output().unwrap();
    let mut found = findings(&output.stdout);
    let text = String::from_utf8_lossy(&output.stdout);
    let done = text.lines().find_map(|line| line.strip_prefix("done "));
    if let Some((to, peak)) = done.and_then(|done| done.split_once(' ')) {
        let (to, peak_mib) = (to.parse().unwrap(), peak.parse().unwrap());
        return Slice {
            to,
            peak_mib,
            found,
        };
    }
    let at = std::fs::read(state.path()).unwrap();
    let at = at.first_chunk().expect("the process began");
    let at = u64::from_le_bytes(*at);
    found.push((at, death(output.status)));
    let last = String::from_utf8_lossy(&output.stderr).into_owned();
    eprintln!("{}: {}", door.name, last.trim());
    Slice {
        to: at + 1,
        peak_mib: 0,
        found,
    }
}

/// Writes the file that a door failed on, and makes it small.
fn keep(door: &Door, mutant: Vec<u8>, fault: &Fault, folder: &Path) {
    let hash = fault
        .0
        .bytes()
        .fold(0, |h, byte| split_mix(h ^ u64::from(byte)));
    let path = folder.join(format!("{}.{:08x}", door.name, hash >> 32));
    let (name, at) = (door.name, path.display());
    std::fs::write(&path, &mutant).unwrap();
    println!("{name}: {fault}: {} bytes, {at}", mutant.len());
    let small = minimise::minimise(door, mutant, fault);
    std::fs::write(&path, &small).unwrap();
    println!("{name}: {fault}: {} bytes are enough, {at}", small.len());
}

/// Where further valid files are: `TIMBRAL_DATA`.
fn data() -> Option<PathBuf> {
    let data = PathBuf::from(std::env::var_os("TIMBRAL_DATA")?);
    Some(std::path::absolute(data).unwrap())
}

/// This program with other arguments and a limited address space, where there is a shell that can do that.
pub(super) fn limited(args: &[String]) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = match Path::new("/bin/sh").exists() {
        true => {
            let limits = format!("ulimit -v {}; ulimit -c 0", ADDRESS_SPACE << 10);
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(limits + "; exec \"$0\" \"$@\"");
            shell.arg(program);
            shell
        }
        false => Command::new(program),
    };
    command.arg("--long").args(args);
    // The arenas of many threads would take the address space.
    command
        .env("MALLOC_ARENA_MAX", "2")
        .env("RAYON_NUM_THREADS", "2");
    command
}

/// The lines `finding NUMBER FAULT` of a process.
pub(super) fn findings(stdout: &[u8]) -> Vec<(u64, Fault)> {
    let text = String::from_utf8_lossy(stdout);
    let found = text.lines().filter_map(|line| {
        let (index, fault) = line.strip_prefix("finding ")?.split_once(' ')?;
        Some((index.parse().ok()?, Fault(fault.to_owned())))
    });
    found.collect()
}

/// How a process died.
pub(super) fn death(status: ExitStatus) -> Fault {
    Fault(match status.code() {
        Some(child::TOO_LONG) => "it takes too long".to_owned(),
        _ => format!("the process dies: {status}"),
    })
}

fn report(records: &BTreeMap<&str, Record>) {
    let mut total = 0;
    println!("\n| door | executions | seconds | MiB at most | findings |\n|---|---|---|---|---|");
    for (name, record) in records {
        let (n, seconds, mib) = (record.executions, record.seconds, record.peak_mib);
        println!(
            "| {name} | {n} | {seconds:.0} | {mib} | {} |",
            record.faults.len()
        );
        total += n;
    }
    println!("| all | {total} | | | |");
}
