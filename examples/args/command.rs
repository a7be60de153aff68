//! What examples share as commands: wrong arguments, Ctrl-C, the bar.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

/// The arguments, or the exit status of a command whose arguments are wrong: 64.
pub(crate) fn parse<A: Parser>() -> anyhow::Result<Result<A, ExitCode>> {
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

    #[allow(dead_code)]
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.0
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The exit status: 0 done, 130 stopped.
    pub(crate) fn status(&self) -> ExitCode {
        ExitCode::from(if self.is_set() { 130 } else { 0 })
    }
}

/// A bar over `n` steps named so, on a terminal only.
pub(crate) fn bar(n: usize, what: &str) -> anyhow::Result<ProgressBar> {
    let template = format!("{{bar:40}} {{pos}}/{{len}} {what}, {{eta}} left {{msg}}");
    Ok(ProgressBar::new(n as u64).with_style(ProgressStyle::with_template(&template)?))
}
