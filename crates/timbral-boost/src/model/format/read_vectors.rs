use super::fault::bad;
use super::schema;
use crate::error::Result;
use crate::model::Vectors;

/// The vectors of tree `index` of a file for the nodes in `order`, with its leaves multiplied by `factor`.
pub(super) fn vectors<F: Copy + Into<f32>>(
    raw: &schema::Tree<F>,
    index: usize,
    n_outputs: usize,
    order: &[usize],
    factor: f32,
) -> Result<Vectors> {
    let place = |key: &str| format!("trees[{index}].{key}");
    let n_nodes = raw.left_children.len();
    if raw.base_weights.len() != n_nodes * n_outputs {
        let got = raw.base_weights.len();
        let reason = format!("{got} for {n_nodes} nodes and {n_outputs} outputs");
        return Err(bad(place("base_weights"), reason));
    }
    let mut vectors = Vectors {
        n_outputs,
        weights: Vec::with_capacity(order.len() * n_outputs),
        values: Vec::with_capacity(order.len() * n_outputs),
    };
    for &node in order {
        let weights = &raw.base_weights[node * n_outputs..][..n_outputs];
        vectors.weights.extend(weights.iter().map(|&w| w.into()));
        if raw.left_children[node] != -1 {
            vectors.values.extend(std::iter::repeat_n(0.0, n_outputs));
            continue;
        }
        // Before XGBoost 3.2 the weights of a leaf are its values.
        let values = match &raw.leaf_weights {
            None => weights,
            Some(leaves) => {
                let leaf = usize::try_from(raw.right_children[node]).ok();
                let start = leaf.and_then(|leaf| leaf.checked_mul(n_outputs));
                let rest = start.and_then(|start| leaves.get(start..));
                let values = rest.and_then(|rest| rest.get(..n_outputs));
                values.ok_or_else(|| {
                    let leaf = raw.right_children[node];
                    let at = format!("right_children[{node}]");
                    let got = leaves.len();
                    bad(place(&at), format!("leaf {leaf} of {got} numbers"))
                })?
            }
        };
        for &value in values {
            let value = factor * value.into();
            if value.is_nan() {
                let reason = "NaN: the training of this model diverged";
                return Err(bad(place("leaf_weights"), reason));
            }
            vectors.values.push(value);
        }
    }
    Ok(vectors)
}
