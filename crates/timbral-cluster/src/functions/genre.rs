use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, ListArray, StringArray, StructArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use timbral::{Classifier, EncodedSound, Prediction};

use super::predictor::Classifiers;
use super::sound_function::OfSound;
use crate::error::Result;
use crate::stores::Stores;

/// The genres of recordings by a saved classifier.
#[derive(Debug)]
pub(super) struct Genre {
    classifiers: Classifiers,
}

impl Genre {
    pub(super) fn new(stores: Arc<Stores>) -> Self {
        let classifiers = Classifiers::new(stores);
        Self { classifiers }
    }
}

/// A genre and its probability.
fn pair() -> Fields {
    let genre = Field::new("genre", DataType::Utf8, true);
    let probability = Field::new("probability", DataType::Float64, true);
    vec![genre, probability].into()
}

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Struct(pair()), true))
}

#[async_trait]
impl OfSound for Genre {
    const NAME: &'static str = "predict_genre";
    const DEFAULT: Option<&'static str> = None;

    type Setting = Classifier;
    type Row = Prediction;

    fn fields(&self, _: &str) -> Result<Vec<Field>> {
        let mut fields: Vec<Field> = pair().iter().map(|f| (**f).clone()).collect();
        fields.push(Field::new("none_of_these", DataType::Boolean, true));
        fields.push(Field::new("genres", DataType::List(item()), true));
        Ok(fields)
    }

    async fn setting(&self, model: &str) -> Result<Arc<Classifier>> {
        self.classifiers.get(model).await
    }

    fn compute(classifier: &Classifier, sound: &EncodedSound) -> timbral::Result<Prediction> {
        classifier.predict_encoded(sound)
    }

    /// A prediction does not report it.
    fn damaged(_: &Prediction) -> Option<String> {
        None
    }

    fn arrays(_: &Classifier, rows: &[Option<&Prediction>]) -> Result<Vec<ArrayRef>> {
        let first = || {
            rows.iter()
                .map(|row| row.and_then(|row| row.genres.first()))
        };
        let all = || rows.iter().flatten().flat_map(|row| &row.genres);
        let names = all().map(|g| Some(&*g.genre)).collect::<StringArray>();
        let probabilities = all().map(|g| g.probability).collect::<Vec<_>>();
        let pairs: Vec<ArrayRef> =
            vec![Arc::new(names), Arc::new(Float64Array::from(probabilities))];
        let pairs = StructArray::try_new(pair(), pairs, None)?;
        let lengths = rows.iter().map(|row| row.map_or(0, |row| row.genres.len()));
        let offsets = OffsetBuffer::from_lengths(lengths);
        let valid = NullBuffer::from_iter(rows.iter().map(Option::is_some));
        let list = ListArray::try_new(item(), offsets, Arc::new(pairs), Some(valid))?;
        let genre = first().map(|first| first.map(|g| &*g.genre));
        let probability = first().map(|first| first.map(|g| g.probability));
        let none = rows.iter().map(|row| row.and_then(|row| row.none_of_these));
        Ok(vec![
            Arc::new(genre.collect::<StringArray>()),
            Arc::new(probability.collect::<Float64Array>()),
            Arc::new(none.collect::<BooleanArray>()),
            Arc::new(list),
        ])
    }
}
