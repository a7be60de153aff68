//! Options and steps that several commands have in common.

pub(crate) mod boost;
mod features;
pub(crate) mod network;
pub(crate) mod output;
pub(crate) mod page;
pub(crate) mod search;
pub(crate) mod table;
pub(crate) mod training;
#[cfg(feature = "pretrained")]
pub(crate) mod weights;

use std::path::Path;

use anyhow::{Context, ensure};
use timbral::audio::OpenParams;
use timbral::{GenreFolder, Inputs};
use timbral_core::counted;

use crate::session::phase;

pub(crate) use features::FeatureArgs;

/// The option `--lenient`.
#[derive(clap::Args)]
pub(crate) struct SoundArgs {
    /// Replace damaged packets of sound files by silence, and report the files; without this option such files are
    /// skipped
    #[arg(long)]
    lenient: bool,
}

impl SoundArgs {
    /// How sound files are opened.
    pub(crate) fn open_params(&self) -> OpenParams {
        OpenParams {
            lenient: self.lenient,
            ..OpenParams::default()
        }
    }
}

/// The option `--genre-folder`.
#[derive(clap::Args)]
pub(crate) struct GenreArgs {
    /// Folder whose name is the genre of a file: parent (the folder that the file is in) or top (the first folder
    /// below the one that all files are in, as in MUSIC/genre/artist/album/song)
    #[arg(long, value_name = "FOLDER", default_value_t)]
    pub(crate) genre_folder: GenreFolder,
}

/// Finds the sound files among files and folders, and prints the number of other files to stderr. The command
/// reports and counts what cannot be searched.
pub(crate) fn find_files<P: AsRef<Path>>(inputs: &[P]) -> anyhow::Result<Inputs> {
    let names: Vec<_> = inputs
        .iter()
        .map(|path| path.as_ref().display().to_string())
        .collect();
    let names = names.join(", ");
    phase(format!("searching {names} for sound files"));
    let found = Inputs::find(inputs)?;
    if found.passed_over > 0 {
        let others = found.passed_over;
        phase(format!(
            "passing over {} of other kinds",
            counted(others, "file")
        ));
    }
    ensure!(
        !found.files.is_empty(),
        "{names}: there is no file whose name ends as that of a sound file, such as .wav, .flac or .mp3"
    );
    Ok(found)
}

/// A number above 0.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(0) => Err("must be at least 1".to_owned()),
        number => number.map_err(|error| error.to_string()),
    }
}

/// Makes a folder and those above it.
pub(crate) fn create_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(path).with_context(|| path.display().to_string())
}
