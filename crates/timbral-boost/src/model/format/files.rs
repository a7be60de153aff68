use std::fs;
use std::io::Write;
use std::path::Path;

use timbral_core::{InvalidParameter, write_atomic};

use super::schema::Document;
use super::sink::{Json, Ubjson};
use super::{fault, non_finite, other_formats, read, ubjson, write};
use crate::error::{Result, at};
use crate::model::Model;

/// Model files in XGBoost's formats.
///
/// A model is written as XGBoost 3.4 writes it, as JSON or UBJSON, and XGBoost loads it. Files of
/// XGBoost 1.7 to 3.4 are read, with these rules:
///
/// - `dart` becomes `gbtree`: each leaf is multiplied by the weight of its tree.
/// - Nodes that XGBoost pruned but left in the file are dropped.
/// - An objective that has no variant of its own becomes [`Objective::Other`](crate::Objective::Other):
///   the model predicts margins.
/// - `best_iteration` becomes [`Model::best_iteration`]. If it is beyond the last round, the last round is
///   used.
/// - `Infinity` and `NaN` are read, which XGBoost writes and reads although JSON has no such words. NaN is
///   allowed in statistics only, not as a leaf or a threshold.
/// - The name of a custom [`Loss`](crate::Loss) is in the attribute `timbral.loss`. XGBoost reads such a model
///   as `reg:squarederror`.
/// - Files of other kinds (XGBoost's old binary format, gzip, pickle, LightGBM, ONNX, ..) are refused with an
///   error that names their format.
/// - Class names are in the attribute `timbral.class_names`, as a JSON array of strings. All other attributes
///   are kept as they are.
/// - The values of the categories of a data frame are read, kept and written ([`Model::category_values`]). The
///   rows to predict hold the numbers of the categories.
/// - A model of ranking with `lambdarank_unbiased` keeps its position bias ([`Model::position_bias`]).
/// - The booster `gblinear` is refused with [`Error::Unsupported`](crate::Error::Unsupported).
impl Model {
    /// Reads a model file. The content of the file, not its name, decides whether it is JSON or UBJSON.
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
    /// [`Error::Io`](crate::Error::Io) if the file cannot be read, and the errors of [`Model::from_slice`];
    /// both name the file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_from(path.as_ref())
    }

    fn load_from(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(at(path))?;
        Self::from_slice(&bytes).map_err(|error| error.in_file(path))
    }

    /// Writes a model file: JSON if the name ends in `.json`, UBJSON if it ends in `.ubj`. It is written
    /// atomically: if writing fails, an earlier file of that name is unchanged.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) if the name ends in anything else,
    /// [`Error::Io`](crate::Error::Io) if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_to(path.as_ref())
    }

    fn save_to(&self, path: &Path) -> Result<()> {
        let bytes = match path.extension().and_then(|e| e.to_str()) {
            Some("json") => self.to_json().into_bytes(),
            Some("ubj") => self.to_ubjson(),
            _ => {
                let reason = "must end in .json or .ubj";
                return Err(InvalidParameter::new("path", path.display(), reason).into());
            }
        };
        write_atomic(path, |file| file.write_all(&bytes)).map_err(at(path))
    }

    /// Reads a model from the bytes of a model file, JSON or UBJSON.
    ///
    /// It takes memory in proportion to the number of bytes, whatever sizes the file declares.
    ///
    /// ```
    /// use timbral_boost::{Error, Model};
    /// let error = Model::from_slice(b"{\"learner\": 1}").unwrap_err();
    /// assert!(matches!(error, Error::Format { .. }));
    /// ```
    ///
    /// # Errors
    /// [`Error::Format`](crate::Error::Format) with the damaged place,
    /// [`Error::Unsupported`](crate::Error::Unsupported) for parts of XGBoost that are not supported.
    pub fn from_slice(bytes: &[u8]) -> Result<Self> {
        if ubjson::is_ubjson(bytes) {
            let document: Document<f32> = ubjson::from_slice(bytes)
                .map_err(|e| fault::bad(format!("byte {}", e.byte), e.reason))?;
            return read::model(document);
        }
        if let Some(reason) = other_formats::name(bytes) {
            return Err(fault::bad("format", reason));
        }
        // Editors on Windows put a byte order mark in front.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let json = |e: serde_json::Error| fault::bad("JSON", e.to_string());
        match non_finite::quoted(bytes) {
            None => read::model(serde_json::from_slice::<Document<f32>>(bytes).map_err(json)?),
            Some(text) => {
                let document: Document<non_finite::AnyNumber> =
                    serde_json::from_slice(&text).map_err(json)?;
                read::model(document)
            }
        }
    }

    /// The model as XGBoost's JSON, without spaces.
    pub fn to_json(&self) -> String {
        let mut out = Json::default();
        write::model(self, &mut out);
        // Only ASCII and complete strings were written.
        String::from_utf8(out.0).unwrap_or_default()
    }

    /// The model as XGBoost's UBJSON, which is about half as large and faster to read.
    pub fn to_ubjson(&self) -> Vec<u8> {
        let mut out = Ubjson::default();
        write::model(self, &mut out);
        out.0
    }
}
