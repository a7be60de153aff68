use std::sync::Arc;

use timbral_audio::{Gaps, OpenParams};
use timbral_pretrained::{Device, Embedder, EmbedderParams, Model, Weights, Window};

use super::columns::column_names;
use crate::error::Result;
use crate::extraction::sound::Sound;
use crate::extraction::sound_files::{DamagedFile, SoundFiles};

/// All outputs of a published network for the windows of a sound, one after the other in a vector.
#[derive(Debug)]
pub(crate) struct EmbeddingAnalyzer {
    model: Model,
    embedder: Embedder,
    weights: Arc<Weights>,
    names: Vec<String>,
    files: SoundFiles,
}

impl EmbeddingAnalyzer {
    pub(crate) fn new(model: Model, weights: Arc<Weights>) -> Result<Self> {
        let network = model.network(&weights, &Device::Cpu)?;
        let embedder = Embedder::new(network, EmbedderParams::default())?;
        let network = embedder.network();
        let outputs = network.outputs().iter();
        Ok(Self {
            names: outputs.flat_map(|o| column_names(network, *o)).collect(),
            model,
            embedder,
            weights,
            files: SoundFiles::default(),
        })
    }

    pub(crate) fn with_open_params(self, params: OpenParams) -> Self {
        let files = SoundFiles::new(params);
        Self { files, ..self }
    }

    pub(crate) fn model(&self) -> Model {
        self.model
    }

    pub(crate) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The names of the values.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn take_damaged(&self) -> Vec<DamagedFile> {
        self.files.take_damaged()
    }

    /// Length of a window in seconds.
    pub(crate) fn window_seconds(&self) -> f64 {
        self.embedder.window_seconds()
    }

    /// Passes on the windows of a sound in order and in batches.
    pub(crate) fn for_each_batch(
        &self,
        sound: Sound<'_>,
        mut take: impl FnMut(Vec<Vec<f32>>) -> Result<()>,
    ) -> Result<Gaps> {
        let vector = |window: Window| window.values.concat();
        let mut batch = |windows: Vec<Window>| take(windows.into_iter().map(vector).collect());
        match sound {
            Sound::File(_) | Sound::Encoded(_) => {
                let reader = sound.reader(&self.files)?;
                let gaps = self.embedder.for_each_batch(reader, batch)?;
                Ok(sound.note(&self.files, gaps))
            }
            Sound::Clip(clip, _) => {
                batch(self.embedder.clip(clip)?)?;
                Ok(Gaps::default())
            }
        }
    }
}
