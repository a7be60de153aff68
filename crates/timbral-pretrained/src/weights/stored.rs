//! Weights as a safetensors file, with the network's name in the metadata.

use std::collections::HashMap;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::layout::TensorSpec;

/// The key of the network's name in the metadata.
const KEY: &str = "timbral-pretrained";

/// The bytes of a file.
pub(super) fn encode(network: &str, layout: &[TensorSpec], values: &[Vec<f32>]) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = values
        .iter()
        .map(|values| values.iter().flat_map(|x| x.to_le_bytes()).collect())
        .collect();
    let views = layout.iter().zip(&bytes).filter_map(|(spec, bytes)| {
        let view = TensorView::new(Dtype::F32, spec.shape.clone(), bytes).ok()?;
        Some((&spec.name, view))
    });
    let metadata = HashMap::from([(KEY.to_owned(), network.to_owned())]);
    // Shapes and lengths agree: serialisation cannot fail.
    safetensors::serialize(views, Some(metadata)).unwrap_or_default()
}

/// The numbers of a file, in the order of `layout`.
///
/// # Errors
///
/// A sentence: the file is damaged, of another network, or a tensor is missing, different or too many.
pub(super) fn decode(
    bytes: &[u8],
    network: &str,
    layout: &[TensorSpec],
) -> Result<Vec<Vec<f32>>, String> {
    let damaged = |e: safetensors::SafeTensorError| format!("a damaged safetensors file: {e}");
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let named = metadata.metadata().as_ref().and_then(|m| m.get(KEY));
    if let Some(other) = named.filter(|name| *name != network) {
        return Err(format!("the file is of {other:.40}"));
    }
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let extra = file
        .names()
        .into_iter()
        .find(|name| !layout.iter().any(|spec| spec.name == **name))
        .map(|name| format!("the tensor {name:.80} is not of this network"));
    let mut all = Vec::with_capacity(layout.len());
    for spec in layout {
        let name = &spec.name;
        let missing = || {
            extra
                .clone()
                .unwrap_or_else(|| format!("the tensor {name} is missing"))
        };
        let tensor = file.tensor(name).map_err(|_| missing())?;
        if tensor.shape() != spec.shape {
            let (expected, got) = (&spec.shape, tensor.shape());
            return Err(format!(
                "{name}: expected the shape {expected:?}, got {got:?}"
            ));
        }
        if tensor.dtype() != Dtype::F32 {
            return Err(format!("{name}: expected F32, got {:?}", tensor.dtype()));
        }
        let (numbers, _) = tensor.data().as_chunks::<4>();
        all.push(numbers.iter().map(|x| f32::from_le_bytes(*x)).collect());
    }
    match extra {
        Some(reason) => Err(reason),
        None => Ok(all),
    }
}
