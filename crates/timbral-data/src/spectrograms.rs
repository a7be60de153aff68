use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use ndarray::{Array2, Array3, ArrayView3, Axis};
use timbral_core::write_atomic;
use zip::{ZipArchive, ZipWriter};

use crate::error::{Error, Result, at};
use crate::table::npy::{add, add_texts, unpack};
use crate::table::{FeatureTable, recording_of};

/// Spectrograms of one size, each with a name, a label and a recording.
///
/// | part | shape | meaning |
/// |---|---|---|
/// | [`images`](Self::images) | `(n, n_mels, n_frames)` | levels, the lowest band first |
/// | [`table`](Self::table) | `n` rows, no columns | names, labels and groups of the images |
///
/// ```
/// use timbral_data::Spectrograms;
///
/// let images = ndarray::Array3::from_shape_fn((2, 128, 4), |(i, band, _)| (i * band) as f32);
/// let names = ["blues.00000", "pop.00001"];
/// let spectrograms = Spectrograms::new(images, &names, &["blues", "pop"], &names)?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("mel.npz");
/// spectrograms.write(&path)?;
/// assert_eq!(Spectrograms::read(&path)?, spectrograms);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrograms {
    images: Array3<f32>,
    table: FeatureTable,
}

impl Spectrograms {
    /// Spectrograms with their names, labels and recordings.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if their numbers differ from the number of images.
    pub fn new<S: AsRef<str>>(
        images: Array3<f32>,
        names: &[S],
        labels: &[S],
        recordings: &[S],
    ) -> Result<Self> {
        let ids = names.iter().map(|name| name.as_ref().to_owned()).collect();
        let table = FeatureTable::new(vec![], Array2::zeros((images.dim().0, 0)), ids)?;
        let texts = |of: &[S]| of.iter().map(|s| s.as_ref().to_owned()).collect::<Vec<_>>();
        let table = table.with_labels(texts(labels))?;
        let table = table.with_groups(texts(recordings))?;
        Ok(Self { images, table })
    }

