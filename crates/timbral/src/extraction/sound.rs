//! Sounds, from a file or from memory, as segments of one length.

use std::path::Path;

use timbral_audio::{AudioReader, Clip, Gaps, MonoReader};
use timbral_core::parallel;

use crate::error::{Error, Result};
use crate::extraction::encoded::EncodedSound;
use crate::extraction::sound_files::SoundFiles;

/// The largest number of samples in a batch of segments: 8 MB.
const BATCH_SAMPLES: usize = 1 << 21;
/// The largest number of segments in a batch; otherwise two per thread.
const BATCH: usize = 32;

/// Where the samples come from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sound<'a> {
    /// A file, read block by block.
    File(&'a Path),
    /// The bytes of a file in memory.
    Encoded(&'a EncodedSound),
    /// Samples in memory, with their name.
    Clip(&'a Clip, &'a Path),
}

impl<'a> Sound<'a> {
    /// The name in error messages.
    pub(crate) fn path(self) -> &'a Path {
        match self {
            Self::File(path) => path,
            Self::Encoded(sound) => sound.name(),
            Self::Clip(_, name) => name,
        }
    }

    /// A reader of a file, on disk or in memory.
    pub(crate) fn reader(self, files: &SoundFiles) -> Result<AudioReader> {
        match self {
            Self::Encoded(sound) => files.encoded_reader(sound),
            other => files.reader(other.path()),
        }
    }

    /// As [`reader`](Self::reader), as one channel.
    fn mono(self, files: &SoundFiles, sample_rate: u32) -> Result<MonoReader> {
        Ok(self.reader(files)?.into_mono(Some(sample_rate))?)
    }

    /// Notes what is missing of a file that was read to its end, and returns it.
    pub(crate) fn note(self, files: &SoundFiles, gaps: Gaps) -> Gaps {
        if let Self::File(path) = self {
            files.note(path, gaps);
        }
        gaps
    }

    /// Passes all samples on in blocks, mixed to mono and resampled, and returns what is missing.
    pub(crate) fn for_each_block(
        self,
        files: &SoundFiles,
        sample_rate: u32,
        mut take: impl FnMut(&[f32]) -> Result<()>,
    ) -> Result<Gaps> {
        match self {
            Self::File(_) | Self::Encoded(_) => {
                let mut mono = self.mono(files, sample_rate)?;
                let mut block = Vec::new();
                while mono.read(&mut block)? > 0 {
                    take(&block)?;
                    block.clear();
                }
                Ok(self.note(files, mono.gaps()))
            }
            Self::Clip(clip, _) => {
                take(clip.to_mono().resample(sample_rate)?.samples())?;
                Ok(Gaps::default())
            }
        }
    }

    /// Calls `compute` on every segment, mixed to mono and resampled, passes the results on, in order and in
    /// batches, and returns what is missing; no more than two batches of a file are in memory.
    ///
    /// Segment `i` has the samples `i stride .. i stride + length`; samples left at the end are dropped.
    pub(crate) fn for_each_segment<T: Send>(
        self,
        files: &SoundFiles,
        sample_rate: u32,
        (length, stride): (usize, usize),
        compute: &(dyn Fn(&[f32]) -> Result<T> + Sync),
        take: &mut dyn FnMut(Vec<T>) -> Result<()>,
    ) -> Result<Gaps> {
        let mut n_segments = 0;
        let mut batch_of = |results: Vec<T>| {
            n_segments += results.len();
            take(results)
        };
        let gaps = match self {
            Self::File(_) | Self::Encoded(_) => {
                let mut segments = self.mono(files, sample_rate)?.segments(length, stride)?;
                let threads = 2 * rayon::current_num_threads();
                let n = (BATCH_SAMPLES / length.max(1)).min(threads).clamp(1, BATCH);
                let mut read = || -> Result<Vec<_>> {
                    let batch: std::result::Result<_, _> = segments.by_ref().take(n).collect();
                    Ok(batch?)
                };
                let mut batch = read()?;
                while !batch.is_empty() {
                    // The next batch is decoded while this one is computed.
                    let (mut results, mut next) = (Ok(Vec::new()), Ok(Vec::new()));
                    let one = |_, y: &Vec<f32>| compute(y);
                    let mut work = || results = parallel::try_map_each(&batch, 1, &one);
                    parallel::join(&mut work, &mut || next = read());
                    batch_of(results?)?;
                    batch = next?;
                }
                self.note(files, segments.gaps())
            }
            Self::Clip(clip, _) => {
                let clip = clip.to_mono().resample(sample_rate)?;
                let segments: Vec<_> = clip.segments(length, stride)?.collect();
                for batch in segments.chunks(BATCH) {
                    batch_of(parallel::try_map_each(batch, 1, &|_, y| compute(y))?)?;
                }
                Gaps::default()
            }
        };
        if n_segments == 0 {
            let mut got = 0;
            self.for_each_block(files, sample_rate, |block| {
                got += block.len();
                Ok(())
            })?;
            return Err(Error::TooShort {
                path: self.path().to_owned(),
                needed: length,
                got,
            });
        }
        Ok(gaps)
    }
}
