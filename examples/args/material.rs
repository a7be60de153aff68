//! What a study looks at, as options of a command.

use std::path::{Path, PathBuf};

use timbral::data::{Spectrograms, SynthParams};
use timbral::study::Material;

use crate::command::{Stop, bar};

#[derive(clap::Args)]
pub(crate) struct MaterialArgs {
    /// A table of features, one row a segment
    #[arg(long, conflicts_with = "audio")]
    features: Option<PathBuf>,
    /// Spectrograms (.npz) to go with the table
    #[arg(long, requires = "features")]
    spectrograms: Option<PathBuf>,
    /// A folder of music, one folder a genre
    #[arg(long)]
    audio: Option<PathBuf>,
}

impl MaterialArgs {
    /// Whether it is the synthetic corpus, for want of anything else.
    pub(crate) fn is_synthetic(&self) -> bool {
        self.features.is_none() && self.audio.is_none()
    }

    /// Reads or makes it; what is computed is kept in a folder.
    pub(crate) fn read(&self, scratch: &Path, stop: &Stop) -> anyhow::Result<Material> {
        let files = bar(0, "files")?;
        let progress = |done, n| {
            files.set_length(n as u64);
            files.set_position(done as u64);
        };
        let material = match (&self.features, &self.audio) {
            (Some(table), _) => {
                let images = self.spectrograms.as_ref().map(Spectrograms::read);
                Material::of_table(table)?.with_spectrograms(images.transpose()?)
            }
            (_, Some(folder)) => Material::of_music(folder, scratch, stop.flag(), progress)?,
            _ => Material::synthetic(SynthParams::default(), scratch, stop.flag(), progress)?,
        };
        files.finish_and_clear();
        Ok(material)
    }
}
