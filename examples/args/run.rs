//! What the examples that train a model share: the split, Ctrl-C, the bar, the report and the record.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use timbral::data::{FeatureTable, Split, SplitMethod, write_whole};
use timbral::{Experiment, Recipe, Record, fit_and_evaluate, probability_table};

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// The rows to judge by: random, grouped (by recording) or fault-filtered (GTZAN's)
    #[arg(long, default_value = "random")]
    split: SplitMethod,
    /// The rows to judge by, from a file: one number a line, counted from 0
    #[arg(long, value_name = "FILE", conflicts_with = "split")]
    test_rows: Option<PathBuf>,
    /// Where to keep the probabilities of the rows judged by, as CSV
    #[arg(long, value_name = "FILE")]
    probabilities: Option<PathBuf>,
    /// Where to keep parameters, times and scores
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What `--json` keeps.
#[derive(Serialize)]
struct Named<'a> {
    table: &'a Path,
    split: String,
    #[serde(flatten)]
    record: &'a Record,
}

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

    /// What a callback answers.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        match self.is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// A bar over `n` steps named so, on a terminal only.
pub(crate) fn bar(n: usize, what: &str) -> anyhow::Result<ProgressBar> {
    let template = format!("{{bar:40}} {{pos}}/{{len}} {what}, {{eta}} left {{msg}}");
    Ok(ProgressBar::new(n as u64).with_style(ProgressStyle::with_template(&template)?))
}

#[allow(dead_code)]
impl RunArgs {
    /// Fits a recipe to the rows of a split, keeps the model, prints how good it is on rows it has not
    /// seen, and keeps what is asked for. `source` is the table's file.
    pub(crate) fn run(
        &self,
        recipe: &dyn Recipe,
        (source, table): (&Path, &FeatureTable),
        seed: u64,
        stop: &Stop,
        model_out: Option<&Path>,
    ) -> anyhow::Result<()> {
        let split = match &self.test_rows {
            Some(path) => Split::read_test_rows(path, table.n_rows())?,
            None => self.split.split(table, seed)?,
        };
        if !Experiment::new(table, &split)?.is_by_recording() {
            println!("pieces of some test recordings are learnt from: the scores are too good\n");
        }
        let bar = bar(0, "steps at most")?;
        let outcome = fit_and_evaluate(recipe, table, &split, seed, &mut |progress| {
            bar.set_length(progress.n_steps as u64);
            bar.set_position(progress.step as u64);
            bar.set_message(format!("({}) {}", progress.unit, progress.message));
            stop.flow()
        })?;
        bar.finish_and_clear();
        let (record, test) = (&outcome.record, &outcome.test);
        if let Some(path) = model_out {
            outcome.fitted.save(path)?;
        }
        let summary = outcome.fitted.summary();
        if !summary.is_empty() {
            println!("{summary}");
        }
        println!("{record}");
        if let Some(path) = &self.probabilities {
            let shares = outcome.probabilities.view();
            probability_table(test, table.classes(), shares)?.write_csv(path)?;
        }
        let Some(path) = &self.json else {
            return Ok(());
        };
        let split = match &self.test_rows {
            Some(path) => path.display().to_string(),
            None => self.split.to_string(),
        };
        let named = Named {
            table: source,
            split,
            record,
        };
        Ok(write_whole(path, |file| {
            Ok(serde_json::to_writer_pretty(file, &named)?)
        })?)
    }
}
