use std::path::{Path, PathBuf};

use ndarray::{Array2, Array3, Axis, stack};
use serde::{Deserialize, Serialize};
use timbral_audio::{Gaps, OpenParams};
use timbral_core::Monitor;
use timbral_data::Spectrograms;
use timbral_dsp::{DbParams, MelBank, MelParams, Stft, StftParams, power_to_db};

use crate::error::{Error, Result};
use crate::extraction::extractor::{file_name, in_file};
use crate::extraction::labels::label;
use crate::extraction::recordings::recordings_without_copies;
use crate::extraction::sound::Sound;
use crate::extraction::sound_files::{DamagedFile, FileProblems, SoundFiles};
use crate::extraction::table::for_each_file;

/// Computes log-mel spectrograms of one size from sound files, for networks on images.
///
/// Every file is decoded, mixed to mono, resampled and cut into segments of `seconds`; what is left at the
/// end is dropped. The image of a segment is `power_to_db` of its mel spectrogram, `n_mels` bands by
/// `1 + ⌊samples / hop_length⌋` frames. Its label is the name of the file's folder, its recording the
/// file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MelImages {
    /// Sample rate, length of the transform and number of bands; default 22050, 2048 and 128.
    pub mel: MelParams,
    /// Samples between frames; default 1710, which is 13 frames per second.
    pub hop_length: usize,
    /// Length of a segment in seconds; default 29, one per GTZAN clip.
    pub seconds: f64,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for MelImages {
    fn default() -> Self {
        Self {
            mel: MelParams::default(),
            hop_length: 1710,
            seconds: 29.0,
            _non_exhaustive: (),
        }
    }
}

/// Names and images of the segments of one file.
type NamedImages = Vec<(String, Array2<f32>)>;

impl MelImages {
    /// The spectrograms of `files` in their order, and the files that were skipped or are damaged. `open` has the
    /// parameters with which the files are opened.
    ///
    /// It runs on the threads of the current rayon pool. `monitor` is called after each file; the unit is
    /// `files`.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; parameters out of range; no file gave a spectrogram.
    pub fn read(
        &self,
        files: &[PathBuf],
        open: OpenParams,
        monitor: &mut dyn Monitor,
    ) -> Result<(Spectrograms, FileProblems)> {
        let computer = SpectrogramComputer::new(*self)?.with_open_params(open);
        let segments = for_each_file(files, monitor, &|path| computer.file(path))?;
        let of_files = recordings_without_copies(files);
        let (mut names, mut labels, mut recordings) = (Vec::new(), Vec::new(), Vec::new());
        let (mut images, mut skipped) = (Vec::new(), Vec::new());
        for ((path, segments), recording) in segments.into_iter().zip(&of_files) {
            match segments {
                Err(error) => skipped.push(error),
                Ok(segments) => {
                    for (name, image) in segments {
                        names.push(name);
                        labels.push(label(path));
                        recordings.push(recording.clone());
                        images.push(image);
                    }
                }
            }
        }
        if images.is_empty() {
            return Err(skipped.into_iter().next().unwrap_or(Error::EmptyPart {
                part: "spectrogram",
            }));
        }
        let views: Vec<_> = images.iter().map(|image| image.view()).collect();
        let images: Array3<f32> = stack(Axis(0), &views).map_err(|_| Error::EmptyPart {
            part: "spectrogram",
        })?;
        let spectrograms = Spectrograms::new(images, &names, &labels, &recordings)?;
        let damaged = computer.take_damaged();
        Ok((spectrograms, FileProblems { skipped, damaged }))
    }
}

/// Computes [`MelImages`].
#[derive(Debug)]
pub(crate) struct SpectrogramComputer {
    images: MelImages,
    bank: MelBank,
    stft: Stft,
    length: usize,
    files: SoundFiles,
}

impl SpectrogramComputer {
    pub(crate) fn new(images: MelImages) -> Result<Self> {
        let bank = MelBank::new(images.mel)?;
        let stft = Stft::new(StftParams {
            n_fft: images.mel.n_fft,
            hop_length: images.hop_length,
            ..StftParams::default()
        })?;
        // Negative and NaN become 0, which is refused.
        let length = (images.seconds * f64::from(images.mel.sample_rate)) as usize;
        if length == 0 {
            let stride = length;
            return Err(Error::Segments { length, stride });
        }
        Ok(Self {
            images,
            bank,
            stft,
            length,
            files: SoundFiles::default(),
        })
    }

    pub(crate) fn with_open_params(self, params: OpenParams) -> Self {
        let files = SoundFiles::new(params);
        Self { files, ..self }
    }

    pub(crate) fn take_damaged(&self) -> Vec<DamagedFile> {
        self.files.take_damaged()
    }

    /// Samples of a segment.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Number of bands and frames of an image.
    pub(crate) fn shape(&self) -> (usize, usize) {
        let frames = 1 + self.length / self.images.hop_length.max(1);
        (self.images.mel.n_mels, frames)
    }

    /// Passes on the images of a sound, in order and in batches.
    pub(crate) fn for_each_batch(
        &self,
        sound: Sound<'_>,
        mut take: impl FnMut(Vec<Array2<f32>>) -> Result<()>,
    ) -> Result<Gaps> {
        let path = sound.path();
        let compute = |y: &[f32]| {
            let power = self
                .bank
                .process_signal(&self.stft, y)
                .map_err(in_file(path))?;
            power_to_db(power.view(), &DbParams::default()).map_err(in_file(path))
        };
        let segments = (self.length, self.length);
        let sample_rate = self.images.mel.sample_rate;
        sound.for_each_segment(&self.files, sample_rate, segments, &compute, &mut take)
    }

    fn file(&self, path: &Path) -> Result<NamedImages> {
        let mut segments = Vec::new();
        self.for_each_batch(Sound::File(path), |batch| {
            for image in batch {
                segments.push((file_name(path, Some(segments.len())), image));
            }
            Ok(())
        })?;
        Ok(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbral_synth::{SynthCorpus, SynthParams};

    #[test]
    fn files_become_images_and_broken_ones_are_named() {
        let params = SynthParams {
            recordings_per_genre: 1,
            seconds: 6.5,
            seed: 0,
            ..SynthParams::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let corpus = SynthCorpus::new(params).unwrap();
        corpus.write(folder.path(), &mut ()).unwrap();
        let broken = folder.path().join("broken.wav");
        std::fs::write(&broken, b"RIFF").unwrap();
        let inputs = crate::Inputs::find([folder.path()]).unwrap();
        let images = MelImages {
            seconds: 3.0,
            ..MelImages::default()
        };
        let open = OpenParams::default();
        let (found, problems) = images.read(&inputs.files, open, &mut ()).unwrap();
        let skipped = problems.skipped;
        // Two segments of 66150 samples per file.
        assert_eq!(found.images().dim(), (20, 128, 1 + 66_150 / 1710));
        let table = found.table();
        assert_eq!((table.classes().len(), table.n_groups()), (10, 10));
        assert_eq!(skipped.len(), 1);
        assert!(skipped[0].to_string().contains("broken.wav"));
        assert!(found.images().iter().all(|x| x.is_finite()));
    }
}
