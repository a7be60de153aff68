use std::path::{Path, PathBuf};
use std::str::FromStr;

use timbral_audio::{Gaps, OpenParams};
use timbral_core::InvalidParameter;
use timbral_pretrained::{
    Device, Embedder, EmbedderParams, Model, Network, Output, Weights, Window,
};

use crate::error::{Error, Result};
use crate::extraction::columns::Columns;
use crate::extraction::encoded::EncodedSound;
use crate::extraction::extractor::{Extractor, FeatureRow, Segmentation, file_name};
use crate::extraction::sound::Sound;
use crate::extraction::sound_files::{DamagedFile, SoundFiles};

/// The published network, and its output, whose values are the columns of a table.
///
/// Reads from and prints as `MODEL` or `MODEL:OUTPUT`; the output is `max_pool` by default.
///
/// ```
/// use timbral::EmbeddingParams;
/// use timbral::pretrained::Model;
///
/// let params: EmbeddingParams = "musicnn-msd:taggram".parse()?;
/// assert_eq!((params.model, &params.output[..]), (Model::MusicnnMsd, "taggram"));
/// assert_eq!("musicnn-mtt".parse::<EmbeddingParams>()?.output, "max_pool");
/// # Ok::<(), timbral::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EmbeddingParams {
    /// The network.
    pub model: Model,
    /// The name of its output: for musicnn `max_pool`, `mean_pool`, `penultimate` or `taggram`.
    pub output: String,
    /// The copy of the weights; default the path in the environment variable `TIMBRAL_WEIGHTS`, else the cache.
    pub weights: Option<PathBuf>,
    /// Windows and resampler. The time between windows has an effect for whole recordings only.
    pub embedder: EmbedderParams,
}

impl EmbeddingParams {
    /// The output `max_pool` of a network, else the defaults.
    pub fn new(model: Model) -> Self {
        Self {
            model,
            output: "max_pool".to_owned(),
            weights: None,
            embedder: EmbedderParams::default(),
        }
    }

    /// Loads the network. A row has the segment that `segments` gives for a sound of `sample_rate` Hz.
    ///
    /// # Errors
    ///
    /// The weights cannot be used, there is no such output, or a parameter is out of its range.
    pub fn columns(&self, segments: Segmentation, sample_rate: u32) -> Result<EmbeddingColumns> {
        let weights = self.model.weights(self.weights.as_deref())?;
        self.columns_with(&weights, segments, sample_rate)
    }

    /// As [`columns`](Self::columns), with weights in memory, such as those of [`Model::weights_from_slice`].
    ///
    /// # Errors
    ///
    /// The weights are of another network, there is no such output, or a parameter is out of its range.
    pub fn columns_with(
        &self,
        weights: &Weights,
        segments: Segmentation,
        sample_rate: u32,
    ) -> Result<EmbeddingColumns> {
        let network = self.model.network(weights, &Device::Cpu)?;
        let weights = weights.fingerprint().to_owned();
        EmbeddingColumns::new(network, weights, self, segments, sample_rate)
    }
}

impl FromStr for EmbeddingParams {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (model, output) = text.split_once(':').unwrap_or((text, "max_pool"));
        let mut params = Self::new(model.parse()?);
        output.clone_into(&mut params.output);
        Ok(params)
    }
}

/// An output of a published network as columns of a table: the mean over the windows of a recording or segment.
///
/// A recording has windows from its start on, by default one after the other. A segment has as many windows as fit into
/// the time to the next one, at least one, the first of which starts with it.
///
/// ```text
/// segment i, window j:   start = (i + j / k) stride,   k = max(1, round(stride / window length)),  j = 0 .. k
/// ```
#[derive(Debug)]
pub struct EmbeddingColumns {
    embedder: Embedder,
    /// The place of the output.
    output: usize,
    names: Vec<String>,
    segments: Segmentation,
    /// Windows of a segment.
    n_windows: usize,
    settings: serde_json::Value,
    features: Option<Extractor>,
    files: SoundFiles,
}

