use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use sha2::{Digest, Sha256};
use timbral_core::write_atomic;

use super::layout::TensorSpec;
use super::stored;
use crate::error::{Result, at, candle_error};

/// The weights of a network, complete and checked.
#[derive(Debug, Clone)]
pub struct Weights {
    network: String,
    path: PathBuf,
    layout: Vec<TensorSpec>,
    /// In the order of the layout.
    values: Vec<Vec<f32>>,
    fingerprint: String,
    is_published: bool,
}

impl Weights {
    /// Checks the numbers. `published` is the fingerprint of the published weights.
    ///
    /// # Errors
    ///
    /// A sentence: a number is not finite, or a variance is negative.
    pub(crate) fn new(
        network: &str,
        path: &Path,
        layout: Vec<TensorSpec>,
        values: Vec<Vec<f32>>,
        published: &str,
    ) -> std::result::Result<Self, String> {
        for (spec, values) in layout.iter().zip(&values) {
            if values.iter().any(|x| !x.is_finite()) {
                return Err(format!("{}: not all numbers are finite", spec.name));
            }
            if spec.is_variance && values.iter().any(|x| *x < 0.0) {
                return Err(format!("{}: a variance is negative", spec.name));
            }
        }
        let fingerprint = fingerprint(&layout, &values);
        Ok(Self {
            network: network.to_owned(),
            path: path.to_owned(),
            is_published: fingerprint == published,
            layout,
            values,
            fingerprint,
        })
    }

    /// The network that they are of.
    pub fn network(&self) -> &str {
        &self.network
    }

    /// The file or folder that they were read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the names, shapes and numbers of all tensors, in hexadecimal digits. It is the same for a wheel and
    /// for the safetensors file that was made from it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether the weights are the published ones, and not others of the same shapes.
    pub fn is_published(&self) -> bool {
        self.is_published
    }

    /// Number of values in all tensors.
    pub fn n_values(&self) -> usize {
        self.values.iter().map(Vec::len).sum()
    }

    /// The bytes of a safetensors file.
    pub fn to_safetensors(&self) -> Vec<u8> {
        stored::encode(&self.network, &self.layout, &self.values)
    }

    /// Writes a safetensors file atomically.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        use std::io::Write;
        let (path, bytes) = (path.as_ref(), self.to_safetensors());
        write_atomic(path, |file| file.write_all(&bytes)).map_err(at(path))
    }

    /// The tensors on a device, by their names.
    ///
    /// # Errors
    ///
    /// The device failed.
    pub fn var_builder(&self, device: &Device) -> Result<VarBuilder<'static>> {
        let mut tensors = HashMap::new();
        for (spec, values) in self.layout.iter().zip(&self.values) {
            let tensor = Tensor::from_slice(values, &spec.shape[..], device);
            let tensor = tensor.map_err(|e| candle_error(&self.network, &e))?;
            tensors.insert(spec.name.clone(), tensor);
        }
        Ok(VarBuilder::from_tensors(tensors, DType::F32, device))
    }
}

fn fingerprint(layout: &[TensorSpec], values: &[Vec<f32>]) -> String {
    let mut hash = Sha256::new();
    for (spec, values) in layout.iter().zip(values) {
        hash.update(format!("{} {:?}\n", spec.name, spec.shape));
        for value in values {
            hash.update(value.to_le_bytes());
        }
    }
    hexadecimal(&hash.finalize())
}

/// SHA-256 of bytes in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
