//! What the examples that search parameters share.

use std::ops::ControlFlow;
use std::path::Path;

use indicatif::ProgressBar;
use serde::Serialize;
use timbral::tune::{Progress, TrialLog};

use crate::command::Stop;

/// Shows how far a search is, and ends it on Ctrl-C.
pub(crate) fn watch(bar: &ProgressBar, stop: &Stop, progress: Progress) -> ControlFlow<()> {
    bar.set_length(progress.total as u64);
    bar.set_position(progress.done as u64);
    bar.set_message(format!("best {:.4}", progress.best));
    stop.flow()
}

/// The log at `path`, or one in memory.
pub(crate) fn log(path: Option<&Path>, settings: &impl Serialize) -> timbral::Result<TrialLog> {
    match path {
        Some(path) => TrialLog::open(path, settings),
        None => Ok(TrialLog::new()),
    }
}

/// Mean and deviation over seeds.
pub(crate) fn print_mean(what: &str, values: &[f64]) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    let deviation = (squares / (n - 1.0).max(1.0)).sqrt();
    println!("{what}: mean {mean:.4}, deviation {deviation:.4}, {n} seeds");
}
