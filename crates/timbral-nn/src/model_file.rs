//! Files of models and checkpoints: safetensors with the configuration as JSON in the metadata.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use timbral_core::write_atomic;

use crate::error::{Error, Result, at};
use crate::layers::plan::Kind;
use crate::nets::architecture::Architecture;
use crate::nets::network::Network;
use crate::shape::Shape;
use crate::training::history::History;
use crate::training::params::TrainParams;

pub(crate) const MODEL: &str = "model";
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// The key of the metadata.
const KEY: &str = "timbral";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) kind: String,
    architecture: Architecture,
    input: Shape,
    n_classes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) training: Option<TrainingConfig>,
    /// Texts that programs keep with a model.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainingConfig {
    pub(crate) params: TrainParams,
    pub(crate) history: History,
    pub(crate) best_epoch: Option<usize>,
    /// The fingerprint of the rows; older files have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<String>,
}

/// The contents of a file.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) config: Config,
    pub(crate) network: Network,
    /// Vectors that do not belong to the network, by name.
    pub(crate) vectors: Vec<(String, Vec<f32>)>,
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
                attributes: BTreeMap::new(),
            },
            network: network.clone(),
            vectors: Vec::new(),
        }
    }
}

/// The error of a file of the kind `what`.
pub(crate) fn invalid(what: &'static str, reason: impl Into<String>) -> Error {
    Error::Format {
        path: None,
        what,
        reason: reason.into(),
    }
}

/// Writes a file atomically.
pub(crate) fn write(path: &Path, contents: &Contents) -> Result<()> {
    let bytes = encode(contents).map_err(|e| at(path)(std::io::Error::other(e)))?;
    write_atomic(path, |file| file.write_all(&bytes)).map_err(at(path))
}

/// The bytes of a file.
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

/// Reads a file of the kind `kind`.
pub(crate) fn read(path: &Path, kind: &'static str) -> Result<Contents> {
    let bytes = std::fs::read(path).map_err(at(path))?;
    decode(&bytes, kind).map_err(|error| error.in_file(path))
}

/// The contents of the bytes of a file of the kind `kind`.
pub(crate) fn decode(bytes: &[u8], kind: &'static str) -> Result<Contents> {
    let damaged = |e: safetensors::SafeTensorError| invalid(kind, e.to_string());
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
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
    // No memory is allocated for tensors that the file does not have.
    for expected in &plan.tensors {
        let (name, shape) = (&expected.name, &expected.shape);
        let tensor = file.tensor(name).map_err(damaged)?;
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
            None => {
                return Err(invalid(
                    kind,
                    format!("{name}: does not belong to this network"),
                ));
            }
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
