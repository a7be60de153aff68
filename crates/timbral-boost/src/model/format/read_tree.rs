use super::fault::{bad, number};
use super::read_categories::Segments;
use super::read_vectors;
use super::schema;
use crate::error::Result;
use crate::model::{Children, Node, Tree};

/// Tree `index` of a file, with its leaves multiplied by `weight`.
pub(super) fn tree<F: Copy + Into<f32>>(
    raw: &schema::Tree<F>,
    index: usize,
    n_features: usize,
    n_outputs: usize,
    weight: f32,
) -> Result<Tree> {
    let place = |key: &str| format!("trees[{index}].{key}");
    let at = |key: &str, node: usize| format!("trees[{index}].{key}[{node}]");
    let param = |key: &str, text: &str| number::<usize>(&place(key), text);

    let size_key = "tree_param.size_leaf_vector";
    let size = param(size_key, &raw.tree_param.size_leaf_vector)?;
    if size > 1 && size != n_outputs {
        let reason = format!("{size} for {n_outputs} outputs");
        return Err(bad(place(size_key), reason));
    }
    let n_nodes = param("tree_param.num_nodes", &raw.tree_param.num_nodes)?;
    for (key, len) in [
        ("base_weights", raw.base_weights.len() / size.max(1)),
        ("default_left", raw.default_left.len()),
        ("left_children", raw.left_children.len()),
        ("loss_changes", raw.loss_changes.len()),
        ("right_children", raw.right_children.len()),
        ("split_conditions", raw.split_conditions.len()),
        ("split_indices", raw.split_indices.len()),
        (
            "split_type",
            raw.split_type.as_ref().map_or(n_nodes, Vec::len),
        ),
        ("sum_hessian", raw.sum_hessian.len()),
    ] {
        if len != n_nodes {
            return Err(bad(place(key), format!("{len} for {n_nodes} nodes")));
        }
    }
    let order = order(raw, n_nodes, at)?;
    let n_deleted = param("tree_param.num_deleted", &raw.tree_param.num_deleted)?;
    if n_nodes - order.len() != n_deleted {
        return Err(bad(
            place("left_children"),
            format!(
                "{} of {n_nodes} nodes are reached, {n_deleted} are deleted",
                order.len()
            ),
        ));
    }
    let mut places = vec![0; n_nodes];
    for (new, &old) in order.iter().enumerate() {
        places[old] = new as u32;
    }

    let segments = Segments::new(raw, index)?;
    let mut categorical = Vec::new();
    let mut nodes = Vec::with_capacity(order.len());
    for &i in &order {
        let number = |key: &str, value: f32| match value.is_nan() {
            false => Ok(value),
            true => Err(bad(at(key, i), "NaN: the training of this model diverged")),
        };
        // Statistics do not take part in predictions and may be anything.
        let sum_hessian: f32 = raw.sum_hessian[i].into();
        let is_leaf = raw.left_children[i] == -1;
        if size > 1 && is_leaf {
            nodes.push(Node::leaf(0.0, 0.0, sum_hessian));
            continue;
        }
        let base_weight: f32 = match size {
            0 | 1 => raw.base_weights[i].into(),
            _ => 0.0,
        };
        let is_categorical = match raw.split_type.as_ref().map_or(0, |types| types[i]) {
            0 => false,
            // Pruning leaves it behind.
            1 => !is_leaf,
            other => return Err(bad(at("split_type", i), format!("{other}"))),
        };
        let condition = match is_categorical {
            true => {
                categorical.push((nodes.len(), segments.of_node(i)?));
                0.0
            }
            false => number("split_conditions", raw.split_conditions[i].into())?,
        };
        if is_leaf {
            let leaf_value = number("split_conditions", weight * condition)?;
            nodes.push(Node::leaf(leaf_value, base_weight, sum_hessian));
            continue;
        }
        let feature = raw.split_indices[i];
        if !usize::try_from(feature).is_ok_and(|feature| feature < n_features) {
            return Err(bad(
                at("split_indices", i),
                format!("feature {feature} of {n_features}"),
            ));
        }
        let children = Children::new(
            feature as u32,
            condition,
            raw.default_left[i].0,
            places[raw.left_children[i] as usize],
            places[raw.right_children[i] as usize],
        );
        let loss_change: f32 = raw.loss_changes[i].into();
        nodes.push(Node::split(children, base_weight, loss_change, sum_hessian));
    }
    let mut tree = Tree::new(nodes)?;
    for (node, categories) in categorical {
        tree = tree.with_categories(node, &categories)?;
    }
    match size {
        0 | 1 => Ok(tree),
        _ => {
            let vectors = read_vectors::vectors(raw, index, size, &order, weight)?;
            Ok(tree.with_vectors(vectors))
        }
    }
}

/// The nodes below the root, parents first: in the order of the file if that is such an order, else
/// breadth first. XGBoost leaves pruned nodes in the file.
fn order<F>(
    raw: &schema::Tree<F>,
    n_nodes: usize,
    at: impl Fn(&str, usize) -> String,
) -> Result<Vec<usize>> {
    if n_nodes == 0 {
        return Err(bad(at("left_children", 0), "a tree has at least one node"));
    }
    let mut seen = vec![false; n_nodes];
    seen[0] = true;
    let mut order = vec![0];
    let mut sorted = true;
    let mut next = 0;
    while let Some(&parent) = order.get(next) {
        next += 1;
        let (left, right) = (raw.left_children[parent], raw.right_children[parent]);
        // With vectors the right child of a leaf is the index of its vector.
        let is_vector = raw.leaf_weights.is_some();
        if left == -1 && (right == -1 || is_vector) {
            continue;
        }
        for (key, child) in [("left_children", left), ("right_children", right)] {
            let Some(child) = usize::try_from(child).ok().filter(|&c| c < n_nodes) else {
                return Err(bad(at(key, parent), format!("{child} of {n_nodes} nodes")));
            };
            if seen[child] {
                return Err(bad(
                    at(key, parent),
                    format!("node {child} is reached twice"),
                ));
            }
            seen[child] = true;
            sorted &= child > parent;
            order.push(child);
        }
    }
    if sorted {
        order.sort_unstable();
    }
    Ok(order)
}
