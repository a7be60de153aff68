use std::fmt;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A sound file in memory, as it comes from an object store: its name and its bytes.
///
/// ```
/// use timbral::EncodedSound;
///
/// let sound = EncodedSound::new("s3://music/a.wav", *b"RIFF");
/// assert_eq!((sound.name().to_str(), sound.bytes().len()), (Some("s3://music/a.wav"), 4));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedSound {
    name: PathBuf,
    bytes: Arc<[u8]>,
}

impl EncodedSound {
    /// A file with these bytes; `name` appears in rows, predictions and errors.
    pub fn new(name: impl Into<PathBuf>, bytes: impl Into<Arc<[u8]>>) -> Self {
        let (name, bytes) = (name.into(), bytes.into());
        Self { name, bytes }
    }

    /// The name of the file.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A reader of the bytes, without a copy of them.
    pub fn reader(&self) -> Cursor<Arc<[u8]>> {
        Cursor::new(Arc::clone(&self.bytes))
    }
}

/// The name and the number of bytes.
impl fmt::Debug for EncodedSound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedSound")
            .field("name", &self.name)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}
