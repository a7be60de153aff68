//! From a folder of sound files to a table of features, and the accuracy of boosted trees on it.
//!
//! `cargo run --release -p timbral --example folder_to_table` makes 30 synthetic recordings in ten made-up
//! genres; `... -- MUSIC` uses your folder, with one folder per genre.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use timbral::boost::BoostParams;
use timbral::data::SplitMethod;
use timbral::dsp::FeatureParams;
use timbral::synth::{SynthCorpus, SynthParams};
use timbral::{Segmentation, feature_table, fit_and_evaluate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scratch = std::env::temp_dir().join("timbral-folder-to-table");
    let music = match std::env::args_os().nth(1) {
        Some(folder) => PathBuf::from(folder),
        None => {
            let params = SynthParams {
                recordings_per_genre: 3,
                seconds: 9.0,
                ..SynthParams::default()
            };
            SynthCorpus::new(params)?.write(&scratch, &mut ())?;
            scratch
        }
    };
    let table = feature_table(music, FeatureParams::gtzan(), Segmentation::gtzan())?;
    let (rows, features) = (table.n_rows(), table.n_features());
    println!(
        "{rows} rows, {features} features, {}",
        table.classes().join(", ")
    );

    // No recording is in both parts.
    let split = SplitMethod::Grouped.split(&table, 0)?;
    let recipe = BoostParams {
        n_rounds: 50,
        ..BoostParams::default()
    };
    let fit = fit_and_evaluate(&recipe, &table, &split, 0, &mut ())?;
    println!("{}", fit.record.evaluation);
    Ok(())
}
