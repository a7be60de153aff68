//! Similar tracks: the nearest ones by their features.

use std::fmt;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};
use timbral_audio::OpenParams;
use timbral_core::Monitor;
use timbral_data::{
    FeatureTable, KNearestModel, KNearestParams, Scaler, ScalerParams, recording_of,
};
use timbral_dsp::FeatureSetParams;

use crate::container::Format;
use crate::error::{Error, Result};
use crate::extraction::extractor::{Extractor, Segmentation};
use crate::extraction::paths::absolute_text;
use crate::extraction::sound::Sound;
use crate::extraction::sound_files::{DamagedFile, FileProblems};
use crate::extraction::table::for_each_file;
use crate::recipes::dense::LEAST_VARIANCE;

const FORMAT: Format = Format {
    name: "timbral-similarity",
    version: 1,
};

/// A track that is similar to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SimilarTrack {
    /// The track's name in the index.
    pub name: String,
    /// Its distance, in standard deviations of the features; 0 for equal features.
    pub distance: f64,
}

/// Distance and name.
impl fmt::Display for SimilarTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:8.3}  {}", self.distance, self.name)
    }
}

/// An index of tracks by their features, to find the most similar ones.
///
/// A track is represented by the mean `x` of the features of its segments. Every feature (of variances the
/// logarithm) is scaled to mean 0 and variance 1 over the tracks of the index; the distance is Euclidean,
/// and all tracks are compared:
///
/// ```text
/// z_f = (x_f - mean_f) / deviation_f,   d(a, b)^2 = sum_f (z_f(a) - z_f(b))^2
/// ```
///
/// Tracks at equal distances are in the order of the index.
///
/// ```
/// use timbral::SimilarityIndex;
/// use timbral::data::FeatureTable;
///
/// let ids = ["a.0.wav", "a.1.wav", "b.0.wav", "c.0.wav"].map(str::to_owned).to_vec();
/// let features = ndarray::array![[0.0], [2.0], [1.5], [9.0]];
/// let table = FeatureTable::new(vec!["x".into()], features, ids)?.with_groups(["a", "a", "b", "c"])?;
/// let index = SimilarityIndex::build(&table)?;
/// let names: Vec<_> = index.similar_to("a", 5)?.into_iter().map(|track| track.name).collect();
/// assert_eq!(names, ["b", "c"]);
/// assert_eq!(index.similar(&[9.0], 1)?[0].distance, 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SimilarityIndex {
    names: Vec<String>,
    /// Shape `(n_tracks, n_features)`, standardised.
    tracks: Array2<f32>,
    scaler: Scaler,
    nearest: KNearestModel,
    /// How the features are computed, if the index was made from sound files.
    extractor: Option<(FeatureSource, Extractor)>,
}

/// How features are computed from a sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureSource {
    features: FeatureSetParams,
    segments: Segmentation,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    names: Vec<String>,
    scaler: Scaler,
    sounds: Option<FeatureSource>,
}

/// The entry with the features of the tracks: little-endian, track after track.
const TRACKS: &str = "tracks.f32";

impl SimilarityIndex {
    /// Makes the index of the recordings (groups) of a table; the name of a track is that of its group.
    ///
    /// # Errors
    ///
    /// The table has no rows, a missing cell or a negative variance.
    pub fn build(table: &FeatureTable) -> Result<Self> {
        let n_groups = table.n_groups();
        let mut sums = vec![vec![0.0f64; table.n_features()]; n_groups];
        let mut counts = vec![0usize; n_groups];
        for (group, row) in table.groups().iter().zip(table.features().rows()) {
            counts[*group] += 1;
            sums[*group]
                .iter_mut()
                .zip(row)
                .for_each(|(sum, x)| *sum += f64::from(*x));
        }
        // A part of a table has groups without rows.
        let present: Vec<usize> = (0..n_groups).filter(|group| counts[*group] > 0).collect();
        let mean =
            |(i, f): (usize, usize)| (sums[present[i]][f] / counts[present[i]] as f64) as f32;
        let means = Array2::from_shape_fn((present.len(), table.n_features()), mean);
        let name = |group: &usize| table.group_names()[*group].clone();
        let names: Vec<String> = present.iter().map(name).collect();
        let means = FeatureTable::new(table.feature_names().to_vec(), means, names.clone())?;
        if names.is_empty() {
            return Err(Error::EmptyPart { part: "track" });
        }
        let params = ScalerParams {
            log_variances: Some(LEAST_VARIANCE),
            ..ScalerParams::default()
        };
        let rows: Vec<usize> = (0..names.len()).collect();
        let scaler = params.fit(&means, &rows)?;
        let tracks = scaler.transform(&means)?.features().to_owned();
        Self::new(names, tracks, scaler, None)
    }

