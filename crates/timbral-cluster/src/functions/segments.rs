use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, StringArray, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use timbral::audio::Gaps;
use timbral::{EncodedSound, Extractor, FeatureRow, Segmentation};

use super::arrays::{RowArrays, gaps_text, lists};
use super::features::ExtractorCache;
use super::sound_function::{OfSound, argument};
use crate::error::Result;

/// The features of every 3 s.
#[derive(Debug)]
pub(super) struct Segments {
    extractors: ExtractorCache,
}

impl Default for Segments {
    fn default() -> Self {
        let extractors = ExtractorCache::new(Segmentation::gtzan());
        Self { extractors }
    }
}

/// The type of a segment.
fn segment_fields(names: &[String]) -> Fields {
    let mut fields = vec![Field::new("filename", DataType::Utf8, true)];
    fields.extend(RowArrays::fields(names));
    fields.into()
}

fn item(names: &[String]) -> Field {
    Field::new_list_field(DataType::Struct(segment_fields(names)), true)
}

#[async_trait]
impl OfSound for Segments {
    const NAME: &'static str = "audio_segments";
    const DEFAULTS: &'static [Option<&'static str>] = &[Some("librosa")];

    type Setting = Extractor;
    type Row = (Vec<FeatureRow>, Gaps);

    fn fields(&self, arguments: &[String]) -> Result<Vec<Field>> {
        let item = item(self.extractors.get(argument(arguments, 0))?.names());
        let list = DataType::List(Arc::new(item));
        Ok(vec![Field::new("segments", list, true)])
    }

    async fn setting(&self, arguments: &[String]) -> Result<Arc<Extractor>> {
        self.extractors.get(argument(arguments, 0))
    }

    fn compute(extractor: &Extractor, sound: &EncodedSound) -> timbral::Result<Self::Row> {
        extractor.rows_encoded(sound)
    }

    fn damaged((_, gaps): &Self::Row) -> Option<String> {
        gaps_text(gaps)
    }

    fn arrays(extractor: &Extractor, rows: &[Option<&Self::Row>]) -> Result<Vec<ArrayRef>> {
        let names = extractor.names();
        let all: Vec<_> = rows
            .iter()
            .flatten()
            .flat_map(|(rows, _)| rows.iter().map(Some))
            .collect();
        let filenames = all.iter().map(|row| row.map(|row| &*row.filename));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(filenames.collect::<StringArray>())];
        columns.extend(RowArrays::arrays(names.len(), &all));
        let segments = StructArray::try_new(segment_fields(names), columns, None)?;
        let lengths = rows.iter().map(|row| row.map(|(rows, _)| rows.len()));
        let item = Arc::new(item(names));
        Ok(vec![lists(item, lengths, Arc::new(segments))?])
    }
}
