//! Sound files for a command: those that are named, or a few synthetic ones.

use std::path::PathBuf;

use timbral::Inputs;
use timbral::synth::{Progress, SynthCorpus, SynthParams};

use crate::command::Stop;

#[derive(clap::Args)]
pub(crate) struct MusicArgs {
    /// Sound files, or folders to search for them; without any, a small synthetic corpus
    inputs: Vec<PathBuf>,
}

impl MusicArgs {
    /// Finds the files; synthetic ones are made first.
    pub(crate) fn find(&self, stop: &Stop) -> anyhow::Result<Vec<PathBuf>> {
        if !self.inputs.is_empty() {
            return Ok(Inputs::find(&self.inputs)?.files);
        }
        let params = SynthParams {
            recordings_per_genre: 3,
            seconds: 10.0,
            ..SynthParams::default()
        };
        let (corpus, folder) = (SynthCorpus::new(params)?, std::env::temp_dir());
        let folder = folder.join("timbral-synth");
        match corpus.write(&folder, &mut |_: &Progress| stop.flow()) {
            Err(timbral::synth::Error::Stopped) => stop.check()?,
            written => written?,
        }
        Ok(Inputs::find([folder])?.files)
    }
}
