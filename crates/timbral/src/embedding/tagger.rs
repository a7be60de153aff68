use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use timbral_audio::OpenParams;
use timbral_core::{InvalidParameter, Monitor};
#[cfg(feature = "plot")]
use timbral_plot::SoundPage;
use timbral_pretrained::{Embedder, EmbedderParams, Network};

use crate::error::{Error, Result};
#[cfg(feature = "plot")]
use crate::explore::page::sound_page;
use crate::extraction::in_order::{PredictionReport, files_in_order};
use crate::extraction::sound_files::SoundFiles;

/// Most tags that a page draws over time.
#[cfg(feature = "plot")]
const LANES: usize = 10;

/// A tag and how probable it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TagProbability {
    /// The tag.
    pub tag: String,
    /// From 0 to 1. Several tags can be true at once, so that they do not add up to 1.
    pub probability: f64,
}

/// The tags of a part of a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TaggedWindow {
    /// The start of the part, in seconds.
    pub start: f64,
    /// Its end, in seconds.
    pub end: f64,
    /// The most probable tags, the first one first; equal ones in the order of the network.
    pub tags: Vec<TagProbability>,
}

/// The tags of a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Tagging {
    /// The most probable tags, by the mean over the parts.
    pub tags: Vec<TagProbability>,
    /// The tags of the parts of the recording, in order of time.
    pub windows: Vec<TaggedWindow>,
}

/// Tags with their probabilities.
impl fmt::Display for Tagging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_tags(&self.tags, f)
    }
}

/// Start, end, and tags with their probabilities.
impl fmt::Display for TaggedWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:8.2} {:8.2} s  ", self.start, self.end)?;
        write_tags(&self.tags, f)
    }
}

fn write_tags(tags: &[TagProbability], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (i, TagProbability { tag, probability }) in tags.iter().enumerate() {
        let gap = if i == 0 { "" } else { ", " };
        write!(f, "{gap}{tag} {probability:.3}")?;
    }
    Ok(())
}

impl Tagging {
    /// The tags of a file as one line of JSON: `file`, `tags` and, if `over_time`, `windows`.
    pub fn to_json(&self, file: &Path, over_time: bool) -> String {
        let mut line = serde_json::json!({"file": file.to_string_lossy(), "tags": self.tags});
        if over_time {
            line["windows"] = serde_json::json!(self.windows);
        }
        line.to_string()
    }

    /// Keeps only the `most` most probable tags of the recording and of each part.
    pub fn truncate(&mut self, most: usize) {
        self.tags.truncate(most);
        for window in &mut self.windows {
            window.tags.truncate(most);
        }
    }

    /// A page with a player of the file, its mel spectrogram, and the probabilities of the ten most probable tags
    /// over time, like that of [`Prediction::page`](crate::Prediction::page). `open` has the parameters with which
    /// the file is opened.
    ///
    /// A part counts as 0 for a tag that is not among its own, so that the [`Tagger`] should return all tags.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    #[cfg(feature = "plot")]
    pub fn page(&self, path: impl AsRef<Path>, open: OpenParams) -> Result<SoundPage> {
        let drawn = Self {
            tags: self.tags.iter().take(LANES).cloned().collect(),
            windows: Vec::new(),
        };
        let names: Vec<&str> = drawn.tags.iter().map(|tag| tag.tag.as_str()).collect();
        let windows = self.windows.iter().map(|window| {
            let tags = window.tags.iter();
            let values = tags.map(|tag| (tag.tag.as_str(), tag.probability));
            ([window.start, window.end], values.collect())
        });
        sound_page(path.as_ref(), open, &drawn.to_string(), &names, windows)
    }
}

/// Predicts the tags of sound files by a published network, without training.
#[derive(Debug)]
pub struct Tagger {
    embedder: Embedder,
    /// The place of the output with the tags.
    output: usize,
    /// Tags that are returned.
    most: usize,
    files: SoundFiles,
}

impl Tagger {
    /// A tagger by a network, which returns the `most` most probable tags.
    ///
    /// # Errors
    ///
    /// The network has no tags; `most` is 0; a parameter is out of its range.
    pub fn new(network: Box<dyn Network>, params: EmbedderParams, most: usize) -> Result<Self> {
        timbral_core::check(most >= 1, "most", most, "must be at least 1")?;
        if network.tags().is_empty() {
            let name = network.name().to_owned();
            return Err(InvalidParameter::new("network", name, "it has no tags").into());
        }
        let embedder = Embedder::new(network, params)?;
        let (output, _) = embedder.output("taggram")?;
        Ok(Self {
            embedder,
            output,
            most,
            files: SoundFiles::default(),
        })
    }

    /// Opens files with other than the default parameters.
    #[must_use]
    pub fn with_open_params(self, params: OpenParams) -> Self {
        let files = SoundFiles::new(params);
        Self { files, ..self }
    }

    /// The tags of a file.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded, or is shorter than one window; it is named.
    pub fn file(&self, path: impl AsRef<Path>) -> Result<Tagging> {
        self.tag(path.as_ref())
    }

    fn tag(&self, path: &Path) -> Result<Tagging> {
        let names = self.embedder.network().tags();
        let (mut sums, mut windows) = (vec![0.0; names.len()], Vec::new());
        let reader = self.files.reader(path)?;
        let gaps = self.embedder.for_each_batch(reader, |batch| {
            for window in batch {
                let values = window
                    .values
                    .get(self.output)
                    .map_or(&[][..], Vec::as_slice);
                let values: Vec<f64> = values.iter().map(|p| f64::from(*p)).collect();
                sums.iter_mut().zip(&values).for_each(|(sum, p)| *sum += p);
                windows.push(TaggedWindow {
                    start: window.start,
                    end: window.end,
                    tags: self.rank(&values),
                });
            }
            Ok::<_, Error>(())
        })?;
        self.files.note(path, gaps);
        let n = windows.len().max(1) as f64;
        sums.iter_mut().for_each(|sum| *sum /= n);
        Ok(Tagging {
            tags: self.rank(&sums),
            windows,
        })
    }

