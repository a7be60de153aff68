use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::error::Result;

/// Models by their location, each read once per process.
#[derive(Debug)]
pub(super) struct Models<M> {
    read: Mutex<HashMap<String, Arc<M>>>,
}

impl<M> Models<M> {
    /// The model of a location; `read` reads it if it is not there.
    pub(super) async fn get(
        &self,
        location: &str,
        read: impl Future<Output = Result<M>>,
    ) -> Result<Arc<M>> {
        // Held while it is read, so that it is read once.
        let mut models = self.read.lock().await;
        if let Some(model) = models.get(location) {
            return Ok(Arc::clone(model));
        }
        let model = Arc::new(read.await?);
        models.insert(location.to_owned(), Arc::clone(&model));
        Ok(model)
    }
}

impl<M> Default for Models<M> {
    fn default() -> Self {
        let read = Mutex::default();
        Self { read }
    }
}
