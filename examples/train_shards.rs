//! Boosted trees on Parquet files that are larger than memory, written as XGBoost's model file.
//!
//! `cargo run --release --example train_shards -- shards --rounds 200 --model-out model.ubj`; `shards` is a folder of
//! Parquet files with the same feature columns and a column `label`. All rows are trained on: keep the test rows in
//! another folder. The model is that of `train_boost` on the same rows, bit for bit. Ctrl-C ends the training; the
//! rounds so far are written. Exit status: 0 done, 1 nothing done, 64 wrong arguments, 130 stopped by Ctrl-C.

use std::process::ExitCode;

use timbral_cli::commands::TrainShards;

fn main() -> ExitCode {
    timbral_cli::run_command::<TrainShards>()
}