impl EmbeddingColumns {
    /// Columns by your own network; `weights` is a text that identifies its weights, such as a hash.
    ///
    /// # Errors
    ///
    /// There is no such output, or a parameter is out of its range.
    pub fn new(
        network: Box<dyn Network>,
        weights: String,
        params: &EmbeddingParams,
        segments: Segmentation,
        sample_rate: u32,
    ) -> Result<Self> {
        let (mut embedder_params, mut n_windows) = (params.embedder, 1);
        segments.validate()?;
        if let Segmentation::Parts { length, stride } = segments {
            if sample_rate == 0 {
                return Err(Error::Segments { length, stride });
            }
            let stride = stride as f64 / f64::from(sample_rate);
            let frames = network.window_frames() as f64;
            let window = frames * network.front_end().seconds_per_frame();
            n_windows = (stride / window).round().max(1.0) as usize;
            embedder_params.hop = Some(stride / n_windows as f64);
        }
        let embedder = Embedder::new(network, embedder_params)?;
        let (output, info) = embedder.output(&params.output)?;
        let network = embedder.network();
        let names = column_names(network, info);
        let quality = format!("{:?}", params.embedder.quality);
        let settings = serde_json::json!({
            "network": network.name(), "weights": weights, "output": info.name,
            "hop": embedder_params.hop, "quality": quality, "segments": segments,
        });
        Ok(Self {
            names,
            output,
            segments,
            n_windows,
            settings,
            features: None,
            files: SoundFiles::default(),
            embedder,
        })
    }

    /// Opens files with other than the default parameters.
    #[must_use]
    pub fn with_open_params(self, params: OpenParams) -> Self {
        let files = SoundFiles::new(params);
        Self { files, ..self }
    }

    /// Adds the columns of an extractor before these columns; both must have the same segments.
    ///
    /// # Errors
    ///
    /// The extractor has other segments.
    pub fn with_features(mut self, extractor: Extractor) -> Result<Self> {
        if extractor.segments() != self.segments {
            let segments = format!("{:?}", extractor.segments());
            let reason = "the features have other segments than the embeddings";
            return Err(InvalidParameter::new("segments", segments, reason).into());
        }
        let names = extractor.names().iter().cloned();
        self.names = names.chain(self.names).collect();
        let features = serde_json::to_value(extractor.features());
        self.settings["features"] = features.unwrap_or_default();
        self.features = Some(extractor);
        Ok(self)
    }

    /// The rows of a file in memory, equal to what [`Columns::rows`] returns for the same file on disk, and what is
    /// missing of the file; [`Columns::take_damaged`] does not return it.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded, or is shorter than one window; it is named.
    pub fn rows_encoded(&self, sound: &EncodedSound) -> Result<(Vec<FeatureRow>, Gaps)> {
        self.rows_and_gaps(Sound::Encoded(sound))
    }

    fn rows_and_gaps(&self, sound: Sound<'_>) -> Result<(Vec<FeatureRow>, Gaps)> {
        let (means, gaps) = self.embeddings(sound)?;
        if let Some(extractor) = &self.features {
            // Segments whose windows would go beyond the end of the file have no row.
            let (mut rows, _) = extractor.rows_and_gaps(sound)?;
            rows.truncate(means.len());
            for (row, mean) in rows.iter_mut().zip(&means) {
                row.values.extend(mean.values());
            }
            return Ok((rows, gaps));
        }
        let rate = f64::from(self.embedder.network().front_end().mel.sample_rate);
        let segment = |i| (self.segments != Segmentation::Whole).then_some(i);
        let row = |(i, mean): (usize, &Mean)| FeatureRow {
            filename: file_name(sound.path(), segment(i)),
            length: ((mean.end - mean.start) * rate).round() as usize,
            values: mean.values().collect(),
        };
        Ok((means.iter().enumerate().map(row).collect(), gaps))
    }

