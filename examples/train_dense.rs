//! A dense network on a table of features: trained, judged on rows it has not seen, kept.
//!
//! `cargo run --release --example train_dense -- features_3_sec.csv` on the published table of 3-s
//! segments: accuracy about 0.94 on random rows, where pieces of most test recordings are learnt
//! from; with `--split fault-filtered` 0.49 by segment, 0.54 by recording. Ctrl-C ends training; what
//! there is is judged and kept. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped.

#![allow(clippy::print_stdout)]

#[path = "args/network.rs"]
mod network;
#[path = "args/probabilities.rs"]
mod probabilities;
#[path = "args/run.rs"]
mod run;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral::data::FeatureTable;
use timbral::{DenseParams, Experiment};

use network::NetworkArgs;
use run::{RunArgs, Stop, bar, parse, timed};

#[derive(Parser)]
struct Args {
    /// A table of features with a column `label`; the example `extract_features` makes one
    table: PathBuf,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    dense: DenseArgs,
}

/// Named as in `DenseParams`; the defaults are its own.
#[derive(clap::Args)]
struct DenseArgs {
    /// Units of the hidden layers
    #[arg(long, value_delimiter = ',')]
    units: Option<Vec<usize>>,
    /// Share of the hidden units dropped
    #[arg(long)]
    dropout: Option<f32>,
    /// Decoupled weight decay
    #[arg(long)]
    weight_decay: Option<f32>,
    /// Share of a label spread over all classes
    #[arg(long)]
    label_smoothing: Option<f32>,
    /// α of mixup; 0: none
    #[arg(long)]
    mixup: Option<f32>,
}

impl DenseArgs {
    fn params(self, network: &NetworkArgs) -> DenseParams {
        let mut params = DenseParams {
            device: network.device,
            ..DenseParams::default()
        };
        let DenseParams { net, train, .. } = &mut params;
        network.apply(train);
        net.units = self.units.unwrap_or_else(|| net.units.clone());
        net.dropout = self.dropout.unwrap_or(net.dropout);
        train.weight_decay = self.weight_decay.unwrap_or(train.weight_decay);
        train.label_smoothing = self.label_smoothing.unwrap_or(train.label_smoothing);
        train.augment.mixup = self.mixup.unwrap_or(train.augment.mixup);
        params
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let args: Args = match parse()? {
        Ok(args) => args,
        Err(status) => return Ok(status),
    };
    let stop = Stop::new(args.network.threads)?;
    let table = FeatureTable::read(&args.table)?;
    let params = args.dense.params(&args.network);
    let (split, experiment) = args.run.split(&table, params.train.seed)?;
    let Experiment { train, test, .. } = &experiment;
    let bar = bar(2 * params.train.epochs, "epochs at most")?;
    let (model, fit) = timed(|| {
        Ok(params.fit(&table, &split, |_| {
            bar.inc(1);
            match stop.is_set() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?)
    })?;
    bar.finish_and_clear();
    println!("{} epochs, chosen on validation rows", model.epochs);
    if let Some(path) = &args.network.model_out {
        model.classifier.save(path)?;
    }
    let (probabilities, predict) = timed(|| Ok(model.probabilities(test)?))?;
    let known = model.probabilities(train)?;
    let details = serde_json::json!({ "epochs": model.epochs, "history": model.history });
    let tables = [train, test];
    let scored = [known.view(), probabilities.view()];
    let times = [fit, predict];
    args.run
        .report(args.table, (&params, details), tables, scored, times)?;
    Ok(stop.status())
}
