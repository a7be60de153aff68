use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use timbral::data::is_sound_extension;
use timbral::{Inputs, InvalidParameter, Monitor, Progress};

use crate::error::{Error, Result};
use crate::location::Location;
use crate::manifest_part::{ManifestRow, read_part, write_part};
use crate::stores::Stores;

/// Files that are read at once for their hashes.
const AT_ONCE: usize = 8;

/// Parameters of a manifest, the list of the sound files of a folder or bucket.
///
/// A manifest is a folder of small Parquet files with the columns `path`, `size` in bytes, `e_tag` (the version that the
/// store gives the file) and `hash`. A part is the unit of work: it becomes one shard.
///
/// A second listing keeps every file in its part, so that the shards of unchanged parts stay as they are: changed files
/// get another hash, removed files leave their parts, and new ones go to new parts. Files whose size and `e_tag` are
/// the same are not read again.
///
/// ```
/// use timbral_synth::{SynthCorpus, SynthParams};
/// use timbral_cluster::ManifestParams;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let music = folder.path().join("music");
/// let params = SynthParams { recordings_per_genre: 1, seconds: 0.5, ..SynthParams::default() };
/// SynthCorpus::new(params)?.write(&music, &mut ())?;
/// let manifest = folder.path().join("manifest").display().to_string();
/// let params = ManifestParams { rows_per_part: 4, ..ManifestParams::default() };
/// let report = params.run(music.to_str().unwrap_or_default(), &manifest, &mut ()).await?;
/// assert_eq!((report.files, report.parts, report.read), (10, 3, 10));
/// let again = params.run(music.to_str().unwrap_or_default(), &manifest, &mut ()).await?;
/// assert_eq!((again.files, again.parts, again.read), (10, 3, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestParams {
    /// Number of rows of a part, at least 1; default 256.
    pub rows_per_part: usize,
    /// Whether `hash` is the SHA-256 of the content, for which every new or changed file is read once; default `true`.
    /// Otherwise it is the `e_tag`, and no file is read, which is faster for a large bucket.
    pub content_hash: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for ManifestParams {
    fn default() -> Self {
        Self {
            rows_per_part: 256,
            content_hash: true,
            _non_exhaustive: (),
        }
    }
}

/// The counts of a listing.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ManifestReport {
    /// Rows of the manifest.
    pub files: usize,
    /// Parts of the manifest.
    pub parts: usize,
    /// Files that were read for their hashes.
    pub read: usize,
    /// Files that are in the manifest for the first time.
    pub new: usize,
    /// Files whose content has changed.
    pub changed: usize,
    /// Files that are no longer there.
    pub removed: usize,
    /// The errors of files and folders that could not be searched or read; they are not in the manifest.
    pub unreadable: Vec<Error>,
}

/// A file that was found.
struct Found {
    path: String,
    size: u64,
    e_tag: Option<String>,
}

