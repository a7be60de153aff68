use std::path::PathBuf;

use timbral::{Probabilities, average_recordings};

use crate::command::Command;
use crate::status::Status;

/// `average`: the mean probabilities of several models, by recording.
#[derive(clap::Args)]
pub struct Average {
    /// Tables (.csv, .parquet, .npz) that `--probabilities` wrote: file name, one column per class, and label
    #[arg(required = true)]
    probabilities: Vec<PathBuf>,
}

impl Command for Average {
    const NAME: &'static str = "average";
    const ABOUT: &'static str =
        "Average the probabilities of several models by recording, and score them";
    const DETAILS: &'static str = "The tables come from the option `--probabilities` of the commands that \
        train. The probabilities of a model for a recording are the mean over the rows of the recording; they \
        are then averaged over the models. Prints the report, the confusion matrix and the accuracy.";
    const EXAMPLE: &'static str = "conv.csv dense.csv";

    fn run(self) -> anyhow::Result<Status> {
        let models = self.probabilities.iter().map(Probabilities::read);
        let averaged = average_recordings(&models.collect::<timbral::Result<Vec<_>>>()?)?;
        println!("{}", averaged.evaluate()?);
        Ok(Status::Done)
    }
}
