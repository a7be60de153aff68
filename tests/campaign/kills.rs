//! Commands that are killed at random moments: an output is not there, as it was before, or complete; a log or a
//! checkpoint loses nothing; the same command goes on, ends as one that was never killed, and leaves no temporary
//! file.

mod cases;
mod look;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use timbral_core::Rng;

use crate::program::{run, timbral};
use cases::{CASES, Case};

pub(crate) fn short() {
    let folder = cases::material(1);
    for case in CASES.iter().filter(|case| case.is_short) {
        kill(case, &folder, 2, 5);
    }
}

pub(crate) fn long(kills: usize, seed: u64) {
    let folder = cases::material(3);
    let (mut left, mut done) = (kills, 0);
    for (i, case) in CASES.iter().enumerate() {
        let n = left / (CASES.len() - i);
        left -= n;
        let outcome = kill(case, &folder, n, seed);
        println!("{:<20}{outcome}", case.name());
        done += outcome.hit;
    }
    println!("{done} kills while a command ran");
}

/// What was seen of a command.
#[derive(Default)]
struct Outcome {
    starts: usize,
    /// Kills while it ran.
    hit: usize,
    /// Outputs that were not there, as before and complete.
    absent: usize,
    old: usize,
    new: usize,
    /// Temporary files, most at one time; the next writes to their targets remove them.
    temporary: usize,
    seconds: f64,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            starts,
            hit,
            absent,
            old,
            new,
            temporary,
            seconds,
        } = self;
        write!(
            f,
            "{hit:>3} kills in {starts} starts ({seconds:.1} s undisturbed); outputs: {absent} absent, {old} old, \
             {new} new; at most {temporary} temporary files"
        )
    }
}

/// Kills a command so many times, each time in what the last kill left.
fn kill(case: &Case, material: &TempDir, kills: usize, seed: u64) -> Outcome {
    let undisturbed = case.folder(material);
    let begun = Instant::now();
    run(undisturbed.path(), case.args, 0);
    let whole = begun.elapsed();
    let expected = look::Outputs::of(undisturbed.path(), case);

    let folder = case.folder(material);
    let mut rng = Rng::new(seed ^ case.args.len() as u64);
    let mut outcome = Outcome {
        seconds: whole.as_secs_f64(),
        ..Outcome::default()
    };
    // A command that ended before it was to be killed is started again.
    for number in 0..4 * kills {
        if outcome.hit == kills {
            break;
        }
        let has_old = number % 2 == 1;
        expected.put_old(folder.path(), has_old);
        let before = look::Kept::of(folder.path(), case);
        outcome.starts += 1;
        let after = whole.mul_f64(rng.unit_f64());
        let was_hit = interrupt(case, folder.path(), after);
        outcome.hit += usize::from(was_hit);
        before.check(&look::Kept::of(folder.path(), case), case);
        let temporary = look::temporary(folder.path());
        outcome.temporary = outcome.temporary.max(temporary);
        let [absent, old, new] = expected.check(folder.path(), has_old, case);
        outcome.absent += absent;
        outcome.old += old;
        outcome.new += new;
        if !was_hit {
            case.forget(folder.path());
        }
    }
    expected.put_old(folder.path(), false);
    run(folder.path(), case.args, 0);
    let [.., new] = expected.check(folder.path(), false, case);
    assert_eq!(
        new,
        expected.len(),
        "{}: not all outputs are there",
        case.args
    );
    let temporary = look::temporary(folder.path());
    assert_eq!(temporary, 0, "{}: temporary files stay", case.args);
    outcome
}

/// Starts a command and kills it after a time. Returns whether it ran until then.
fn interrupt(case: &Case, folder: &Path, after: Duration) -> bool {
    let mut command = timbral(folder, case.args);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    let ran = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    ran
}
