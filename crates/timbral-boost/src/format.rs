//! XGBoost's model files, which are this crate's own.

mod read;
mod read_tree;
mod schema;
mod sink;
mod ubjson;
mod write;

use std::fs;
use std::io::Write;
use std::path::Path;

use sink::{Json, Ubjson};

use crate::error::{Error, Result, at};
use crate::model::Model;

/// The attribute that holds the names of the classes, as a JSON array of strings.
const CLASS_NAMES: &str = "timbral.class_names";

/// Model files, XGBoost's.
///
/// A model is written as XGBoost 3.2 writes it, JSON or UBJSON, and XGBoost loads it. What
/// XGBoost 1.7 to 3.2 wrote is read, with these rules:
///
/// - `dart` becomes `gbtree`: each leaf is multiplied with the weight of its tree.
/// - Nodes that XGBoost pruned but left in the file are dropped.
/// - An objective that is no variant of [`Objective`](crate::Objective) but `Other` gives margins.
/// - `best_iteration` is [`Model::best_iteration`] where it is a round of the model.
/// - Class names stand in the attribute `timbral.class_names` as a JSON array of strings; all
///   other attributes are kept as they are. `feature_types` are not kept.
/// - The booster `gblinear`, categorical splits and trees with vectors for leaves are
///   [`Error::Unsupported`].
impl Model {
    /// Reads a model file, JSON or UBJSON by its content.
    ///
    /// ```
    /// use timbral_boost::Model;
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/golden/3.2/softprob.ubj");
    /// let model = Model::load(path)?;
    /// assert_eq!((model.n_features(), model.n_outputs(), model.n_rounds()), (4, 3, 3));
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`], and those of [`Model::from_slice`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(at(path))?;
        Self::from_slice(&bytes)
    }

    /// Writes a model file, JSON where the name ends in `.json`, UBJSON where it ends in `.ubj`;
    /// the file is there whole or not at all.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for another ending, [`Error::Io`] where it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = match path.extension().and_then(|e| e.to_str()) {
            Some("json") => self.to_json().into_bytes(),
            Some("ubj") => self.to_ubjson(),
            _ => {
                return Err(Error::InvalidParameter {
                    name: "path",
                    value: path.display().to_string(),
                    reason: "a model file ends in .json or .ubj",
                });
            }
        };
        write_whole(path, &bytes).map_err(at(path))
    }

    /// The model in the bytes of a model file, JSON or UBJSON.
    ///
    /// Takes memory in proportion to the bytes, whatever they declare.
    ///
    /// ```
    /// use timbral_boost::{Error, Model};
    /// let error = Model::from_slice(b"{\"learner\": 1}").unwrap_err();
    /// assert!(matches!(error, Error::Format { .. }));
    /// ```
    ///
    /// # Errors
    /// [`Error::Format`] with the place where the bytes are damaged, [`Error::Unsupported`] for
    /// parts of XGBoost that are not supported.
    pub fn from_slice(bytes: &[u8]) -> Result<Self> {
        let bad = |place, reason| Error::Format { place, reason };
        let document = if ubjson::is_ubjson(bytes) {
            ubjson::from_slice(bytes).map_err(|e| bad(format!("byte {}", e.byte), e.reason))
        } else {
            serde_json::from_slice(bytes).map_err(|e| bad("JSON".into(), e.to_string()))
        }?;
        read::model(document)
    }

    /// The model as XGBoost's JSON, without spaces.
    pub fn to_json(&self) -> String {
        let mut out = Json::default();
        write::model(self, &mut out);
        // Only ASCII and whole strings were written.
        String::from_utf8(out.0).unwrap_or_default()
    }

    /// The model as XGBoost's UBJSON, which is about half as large and faster to read.
    pub fn to_ubjson(&self) -> Vec<u8> {
        let mut out = Ubjson::default();
        write::model(self, &mut out);
        out.0
    }
}

/// Through a temporary file in the same folder.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    // A temporary file is private; the one that stays has the permissions of any new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|e| e.error)?;
    Ok(())
}
