//! Models and checkpoints: safetensors files with their configuration as JSON in the metadata.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::history::History;
use crate::mlp::MlpParams;
use crate::network::{Network, layers};
use crate::train::TrainParams;
use crate::training::{Best, Progress};

pub(crate) const MODEL: &str = "model";
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// The metadata's key.
const KEY: &str = "timbral";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    kind: String,
    n_features: usize,
    n_classes: usize,
    mlp: MlpParams,
    #[serde(skip_serializing_if = "Option::is_none")]
    training: Option<TrainingConfig>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrainingConfig {
    params: TrainParams,
    history: History,
    best_epoch: Option<usize>,
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Contents {
    config: Config,
    pub(crate) network: Network,
    /// Vectors beside the network's, by name.
    vectors: Vec<(String, Vec<f32>)>,
}

impl Contents {
    pub(crate) fn model(network: &Network) -> Self {
        Self {
            config: Config {
                kind: MODEL.into(),
                n_features: network.n_features(),
                n_classes: network.n_classes(),
                mlp: network.params.clone(),
                training: None,
            },
            network: network.clone(),
            vectors: Vec::new(),
        }
    }

    pub(crate) fn checkpoint(progress: &Progress) -> Self {
        let mut contents = Self::model(&progress.network);
        contents.config.kind = CHECKPOINT.into();
        contents.config.training = Some(TrainingConfig {
            params: progress.params.clone(),
            history: progress.history.clone(),
            best_epoch: progress.best.as_ref().map(|best| best.epoch),
        });
        let mut keep = |name: String, vector: &[f32]| {
            contents.vectors.push((name, vector.to_vec()));
        };
        for (i, vector) in progress.state.iter().enumerate() {
            keep(format!("optimiser.{i}"), vector);
        }
        if let Some(ema) = &progress.ema {
            keep("ema".into(), ema);
        }
        if let Some(best) = &progress.best {
            keep("best.parameters".into(), &best.parameters);
            keep("best.statistics".into(), &best.statistics);
        }
        contents
    }

    /// What a checkpoint holds.
    pub(crate) fn progress(mut self) -> Result<Progress> {
        let training = self
            .config
            .training
            .take()
            .ok_or_else(|| invalid(CHECKPOINT, "it has no training"))?;
        let n_epochs = training.history.epochs.len();
        if training.best_epoch.is_some_and(|best| best >= n_epochs) {
            return Err(invalid(CHECKPOINT, "its best epoch is not in its history"));
        }
        let mut take = |name: &str, expected: usize| {
            let found = self.vectors.iter().position(|(have, _)| have == name);
            match found.map(|i| self.vectors.swap_remove(i).1) {
                Some(vector) if vector.len() == expected => Ok(vector),
                Some(_) => Err(invalid(CHECKPOINT, format!("{name} has a wrong length"))),
                None => Err(invalid(CHECKPOINT, format!("{name} is missing"))),
            }
        };
        let n_parameters = self.network.parameters.len();
        let n_statistics = self.network.statistics.len();
        let n_states = training.params.optimiser.state(0).len();
        let state = (0..n_states)
            .map(|i| take(&format!("optimiser.{i}"), n_parameters))
            .collect::<Result<_>>()?;
        let ema = training.params.ema_decay.map(|_| take("ema", n_parameters));
        let ema = ema.transpose()?;
        let best = match training.best_epoch {
            None => None,
            Some(epoch) => Some(Best {
                epoch,
                parameters: take("best.parameters", n_parameters)?,
                statistics: take("best.statistics", n_statistics)?,
            }),
        };
        Ok(Progress {
            params: training.params,
            network: self.network,
            state,
            ema,
            best,
            history: training.history,
        })
    }
}

fn invalid(what: &'static str, reason: impl Into<String>) -> Error {
    Error::Format {
        what,
        reason: reason.into(),
    }
}

/// The tensors of a network: name, shape and place, in the statistics or else in the parameters.
fn tensors(network: &Network) -> Vec<(String, Vec<usize>, bool, std::ops::Range<usize>)> {
    let mut tensors = Vec::new();
    for (i, layer) in network.layers.iter().enumerate() {
        let mut add =
            |name: &str, shape: &[usize], is_statistic, range: &std::ops::Range<usize>| {
                let name = format!("layers.{i}.{name}");
                tensors.push((name, shape.to_vec(), is_statistic, range.clone()));
            };
        add("weight", &[layer.n_in, layer.n_out], false, &layer.weight);
        add("bias", &[layer.n_out], false, &layer.bias);
        if let Some(norm) = &layer.norm {
            add("norm.scale", &[layer.n_out], false, &norm.scale);
            add("norm.mean", &[layer.n_out], true, &norm.mean);
            add("norm.variance", &[layer.n_out], true, &norm.variance);
        }
    }
    tensors
}

pub(crate) fn write(path: &Path, contents: &Contents) -> Result<()> {
    let at = |source: std::io::Error| Error::Io {
        path: path.into(),
        source,
    };
    let bytes = encode(contents).map_err(|e| at(std::io::Error::other(e)))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let attempt = || {
        let mut builder = tempfile::Builder::new();
        // A temporary file is private; the one that stays has the permissions of any new file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut temporary = builder.tempfile_in(folder)?;
        temporary.write_all(&bytes)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    attempt().map_err(at)
}

fn encode(contents: &Contents) -> std::result::Result<Vec<u8>, safetensors::SafeTensorError> {
    let bytes =
        |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let mut stored: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (name, shape, is_statistic, range) in tensors(&contents.network) {
        let network = &contents.network;
        let from = if is_statistic {
            &network.statistics
        } else {
            &network.parameters
        };
        stored.push((name, shape, bytes(&from[range])));
    }
    for (name, vector) in &contents.vectors {
        stored.push((name.clone(), vec![vector.len()], bytes(vector)));
    }
    let views = stored
        .iter()
        .map(|(name, shape, bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name, view))
        })
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let config = serde_json::to_string(&contents.config).unwrap_or_default();
    safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), config)])))
}

