use std::collections::BTreeMap;

use super::schema::{CLASS_NAMES, LOSS};
use super::sink::Sink;
use super::write_categories::cats;
use super::write_objective::{array, objective, strings};
use crate::loss::Objective;
use crate::model::{Children, Model, Node, Tree};

/// The version of XGBoost whose format is written.
const VERSION: [i64; 3] = [3, 4, 1];

/// The parent of the root in a model file.
const NO_PARENT: i32 = i32::MAX;

/// The threshold of a leaf that is a vector, and of a categorical split: the smallest number.
const NO_CONDITION: f32 = f32::from_bits(1);

/// Writes the model with its keys in XGBoost's order, which is alphabetical.
pub(super) fn model<S: Sink>(model: &Model, out: &mut S) {
    out.begin_object();
    out.key("learner");
    out.begin_object();
    out.key("attributes");
    strings(&attributes(model), out);
    out.key("feature_names");
    list(model.feature_names.as_deref().unwrap_or_default(), out);
    out.key("feature_types");
    list(model.feature_types.as_deref().unwrap_or_default(), out);
    out.key("gradient_booster");
    booster(model, out);
    out.key("learner_model_param");
    learner_param(model, out);
    out.key("objective");
    objective(&model.objective, model.position_bias.as_ref(), out);
    out.end_object();
    out.key("version");
    integers(VERSION.into_iter(), out);
    out.end_object();
}

fn attributes(model: &Model) -> BTreeMap<String, String> {
    let mut attributes = model.attributes.clone();
    if let Some(best) = model.best_iteration {
        attributes.insert("best_iteration".into(), best.to_string());
    }
    if let Some(names) = &model.class_names {
        let names = serde_json::Value::from(names.as_slice());
        attributes.insert(CLASS_NAMES.into(), names.to_string());
    }
    if let Objective::Loss { name, .. } = &model.objective {
        attributes.insert(LOSS.into(), name.clone());
    }
    attributes
}

fn booster<S: Sink>(model: &Model, out: &mut S) {
    out.begin_object();
    out.key("model");
    out.begin_object();
    out.key("cats");
    cats(model, out);
    out.key("gbtree_model_param");
    let widest = model.round_starts.windows(2).map(|w| w[1] - w[0]).max();
    let of_round = match model.trees.first() {
        Some(tree) if tree.vectors().is_some() => 1,
        _ => model.n_outputs().max(1),
    };
    let parallel = widest.unwrap_or(0) / of_round;
    fields(
        &[
            ("num_parallel_tree", &parallel.max(1).to_string()),
            ("num_trees", &model.trees.len().to_string()),
        ],
        out,
    );
    out.key("iteration_indptr");
    integers(model.round_starts.iter().map(|&i| i as i64), out);
    out.key("tree_info");
    integers(model.tree_outputs.iter().map(|&k| k.into()), out);
    out.key("trees");
    out.begin_array(model.trees.len());
    let n_features = model.n_features.to_string();
    for (id, tree) in model.trees.iter().enumerate() {
        write_tree(tree, id, &n_features, out);
    }
    out.end_array();
    out.end_object();
    out.key("name");
    out.string("gbtree");
    out.end_object();
}

