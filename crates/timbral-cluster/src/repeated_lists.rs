use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// How often a listing is requested before its error is returned.
const ATTEMPTS: usize = 4;

/// A store whose listings continue where they were interrupted: object_store repeats a request without an answer, but
/// not a listing that has been received in part.
#[derive(Debug)]
pub(crate) struct RepeatedLists<S> {
    store: Arc<S>,
}

impl<S> RepeatedLists<S> {
    pub(crate) fn new(store: S) -> Self {
        let store = Arc::new(store);
        Self { store }
    }
}

impl<S: fmt::Display> fmt::Display for RepeatedLists<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

/// Where a list is.
struct Listing<S> {
    store: Arc<S>,
    prefix: Option<Path>,
    /// The last object that came.
    last: Option<Path>,
    stream: Option<BoxStream<'static, Result<ObjectMeta>>>,
    attempt: usize,
}

impl<S: ObjectStore> Listing<S> {
    async fn next(mut self) -> Result<Option<(ObjectMeta, Self)>> {
        loop {
            let start = || match &self.last {
                Some(last) => self.store.list_with_offset(self.prefix.as_ref(), last),
                None => self.store.list(self.prefix.as_ref()),
            };
            let mut stream = self.stream.take().unwrap_or_else(start);
            match stream.next().await {
                None => return Ok(None),
                Some(Ok(meta)) => {
                    self.last = Some(meta.location.clone());
                    self.stream = Some(stream);
                    self.attempt = 1;
                    return Ok(Some((meta, self)));
                }
                Some(Err(e)) if self.attempt == ATTEMPTS => return Err(e),
                Some(Err(_)) => self.attempt += 1,
            }
        }
    }
}

#[async_trait]
impl<S: ObjectStore> ObjectStore for RepeatedLists<S> {
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let listing = Listing {
            store: Arc::clone(&self.store),
            prefix: prefix.cloned(),
            last: None,
            stream: None,
            attempt: 1,
        };
        stream::try_unfold(listing, Listing::next)
            .into_stream()
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut attempt = 1;
        loop {
            match self.store.list_with_delimiter(prefix).await {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.store.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.store.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(locations)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}
