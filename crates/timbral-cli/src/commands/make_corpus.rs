use std::path::PathBuf;

use timbral::synth::Error::Stopped;
use timbral::synth::{SynthCorpus, SynthParams};
use timbral_core::{Monitor, Progress};

use crate::command::Command;
use crate::options::output::output_folder;
use crate::session::{ThreadArgs, phase};
use crate::status::Status;

/// `make-corpus`: synthetic recordings in ten made-up genres, the same on every machine.
#[derive(clap::Args)]
pub struct MakeCorpus {
    /// Folder to write the recordings to, one folder per genre
    #[arg(value_parser = output_folder())]
    folder: PathBuf,
    /// Number of recordings per genre
    #[arg(long, value_name = "N", default_value_t = SynthParams::default().recordings_per_genre)]
    recordings: usize,
    /// Length of a recording, in seconds
    #[arg(long, default_value_t = SynthParams::default().seconds)]
    seconds: f64,
    /// Random seed; another seed gives other recordings
    #[arg(long, default_value_t = SynthParams::default().seed)]
    seed: u64,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for MakeCorpus {
    const NAME: &'static str = "make-corpus";
    const ABOUT: &'static str =
        "Write synthetic recordings in ten made-up genres, the same on every machine";
    const DETAILS: &'static str = "Writes the files FOLDER/GENRE/GENRE.NNNNN.wav, mono with 22 050 samples per second. \
        The same command continues a run that was stopped.";
    const EXAMPLE: &'static str = "corpus --recordings 30 --seconds 30";

    fn run(self) -> anyhow::Result<Status> {
        let corpus = SynthCorpus::new(SynthParams {
            recordings_per_genre: self.recordings,
            seconds: self.seconds,
            seed: self.seed,
            ..SynthParams::default()
        })?;
        let session = self.threads.start()?;
        let n = corpus.len();
        phase(format!(
            "making {n} synthetic recordings of {} s",
            self.seconds
        ));
        let mut written = 0;
        let result = {
            let mut bar = session.monitor();
            corpus.write(&self.folder, &mut |progress: &Progress| {
                written = progress.done;
                bar.report(progress)
            })
        };
        if matches!(result, Err(Stopped)) {
            eprintln!("stopped after {written} recordings; the same command continues");
            return Ok(Status::Stopped);
        }
        result?;
        eprintln!("{n} synthetic recordings in {}", self.folder.display());
        Ok(Status::Done)
    }
}
