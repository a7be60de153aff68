//! What examples share as commands: wrong arguments, Ctrl-C, the bar.
#![allow(dead_code, reason = "no example needs all of it")]

use std::ops::ControlFlow;
use std::process::{ExitCode, Termination};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use timbral::data::Error::Stopped;

/// Does the work of a command. The exit status is that of the work, 64 for wrong arguments, or 130 for
/// the error of work that was stopped. An output that nobody reads further, as before `| head`, ends it.
pub(crate) fn main<A: Parser, T: Termination>(
    work: impl FnOnce(A) -> anyhow::Result<T>,
) -> anyhow::Result<ExitCode> {
    sigpipe::reset();
    let args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    match work(args) {
        Ok(done) => Ok(done.report()),
        Err(error) => match error.downcast_ref() {
            Some(timbral::Error::Table(Stopped)) => {
                eprintln!("stopped");
                Ok(ExitCode::from(130))
            }
            _ => Err(error),
        },
    }
}

/// The arguments, or the exit status of a command whose arguments are wrong: 64.
fn parse<A: Parser>() -> anyhow::Result<Result<A, ExitCode>> {
    A::try_parse().map(Ok).or_else(|error| {
        error.print()?;
        Ok(Err(ExitCode::from(if error.use_stderr() { 64 } else { 0 })))
    })
}

/// Set by Ctrl-C.
#[derive(Clone)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Threads: 0 for one a core.
    pub(crate) fn new(threads: usize) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let on_signal = Arc::clone(&stop);
        ctrlc::set_handler(move || on_signal.store(true, Ordering::Relaxed))?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global()?;
        Ok(Self(stop))
    }

    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.0
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The error of work that was stopped, if it was.
    pub(crate) fn check(&self) -> timbral::Result<()> {
        match self.is_set() {
            true => Err(Stopped.into()),
            false => Ok(()),
        }
    }

    /// The exit status: 0 done, 130 stopped.
    pub(crate) fn status(&self) -> ExitCode {
        ExitCode::from(if self.is_set() { 130 } else { 0 })
    }

    /// What a callback answers.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        match self.is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// A bar over `n` steps named so, on a terminal only.
fn bar(n: usize, what: &str) -> anyhow::Result<ProgressBar> {
    let template = format!("{{bar:40}} {{pos}}/{{len}} {what}, {{eta}} left {{msg}}");
    Ok(ProgressBar::new(n as u64).with_style(ProgressStyle::with_template(&template)?))
}

/// Shows how many steps are done, of how many, and a message.
pub(crate) type Show<'a> = &'a (dyn Fn(usize, usize, &str) + Sync);

/// Does work under a bar.
pub(crate) fn with_bar<T>(
    what: &str,
    work: impl FnOnce(Show<'_>) -> timbral::Result<T>,
) -> anyhow::Result<T> {
    let bar = bar(0, what)?;
    let done = work(&|done, n, message| {
        bar.set_length(n as u64);
        bar.set_position(done as u64);
        bar.set_message(message.to_owned());
    });
    bar.finish_and_clear();
    Ok(done?)
}

/// Does work on `n` things under a bar, told how many are done.
pub(crate) fn counted<T>(
    n: usize,
    what: &str,
    work: impl FnOnce(&(dyn Fn(usize) + Sync)) -> timbral::Result<T>,
) -> anyhow::Result<T> {
    with_bar(what, |show| work(&|done| show(done, n, "")))
}

/// Names the files that were skipped; the exit status: 0 none, 2 some.
pub(crate) fn skipped(errors: &[timbral::Error]) -> ExitCode {
    for error in errors {
        eprintln!("skipped {error}");
    }
    ExitCode::from(if errors.is_empty() { 0 } else { 2 })
}
