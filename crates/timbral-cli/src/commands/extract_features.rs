use std::path::PathBuf;

use timbral::synth::Error::Stopped;
use timbral::synth::{SynthCorpus, SynthParams};
use timbral::{Extraction, Inputs, Segmentation};

use crate::command::Command;
use crate::options::output::{TABLES, output_of};
use crate::options::{FeatureArgs, GenreArgs, SoundArgs, find_files};
use crate::session::{Session, ThreadArgs, phase, phase_of_files};
use crate::status::Status;

/// `extract-features`: computes a table of features from sound files.
#[derive(clap::Args)]
pub struct ExtractFeatures {
    /// Sound files, or folders to search for them [default: 30 synthetic recordings of 10 s, made for a trial]
    inputs: Vec<PathBuf>,
    /// Table to write, .csv, .parquet or .npz
    #[arg(long, value_name = "FILE", value_parser = output_of(TABLES))]
    out: PathBuf,
    #[command(flatten)]
    features: FeatureArgs,
    /// Rows: one per recording (whole) or one per segment of 3 s (3s)
    #[arg(long, default_value = "whole")]
    segments: Segmentation,
    #[command(flatten)]
    genres: GenreArgs,
    #[cfg(feature = "pretrained")]
    #[command(flatten)]
    embeddings: crate::options::weights::EmbeddingArgs,
    #[command(flatten)]
    sound: SoundArgs,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Continue an interrupted run with the same settings
    #[arg(long)]
    resume: bool,
}

impl ExtractFeatures {
    /// Finds the files; synthetic ones are made first.
    fn files(&self, session: &Session) -> anyhow::Result<Inputs> {
        if !self.inputs.is_empty() {
            return find_files(&self.inputs);
        }
        let params = SynthParams {
            recordings_per_genre: 3,
            seconds: 10.0,
            ..SynthParams::default()
        };
        let seconds = params.seconds;
        let corpus = SynthCorpus::new(params)?;
        let folder = std::env::temp_dir().join("timbral-synth");
        let n = corpus.len();
        phase(format!(
            "making {n} synthetic recordings of {seconds} s in {}",
            folder.display()
        ));
        match corpus.write(&folder, &mut session.monitor()) {
            Err(Stopped) => session.check()?,
            written => written?,
        }
        find_files(&[folder])
    }
}

impl Command for ExtractFeatures {
    const NAME: &'static str = "extract-features";
    const ABOUT: &'static str = "Extract a table of features from sound files, equal to librosa's";
    const DETAILS: &'static str = "The table has one row per file or segment: file name, length in samples, the features \
        (57 by default) and a label. The label is the name of the file's folder, or with `--genre-folder top` that of the \
        first folder below MUSIC. Files that cannot be read are skipped and reported. A file whose end is missing is read \
        as far as possible and reported. A run that was interrupted leaves FILE.partial, from which `--resume` continues.";
    const EXAMPLE: &'static str = "MUSIC --out features.csv --preset gtzan --segments 3s";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        let features = self.features.params()?;
        // Before the search for files, so that missing weights are reported at once.
        #[cfg(feature = "pretrained")]
        let open = self.sound.open_params();
        #[cfg(feature = "pretrained")]
        let columns = self.embeddings.columns(&features, self.segments, &open)?;
        let Inputs {
            files, unreadable, ..
        } = self.files(&session)?;
        let extraction = Extraction {
            features,
            segments: self.segments,
            genre_folder: self.genres.genre_folder,
            open: self.sound.open_params(),
            resume: self.resume,
            ..Extraction::default()
        };
        phase_of_files("extracting features from", files.len());
        #[cfg(feature = "pretrained")]
        let report = match &columns {
            Some(columns) => {
                extraction.run_columns(columns, &files, &self.out, &mut session.monitor())
            }
            None => extraction.run(&files, &self.out, &mut session.monitor()),
        };
        #[cfg(not(feature = "pretrained"))]
        let report = extraction.run(&files, &self.out, &mut session.monitor());
        let mut report = report?;
        report.skipped.splice(0..0, unreadable);
        eprintln!("{report}");
        Ok(match report.stopped {
            true => Status::Stopped,
            false => Status::of_files(report.rows, report.skipped.len()),
        })
    }
}
