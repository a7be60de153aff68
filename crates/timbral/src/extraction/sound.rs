//! Sounds, from a file or from memory, as pieces of one length.

use std::path::Path;

use rayon::prelude::*;
use timbral_audio::{AudioReader, Clip, MonoReader};

use crate::error::{Error, Result};

/// Samples of segments that are worked on together, at most: 8 MB of them.
const BATCH_SAMPLES: usize = 1 << 21;
/// Segments that are worked on together, at most; else two for each thread.
const BATCH: usize = 32;

/// What is listened to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sound<'a> {
    /// A file, read block by block.
    File(&'a Path),
    /// Samples in memory.
    Clip(&'a Clip),
}

impl<'a> Sound<'a> {
    /// What stands for the file in a message.
    pub(crate) fn path(self) -> &'a Path {
        match self {
            Self::File(path) => path,
            Self::Clip(_) => Path::new("the samples"),
        }
    }

    /// Appends all samples, mono, at a rate.
    pub(crate) fn read(self, sample_rate: u32, out: &mut Vec<f32>) -> Result<()> {
        match self {
            Self::File(path) => {
                let mut mono = open(path, sample_rate)?;
                while mono.read(out)? > 0 {}
            }
            Self::Clip(clip) => {
                out.extend_from_slice(clip.to_mono().resample(sample_rate)?.samples());
            }
        }
        Ok(())
    }

    /// Computes something of every segment, mono, at a rate, and hands over what comes out, in order
    /// and in batches; of a file no more than two batches are in memory.
    ///
    /// Segment `i` is samples `i stride .. i stride + length`; a last one that does not fit is absent.
    pub(crate) fn for_each_segment<T: Send>(
        self,
        sample_rate: u32,
        (length, stride): (usize, usize),
        compute: impl Fn(&[f32]) -> Result<T> + Sync,
        mut take: impl FnMut(Vec<T>) -> Result<()>,
    ) -> Result<()> {
        let mut n_segments = 0;
        let mut batch_of = |results: Result<Vec<T>>| {
            let results = results?;
            n_segments += results.len();
            take(results)
        };
        match self {
            Self::File(path) => {
                let mut segments = open(path, sample_rate)?.segments(length, stride)?;
                let threads = 2 * rayon::current_num_threads();
                let n = (BATCH_SAMPLES / length.max(1)).min(threads).clamp(1, BATCH);
                let mut read = || -> Result<Vec<_>> {
                    let batch: std::result::Result<_, _> = segments.by_ref().take(n).collect();
                    Ok(batch?)
                };
                let mut batch = read()?;
                while !batch.is_empty() {
                    // The next batch is decoded while this one is worked on.
                    let work = || batch.par_iter().map(|y| compute(y)).collect();
                    let (results, next) = rayon::join(work, &mut read);
                    batch_of(results)?;
                    batch = next?;
                }
            }
            Self::Clip(clip) => {
                let clip = clip.to_mono().resample(sample_rate)?;
                let segments: Vec<_> = clip.segments(length, stride)?.collect();
                for batch in segments.chunks(BATCH) {
                    batch_of(batch.par_iter().map(|y| compute(y)).collect())?;
                }
            }
        }
        if n_segments == 0 {
            let mut samples = Vec::new();
            self.read(sample_rate, &mut samples)?;
            return Err(Error::TooShort {
                path: self.path().to_owned(),
                needed: length,
                got: samples.len(),
            });
        }
        Ok(())
    }
}

fn open(path: &Path, sample_rate: u32) -> Result<MonoReader> {
    Ok(AudioReader::open(path)?.into_mono(Some(sample_rate))?)
}