    /// Reads a NumPy file: `levels` `(n, n_mels, n_frames)` of bytes or 32-bit floats, `names`, and
    /// optionally `labels` and `groups`.
    ///
    /// Without `labels`, the label of an image is its name up to the first point, as in `blues.00000`;
    /// without `groups`, its recording is [`recording_of`] its name.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::Malformed`] if arrays are missing, have other types or do not fit
    /// each other, or a name contains no label.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::read_npz(path.as_ref())
    }

    fn read_npz(path: &Path) -> Result<Self> {
        let malformed = |reason: String| Error::Malformed {
            path: path.to_owned(),
            reason: format!("not a NumPy file of spectrograms: {reason}"),
        };
        let file = File::open(path).map_err(at(path))?;
        let mut zip =
            ZipArchive::new(BufReader::new(file)).map_err(|e| malformed(e.to_string()))?;
        let mut array = |name: &str| unpack(&mut zip, name).map_err(&malformed);
        let missing = |name| malformed(format!("there is no array {name:?}"));
        let levels = array("levels")?.ok_or_else(|| missing("levels"))?;
        let images = levels.cube().map_err(&malformed)?;
        let n = images.dim().0;
        let mut texts = |name| -> Result<Option<Vec<String>>> {
            let texts = array(name)?.map(|array| array.texts(n)).transpose();
            texts.map_err(&malformed)
        };
        let names = texts("names")?.ok_or_else(|| missing("names"))?;
        let groups = texts("groups")?;
        let labels = match array("labels")? {
            Some(labels) => labels
                .column(n)
                .and_then(|l| l.names())
                .map_err(&malformed)?,
            None => {
                let label = |name: &String| match name.split_once('.') {
                    Some((label, _)) if !label.is_empty() => Ok(label.to_owned()),
                    _ => Err(malformed(format!(
                        "the name {name:?} contains no label: expected `label.` at its beginning"
                    ))),
                };
                names.iter().map(label).collect::<Result<_>>()?
            }
        };
        let groups = groups.unwrap_or_else(|| {
            let recordings = names.iter().map(|name| recording_of(name).to_owned());
            recordings.collect()
        });
        Self::new(images, &names, &labels, &groups)
    }

    /// Writes the file that [`read`](Self::read) reads, atomically.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        self.write_npz(path.as_ref())
    }

    fn write_npz(&self, path: &Path) -> Result<()> {
        let (n, bands, frames) = self.images.dim();
        let table = &self.table;
        let labels = table.labels().unwrap_or_default();
        let texts = [
            ("names", table.ids().iter().map(String::as_str).collect()),
            (
                "labels",
                labels.iter().map(|l| &*table.classes()[*l]).collect(),
            ),
            (
                "groups",
                (table.groups().iter().map(|g| &*table.group_names()[*g])).collect::<Vec<_>>(),
            ),
        ];
        let write = write_atomic(path, |file| {
            let mut zip = ZipWriter::new(BufWriter::new(file));
            let levels = self.images.iter().flat_map(|x| x.to_le_bytes());
            add(
                &mut zip,
                "levels",
                "<f4",
                &format!("({n}, {bands}, {frames})"),
                levels,
            )?;
            for (name, texts) in texts {
                add_texts(&mut zip, name, &texts)?;
            }
            zip.finish()?.flush()
        });
        write.map_err(at(path))
    }

    /// The images, shape `(n, n_mels, n_frames)`.
    pub fn images(&self) -> ArrayView3<'_, f32> {
        self.images.view()
    }

    /// Their names, labels and recordings.
    pub fn table(&self) -> &FeatureTable {
        &self.table
    }

    /// The images of a part of the [`table`](Self::table), in its order.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if a name of the part is not the name of exactly one image.
    pub fn images_of(&self, part: &FeatureTable) -> Result<Array3<f32>> {
        let mut rows: std::collections::HashMap<&str, Vec<usize>> = Default::default();
        for (row, id) in self.table.ids().iter().enumerate() {
            rows.entry(id).or_default().push(row);
        }
        let found = part
            .ids()
            .iter()
            .map(|id| match rows.get(&**id).map(Vec::as_slice) {
                Some(&[row]) => Ok(row),
                rows => Err(Error::Length {
                    name: "images of a name",
                    expected: 1,
                    got: rows.map_or(0, <[usize]>::len),
                }),
            });
        let rows: Vec<usize> = found.collect::<Result<_>>()?;
        Ok(self.images.select(Axis(0), &rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Entry<'a> = (&'a str, &'a str, &'a str, &'a [u8]);

    fn read(arrays: &[Entry<'_>]) -> std::result::Result<Spectrograms, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mel.npz");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for (name, descr, shape, data) in arrays {
            add(&mut zip, name, descr, shape, data.iter().copied()).unwrap();
        }
        zip.finish().unwrap();
        Spectrograms::read(&path).map_err(|e| e.to_string())
    }

    #[test]
    fn bytes_are_read_and_names_give_labels_and_recordings() {
        let names: Vec<u8> = "a.00000a.00001"
            .chars()
            .flat_map(|c| (c as u32).to_le_bytes())
            .collect();
        let levels: Entry<'_> = ("levels", "|u1", "(2, 1, 3)", &[0, 1, 2, 3, 4, 255]);
        let read_back = read(&[levels, ("names", "<U7", "(2,)", &names)]).unwrap();
        assert_eq!(read_back.images()[[1, 0, 2]], 255.0);
        assert_eq!(read_back.table().classes(), ["a"]);
        assert_eq!(read_back.table().group_names(), ["a.00000", "a.00001"]);
        let second = read_back.table().select(&[1]).unwrap();
        let images = read_back.images_of(&second).unwrap();
        assert_eq!(images, ndarray::array![[[3.0, 4.0, 255.0]]]);
    }

    #[test]
    fn arrays_must_fit() {
        let levels: Entry<'_> = ("levels", "|u1", "(1, 1, 2)", &[0, 1]);
        let name: Entry<'_> = ("names", "<U1", "(1,)", b"x\0\0\0");
        for (arrays, text) in [
            (&[name][..], "there is no array \"levels\""),
            (&[levels], "there is no array \"names\""),
            (
                &[levels, name],
                "the name \"x\" contains no label: expected `label.` at its beginning",
            ),
            (
                &[("levels", "<f8", "(1, 1, 1)", &[0; 8]), name],
                "array \"levels\" is \"<f8\" of shape [1, 1, 1], not '|u1' or '<f4' of images, bands and frames",
            ),
            (
                &[("levels", "|u1", "(1, 1, 3)", &[0, 1]), name],
                "array \"levels\": 2 bytes are not those of [1, 1, 3]",
            ),
        ] {
            let error = read(arrays).unwrap_err();
            assert!(error.ends_with(text), "{error}");
        }
    }
}
