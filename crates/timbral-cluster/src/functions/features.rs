use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::Field;
use timbral::audio::Gaps;
use timbral::dsp::FeatureSetParams;
use timbral::{EncodedSound, Extractor, FeatureRow, Segmentation};

use super::arrays::{RowArrays, gaps_text};
use super::sound_function::{OfSound, argument};
use crate::error::Result;

/// Extractors by the text of their features: filter banks are made once.
#[derive(Debug, Default)]
pub(super) struct ExtractorCache {
    segments: Segmentation,
    made: Mutex<HashMap<String, Arc<Extractor>>>,
}

impl ExtractorCache {
    pub(super) fn new(segments: Segmentation) -> Self {
        let made = Mutex::default();
        Self { segments, made }
    }

    pub(super) fn get(&self, features: &str) -> Result<Arc<Extractor>> {
        let lock = || self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(extractor) = lock().get(features) {
            return Ok(Arc::clone(extractor));
        }
        let params: FeatureSetParams = features.parse().map_err(timbral::Error::from)?;
        let extractor = Arc::new(Extractor::new(params, self.segments)?);
        lock().insert(features.to_owned(), Arc::clone(&extractor));
        Ok(extractor)
    }
}

/// The features of whole recordings.
#[derive(Debug)]
pub(super) struct Features {
    extractors: Arc<ExtractorCache>,
}

impl Features {
    pub(super) fn new(extractors: Arc<ExtractorCache>) -> Self {
        Self { extractors }
    }
}

/// The row of a whole recording, and what is missing of it.
pub(super) type WholeRow = (FeatureRow, Gaps);

/// The row of a whole recording.
pub(super) fn whole_row(extractor: &Extractor, sound: &EncodedSound) -> timbral::Result<WholeRow> {
    let (rows, gaps) = extractor.rows_encoded(sound)?;
    let row = rows.into_iter().next();
    let part = "feature";
    Ok((row.ok_or(timbral::Error::EmptyPart { part })?, gaps))
}

#[async_trait]
impl OfSound for Features {
    const NAME: &'static str = "audio_features";
    const DEFAULTS: &'static [Option<&'static str>] = &[Some("librosa")];

    type Setting = Extractor;
    type Row = WholeRow;

    fn fields(&self, arguments: &[String]) -> Result<Vec<Field>> {
        Ok(RowArrays::fields(
            self.extractors.get(argument(arguments, 0))?.names(),
        ))
    }

    async fn setting(&self, arguments: &[String]) -> Result<Arc<Extractor>> {
        self.extractors.get(argument(arguments, 0))
    }

    fn compute(extractor: &Extractor, sound: &EncodedSound) -> timbral::Result<WholeRow> {
        whole_row(extractor, sound)
    }

    fn damaged((_, gaps): &WholeRow) -> Option<String> {
        gaps_text(gaps)
    }

    fn arrays(extractor: &Extractor, rows: &[Option<&WholeRow>]) -> Result<Vec<ArrayRef>> {
        let rows: Vec<_> = rows.iter().map(|row| row.map(|(row, _)| row)).collect();
        Ok(RowArrays::arrays(extractor.names().len(), &rows))
    }
}