    /// Predicts the tags of many files, on the threads of the current rayon pool.
    ///
    /// `take` is called with the tags of each file in the order of the files, soon after they are computed; errors of
    /// files are in the report. `monitor` is called after each file; the unit is `files`. After a `Break` the
    /// remaining files are not read.
    pub fn files(
        &self,
        files: &[PathBuf],
        mut take: impl FnMut(&Path, Tagging),
        monitor: &mut dyn Monitor,
    ) -> PredictionReport {
        let mut report = files_in_order(files, &|path| self.file(path), &mut take, monitor);
        report.damaged = self.files.take_damaged();
        report
    }

    /// The most probable tags.
    fn rank(&self, probabilities: &[f64]) -> Vec<TagProbability> {
        let names = self.embedder.network().tags().iter();
        let mut tags: Vec<_> = names
            .zip(probabilities)
            .map(|(tag, p)| TagProbability {
                tag: (*tag).to_owned(),
                probability: *p,
            })
            .collect();
        tags.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        tags.truncate(self.most);
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_network::MeanBands;
    use super::*;

    /// Ten recordings of 1.2 s, two windows each.
    fn music() -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let params = timbral_synth::SynthParams {
            recordings_per_genre: 1,
            seconds: 1.2,
            ..Default::default()
        };
        let corpus = timbral_synth::SynthCorpus::new(params).unwrap();
        corpus.write(folder.path(), &mut ()).unwrap();
        let files = crate::Inputs::find([folder.path()]).unwrap().files;
        (folder, files)
    }

    #[test]
    fn tags_are_ranked_over_the_file_and_its_parts() {
        let (folder, mut files) = music();
        let bad = folder.path().join("bad.wav");
        std::fs::write(&bad, "RIFF").unwrap();
        files.insert(1, bad);

        let tagger = Tagger::new(Box::new(MeanBands), EmbedderParams::default(), 3).unwrap();
        let tagging = tagger.file(&files[0]).unwrap();
        assert_eq!((tagging.windows.len(), tagging.tags.len()), (2, 3));
        let p: Vec<f64> = tagging.tags.iter().map(|tag| tag.probability).collect();
        assert!(p[0] >= p[1] && p[1] >= p[2], "{p:?}");
        let first = |window: &TaggedWindow| {
            let same = window
                .tags
                .iter()
                .find(|tag| tag.tag == tagging.tags[0].tag);
            same.map_or(f64::NAN, |tag| tag.probability)
        };
        let mean = (first(&tagging.windows[0]) + first(&tagging.windows[1])) / 2.0;
        assert!((p[0] - mean).abs() < 1e-12);
        let json = tagging.to_json(&files[0], true);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["windows"][1]["start"], 0.5);

        let mut seen = Vec::new();
        let take = |path: &Path, _| seen.push(path.to_owned());
        let report = tagger.files(&files, take, &mut ());
        assert_eq!((report.files, report.skipped.len()), (10, 1));
        files.remove(1);
        assert_eq!(seen, files);
        assert!(Tagger::new(Box::new(MeanBands), EmbedderParams::default(), 0).is_err());
    }

    #[cfg(feature = "plot")]
    #[test]
    fn a_page_has_the_strongest_tags_over_time() {
        let (_folder, files) = music();
        let file = &files[0];
        let all = usize::MAX;
        let tagger = Tagger::new(Box::new(MeanBands), EmbedderParams::default(), all).unwrap();
        let mut tagging = tagger.file(file).unwrap();
        let html = tagging.page(file, OpenParams::default()).unwrap().html();
        assert_eq!(html.matches("<svg").count(), 4);
        assert!(
            html.contains("data:audio/wav;base64,UklGR") && html.contains(&tagging.to_string())
        );
        // The bar of the strongest tag in the second part.
        let window = &tagging.windows[1];
        let same = |tag: &&TagProbability| tag.tag == tagging.tags[0].tag;
        let height = 100.0 * window.tags.iter().find(same).unwrap().probability;
        let bar = format!("x=\"0.500\" y=\"{:.1}\"", 100.0 - height.clamp(0.0, 100.0));
        assert!(html.contains(&bar), "{bar}");

        // Of many tags ten are drawn, and their names are only text.
        let many = |at: f64| {
            let tag = |i: usize| TagProbability {
                tag: format!("<b>{i}</b>"),
                probability: at - i as f64 / 100.0,
            };
            (0..60).map(tag).collect::<Vec<_>>()
        };
        (
            tagging.tags,
            tagging.windows[0].tags,
            tagging.windows[1].tags,
        ) = (many(0.8), many(0.9), many(0.7));
        let html = tagging.page(file, OpenParams::default()).unwrap().html();
        assert_eq!(html.matches("<svg").count(), 10);
        assert!(html.contains("&lt;b&gt;9&lt;/b&gt;") && !html.contains("<b>"));
        assert!(!html.contains("&lt;b&gt;10&lt;"));
        tagging.truncate(2);
        assert_eq!((tagging.tags.len(), tagging.windows[1].tags.len()), (2, 2));
    }
}
