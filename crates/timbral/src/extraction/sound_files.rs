use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use timbral_audio::{AudioReader, Gaps, OpenParams};

use crate::error::{Error, Result};
use crate::extraction::encoded::EncodedSound;

/// A sound file that was used although something of it is missing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DamagedFile {
    /// The file.
    pub path: PathBuf,
    /// What is missing.
    pub gaps: Gaps,
}

/// `song.mp3: 2 gaps filled with silence, the first at 3.100 s`.
impl fmt::Display for DamagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.gaps)
    }
}

/// Sound files that were not used, and those that were used although something of them is missing.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct FileProblems {
    /// The error of each file that was not used; it names the file.
    pub skipped: Vec<Error>,
    /// The damaged files that were used.
    pub damaged: Vec<DamagedFile>,
}

/// One line for each file.
impl fmt::Display for FileProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_problems(&self.skipped, &self.damaged, f)
    }
}

/// Writes one line for each file.
pub(crate) fn write_problems(
    skipped: &[Error],
    damaged: &[DamagedFile],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for error in skipped {
        writeln!(f, "skipped {error}")?;
    }
    for file in damaged {
        writeln!(f, "damaged {file}")?;
    }
    Ok(())
}

/// How sound files are opened, and which of them were damaged.
#[derive(Debug, Default)]
pub(crate) struct SoundFiles {
    params: OpenParams,
    damaged: Mutex<BTreeMap<PathBuf, Gaps>>,
}

impl SoundFiles {
    pub(crate) fn new(params: OpenParams) -> Self {
        Self {
            params,
            damaged: Mutex::default(),
        }
    }

    /// Opens a file.
    pub(crate) fn reader(&self, path: &Path) -> Result<AudioReader> {
        Ok(AudioReader::open_with(path, &self.params)?)
    }

    /// Opens the bytes of a file.
    pub(crate) fn encoded_reader(&self, sound: &EncodedSound) -> Result<AudioReader> {
        let name = sound.name().to_string_lossy();
        Ok(AudioReader::new_with(sound.reader(), name, &self.params)?)
    }

    /// Notes what is missing of a file that was read to its end.
    pub(crate) fn note(&self, path: &Path, gaps: Gaps) {
        if !gaps.is_empty() {
            self.lock().insert(path.to_owned(), gaps);
        }
    }

    /// The damaged files since the last call, by their paths.
    pub(crate) fn take_damaged(&self) -> Vec<DamagedFile> {
        let damaged = std::mem::take(&mut *self.lock());
        let file = |(path, gaps)| DamagedFile { path, gaps };
        damaged.into_iter().map(file).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Gaps>> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
