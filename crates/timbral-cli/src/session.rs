//! Interaction with the user while a command runs: Ctrl-C, threads, phases and progress bars.

use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::ensure;
use indicatif::{ProgressBar, ProgressStyle};
use timbral::{Error, FileProblems, PredictionReport};
use timbral_core::{Monitor, Progress, counted};

use crate::status::Status;

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);
/// Whether the handler of Ctrl-C is set.
static HANDLER: OnceLock<()> = OnceLock::new();

/// The option `--threads`.
#[derive(clap::Args)]
pub(crate) struct ThreadArgs {
    /// Number of threads; 0 for one per core
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
}

impl ThreadArgs {
    /// Starts the threads, and handles Ctrl-C from now on.
    pub(crate) fn start(&self) -> anyhow::Result<Session> {
        Session::start(self.threads)
    }
}

/// A running command, which Ctrl-C can stop.
pub(crate) struct Session(());

impl Session {
    fn start(threads: usize) -> anyhow::Result<Self> {
        if HANDLER.set(()).is_ok() {
            ctrlc::set_handler(|| {
                // The second Ctrl-C ends the process at once, because work may take long to notice the first.
                if STOP.swap(true, Ordering::Relaxed) {
                    std::process::exit(Status::Stopped.code().into());
                }
            })?;
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        if pool.build_global().is_err() {
            // A command ran before in this process.
            let known = rayon::current_num_threads();
            ensure!(
                threads == 0 || threads == known,
                "{threads} threads: this process has {known} already"
            );
        }
        Ok(Self(()))
    }

    pub(crate) fn is_stopped(&self) -> bool {
        STOP.load(Ordering::Relaxed)
    }

    /// What a monitor without a bar returns.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        match self.is_stopped() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// The error of work that was stopped, if it was.
    pub(crate) fn check(&self) -> timbral::Result<()> {
        match self.is_stopped() {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    }

    /// Of a command whose result is of use although it was stopped.
    pub(crate) fn status(&self) -> Status {
        match self.is_stopped() {
            true => {
                eprintln!("stopped: the result is of the work so far");
                Status::Stopped
            }
            false => Status::Done,
        }
    }

    /// Shows progress as a bar on a terminal, and stops the work after Ctrl-C. The bar goes when the
    /// monitor is dropped.
    pub(crate) fn monitor(&self) -> Bar<'_> {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {prefix}, {eta} left {msg}");
        // The template is constant; should it be wrong, the default bar is good enough.
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Bar {
            bar: ProgressBar::new(0).with_style(style),
            session: self,
            fit: String::new(),
        }
    }
}

/// A [`Monitor`] for the user.
pub(crate) struct Bar<'a> {
    bar: ProgressBar,
    session: &'a Session,
    /// The name of the last fit that was announced.
    fit: String,
}

impl Bar<'_> {
    /// Announces each of several fits in a line, such as `fit 3 of 6: dense, grouped, seed 0 ...`.
    fn announce(&mut self, progress: &Progress) {
        let name = progress.message.split(':').next().unwrap_or_default();
        if progress.unit != "fits" || progress.total < 2 || name == self.fit {
            return;
        }
        name.clone_into(&mut self.fit);
        let (number, total) = (progress.done + 1, progress.total);
        self.bar
            .suspend(|| phase(format!("fit {number} of {total}: {name}")));
    }
}

impl Monitor for Bar<'_> {
    fn report(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.announce(progress);
        self.bar.set_length(progress.total as u64);
        self.bar.set_position(progress.done as u64);
        self.bar.set_prefix(progress.unit);
        self.bar.set_message(progress.message.clone());
        self.session.flow()
    }
}

impl Drop for Bar<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Prints on stderr what begins now, whether stderr is a terminal or not.
pub(crate) fn phase(what: impl std::fmt::Display) {
    eprintln!("{what} ...");
}

/// As [`phase`], for work on `n` sound files.
pub(crate) fn phase_of_files(doing: &str, n: usize) {
    phase(format!("{doing} {}", counted(n, "sound file")));
}

/// Prints on stderr what became of the files, and of those that were not found; returns the status.
pub(crate) fn report_files(mut report: PredictionReport, not_found: Vec<Error>) -> Status {
    report.skipped.splice(0..0, not_found);
    eprintln!("{report}");
    match report.stopped {
        true => Status::Stopped,
        false => Status::of_files(report.files, report.skipped.len()),
    }
}

/// Names the files that were skipped or are damaged on stderr.
pub(crate) fn print_problems(problems: &FileProblems) {
    eprint!("{problems}");
}

/// Names the files that were skipped on stderr.
pub(crate) fn print_skipped(errors: &[Error]) {
    for error in errors {
        eprintln!("skipped {error}");
    }
}
