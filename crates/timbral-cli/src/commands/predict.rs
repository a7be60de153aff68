use std::path::{Path, PathBuf};

use timbral::{Classifier, Inputs, Prediction, Progress};

use crate::command::Command;
use crate::options::page::PageArgs;
use crate::options::{SoundArgs, find_files};
use crate::session::{ThreadArgs, phase_of_files, report_files};
use crate::status::Status;

/// `predict`: the genres of sound files, by a classifier that `train` made.
#[derive(clap::Args)]
pub struct Predict {
    /// Sound files, or folders to search for them
    #[arg(required = true)]
    music: Vec<PathBuf>,
    /// Classifier that `train` wrote
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Print also the genres of every part of a file
    #[arg(long)]
    over_time: bool,
    /// Print one line of JSON per file
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    page: PageArgs,
    #[command(flatten)]
    sound: SoundArgs,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for Predict {
    const NAME: &'static str = "predict";
    const ABOUT: &'static str = "Predict the genres of sound files";
    const DETAILS: &'static str = "Prints the three most probable genres of every file, as soon as they are \
        computed. Files that cannot be read are skipped and reported.";
    const EXAMPLE: &'static str = "song.mp3 ALBUM --model genres.timbral --over-time";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        let classifier = Classifier::load(&self.model)?;
        let classifier = classifier.with_open_params(self.sound.open_params());
        let Inputs {
            files, unreadable, ..
        } = find_files(&self.music)?;
        phase_of_files("predicting the genres of", files.len());
        let mut page = self.page.start(&files)?;
        let print = |path: &Path, prediction: Prediction| {
            page.add(|| prediction.page(path, self.sound.open_params()));
            if self.json {
                return println!("{}", prediction.to_json(path, self.over_time));
            }
            println!("{}: {prediction}", path.display());
            for window in prediction.windows.iter().filter(|_| self.over_time) {
                println!("{window}");
            }
        };
        let mut stop = |_: &Progress| session.flow();
        let report = classifier.predict_files(&files, print, &mut stop);
        let status = report_files(report, unreadable);
        page.save()?;
        Ok(status)
    }
}