pub(crate) fn read(path: &Path, kind: &'static str) -> Result<Contents> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io {
        path: path.into(),
        source,
    })?;
    decode(&bytes, kind)
}

fn decode(bytes: &[u8], kind: &'static str) -> Result<Contents> {
    let foreign = |e: safetensors::SafeTensorError| invalid(kind, e.to_string());
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
    let file = SafeTensors::deserialize(bytes).map_err(foreign)?;
    let config = metadata.metadata().as_ref().and_then(|m| m.get(KEY));
    let config = config.ok_or_else(|| invalid(kind, format!("no metadata {KEY}")))?;
    let config: Config =
        serde_json::from_str(config).map_err(|e| invalid(kind, format!("metadata {KEY}: {e}")))?;
    if config.kind != kind {
        return Err(invalid(kind, format!("it is a {}", config.kind)));
    }
    let (layers, lengths) = layers(&config.mlp, config.n_features, config.n_classes)
        .map_err(|e| invalid(kind, e.to_string()))?;
    let mut network = Network {
        params: config.mlp.clone(),
        layers,
        parameters: Vec::new(),
        statistics: Vec::new(),
    };
    let expected = tensors(&network);
    // Nothing is allocated for a shape that the file does not bear out.
    for (name, shape, ..) in &expected {
        let tensor = file.tensor(name).map_err(foreign)?;
        if tensor.shape() != shape {
            let got = tensor.shape();
            return Err(invalid(
                kind,
                format!("{name}: expected shape {shape:?}, got {got:?}"),
            ));
        }
    }
    network.parameters.resize(lengths[0], 0.0);
    network.statistics.resize(lengths[1], 0.0);
    let mut vectors = Vec::new();
    for (name, tensor) in file.tensors() {
        if tensor.dtype() != Dtype::F32 {
            return Err(invalid(
                kind,
                format!("{name}: expected F32, got {:?}", tensor.dtype()),
            ));
        }
        let (parts, _) = tensor.data().as_chunks::<4>();
        let values: Vec<f32> = parts
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        if values.iter().any(|x| !x.is_finite()) {
            return Err(invalid(kind, format!("{name}: not all numbers are finite")));
        }
        match expected.iter().find(|(have, ..)| *have == name) {
            Some((.., true, range)) => network.statistics[range.clone()].copy_from_slice(&values),
            Some((.., false, range)) => network.parameters[range.clone()].copy_from_slice(&values),
            None if kind == CHECKPOINT => vectors.push((name, values)),
            None => return Err(invalid(kind, format!("{name}: not of this network"))),
        }
    }
    if network
        .layers
        .iter()
        .filter_map(|layer| layer.norm.as_ref())
        .any(|norm| {
            network.statistics[norm.variance.clone()]
                .iter()
                .any(|variance| *variance < 0.0)
        })
    {
        return Err(invalid(kind, "a variance is negative"));
    }
    Ok(Contents {
        config,
        network,
        vectors,
    })
}