    /// Makes the index of sound files by the 57 features, as librosa computes them, of segments of 3 s. The name of a
    /// track is its path. Also returns the files that cannot be used or are damaged. `open` has the parameters with
    /// which the files are opened.
    ///
    /// It runs on the threads of the current rayon pool. `monitor` is called after each file; the unit is
    /// `files`.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] on `Break`; no file can be used.
    pub fn of_files(
        files: &[PathBuf],
        open: OpenParams,
        monitor: &mut dyn Monitor,
    ) -> Result<(Self, FileProblems)> {
        Self::of_files_by(files, FeatureSetParams::default(), open, monitor)
    }

    /// As [`of_files`](Self::of_files), by other features.
    ///
    /// # Errors
    ///
    /// Those of [`of_files`](Self::of_files), and parameters of the features out of range.
    pub fn of_files_by(
        files: &[PathBuf],
        features: impl Into<FeatureSetParams>,
        open: OpenParams,
        monitor: &mut dyn Monitor,
    ) -> Result<(Self, FileProblems)> {
        let sounds = FeatureSource {
            features: features.into(),
            segments: Segmentation::gtzan(),
        };
        let extractor = Extractor::new(sounds.features.clone(), sounds.segments)?;
        let extractor = extractor.with_open_params(open);
        let tracks = for_each_file(files, monitor, &|path| track(&extractor, path))?;
        let (mut names, mut values, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for (path, track) in tracks {
            match track {
                Ok(track) => {
                    names.push(path.to_string_lossy().into_owned());
                    values.extend(track);
                }
                Err(error) => skipped.push(error),
            }
        }
        if names.is_empty() {
            let part = "track";
            return Err(skipped
                .into_iter()
                .next()
                .unwrap_or(Error::EmptyPart { part }));
        }
        let damaged = extractor.take_damaged();
        let columns = extractor.names().to_vec();
        let shape = (names.len(), columns.len());
        let values = Array2::from_shape_vec(shape, values);
        let values = values.map_err(|_| Error::EmptyPart { part: "track" })?;
        let mut index = Self::build(&FeatureTable::new(columns, values, names)?)?;
        index.extractor = Some((sounds, extractor));
        Ok((index, FileProblems { skipped, damaged }))
    }

    fn new(
        names: Vec<String>,
        tracks: Array2<f32>,
        scaler: Scaler,
        sounds: Option<FeatureSource>,
    ) -> Result<Self> {
        let params = KNearestParams {
            k: 1,
            ..KNearestParams::default()
        };
        let nearest = params.fit(tracks.view(), &vec![0; names.len()])?;
        let extractor = sounds.map(|sounds| {
            let extractor = Extractor::new(sounds.features.clone(), sounds.segments)?;
            Ok::<_, Error>((sounds, extractor))
        });
        Ok(Self {
            names,
            tracks,
            scaler,
            nearest,
            extractor: extractor.transpose()?,
        })
    }

    /// Sets how files are opened; by default strictly, so that a damaged packet is an error.
    #[must_use]
    pub fn with_open_params(mut self, params: OpenParams) -> Self {
        let with_params = |(source, extractor): (FeatureSource, Extractor)| {
            (source, extractor.with_open_params(params))
        };
        self.extractor = self.extractor.map(with_params);
        self
    }

    /// Returns the files that were read since the last call and of which something is missing.
    pub fn take_damaged(&self) -> Vec<DamagedFile> {
        let extractor = self.extractor.as_ref();
        extractor.map_or_else(Vec::new, |(_, extractor)| extractor.take_damaged())
    }

    /// The names of the tracks, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of the features, in order.
    pub fn feature_names(&self) -> &[String] {
        self.scaler.feature_names()
    }

    /// The tracks in standardised features, `(n_tracks, n_features)`.
    pub fn tracks(&self) -> ArrayView2<'_, f32> {
        self.tracks.view()
    }

    /// The `k` tracks nearest to a vector of features (not scaled, as they are in a table), or all tracks if there are
    /// fewer than `k`; the nearest first.
    ///
    /// # Errors
    ///
    /// Another number of features than in the index, one that is not finite, or a negative variance.
    pub fn similar(&self, features: &[f32], k: usize) -> Result<Vec<SimilarTrack>> {
        self.nearest(self.standardise(features)?.view(), k, |_| false)
    }

