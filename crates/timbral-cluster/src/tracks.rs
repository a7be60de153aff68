//! Sound files, read from a store and given to the threads that compute.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use futures::{StreamExt, stream};
use timbral::{EncodedSound, InvalidParameter, audio};
use tokio::sync::Semaphore;

use crate::computed::computed;
use crate::error::Error;
use crate::location::Location;
use crate::stores::Stores;

/// The result of a track.
pub(crate) struct Outcome<T> {
    pub(crate) result: Result<T, Failure>,
    /// Time of the computation, without that of reading.
    pub(crate) seconds: Option<f64>,
}

/// Why a track has no result.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) reason: &'static str,
    pub(crate) error: String,
}

/// The reason of rows whose file could not be read; a later run tries them again.
pub(crate) const UNREADABLE: &str = "unreadable";

/// Reads tracks and computes something of each.
///
/// Files are read by the asynchronous threads that wait for the result; computations run on rayon's threads, one per
/// core or the number of [`use_threads`]. At most two tracks per rayon thread are in memory, however many tables are
/// read at once.
#[derive(Debug)]
pub(crate) struct Tracks {
    pub(crate) stores: Arc<Stores>,
    in_memory: Semaphore,
    ahead: usize,
}

impl Tracks {
    pub(crate) fn new(stores: Arc<Stores>) -> Self {
        let ahead = 2 * rayon::current_num_threads();
        Self {
            stores,
            in_memory: Semaphore::new(ahead),
            ahead,
        }
    }

    /// The results of tracks, in their order. `None` is a track without a path. A size that is given must be that of
    /// the file.
    pub(crate) async fn map<T: Send + 'static>(
        &self,
        tracks: impl IntoIterator<Item = Option<(String, Option<u64>)>>,
        work: impl Fn(&EncodedSound) -> timbral::Result<T> + Send + Sync + 'static,
    ) -> Vec<Outcome<T>> {
        let work = Arc::new(work);
        let each = tracks.into_iter().map(|track| {
            let work = Arc::clone(&work);
            async move {
                match track {
                    Some((path, size)) => self.one(&path, size, work).await,
                    None => failed("no path", "the path is null".to_owned()),
                }
            }
        });
        stream::iter(each).buffered(self.ahead).collect().await
    }

    async fn one<T: Send + 'static>(
        &self,
        path: &str,
        size: Option<u64>,
        work: Arc<impl Fn(&EncodedSound) -> timbral::Result<T> + Send + Sync + 'static>,
    ) -> Outcome<T> {
        // Never closed.
        let _permit = self.in_memory.acquire().await;
        let location: Location = match path.parse() {
            Ok(location) => location,
            Err(e) => return failed("no path", e.to_string()),
        };
        let bytes = match self.stores.read(&location).await {
            Ok(bytes) => bytes,
            Err(e) => return failed(reason_of_reading(&e), e.to_string()),
        };
        if let Some(size) = size.filter(|size| *size != bytes.len() as u64) {
            let now = bytes.len();
            let error =
                format!("{path}: has {now} bytes, {size} in the manifest; make the manifest again");
            return failed("changed", error);
        }
        let sound = EncodedSound::new(PathBuf::from(path), &*bytes);
        drop(bytes);
        let computed = computed(move || {
            let start = Instant::now();
            let result = work(&sound);
            drop(sound);
            (result, start.elapsed().as_secs_f64())
        });
        match computed.await {
            Some((result, seconds)) => Outcome {
                result: result.map_err(|e| Failure {
                    reason: reason(&e),
                    error: e.to_string(),
                }),
                seconds: Some(seconds),
            },
            None => failed(
                "internal",
                format!("{path}: the computation panicked; please report it with the file"),
            ),
        }
    }
}

fn failed<T>(reason: &'static str, error: String) -> Outcome<T> {
    let result = Err(Failure { reason, error });
    let seconds = None;
    Outcome { result, seconds }
}

fn reason_of_reading(error: &Error) -> &'static str {
    match error {
        Error::Store {
            reason: object_store::Error::NotFound { .. },
            ..
        } => "not found",
        _ => UNREADABLE,
    }
}

/// The reason in one or two words, to count errors by.
fn reason(error: &timbral::Error) -> &'static str {
    match error {
        timbral::Error::Audio(error) => reason_of_audio(error),
        timbral::Error::Features { .. } => "features",
        timbral::Error::TooShort { .. } => "too short",
        #[cfg(feature = "pretrained")]
        timbral::Error::Pretrained(error) => reason_of_network(error),
        _ => "other",
    }
}

fn reason_of_audio(error: &audio::Error) -> &'static str {
    match error {
        audio::Error::EmptyFile { .. } => "empty file",
        audio::Error::UnknownFormat { .. } => "unknown format",
        audio::Error::Unsupported { .. } => "unsupported",
        audio::Error::Malformed { .. } => "malformed",
        audio::Error::Damaged { .. } => "damaged",
        audio::Error::Truncated { .. } => "truncated",
        audio::Error::NoSamples { .. } => "no samples",
        audio::Error::HeaderRange { .. } => "header range",
        audio::Error::NotFinite { .. } => "not finite",
        _ => "audio",
    }
}

#[cfg(feature = "pretrained")]
fn reason_of_network(error: &timbral::pretrained::Error) -> &'static str {
    use timbral::pretrained::Error;
    match error {
        Error::Audio(error) => reason_of_audio(error),
        Error::TooShort { .. } => "too short",
        Error::Signal { .. } => "features",
        Error::NotFinite { .. } => "not finite",
        _ => "network",
    }
}

/// Sets the number of threads of rayon's global pool, on which all computations of the process run. It must be called
/// before anything is computed; without it there is one thread per core.
///
/// # Errors
///
/// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for 0, or if the pool is in use.
pub fn use_threads(threads: usize) -> crate::Result<()> {
    let bad = |reason| InvalidParameter::new("threads", threads, reason).into();
    if threads == 0 {
        return Err(bad("must be at least 1"));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build_global()
        .map_err(|_| bad("cannot be changed: the threads are in use"))
}
