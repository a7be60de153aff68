use std::fmt;
use std::path::{Path as FilePath, absolute};
use std::str::FromStr;

use object_store::path::Path;

use crate::error::{Error, Result};

/// The location of a file, a folder, or an object in an object store: `/music/a.wav`, `file:///music/a.wav`,
/// `s3://bucket/music/a.wav`.
///
/// The text is not decoded: `%20` is three characters, not a space.
///
/// ```
/// use timbral_cluster::Location;
///
/// let folder: Location = "s3://bucket/music/".parse()?;
/// assert_eq!(folder.join("a b.wav").to_string(), "s3://bucket/music/a b.wav");
/// assert_eq!("file:///music/a.wav".parse::<Location>()?.to_string(), "/music/a.wav");
/// assert!("ftp://host/a.wav".parse::<Location>().is_err());
/// # Ok::<(), timbral_cluster::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    /// The bucket; `None` for files.
    bucket: Option<String>,
    key: Path,
}

impl Location {
    /// The location with this relative path under it.
    #[must_use]
    pub fn join(&self, below: &str) -> Self {
        let parts = below.split('/').filter(|part| !part.is_empty());
        Self {
            bucket: self.bucket.clone(),
            key: parts.fold(self.key.clone(), |key, part| key.join(part)),
        }
    }

    /// The last part of the path; empty for a bucket.
    pub fn file_name(&self) -> &str {
        self.key.filename().unwrap_or_default()
    }

    /// The name of the folder that the file is in; the name of the bucket if there is no folder.
    pub fn folder(&self) -> &str {
        let mut parts = self.key.as_ref().rsplit('/').skip(1);
        parts.next().or(self.bucket.as_deref()).unwrap_or_default()
    }

    pub(crate) fn is_file(&self) -> bool {
        self.bucket.is_none()
    }

    pub(crate) fn bucket(&self) -> Option<&str> {
        self.bucket.as_deref()
    }

    pub(crate) fn key(&self) -> &Path {
        &self.key
    }

    /// The same place with another key.
    pub(crate) fn with_key(&self, key: Path) -> Self {
        Self {
            bucket: self.bucket.clone(),
            key,
        }
    }
}

/// A path of the file system, or a URL of `file` or `s3`.
impl FromStr for Location {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |reason: String| Error::Location {
            text: text.to_owned(),
            reason,
        };
        let key = |text: &str| Path::parse(text).map_err(|e| bad(e.to_string()));
        match text.split_once("://") {
            Some(("s3" | "s3a", rest)) => {
                let (bucket, rest) = rest.split_once('/').unwrap_or((rest, ""));
                if bucket.is_empty() {
                    return Err(bad("names no bucket; write s3://bucket/folder".to_owned()));
                }
                if rest.starts_with('/') {
                    return Err(bad("has a part without a name".to_owned()));
                }
                Ok(Self {
                    bucket: Some(bucket.to_owned()),
                    key: key(rest.trim_end_matches('/'))?,
                })
            }
            Some((scheme, rest)) if scheme != "file" || !rest.starts_with('/') => Err(bad(
                "only paths, file:///folder/file and s3://bucket/key are known".to_owned(),
            )),
            file => {
                let path = file.map_or(text, |(_, rest)| rest);
                let path = absolute(FilePath::new(path)).map_err(|e| bad(e.to_string()))?;
                let key = Path::from_absolute_path(path).map_err(|e| bad(e.to_string()))?;
                Ok(Self { bucket: None, key })
            }
        }
    }
}

/// The path of a file, `s3://bucket/key` of an object.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bucket {
            Some(bucket) => write!(f, "s3://{bucket}/{}", self.key),
            None => write!(f, "/{}", self.key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were() {
        for text in [
            "/music/a b.wav",
            "/a%20b/ü#.wav",
            "s3://b/x/y?z.wav",
            "s3://b/a%2Fb",
        ] {
            assert_eq!(text.parse::<Location>().unwrap().to_string(), text);
        }
        let root: Location = "s3://b".parse().unwrap();
        assert_eq!(root.to_string(), "s3://b/");
        assert_eq!(root.join("x.wav").folder(), "b");
        assert_eq!(root.join("jazz/x.wav").folder(), "jazz");
    }

    #[test]
    fn what_is_no_location_is_named() {
        for text in ["s3://", "s3:///x", "gs://b/x", "file://host/x", "s3://b//x"] {
            let error = text.parse::<Location>().unwrap_err().to_string();
            assert!(error.starts_with(text), "{error}");
        }
    }
}
