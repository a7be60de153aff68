use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ndarray::{Array2, Axis, concatenate};
use zip::ZipArchive;

use super::track::TrackId;
use crate::error::{Error, Result, at};
use crate::table::FeatureTable;
use crate::table::npy::unpack;

/// The least probability of a tag whose logarithm is taken.
const LEAST: f64 = 1e-9;

/// The probabilities of tags, by a published network, for the windows of clips.
///
/// Those of musicnn for the clips of the fault-filtered partition are published (ISC licence) with
/// `sklearn-audio-transfer-learning`, as NumPy archives of training and test clips with the arrays `X` (windows,
/// tags) and `IDS` (the clip of each window, `blues/blues.00029.au`). With them a network that was trained on other
/// music can be evaluated on GTZAN without its audio.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Taggrams {
    n_tags: usize,
    /// Mean, standard deviation and mean logarithm over the windows of each clip: of all tags, one after the other.
    columns: BTreeMap<TrackId, Vec<f32>>,
}

impl Taggrams {
    /// Reads archives.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for a file that is no such archive, or has other tags than the first;
    /// [`Error::NotATrack`]; a file cannot be read.
    pub fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self> {
        let mut all = Self::default();
        for path in paths {
            all.add(path.as_ref())?;
        }
        Ok(all)
    }

    /// Adds the clips of an archive.
    fn add(&mut self, path: &Path) -> Result<()> {
        let malformed = |reason: String| Error::Malformed {
            path: path.to_owned(),
            reason: format!("not an archive of taggrams: {reason}"),
        };
        let file = BufReader::new(File::open(path).map_err(at(path))?);
        let mut zip = ZipArchive::new(file).map_err(|e| malformed(e.to_string()))?;
        let mut array = |name: &str| {
            let array = unpack(&mut zip, name).map_err(malformed)?;
            array.ok_or_else(|| malformed(format!("there is no array {name:?}")))
        };
        let (numbers, n, n_tags) = array("X")?.matrix().map_err(malformed)?;
        let clips = array("IDS")?.texts(n).map_err(malformed)?;
        if self.n_tags != 0 && self.n_tags != n_tags {
            return Err(malformed(format!("{n_tags} tags, not {}", self.n_tags)));
        }
        self.n_tags = n_tags;
        let mut windows: BTreeMap<TrackId, Vec<&[f32]>> = BTreeMap::new();
        for (clip, window) in clips.iter().zip(numbers.chunks_exact(n_tags)) {
            let name = clip.rsplit('/').next().unwrap_or(clip);
            windows.entry(name.parse()?).or_default().push(window);
        }
        let columns = windows.into_iter();
        self.columns
            .extend(columns.map(|(track, w)| (track, columns_of(&w))));
        Ok(())
    }

    /// Number of clips.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is no clip.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The rows of a table whose clips have tags, with three more columns per tag: `tag7_mean`, `tag7_std` and
    /// `tag7_log_mean`, the mean of the logarithm.
    ///
    /// # Errors
    ///
    /// No row of the table is of a clip that has tags.
    pub fn add_to(&self, table: &FeatureTable) -> Result<FeatureTable> {
        let of = |row: &usize| self.columns.get(&table.ids()[*row].parse().ok()?);
        let rows: Vec<usize> = (0..table.n_rows())
            .filter(|row| of(row).is_some())
            .collect();
        let tags: Vec<f32> = rows.iter().filter_map(of).flatten().copied().collect();
        let kept = table.select(&rows)?;
        let kinds = ["mean", "std", "log_mean"].into_iter();
        let tag_names =
            kinds.flat_map(|kind| (0..self.n_tags).map(move |tag| format!("tag{tag}_{kind}")));
        let names: Vec<String> = kept
            .feature_names()
            .iter()
            .cloned()
            .chain(tag_names)
            .collect();
        let (n, width) = (rows.len(), 3 * self.n_tags);
        let tags = Array2::from_shape_vec((n, width), tags).unwrap_or_default();
        let features = concatenate(Axis(1), &[kept.features(), tags.view()]);
        let features = features.unwrap_or_default();
        if n == 0 {
            return Err(Error::Row { row: 0, n_rows: 0 });
        }
        let group = |row: usize| &kept.group_names()[kept.groups()[row]];
        let mut joined = FeatureTable::new(names, features, kept.ids().to_vec())?
            .with_groups((0..n).map(group))?;
        if let Some(labels) = kept.labels() {
            joined = joined.with_labels(labels.iter().map(|label| &kept.classes()[*label]))?;
        }
        Ok(joined)
    }
}