    /// The means of windows that belong together, and what is missing of the file.
    fn embeddings(&self, sound: Sound<'_>) -> Result<(Vec<Mean>, Gaps)> {
        let n_windows = match self.segments {
            Segmentation::Whole => usize::MAX,
            Segmentation::Parts { .. } => self.n_windows,
        };
        let (mut done, mut current) = (Vec::new(), Mean::default());
        let reader = sound.reader(&self.files)?;
        let gaps = self.embedder.for_each_batch(reader, |batch| {
            for window in batch {
                current.add(&window, self.output);
                if current.n == n_windows {
                    done.push(std::mem::take(&mut current));
                }
            }
            Ok::<_, Error>(())
        })?;
        let gaps = sound.note(&self.files, gaps);
        if self.segments == Segmentation::Whole {
            done.push(current);
        }
        Ok((done, gaps))
    }
}

/// The names of the columns that have an output: network, output, and number or tag.
pub(crate) fn column_names(network: &dyn Network, output: Output) -> Vec<String> {
    let model = network.name().replace('-', "_");
    let value = |i: usize| match network.tags().get(i) {
        Some(tag) if output.name == "taggram" => tag.replace(' ', "_").to_lowercase(),
        _ => i.to_string(),
    };
    let name = |i| format!("{model}_{}_{}", output.name, value(i));
    (0..output.len).map(name).collect()
}

/// The mean of an output over windows.
#[derive(Debug, Default)]
struct Mean {
    sums: Vec<f64>,
    n: usize,
    start: f64,
    end: f64,
}

impl Mean {
    fn add(&mut self, window: &Window, output: usize) {
        let values = window.values.get(output).map_or(&[][..], Vec::as_slice);
        if self.n == 0 {
            self.start = window.start;
            self.sums = vec![0.0; values.len()];
        }
        let sums = self.sums.iter_mut().zip(values);
        sums.for_each(|(sum, x)| *sum += f64::from(*x));
        self.end = window.end;
        self.n += 1;
    }

    /// The means, with as many digits as an f32 has: more would only make the table larger.
    fn values(&self) -> impl Iterator<Item = f64> {
        let mean = |sum: &f64| (sum / self.n.max(1) as f64) as f32;
        self.sums.iter().map(move |sum| {
            let mean = mean(sum);
            mean.to_string().parse().unwrap_or_else(|_| f64::from(mean))
        })
    }
}

impl Columns for EmbeddingColumns {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn settings(&self) -> serde_json::Value {
        self.settings.clone()
    }

    fn take_damaged(&self) -> Vec<DamagedFile> {
        self.files.take_damaged()
    }

    fn rows(&self, path: &Path) -> Result<Vec<FeatureRow>> {
        Ok(self.rows_and_gaps(Sound::File(path))?.0)
    }
}

#[cfg(test)]
mod tests {
    use timbral_dsp::FeatureParams;

    use super::super::test_network::MeanBands;
    use super::*;
    use crate::extraction::inputs::Inputs;
    use crate::extraction::table::Extraction;

    /// Two seconds of synthetic music per genre.
    fn music() -> (tempfile::TempDir, Vec<PathBuf>) {
        let params = timbral_synth::SynthParams {
            recordings_per_genre: 1,
            seconds: 2.0,
            ..Default::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let corpus = timbral_synth::SynthCorpus::new(params).unwrap();
        corpus.write(folder.path(), &mut ()).unwrap();
        let files = Inputs::find([folder.path()]).unwrap().files;
        (folder, files)
    }

    fn columns(output: &str, segments: Segmentation, rate: u32) -> EmbeddingColumns {
        let params = EmbeddingParams {
            output: output.to_owned(),
            ..EmbeddingParams::new(Model::MusicnnMsd)
        };
        let weights = "none".to_owned();
        EmbeddingColumns::new(Box::new(MeanBands), weights, &params, segments, rate).unwrap()
    }

    #[test]
    fn a_row_is_the_mean_over_its_windows() {
        let (_folder, files) = music();
        let embedder = Embedder::new(Box::new(MeanBands), EmbedderParams::default()).unwrap();
        let windows = embedder.file(&files[0]).unwrap();
        assert_eq!(windows.len(), 4);
        let mean = |windows: &[Window], i: usize| {
            let sum: f64 = windows.iter().map(|w| f64::from(w.values[1][i])).sum();
            (sum / windows.len() as f64) as f32
        };
        let whole = columns("max_pool", Segmentation::Whole, 22_050);
        assert_eq!(whole.names()[0], "mean_bands_max_pool_0");
        let rows = whole.rows(&files[0]).unwrap();
        assert_eq!((rows.len(), rows[0].length), (1, 16_000));
        for (i, value) in rows[0].values.iter().enumerate() {
            assert_eq!(*value as f32, mean(&windows, i));
        }
        let bytes = std::fs::read(&files[0]).unwrap();
        let encoded = EncodedSound::new(&files[0], bytes);
        let (encoded, gaps) = whole.rows_encoded(&encoded).unwrap();
        assert_eq!((encoded, gaps), (rows, Gaps::default()));
        // A second, in two windows.
        let segments = Segmentation::Parts {
            length: 22_000,
            stride: 22_050,
        };
        let rows = columns("max_pool", segments, 22_050)
            .rows(&files[0])
            .unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows[1].filename.ends_with(".1.wav"), "{}", rows[1].filename);
        for (i, value) in rows[1].values.iter().enumerate() {
            assert_eq!(*value as f32, mean(&windows[2..], i));
        }
        let tags = columns("taggram", Segmentation::Whole, 22_050);
        assert_eq!(tags.names()[3], "mean_bands_taggram_very_high");
    }