impl ManifestParams {
    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        if self.rows_per_part == 0 {
            let rows = "rows_per_part";
            return Err(InvalidParameter::new(rows, 0, "must be at least 1").into());
        }
        Ok(())
    }

    /// Lists the sound files under `source` into the folder `manifest`. Files are searched for as
    /// [`Inputs::find`](timbral::Inputs::find) does, by their extensions; hidden ones are left out.
    ///
    /// `monitor` is called after each file; the unit is `files`.
    ///
    /// # Errors
    ///
    /// Parameters out of range; the source cannot be listed or has no sound file; the manifest cannot be read or written;
    /// [`Error::Stopped`] on `Break`, before anything is written. What cannot be read is in the report.
    pub async fn run(
        &self,
        source: &str,
        manifest: &str,
        monitor: &mut dyn Monitor,
    ) -> Result<ManifestReport> {
        self.validate()?;
        let stores = Stores::default();
        let (source, manifest) = (source.parse()?, manifest.parse()?);
        let mut report = ManifestReport::default();
        let mut parts = read_parts(&stores, &manifest).await?;
        let known: HashMap<&str, &ManifestRow> = parts
            .values()
            .flat_map(|part| &part.rows)
            .map(|row| (&*row.path, row))
            .collect();
        let found = find(&stores, &source, &mut report.unreadable).await?;
        let mut rows = HashMap::new();
        let mut order = Vec::new();
        let n = found.len();
        let hashed = stream::iter(found).map(|found| {
            let known = known.get(&*found.path).copied();
            self.row(&stores, found, known)
        });
        let mut hashed = hashed.buffered(AT_ONCE);
        let mut done = 0;
        while let Some(result) = hashed.next().await {
            done += 1;
            match result {
                Err(error) => report.unreadable.push(error),
                Ok((row, was_read)) => {
                    report.read += usize::from(was_read);
                    match known.get(&*row.path) {
                        None => report.new += 1,
                        Some(old) => report.changed += usize::from(old.hash != row.hash),
                    }
                    order.push(row.path.clone());
                    rows.insert(row.path.clone(), row);
                }
            }
            if monitor.report(&Progress::new(done, n, "files")).is_break() {
                return Err(Error::Stopped);
            }
        }
        drop(hashed);
        drop(known);
        report.files = rows.len();
        for part in parts.values_mut() {
            let before = part.rows.len();
            let old = std::mem::take(&mut part.rows);
            let kept = old.iter().filter_map(|row| rows.remove(&row.path));
            part.rows = kept.collect();
            report.removed += before - part.rows.len();
            part.is_changed = part.rows != old;
        }
        let new: Vec<_> = order.iter().filter_map(|path| rows.remove(path)).collect();
        let next = parts.keys().next_back().map_or(0, |last| last + 1);
        for (number, rows) in (next..).zip(new.chunks(self.rows_per_part)) {
            let (rows, is_changed) = (rows.to_vec(), true);
            parts.insert(number, Part { rows, is_changed });
        }
        for (number, part) in parts.iter().filter(|(_, part)| part.is_changed) {
            let location = manifest.join(&part_name(*number));
            match part.rows.is_empty() {
                true => stores.remove(&location).await?,
                false => stores.write(&location, write_part(&part.rows)?).await?,
            }
        }
        report.parts = parts.values().filter(|part| !part.rows.is_empty()).count();
        Ok(report)
    }

    /// The row of a file, and whether the file was read for it.
    async fn row(
        &self,
        stores: &Stores,
        found: Found,
        known: Option<&ManifestRow>,
    ) -> Result<(ManifestRow, bool)> {
        let Found { path, size, e_tag } = found;
        let same = |old: &&ManifestRow| {
            // The hash of a content has 64 digits; one that is the e_tag is of the other kind.
            let is_of_content = old.e_tag.as_deref() != Some(&*old.hash);
            old.size == size && old.e_tag == e_tag && is_of_content == self.content_hash
        };
        let row = |hash| ManifestRow {
            path: path.clone(),
            size,
            e_tag: e_tag.clone(),
            hash,
        };
        match (known.filter(same), &e_tag) {
            (Some(old), Some(_)) => Ok((row(old.hash.clone()), false)),
            (_, Some(tag)) if !self.content_hash => Ok((row(tag.clone()), false)),
            _ => {
                let bytes = stores.read(&path.parse()?).await?;
                let size = bytes.len() as u64;
                let hash = tokio::task::spawn_blocking(move || hex(&Sha256::digest(&bytes)));
                let hash = hash.await.map_err(|e| Error::Node {
                    address: path.clone(),
                    reason: e.to_string(),
                })?;
                Ok((ManifestRow { size, ..row(hash) }, true))
            }
        }
    }
}

/// A part of a manifest.
struct Part {
    rows: Vec<ManifestRow>,
    is_changed: bool,
}

fn part_name(number: u64) -> String {
    format!("part-{number:07}.parquet")
}

/// The parts of a manifest by their numbers.
async fn read_parts(stores: &Stores, manifest: &Location) -> Result<BTreeMap<u64, Part>> {
    let files = stores.parquet_files(manifest).await?;
    let parts = files.into_iter().map(|file| async move {
        let name = file.file_name().strip_prefix("part-");
        let number = name.and_then(|name| name.strip_suffix(".parquet"));
        let number = number.and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| Error::Manifest {
            location: file.to_string(),
            reason: "is not named as a part of a manifest, part-0000000.parquet".to_owned(),
        })?;
        let rows = read_part(stores.read(&file).await?, &file)?;
        let is_changed = false;
        Ok::<_, Error>((number, Part { rows, is_changed }))
    });
    stream::iter(parts).buffered(AT_ONCE).try_collect().await
}

/// The sound files under a folder or key, by path.
async fn find(
    stores: &Stores,
    source: &Location,
    unreadable: &mut Vec<Error>,
) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    if source.is_file() {
        let inputs = Inputs::find([source.to_string()])?;
        unreadable.extend(inputs.unreadable.into_iter().map(Error::Timbral));
        for file in inputs.files {
            let Some(path) = file.to_str() else {
                unreadable.push(Error::Location {
                    text: file.display().to_string(),
                    reason: "the name is not UTF-8".to_owned(),
                });
                continue;
            };
            let location: Location = path.parse()?;
            match stores.head(&location).await {
                Err(e) => unreadable.push(e),
                Ok(meta) => found.push(Found {
                    path: location.to_string(),
                    size: meta.size,
                    e_tag: meta.e_tag,
                }),
            }
        }
    } else {
        let objects = stores.list(source).await?.into_iter();
        found.extend(objects.filter_map(|meta| {
            let is_hidden = meta.location.parts().any(|p| p.as_ref().starts_with('.'));
            let extension = Path::new(meta.location.as_ref()).extension()?.to_str()?;
            (is_sound_extension(extension) && !is_hidden).then(|| Found {
                path: source.with_key(meta.location.clone()).to_string(),
                size: meta.size,
                e_tag: meta.e_tag,
            })
        }));
    }
    match found.is_empty() {
        true => Err(Error::Empty {
            location: source.to_string(),
            reason: "has no sound files",
        }),
        false => Ok(found),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
