use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::{DataType, Field};
use timbral::{Classifier, EncodedSound, Prediction};

use super::models::Models;
use super::ranked::Ranked;
use super::sound_function::{OfSound, argument};
use crate::error::Result;
use crate::stores::Stores;

const RANKED: Ranked = Ranked {
    first: "genre",
    all: "genres",
};

/// The genres of recordings by a saved classifier.
#[derive(Debug)]
pub(super) struct Genre {
    stores: Arc<Stores>,
    classifiers: Models<Classifier>,
}

impl Genre {
    pub(super) fn new(stores: Arc<Stores>) -> Self {
        let classifiers = Models::default();
        Self {
            stores,
            classifiers,
        }
    }
}

/// The genres of a recording with their probabilities.
fn pairs(row: &Prediction) -> Vec<(&str, f64)> {
    let genres = row.genres.iter();
    genres.map(|g| (&*g.genre, g.probability)).collect()
}

#[async_trait]
impl OfSound for Genre {
    const NAME: &'static str = "predict_genre";
    const DEFAULTS: &'static [Option<&'static str>] = &[None];

    type Setting = Classifier;
    type Row = Prediction;

    fn fields(&self, _: &[String]) -> Result<Vec<Field>> {
        let [genre, probability, genres] = RANKED.fields();
        let none = Field::new("none_of_these", DataType::Boolean, true);
        Ok(vec![genre, probability, none, genres])
    }

    async fn setting(&self, arguments: &[String]) -> Result<Arc<Classifier>> {
        let model = argument(arguments, 0);
        let read = async {
            let bytes = self.stores.read(&model.parse()?).await?;
            Ok(Classifier::from_bytes(&bytes, model)?)
        };
        self.classifiers.get(model, read).await
    }

    fn compute(classifier: &Classifier, sound: &EncodedSound) -> timbral::Result<Prediction> {
        classifier.predict_encoded(sound)
    }

    /// A prediction does not report it.
    fn damaged(_: &Prediction) -> Option<String> {
        None
    }

    fn arrays(_: &Classifier, rows: &[Option<&Prediction>]) -> Result<Vec<ArrayRef>> {
        let ranked: Vec<_> = rows.iter().map(|row| row.map(pairs)).collect();
        let [genre, probability, genres] = RANKED.arrays(&ranked)?;
        let none = rows.iter().map(|row| row.and_then(|row| row.none_of_these));
        let none = Arc::new(none.collect::<BooleanArray>());
        Ok(vec![genre, probability, none, genres])
    }
}
