//! Models and checkpoints: safetensors files with their configuration as JSON in the metadata.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at};
use crate::history::History;
use crate::network::{Architecture, Network};
use crate::plan::Kind;
use crate::shape::Shape;
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
    architecture: Architecture,
    input: Shape,
    n_classes: usize,
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
                architecture: network.architecture.clone(),
                input: network.input,
                n_classes: network.n_classes,
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

pub(crate) fn write(path: &Path, contents: &Contents) -> Result<()> {
    let bytes = encode(contents).map_err(|e| at(path)(std::io::Error::other(e)))?;
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
    attempt().map_err(at(path))
}

pub(crate) fn encode(
    contents: &Contents,
) -> std::result::Result<Vec<u8>, safetensors::SafeTensorError> {
    let bytes =
        |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let mut stored: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    let network = &contents.network;
    for tensor in &network.plan.tensors {
        let from = match tensor.is_statistic() {
            true => &network.statistics,
            false => &network.parameters,
        };
        let values = bytes(&from[tensor.range.clone()]);
        stored.push((tensor.name.clone(), tensor.shape.clone(), values));
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
    let bytes = std::fs::read(path).map_err(at(path))?;
    decode(&bytes, kind)
}

pub(crate) fn decode(bytes: &[u8], kind: &'static str) -> Result<Contents> {
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
    let (plan, _) = config
        .architecture
        .build(config.input, config.n_classes)
        .map_err(|e| invalid(kind, e.to_string()))?;
    // Nothing is allocated for a shape that the file does not bear out.
    for expected in &plan.tensors {
        let (name, shape) = (&expected.name, &expected.shape);
        let tensor = file.tensor(name).map_err(foreign)?;
        if tensor.shape() != shape {
            let got = tensor.shape();
            return Err(invalid(
                kind,
                format!("{name}: expected shape {shape:?}, got {got:?}"),
            ));
        }
    }
    let mut parameters = vec![0.0; plan.n_parameters];
    let mut statistics = vec![0.0; plan.n_statistics];
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
        match plan.tensor(&name) {
            Some(tensor) if tensor.kind == Kind::Variance && values.iter().any(|x| *x < 0.0) => {
                return Err(invalid(kind, format!("{name}: a variance is negative")));
            }
            Some(tensor) if tensor.is_statistic() => {
                statistics[tensor.range.clone()].copy_from_slice(&values);
            }
            Some(tensor) => parameters[tensor.range.clone()].copy_from_slice(&values),
            None if kind == CHECKPOINT => vectors.push((name, values)),
            None => return Err(invalid(kind, format!("{name}: not of this network"))),
        }
    }
    let network = Network {
        architecture: config.architecture.clone(),
        input: config.input,
        n_classes: config.n_classes,
        plan,
        parameters,
        statistics,
    };
    Ok(Contents {
        config,
        network,
        vectors,
    })
}
