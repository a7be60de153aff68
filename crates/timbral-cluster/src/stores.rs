use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::object_store::ObjectStoreRegistry;
use futures::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt};
use url::Url;

use crate::error::{Error, Result};
use crate::location::Location;
use crate::repeated_lists::RepeatedLists;

/// How often a request is made before its error is returned. Within each attempt the store itself repeats requests
/// that get no answer.
const ATTEMPTS: usize = 4;

/// Files and buckets, each opened once per process.
///
/// Buckets take their settings from the environment, as `aws` does: `AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP` and so on.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    open: Mutex<HashMap<Option<String>, Arc<dyn ObjectStore>>>,
}

impl Stores {
    /// The file system, or a bucket.
    fn store(&self, bucket: Option<&str>) -> object_store::Result<Arc<dyn ObjectStore>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = bucket.map(str::to_owned);
        if let Some(store) = open.get(&bucket) {
            return Ok(Arc::clone(store));
        }
        let store: Arc<dyn ObjectStore> = match &bucket {
            // A folder that the removal of a file leaves empty goes, too, as in a bucket.
            None => Arc::new(LocalFileSystem::new().with_automatic_cleanup(true)),
            Some(name) => {
                let bucket = AmazonS3Builder::from_env().with_bucket_name(name);
                Arc::new(RepeatedLists::new(bucket.build()?))
            }
        };
        open.insert(bucket, Arc::clone(&store));
        Ok(store)
    }

    fn of(&self, location: &Location) -> Result<Arc<dyn ObjectStore>> {
        self.store(location.bucket()).map_err(at(location))
    }

    /// Repeats a request if its answer is interrupted. Stores themselves repeat a request only if its answer has not
    /// begun.
    async fn repeat<T, F>(
        &self,
        location: &Location,
        request: impl Fn(Arc<dyn ObjectStore>) -> F,
    ) -> Result<T>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let store = self.of(location)?;
        let mut attempt = 1;
        loop {
            match request(Arc::clone(&store)).await {
                Err(e) if attempt < ATTEMPTS && !is_final(&e) => attempt += 1,
                result => return result.map_err(at(location)),
            }
        }
    }

    /// All bytes of a file or object.
    pub(crate) async fn read(&self, location: &Location) -> Result<Bytes> {
        let get = |store: Arc<dyn ObjectStore>| async move {
            store.get(location.key()).await?.bytes().await
        };
        self.repeat(location, get).await
    }

    /// As [`read`](Self::read); `None` if there is no such file.
    pub(crate) async fn read_if_there(&self, location: &Location) -> Result<Option<Bytes>> {
        match self.read(location).await {
            Err(Error::Store {
                reason: StoreError::NotFound { .. },
                ..
            }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Writes a file or object atomically.
    pub(crate) async fn write(&self, location: &Location, bytes: Vec<u8>) -> Result<()> {
        let bytes = Bytes::from(bytes);
        let put = |store: Arc<dyn ObjectStore>| {
            let bytes = bytes.clone();
            async move { store.put(location.key(), bytes.into()).await.map(drop) }
        };
        self.repeat(location, put).await
    }

    /// Removes a file or object; that it is not there is no error.
    pub(crate) async fn remove(&self, location: &Location) -> Result<()> {
        let delete = |store: Arc<dyn ObjectStore>| async move {
            match store.delete(location.key()).await {
                Err(StoreError::NotFound { .. }) => Ok(()),
                other => other,
            }
        };
        self.repeat(location, delete).await
    }

    /// Size and version of a file or object.
    pub(crate) async fn head(&self, location: &Location) -> Result<ObjectMeta> {
        let head = |store: Arc<dyn ObjectStore>| async move { store.head(location.key()).await };
        self.repeat(location, head).await
    }

    /// What is under a folder or key, by path.
    pub(crate) async fn list(&self, folder: &Location) -> Result<Vec<ObjectMeta>> {
        let listed = self.of(folder)?.list(Some(folder.key())).try_collect();
        let mut listed: Vec<ObjectMeta> = match listed.await {
            Err(StoreError::NotFound { .. }) => Vec::new(),
            other => other.map_err(at(folder))?,
        };
        listed.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(listed)
    }

    /// The Parquet files in a folder, by path.
    pub(crate) async fn parquet_files(&self, folder: &Location) -> Result<Vec<Location>> {
        let depth = folder.key().parts().count() + 1;
        let is_parquet = |meta: &ObjectMeta| {
            meta.location.extension() == Some("parquet") && meta.location.parts().count() == depth
        };
        let files = self.list(folder).await?.into_iter().filter(is_parquet);
        Ok(files.map(|meta| folder.with_key(meta.location)).collect())
    }
}

/// Whether trying again is of no use.
fn is_final(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NotFound { .. }
            | StoreError::InvalidPath { .. }
            | StoreError::PermissionDenied { .. }
            | StoreError::Unauthenticated { .. }
    )
}

fn at(location: &Location) -> impl FnOnce(StoreError) -> Error {
    let location = location.to_string();
    move |reason| Error::Store { location, reason }
}

/// The same stores for the tables of a session.
impl ObjectStoreRegistry for Stores {
    fn register_store(
        &self,
        url: &Url,
        store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(bucket_of(url), store)
    }

    fn deregister_store(&self, url: &Url) -> DataFusionResult<Arc<dyn ObjectStore>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let removed = open.remove(&bucket_of(url));
        removed.ok_or_else(|| DataFusionError::Configuration(format!("{url}: no such store")))
    }

    fn get_store(&self, url: &Url) -> DataFusionResult<Arc<dyn ObjectStore>> {
        match url.scheme() {
            "file" | "s3" | "s3a" => Ok(self.store(bucket_of(url).as_deref())?),
            _ => Err(DataFusionError::Configuration(format!(
                "{url}: only file and s3 are known"
            ))),
        }
    }
}

fn bucket_of(url: &Url) -> Option<String> {
    let is_file = url.scheme() == "file";
    (!is_file).then(|| url.host_str().unwrap_or_default().to_owned())
}
