use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, Float32Array};
use datafusion::arrow::datatypes::{DataType, Field};
use timbral::audio::Gaps;
use timbral::{EmbeddingColumns, EmbeddingParams, EncodedSound, Segmentation};

use super::arrays::{gaps_text, lists};
use super::models::Models;
use super::sound_function::{OfSound, argument};
use crate::computed::computed;
use crate::error::{Error, Result};
use crate::location::Location;
use crate::stores::Stores;

/// The embeddings of recordings by published networks.
#[derive(Debug)]
pub(super) struct Embedding {
    stores: Arc<Stores>,
    networks: Models<EmbeddingColumns>,
}

impl Embedding {
    pub(super) fn new(stores: Arc<Stores>) -> Self {
        let networks = Models::default();
        Self { stores, networks }
    }

    /// A network with the weights at a location.
    async fn read(&self, weights: &str, network: &str) -> Result<EmbeddingColumns> {
        let params: EmbeddingParams = network.parse()?;
        let location: Location = weights.parse()?;
        // Of a bucket the bytes; a copy on the disk may be a folder.
        let is_file = location.is_file();
        let bytes = match is_file {
            true => None,
            false => Some(self.stores.read(&location).await?),
        };
        let read = move || -> timbral::Result<EmbeddingColumns> {
            let model = params.model;
            let weights = match bytes {
                None => model.weights(Some(Path::new(&location.to_string())))?,
                Some(bytes) => model.weights_from_slice(&bytes)?,
            };
            params.columns_with(&weights, Segmentation::Whole, 0)
        };
        // Errors of files have their paths.
        let bad = |reason: String| Error::Model {
            location: weights.to_owned(),
            reason,
        };
        match computed(read).await {
            Some(columns) if is_file => Ok(columns?),
            Some(columns) => columns.map_err(|e| bad(e.to_string())),
            None => Err(bad(
                "reading the weights panicked; please report it with them".to_owned(),
            )),
        }
    }
}

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Float32, false))
}

