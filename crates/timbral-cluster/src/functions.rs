//! The functions of DataFusion sessions.

mod arrays;
#[cfg(feature = "pretrained")]
mod embedding;
mod features;
mod genre;
mod literals;
mod models;
mod prediction;
mod ranked;
mod segments;
mod shard;
mod sound_function;
mod trees;

use std::sync::Arc;

use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::ScalarUDF;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};

use crate::error::Result;
use crate::stores::Stores;
use crate::tracks::Tracks;
use features::{ExtractorCache, Features};
use genre::Genre;
use prediction::PredictFeatures;
use segments::Segments;
use shard::ExtractShard;
use sound_function::SoundFunction;

pub(crate) use shard::{NAME as EXTRACT_SHARD, columns_beside_features};
pub(crate) use trees::is_number;

/// The SQL functions `audio_features`, `audio_segments`, `predict_genre`, `predict_features` and `extract_shard`.
///
/// | function | result |
/// |---|---|
/// | `audio_features(path[, features])` | struct of `length` in samples, one number per feature, and the columns below |
/// | `audio_segments(path[, features])` | struct of `segments`, a list of structs of `filename`, `length` and the features of every 3 s, and the columns below |
/// | `predict_genre(path, model)` | struct of `genre`, `probability`, `none_of_these`, `genres` (all, the most probable first), and the columns below |
/// | `embed_audio(path, model[, network])` | struct of `embedding`, a list of 32-bit numbers, and the columns below (feature `pretrained`) |
/// | `predict_features(features, model)` | struct of `label`, `probability`, `labels` (all, the most probable first), `reason` and `error` |
/// | `extract_shard(part, shard, features)` | struct of counts; [`ExtractParams::run`](crate::ExtractParams::run) calls it |
///
/// `path` is that of a file or object ([`Location`](crate::Location)). `features` is a literal: a preset (`librosa`, the default,
/// `gtzan`, `fma`, `librosa-all`) or a set as `mfcc,chroma_cqt:mean,std`
/// ([`FeatureSetParams`](timbral::dsp::FeatureSetParams)). `model` is a literal: the location of a saved
/// [`Classifier`](timbral::Classifier). Every result of a sound has the columns
///
/// - `damaged`: what is missing of a file that could be used, else null;
/// - `reason`: why there is no result, in one or two words to count by (`not found`, `unreadable`, `unknown format`,
///   `malformed`, `damaged`, `truncated`, `too short` and so on), else null;
/// - `error`: the same as a sentence that names the file, else null;
/// - `seconds`: wall-clock time of decoding and computing;
/// - `executor`: the id of the process.
///
/// A bad file gives a row with its error; the query does not fail. The query fails if a literal is wrong: an unknown
/// feature, or a model that cannot be read or whose parts do not fit together.
///
/// # `embed_audio`
///
/// With the feature `pretrained`, `embed_audio` computes the mean of an output of a published network over a
/// recording. `model` is a literal, the location of the weights: the wheel, a folder or a safetensors file as for the
/// option `--weights` of `timbral extract-features`; in a bucket only the wheel or a safetensors file. `network` is a
/// literal as for its option `--embeddings`: `musicnn-msd` (the default) or `musicnn-mtt`, followed by `:max_pool`
/// (the default), `:mean_pool`, `:penultimate` or `:taggram`. Value `i` of the list is that of the column that ends
/// in `_i` in the table of that command.
///
/// # `predict_features`
///
/// `features` is a struct of named numbers: the result of `audio_features`, or columns of a table as
/// [`feature_struct`](crate::feature_struct) and [`Session::register_shards`](crate::Session::register_shards) make it. `model` is a literal:
/// the location of boosted trees in XGBoost's format, `.json` or `.ubj`, as [`Model::save`](timbral::boost::Model::save) and the
/// command `train-shards` write them, with the names of the features; without names of classes, labels are numbers from 0.
///
/// The trees find their features by name. Other fields are ignored, and a null is a missing value. A row in which all
/// features of the model are null has no prediction. Its `reason` and `error` are those of the struct, such as of a
/// file that could not be read, or `no features` if the struct has no such fields.
///
/// If the struct lacks a feature of the model, the query fails with an error that names the feature. The model is
/// read where the rows are computed, so that the error appears with the first row and not when the query is planned.
///
/// In a [`Session`](crate::Session), a query may pass the result of `audio_features` directly to `predict_features`.
/// All these functions are asynchronous. Other sessions of DataFusion cannot evaluate an asynchronous function in the
/// arguments of another one, or in a subquery from which only its result is selected.
///
/// The functions process 16 rows at a time; a [`Session`](crate::Session) sets the batches of a query to that size.
///
/// ```
/// use datafusion::prelude::SessionContext;
/// use timbral_cluster::Functions;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let context = SessionContext::new();
/// Functions::new("here").register(&mut *context.state_ref().write())?;
/// let query = "SELECT f.reason, f.tempo IS NULL FROM (SELECT audio_features('/no/such.wav') AS f)";
/// let rows = context.sql(query).await?.to_string().await?;
/// assert!(rows.contains("| not found | true "), "{rows}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Functions {
    tracks: Arc<Tracks>,
    executor: String,
}

/// Rows that a function takes at once.
pub(crate) const BATCH_SIZE: usize = 16;

impl Functions {
    /// The functions of a process, whose id `executor` is in every row.
    pub fn new(executor: impl Into<String>) -> Self {
        Self {
            tracks: Arc::new(Tracks::new(Arc::new(Stores::default()))),
            executor: executor.into(),
        }
    }

    /// Adds the functions to a session or a registry.
    ///
    /// # Errors
    ///
    /// The registry takes no functions.
    pub fn register(&self, registry: &mut dyn FunctionRegistry) -> Result<()> {
        for function in self.all() {
            registry.register_udf(Arc::new(function))?;
        }
        Ok(())
    }

    pub(crate) fn all(&self) -> Vec<ScalarUDF> {
        let extractors = Arc::new(ExtractorCache::default());
        let (tracks, executor) = (&self.tracks, &*self.executor);
        let features = Features::new(Arc::clone(&extractors));
        let shard = ExtractShard::new(Arc::clone(tracks), extractors, executor);
        let genre = Genre::new(Arc::clone(&tracks.stores));
        let prediction = PredictFeatures::new(Arc::clone(&tracks.stores));
        let segments = Segments::default();
        let functions: Vec<Arc<dyn AsyncScalarUDFImpl>> = vec![
            Arc::new(SoundFunction::new(features, tracks, executor)),
            Arc::new(SoundFunction::new(segments, tracks, executor)),
            Arc::new(SoundFunction::new(genre, tracks, executor)),
            Arc::new(prediction),
            Arc::new(shard),
        ];
        #[cfg(feature = "pretrained")]
        let functions = {
            let embedding = embedding::Embedding::new(Arc::clone(&tracks.stores));
            let embedding = SoundFunction::new(embedding, tracks, executor);
            [functions, vec![Arc::new(embedding)]].concat()
        };
        let functions = functions.into_iter().map(AsyncScalarUDF::new);
        functions.map(AsyncScalarUDF::into_scalar_udf).collect()
    }

    pub(crate) fn stores(&self) -> &Arc<Stores> {
        &self.tracks.stores
    }
}
