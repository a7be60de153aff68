//! What a study looks at, as options of a command.

use std::path::{Path, PathBuf};

use timbral::data::Spectrograms;
use timbral::study::{Material, StudyParams};
use timbral::synth::SynthParams;

use crate::command::{Stop, with_bar};

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
    /// Ten seeds instead of one
    #[arg(long)]
    full: bool,
}

impl MaterialArgs {
    /// What is fitted to it; less to the synthetic corpus, which stands in for want of anything else.
    pub(crate) fn params(&self) -> StudyParams {
        let params = StudyParams {
            seeds: if self.full { 10 } else { 1 },
            ..StudyParams::default()
        };
        match self.features.is_none() && self.audio.is_none() {
            true => params.quick(),
            false => params,
        }
    }

    /// Reads or makes it; what is computed is kept in a folder.
    pub(crate) fn read(&self, scratch: &Path, stop: &Stop) -> anyhow::Result<Material> {
        with_bar("files", |show| {
            let progress = |done, n| show(done, n, "");
            match (&self.features, &self.audio) {
                (Some(table), _) => {
                    let images = self.spectrograms.as_ref().map(Spectrograms::read);
                    Ok(Material::of_table(table)?.with_spectrograms(images.transpose()?))
                }
                (_, Some(folder)) => Material::of_music(folder, scratch, stop.flag(), progress),
                _ => Material::synthetic(SynthParams::default(), scratch, stop.flag(), progress),
            }
        })
    }
}