#[async_trait]
impl OfSound for Embedding {
    const NAME: &'static str = "embed_audio";
    const DEFAULTS: &'static [Option<&'static str>] = &[None, Some("musicnn-msd")];

    type Setting = EmbeddingColumns;
    type Row = (Vec<f32>, Gaps);

    fn fields(&self, arguments: &[String]) -> Result<Vec<Field>> {
        let _: EmbeddingParams = argument(arguments, 1).parse()?;
        Ok(vec![Field::new("embedding", DataType::List(item()), true)])
    }

    async fn setting(&self, arguments: &[String]) -> Result<Arc<EmbeddingColumns>> {
        let (weights, network) = (argument(arguments, 0), argument(arguments, 1));
        let key = format!("{network} {weights}");
        self.networks.get(&key, self.read(weights, network)).await
    }

    fn compute(columns: &EmbeddingColumns, sound: &EncodedSound) -> timbral::Result<Self::Row> {
        let (rows, gaps) = columns.rows_encoded(sound)?;
        let part = "embedding";
        let row = (rows.into_iter().next()).ok_or(timbral::Error::EmptyPart { part })?;
        // Each is a number of 32 bits in as many digits as it needs.
        Ok((row.values.iter().map(|x| *x as f32).collect(), gaps))
    }

    fn damaged((_, gaps): &Self::Row) -> Option<String> {
        gaps_text(gaps)
    }

    fn arrays(_: &EmbeddingColumns, rows: &[Option<&Self::Row>]) -> Result<Vec<ArrayRef>> {
        let values = rows.iter().flatten().flat_map(|row| row.0.iter().copied());
        let values = Float32Array::from_iter_values(values);
        let lengths = rows.iter().map(|row| row.map(|row| row.0.len()));
        Ok(vec![lists(item(), lengths, Arc::new(values))?])
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Array, AsArray};
    use datafusion::arrow::datatypes::Float32Type;
    use datafusion::execution::FunctionRegistry;
    use datafusion::logical_expr::async_udf::AsyncScalarUDF;
    use timbral::Columns;
    use timbral::dsp::MelParams;
    use timbral::pretrained::candle_core::Result as CandleResult;
    use timbral::pretrained::{Compression, Device, LogMelParams, Model, Network, Output, Tensor};

    use super::super::sound_function::SoundFunction;
    use super::*;
    use crate::session::Session;
    use crate::tracks::Tracks;

    /// The means of the bands of a window of half a second.
    #[derive(Debug)]
    struct MeanBands;

    impl Network for MeanBands {
        fn name(&self) -> &str {
            "mean-bands"
        }

        fn front_end(&self) -> LogMelParams {
            let mel = MelParams {
                sample_rate: 8000,
                n_fft: 128,
                n_mels: 4,
                ..MelParams::default()
            };
            LogMelParams::new(mel, 80, Compression::Log10 { gain: 100.0 })
        }

        fn window_frames(&self) -> usize {
            50
        }

        fn outputs(&self) -> &[Output] {
            const OUTPUTS: [Output; 1] = [Output::new("max_pool", 4)];
            &OUTPUTS
        }

        fn tags(&self) -> &[&'static str] {
            &[]
        }

        fn device(&self) -> &Device {
            &Device::Cpu
        }

        fn forward(&self, windows: &Tensor) -> CandleResult<Vec<Tensor>> {
            Ok(vec![windows.mean(1)?])
        }
    }

    fn columns() -> EmbeddingColumns {
        let params = EmbeddingParams::new(Model::MusicnnMsd);
        let network = Box::new(MeanBands);
        EmbeddingColumns::new(network, String::new(), &params, Segmentation::Whole, 0).unwrap()
    }

    /// The numbers are those of `extract-features --embeddings`, and files that cannot be used are rows.
    #[tokio::test]
    async fn embeddings_are_those_of_the_columns() {
        let folder = tempfile::tempdir().unwrap();
        let params = timbral_synth::SynthParams {
            recordings_per_genre: 1,
            seconds: 1.2,
            ..Default::default()
        };
        let corpus = timbral_synth::SynthCorpus::new(params).unwrap();
        corpus.write(folder.path(), &mut ()).unwrap();
        let files = timbral::Inputs::find([folder.path()]).unwrap().files;
        let bytes = std::fs::read(&files[1]).unwrap();
        std::fs::write(&files[1], &bytes[..1000]).unwrap();

        let session = Session::local().unwrap();
        let stores = session.stores();
        let tracks = Arc::new(Tracks::new(Arc::clone(stores)));
        let embedding = Embedding::new(Arc::clone(stores));
        let made = async { Ok(columns()) };
        embedding
            .networks
            .get("musicnn-msd tiny", made)
            .await
            .unwrap();
        let function =
            AsyncScalarUDF::new(Arc::new(SoundFunction::new(embedding, &tracks, "here")));
        let function = Arc::new(function.into_scalar_udf());
        let state = session.context().state_ref();
        state.write().register_udf(function).unwrap();
        let sql = format!(
            "SELECT e.embedding AS embedding, e.reason AS reason, e.error AS error, e.executor AS executor \
             FROM (SELECT embed_audio(path, 'tiny') AS e FROM (VALUES ('{}'), ('{}')) AS t(path))",
            files[0].display(),
            files[1].display()
        );
        let rows = session.context().sql(&sql).await.unwrap();
        let rows = rows.collect().await.unwrap().remove(0);
        let list = rows.column(0).as_list::<i32>();
        let expected = columns().rows(&files[0]).unwrap().remove(0).values;
        let got = list.value(0);
        let got = got.as_primitive::<Float32Type>().values();
        assert_eq!(got.len(), 4);
        for (got, expected) in got.iter().zip(expected) {
            assert_eq!(got.to_bits(), (expected as f32).to_bits());
        }
        let text = |column: usize, row| rows.column(column).as_string::<i32>().value(row);
        assert!(list.is_null(1));
        assert_eq!((text(1, 1), text(3, 0)), ("too short", "here"));
        let error = columns().rows(&files[1]).unwrap_err().to_string();
        assert_eq!(text(2, 1), error);
    }
}
