use serde::Serialize;
use timbral::audio::{AudioReader, Clip, Gaps};
use timbral::dsp::FeatureSetParams;
use timbral::{
    Classifier, EncodedSound, Error, Extractor, Prediction, Result, Segmentation, SoundRows,
};

use crate::picture::Picture;

/// Computes the features of sound files, equal to those of the default [`Extraction`](timbral::Extraction), and their
/// genres by a saved classifier.
#[derive(Debug)]
pub struct Analyzer {
    whole: Extractor,
    parts: Extractor,
    classifier: Option<Classifier>,
}

/// The analysis of one sound file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Analysis {
    /// Format, rate, length and tags.
    pub info: SoundInfo,
    /// The features of the whole sound: one row.
    pub whole: SoundRows,
    /// The features of every 3 s ([`Segmentation::gtzan`]); no row of a shorter sound.
    pub parts: SoundRows,
    /// One channel at 22 050 Hz.
    clip: Clip,
}

/// Format, rate, length and tags of a sound file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SoundInfo {
    /// The format, such as `WAV`.
    pub format: &'static str,
    /// Samples per second of a channel.
    pub sample_rate: u32,
    /// Number of channels.
    pub channels: u16,
    /// The length in seconds.
    pub seconds: f64,
    /// What is missing of the file, as a part of a sentence; empty if nothing is.
    pub missing: String,
}

impl Analyzer {
    /// An analyzer without a classifier.
    ///
    /// # Errors
    ///
    /// None at present: the parameters are fixed.
    pub fn new() -> Result<Self> {
        let extractor = |segments| Extractor::new(FeatureSetParams::default(), segments);
        Ok(Self {
            whole: extractor(Segmentation::Whole)?,
            parts: extractor(Segmentation::gtzan())?,
            classifier: None,
        })
    }

    /// The names of the 57 features, in the order of their values in rows.
    pub fn columns(&self) -> &[String] {
        self.whole.names()
    }

    /// The classifier, if there is one.
    pub fn classifier(&self) -> Option<&Classifier> {
        self.classifier.as_ref()
    }

    /// Sets the classifier from the bytes of its file, which has the name `name` in errors.
    ///
    /// # Errors
    ///
    /// Those of [`Classifier::from_bytes`]; the previous classifier is then kept.
    pub fn set_classifier(&mut self, name: &str, bytes: &[u8]) -> Result<&Classifier> {
        Ok(self.classifier.insert(Classifier::from_bytes(bytes, name)?))
    }

    /// Decodes a sound file, once, and computes its features.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded, or has no features; it is named.
    pub fn analyze(&self, sound: &EncodedSound) -> Result<Analysis> {
        let name = sound.name().to_string_lossy();
        let reader = AudioReader::new(sound.reader(), name)?;
        let mut info = SoundInfo {
            format: reader.format(),
            sample_rate: reader.sample_rate(),
            channels: reader.channels(),
            seconds: 0.0,
            missing: String::new(),
        };
        let (clip, gaps) = decoded(reader)?;
        info.seconds = clip.duration();
        info.missing = gaps.to_string();
        let whole = self.whole.rows_samples(sound.name(), &clip)?;
        let parts = match self.parts.rows_samples(sound.name(), &clip) {
            Err(Error::TooShort { .. }) => Vec::new(),
            rows => rows?,
        };
        Ok(Analysis {
            info,
            whole: SoundRows::new(sound, whole),
            parts: SoundRows::new(sound, parts),
            clip,
        })
    }

    /// The genres of a sound file, `None` without a classifier.
    ///
    /// # Errors
    ///
    /// Those of [`Classifier::predict_encoded`].
    pub fn predict(&self, sound: &EncodedSound) -> Result<Option<Prediction>> {
        let classifier = self.classifier.as_ref();
        classifier.map(|c| c.predict_encoded(sound)).transpose()
    }

    /// The table of many sounds as CSV, with a row for each sound or, if `parts` is true, for every 3 s of each. The
    /// bytes equal those that `timbral extract-features` writes for the same files.
    ///
    /// # Errors
    ///
    /// Those of [`Extractor::csv`].
    pub fn csv(&self, parts: bool, sounds: &[SoundRows]) -> Result<String> {
        if parts { &self.parts } else { &self.whole }.csv(sounds)
    }
}

impl Analysis {
    /// The waveform and the spectrogram that the page draws.
    ///
    /// # Errors
    ///
    /// None for a sound that has features.
    pub fn picture(&self) -> Result<Picture> {
        Picture::new(&self.clip)
    }
}

/// One channel at the rate of the features, and what is missing.
fn decoded(reader: AudioReader) -> Result<(Clip, Gaps)> {
    let mut mono = reader.into_mono(Some(Picture::SAMPLE_RATE))?;
    let mut samples = Vec::new();
    while mono.read(&mut samples)? > 0 {}
    let gaps = mono.gaps();
    Ok((Clip::new(samples, Picture::SAMPLE_RATE, 1)?, gaps))
}
