use std::collections::HashMap;
use std::sync::Arc;

use timbral::Classifier;
use tokio::sync::Mutex;

use crate::error::Result;
use crate::location::Location;
use crate::stores::Stores;

/// Classifiers by their location, each read once per process.
#[derive(Debug)]
pub(super) struct Classifiers {
    stores: Arc<Stores>,
    read: Mutex<HashMap<String, Arc<Classifier>>>,
}

impl Classifiers {
    pub(super) fn new(stores: Arc<Stores>) -> Self {
        let read = Mutex::default();
        Self { stores, read }
    }

    pub(super) async fn get(&self, model: &str) -> Result<Arc<Classifier>> {
        // Held while it is read, so that it is read once.
        let mut read = self.read.lock().await;
        if let Some(classifier) = read.get(model) {
            return Ok(Arc::clone(classifier));
        }
        let location: Location = model.parse()?;
        let bytes = self.stores.read(&location).await?;
        let classifier = Arc::new(Classifier::from_bytes(&bytes, model)?);
        read.insert(model.to_owned(), Arc::clone(&classifier));
        Ok(classifier)
    }
}
