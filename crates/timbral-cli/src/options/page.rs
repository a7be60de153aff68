use std::path::PathBuf;

use anyhow::ensure;
use timbral::plot::SoundPage;

/// The option `--page`.
#[derive(clap::Args)]
pub(crate) struct PageArgs {
    /// Page to write, .html, with a player of the sound, its spectrogram and the result over its time under a moving
    /// cursor; takes one sound file
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

impl PageArgs {
    /// Refuses a page of several files.
    pub(crate) fn check(&self, files: &[PathBuf]) -> anyhow::Result<()> {
        let n = files.len();
        ensure!(
            self.page.is_none() || n == 1,
            "--page takes one sound file, not {n}"
        );
        Ok(())
    }

    /// Writes the page, if one is asked for.
    pub(crate) fn save(
        &self,
        page: impl FnOnce() -> timbral::Result<SoundPage>,
    ) -> anyhow::Result<()> {
        match &self.page {
            Some(path) => Ok(page()?.save(path)?),
            None => Ok(()),
        }
    }
}