fn columns_of(windows: &[&[f32]]) -> Vec<f32> {
    let n_tags = windows.first().map_or(0, |window| window.len());
    let n = windows.len() as f64;
    let mean = |tag: usize, f: &dyn Fn(f64) -> f64| {
        windows.iter().map(|w| f(f64::from(w[tag]))).sum::<f64>() / n
    };
    let means: Vec<f64> = (0..n_tags).map(|tag| mean(tag, &|x| x)).collect();
    let deviation = |tag: usize| mean(tag, &|x| (x - means[tag]).powi(2)).sqrt();
    let deviations = (0..n_tags).map(deviation);
    let logs = (0..n_tags).map(|tag| mean(tag, &|x| libm::log(x.max(LEAST))));
    let all = means.iter().copied().chain(deviations).chain(logs);
    all.map(|x| x as f32).collect()
}

#[cfg(test)]
mod tests {
    use zip::ZipWriter;

    use super::*;
    use crate::table::npy::{add, add_texts};

    fn written(
        name: &str,
        clips: &[&str],
        numbers: &[f32],
    ) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        let bytes = numbers.iter().flat_map(|x| x.to_le_bytes());
        let shape = format!("({}, 2)", numbers.len() / 2);
        add(&mut zip, "X", "<f4", &shape, bytes).unwrap();
        add_texts(&mut zip, "IDS", clips).unwrap();
        zip.finish().unwrap();
        (folder, path)
    }

    #[test]
    fn tags_of_clips_are_columns_of_their_rows() {
        let clips = ["pop/pop.00001.au", "jazz/jazz.00002.au", "pop/pop.00001.au"];
        let (_folder, path) = written("t.npz", &clips, &[0.2, 0.5, 0.1, 0.9, 0.4, 0.5]);
        let tags = Taggrams::read([&path]).unwrap();
        assert_eq!(tags.len(), 2);
        let ids = ["rock.00000.wav", "pop.00001.wav"]
            .map(str::to_owned)
            .to_vec();
        let table = FeatureTable::new(vec!["x".into()], ndarray::array![[1.0], [2.0]], ids)
            .and_then(|table| table.with_labels(["rock", "pop"]))
            .unwrap();
        let joined = tags.add_to(&table).unwrap();
        assert_eq!(joined.ids(), ["pop.00001.wav"]);
        assert_eq!(
            joined.feature_names()[1..],
            [
                "tag0_mean",
                "tag1_mean",
                "tag0_std",
                "tag1_std",
                "tag0_log_mean",
                "tag1_log_mean"
            ]
        );
        let expected = [2.0, 0.3, 0.5, 0.1, 0.0, (0.08_f32).ln() / 2.0, 0.5_f32.ln()];
        for (got, expected) in joined.features().iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
        assert_eq!(joined.classes(), ["pop"]);
        assert!(Taggrams::default().add_to(&table).is_err());
    }

    #[test]
    fn what_is_no_such_archive_is_named() {
        let (_folder, path) = written("t.npz", &["pop/polka.au"], &[0.2, 0.5]);
        assert!(matches!(
            Taggrams::read([&path]),
            Err(Error::NotATrack { .. })
        ));
        let (_folder, path) = written("u.npz", &["pop/pop.00001.au"], &[0.2, 0.5, 0.1, 0.1]);
        let error = Taggrams::read([&path]).unwrap_err().to_string();
        assert!(
            error.contains("u.npz: not an archive of taggrams: array \"IDS\""),
            "{error}"
        );
        std::fs::write(&path, "RIFF").unwrap();
        assert!(Taggrams::read([&path]).is_err());
    }
}
