//! Spectrograms for a command: a file of them, or a folder of sound files to compute them of.

use std::path::PathBuf;

use timbral::data::Spectrograms;
use timbral::{Inputs, MelImages};

use crate::run::{Stop, counted};

#[derive(clap::Args)]
pub(crate) struct SpectrogramArgs {
    /// Spectrograms (.npz), or a folder of sound files
    pub(crate) input: PathBuf,
    /// Where to keep the spectrograms of a folder, .npz
    #[arg(long, value_name = "FILE")]
    spectrograms_out: Option<PathBuf>,
}

impl SpectrogramArgs {
    /// Reads or computes them; files that cannot be read are named and passed over.
    pub(crate) fn read(&self, stop: &Stop) -> anyhow::Result<Spectrograms> {
        if !self.input.is_dir() {
            return Ok(Spectrograms::read(&self.input)?);
        }
        let files = Inputs::find([&self.input])?.files;
        let (spectrograms, skipped) = counted(files.len(), "files", |done| {
            MelImages::default().read(&files, stop.flag(), done)
        })?;
        for error in skipped {
            println!("skipped {error}");
        }
        stop.check()?;
        if let Some(path) = &self.spectrograms_out {
            spectrograms.write(path)?;
        }
        Ok(spectrograms)
    }
}