    #[test]
    fn features_and_embeddings_make_one_table_that_can_be_resumed() {
        let (folder, files) = music();
        let table = folder.path().join("t.csv");
        let segments = Segmentation::Parts {
            length: 22_050,
            stride: 22_050,
        };
        let features = FeatureParams::default();
        let source = || {
            let extractor = Extractor::new(features, segments).unwrap();
            columns("max_pool", segments, features.sample_rate).with_features(extractor)
        };
        let source = source().unwrap();
        let extraction = Extraction {
            segments,
            ..Extraction::default()
        };
        let mut n = 0;
        let mut stop = |_: &timbral_core::Progress| {
            n += 1;
            match n < 4 {
                true => std::ops::ControlFlow::Continue(()),
                false => std::ops::ControlFlow::Break(()),
            }
        };
        let report = extraction
            .run_columns(&source, &files, &table, &mut stop)
            .unwrap();
        assert!(report.stopped && !table.exists());
        let resumed = Extraction {
            resume: true,
            ..extraction
        };
        // Other columns do not go on where these were.
        let other = columns("max_pool", segments, features.sample_rate);
        assert!(
            resumed
                .run_columns(&other, &files, &table, &mut ())
                .is_err()
        );
        let report = resumed
            .run_columns(&source, &files, &table, &mut ())
            .unwrap();
        assert!(report.resumed >= 3, "{report}");
        assert_eq!((report.rows, report.files), (20, 10));
        let read = timbral_data::TableSchema::default().read(&table).unwrap();
        assert_eq!((read.n_features(), read.n_groups()), (57 + 4, 10));
        let expected = source.rows(&files[0]).unwrap();
        let row = read.features().row(1).to_vec();
        assert_eq!(
            row[57..],
            expected[1].values[57..]
                .iter()
                .map(|x| *x as f32)
                .collect::<Vec<_>>()
        );

        let extractor = Extractor::new(features, Segmentation::Whole).unwrap();
        let error = columns("max_pool", segments, 22_050).with_features(extractor);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("other segments"), "{error}");
    }

    #[test]
    fn what_does_not_exist_is_named() {
        assert!("vggish".parse::<EmbeddingParams>().is_err());
        let params = EmbeddingParams {
            output: "logits".to_owned(),
            ..EmbeddingParams::new(Model::MusicnnMsd)
        };
        let new = |segments| {
            EmbeddingColumns::new(
                Box::new(MeanBands),
                String::new(),
                &params,
                segments,
                22_050,
            )
        };
        let error = new(Segmentation::Whole).unwrap_err().to_string();
        assert_eq!(error, "output = logits: the network has no such output");
        let (length, stride) = (1, 0);
        assert!(new(Segmentation::Parts { length, stride }).is_err());
    }
}
