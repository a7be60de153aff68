use std::path::PathBuf;
use std::time::Instant;

use timbral::data::TableShards;
use timbral::train_on_shards;
use timbral_core::counted;

use crate::command::Command;
use crate::options::boost::BoostArgs;
use crate::options::output::{MODELS, output_of};
use crate::options::table::ColumnArgs;
use crate::session::{ThreadArgs, phase};
use crate::status::Status;

/// `train-shards`: boosted trees on a table in several Parquet files, which is never in memory as a whole.
#[derive(clap::Args)]
pub struct TrainShards {
    /// Folder of Parquet files with the same feature columns and a column `label`
    folder: PathBuf,
    #[command(flatten)]
    columns: ColumnArgs,
    /// File to write the model to, in XGBoost's format: .json or .ubj
    #[arg(long, value_name = "FILE", value_parser = output_of(MODELS))]
    model_out: PathBuf,
    #[command(flatten)]
    boost: BoostArgs,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for TrainShards {
    const NAME: &'static str = "train-shards";
    const ABOUT: &'static str = "Train boosted trees on Parquet files that are larger than memory";
    const DETAILS: &'static str = "All rows are trained on: keep test rows in another folder. The files are read \
        three times (for labels, histogram bounds and bins; once more if values are missing). In memory each value \
        takes one byte with up to 256 bins. The model equals that of `train-boost` on the same rows, bit for bit. \
        Ctrl-C ends the training; the model of the rounds so far is written.";
    const EXAMPLE: &'static str = "shards --rounds 200 --model-out model.ubj";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        phase(format!("reading the labels in {}", self.folder.display()));
        let shards = TableShards::open(&self.columns.schema(), &self.folder)?;
        println!(
            "{} in {}, {}, {} classes",
            counted(shards.n_rows(), "row"),
            counted(shards.paths().len(), "file"),
            counted(shards.feature_names().len(), "feature"),
            shards.classes().len()
        );
        let start = Instant::now();
        let params = self.boost.params();
        let model = train_on_shards(&params, &shards, &mut session.monitor())?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{} rounds in {seconds:.1} s", model.n_rounds());
        model.save(&self.model_out)?;
        println!("model written to {}", self.model_out.display());
        Ok(session.status())
    }
}