fn write_tree<S: Sink>(tree: &Tree, id: usize, n_features: &str, out: &mut S) {
    let nodes = tree.nodes();
    let vectors = tree.vectors();
    let no_parent = if vectors.is_some() { -1 } else { NO_PARENT };
    let mut parents = vec![no_parent; nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        if let Some(split) = node.children {
            parents[split.left as usize] = i as i32;
            parents[split.right as usize] = i as i32;
        }
    }
    let of_node = |value: fn(&Node) -> f32| nodes.iter().map(value);
    let splits = || nodes.iter().map(|node| node.children);
    let child =
        |index: fn(Children) -> u32| splits().map(move |s| s.map_or(-1, |s| index(s) as i32));

    out.begin_object();
    out.key("base_weights");
    match vectors {
        None => out.typed(of_node(|node| node.base_weight)),
        Some(vectors) => out.typed(vectors.weights.iter().copied()),
    }
    let categorical = || (0..nodes.len()).filter_map(|i| Some((i, tree.categories(i)?)));
    let categories: Vec<u32> = categorical()
        .flat_map(|(_, set)| set.iter().copied())
        .collect();
    out.key("categories");
    out.typed(categories.into_iter().map(|category| category as i32));
    let places: Vec<i32> = categorical().map(|(node, _)| node as i32).collect();
    out.key("categories_nodes");
    out.typed(places.into_iter());
    let sizes: Vec<i64> = categorical().map(|(_, set)| set.len() as i64).collect();
    out.key("categories_segments");
    let starts = sizes.iter().scan(0, |end, size| {
        *end += size;
        Some(*end - size)
    });
    out.typed(starts.collect::<Vec<i64>>().into_iter());
    out.key("categories_sizes");
    out.typed(sizes.into_iter());
    out.key("default_left");
    out.typed(splits().map(|s| u8::from(s.is_some_and(|s| s.default_left))));
    out.key("id");
    out.integer(id as i64);
    if let Some(vectors) = vectors {
        out.key("leaf_weights");
        let leaves = (0..nodes.len()).filter(|&i| nodes[i].children.is_none());
        let values: Vec<f32> = leaves
            .flat_map(|leaf| vectors.values(leaf).iter().copied())
            .collect();
        out.typed(values.into_iter());
    }
    out.key("left_children");
    out.typed(child(|split| split.left));
    out.key("loss_changes");
    out.typed(of_node(|node| node.loss_change));
    out.key("parents");
    out.typed(parents.iter().copied());
    out.key("right_children");
    match vectors {
        None => out.typed(child(|split| split.right)),
        Some(_) => {
            // The right child of a leaf is the index of its vector.
            let mut n_leaves = 0;
            let right = splits().map(|s| {
                n_leaves += i32::from(s.is_none());
                s.map_or(n_leaves - 1, |s| s.right as i32)
            });
            out.typed(right.collect::<Vec<i32>>().into_iter());
        }
    }
    out.key("split_conditions");
    let leaf = |node: &Node| vectors.map_or(node.leaf_value, |_| NO_CONDITION);
    out.typed(nodes.iter().map(|node| match node.children {
        None => leaf(node),
        Some(split) if split.is_categorical => NO_CONDITION,
        Some(split) => split.threshold,
    }));
    out.key("split_indices");
    out.typed(splits().map(|s| s.map_or(0, |s| s.feature as i32)));
    out.key("split_type");
    out.typed(splits().map(|s| u8::from(s.is_some_and(|s| s.is_categorical))));
    out.key("sum_hessian");
    out.typed(of_node(|node| node.sum_hessian));
    out.key("tree_param");
    fields(
        &[
            ("num_deleted", "0"),
            ("num_feature", n_features),
            ("num_nodes", &nodes.len().to_string()),
            ("size_leaf_vector", &tree.n_outputs().to_string()),
        ],
        out,
    );
    out.end_object();
}

fn learner_param<S: Sink>(model: &Model, out: &mut S) {
    let scores = array(&model.base_score);
    let n_outputs = model.n_outputs().to_string();
    let (n_classes, n_targets) = match &model.objective {
        Objective::Softprob { .. } | Objective::Softmax { .. } => (n_outputs.as_str(), "1"),
        _ => ("0", n_outputs.as_str()),
    };
    fields(
        &[
            ("base_score", &scores),
            ("boost_from_average", "1"),
            ("num_class", n_classes),
            ("num_feature", &model.n_features.to_string()),
            ("num_target", n_targets),
        ],
        out,
    );
}

fn list<S: Sink>(strings: &[String], out: &mut S) {
    out.begin_array(strings.len());
    strings.iter().for_each(|text| out.string(text));
    out.end_array();
}

fn fields<S: Sink>(fields: &[(&str, &str)], out: &mut S) {
    out.begin_object();
    for (key, value) in fields {
        out.key(key);
        out.string(value);
    }
    out.end_object();
}

fn integers<S: Sink>(values: impl ExactSizeIterator<Item = i64>, out: &mut S) {
    out.begin_array(values.len());
    values.for_each(|value| out.integer(value));
    out.end_array();
}
