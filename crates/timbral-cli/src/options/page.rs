use std::path::{Path, PathBuf};

use anyhow::ensure;
use timbral::plot::SoundPage;

use crate::options::output::{PAGES, output_of};

/// Most sound files on a page, as all their sound is in it.
const MOST: usize = 100;

/// The option `--page`.
#[derive(clap::Args)]
pub(crate) struct PageArgs {
    /// Page to write, .html: for each sound file a player, its spectrogram and the result over time, with a cursor at
    /// the time that is played; at most 100 sound files, whose sound is stored in the page
    #[arg(long, value_name = "FILE", value_parser = output_of(PAGES))]
    page: Option<PathBuf>,
}

impl PageArgs {
    /// Whether a page is requested.
    #[cfg(feature = "pretrained")]
    pub(crate) fn is_some(&self) -> bool {
        self.page.is_some()
    }

    /// Starts an empty page; too many sound files are an error.
    pub(crate) fn start(&self, files: &[PathBuf]) -> anyhow::Result<PageOfFiles<'_>> {
        let n = files.len();
        ensure!(
            self.page.is_none() || n <= MOST,
            "--page takes up to {MOST} sound files, not {n}"
        );
        Ok(PageOfFiles {
            path: self.page.as_deref(),
            page: None,
            failed: Ok(()),
        })
    }
}

/// The page while files are added.
pub(crate) struct PageOfFiles<'a> {
    /// The file to write, if a page is requested.
    path: Option<&'a Path>,
    page: Option<SoundPage>,
    failed: timbral::Result<()>,
}

impl PageOfFiles<'_> {
    /// Adds a file, if a page is requested.
    pub(crate) fn add(&mut self, file: impl FnOnce() -> timbral::Result<SoundPage>) {
        if self.path.is_none() || self.failed.is_err() {
            return;
        }
        match file() {
            Err(error) => self.failed = Err(error),
            Ok(new) => match &mut self.page {
                None => self.page = Some(new),
                Some(page) => {
                    page.push(new);
                }
            },
        }
    }

    /// Writes the page, if there is one.
    ///
    /// # Errors
    ///
    /// A file could not be added; the page cannot be written.
    pub(crate) fn save(self) -> anyhow::Result<()> {
        self.failed?;
        if let (Some(path), Some(page)) = (self.path, self.page) {
            page.save(path)?;
        }
        Ok(())
    }
}
