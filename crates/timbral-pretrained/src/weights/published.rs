use super::layout::TensorSpec;

/// The files of a TensorFlow checkpoint, and their SHA-256 in hexadecimal.
#[derive(Debug)]
pub(crate) struct CheckpointFiles {
    /// The folder in the package, below `package`.
    pub(crate) folder: &'static str,
    pub(crate) index_sha256: &'static str,
    pub(crate) data_sha256: &'static str,
}

/// Where the weights of a network are published, and how they are recognised.
#[derive(Debug)]
pub(crate) struct Published {
    /// The network's name.
    pub(crate) name: &'static str,
    /// The Python package that has them, and its wheel.
    pub(crate) package: &'static str,
    pub(crate) wheel: &'static str,
    /// The command that gets the wheel.
    pub(crate) obtain: &'static str,
    pub(crate) files: CheckpointFiles,
    /// The fingerprint of the tensors.
    pub(crate) fingerprint: &'static str,
    pub(crate) layout: fn() -> Vec<TensorSpec>,
}

impl Published {
    /// The name of the file of weights in the cache.
    pub(crate) fn file_name(&self) -> String {
        format!("{}.safetensors", self.name)
    }
}