    /// The `k` tracks nearest to a track of the index, without those of its own recording
    /// ([`recording_of`] its name).
    ///
    /// # Errors
    ///
    /// [`Error::NoTrack`] if there is no track of that name.
    pub fn similar_to(&self, name: &str, k: usize) -> Result<Vec<SimilarTrack>> {
        let track = self.names.iter().position(|known| known == name);
        let track = track.ok_or_else(|| Error::NoTrack {
            name: name.to_owned(),
        })?;
        let own = recording_of(name);
        self.nearest(self.tracks.row(track), k, |other| {
            recording_of(other) == own
        })
    }

    /// The `k` tracks nearest to a sound file, without those of the same recording. The recording is compared by the
    /// path of the file or, if the name of a track has no folder, by the file's name.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded or is shorter than a segment; [`Error::IndexOfTable`] if the index was made
    /// from a table, so that the parameters of the features are unknown.
    pub fn similar_to_file(&self, path: impl AsRef<Path>, k: usize) -> Result<Vec<SimilarTrack>> {
        let path = path.as_ref();
        let Some((_, extractor)) = &self.extractor else {
            return Err(Error::IndexOfTable);
        };
        let track = self.standardise(&track(extractor, path)?)?;
        let (whole, name) = (absolute_text(path), path.file_name().unwrap_or_default());
        let (whole, name) = (recording_of(&whole), name.to_string_lossy());
        self.nearest(track.view(), k, |other| {
            recording_of(&absolute_text(Path::new(other))) == whole
                || recording_of(other) == recording_of(&name)
        })
    }

    /// Writes the index into one file; on an error no incomplete file is left.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_to(path.as_ref())
    }

    fn save_to(&self, path: &Path) -> Result<()> {
        let manifest = Manifest {
            names: self.names.clone(),
            scaler: self.scaler.clone(),
            sounds: self.extractor.as_ref().map(|(sounds, _)| sounds.clone()),
        };
        let bytes = self.tracks.iter().flat_map(|x| x.to_le_bytes()).collect();
        FORMAT.write(path, &manifest, &[(TRACKS.to_owned(), bytes)])
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Saved`], which names the file, if it cannot be read, is damaged, or of another kind or
    /// version.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_from(path.as_ref())
    }

    fn load_from(path: &Path) -> Result<Self> {
        let (manifest, mut files): (Manifest, _) = FORMAT.open(path)?;
        let Manifest {
            names,
            scaler,
            sounds,
        } = manifest;
        let bytes = files.read(TRACKS)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        let numbers: Vec<f32> = numbers.iter().map(|x| f32::from_le_bytes(*x)).collect();
        let shape = (names.len(), scaler.feature_names().len());
        let tracks = Array2::from_shape_vec(shape, numbers).map_err(|e| files.bad(TRACKS, &e))?;
        if !rest.is_empty() {
            return Err(files.bad(TRACKS, &"its length is no multiple of 4"));
        }
        let index = Self::new(names, tracks, scaler, sounds).map_err(|e| files.bad(TRACKS, &e))?;
        match &index.extractor {
            Some((_, extractor)) if extractor.names() != index.feature_names() => {
                Err(files.bad("manifest.json", &"the features are not those computed"))
            }
            _ => Ok(index),
        }
    }

    fn standardise(&self, features: &[f32]) -> Result<Array1<f32>> {
        let row = ArrayView1::from(features)
            .insert_axis(ndarray::Axis(0))
            .to_owned();
        let columns = self.feature_names().to_vec();
        let table = FeatureTable::new(columns, row, vec!["query".to_owned()])?;
        Ok(self.scaler.transform(&table)?.features().row(0).to_owned())
    }

    fn nearest(
        &self,
        track: ArrayView1<'_, f32>,
        k: usize,
        own: impl Fn(&str) -> bool,
    ) -> Result<Vec<SimilarTrack>> {
        let n_own = self.names.iter().filter(|name| own(name)).count();
        let found = self.nearest.neighbours(track, k.saturating_add(n_own))?;
        let others = found.into_iter().filter(|(row, _)| !own(&self.names[*row]));
        let named = others.map(|(row, distance)| SimilarTrack {
            name: self.names[row].clone(),
            distance,
        });
        Ok(named.take(k).collect())
    }
}

/// The mean features of a file.
fn track(extractor: &Extractor, path: &Path) -> Result<Vec<f32>> {
    let mut sums = vec![0.0; extractor.names().len()];
    let mut n = 0.0;
    extractor.for_each_batch(Sound::File(path), |rows| {
        for (_, row) in rows {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            n += 1.0;
        }
        Ok(())
    })?;
    Ok(sums.into_iter().map(|sum: f64| (sum / n) as f32).collect())
}
