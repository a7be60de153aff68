use std::collections::BTreeMap;

use super::schema::{CLASS_NAMES, LOSS};
use super::sink::{Json, Sink};
use crate::loss::Objective;
use crate::model::{Children, Model, Node, Tree};

/// The version of XGBoost whose format is written.
const VERSION: [i64; 3] = [3, 4, 1];

/// The parent of the root in a model file.
const NO_PARENT: i32 = i32::MAX;

/// The threshold of a leaf that is a vector: the smallest number.
const NO_CONDITION: f32 = f32::from_bits(1);

/// Writes the model with its keys in XGBoost's order, which is alphabetical.
pub(super) fn model<S: Sink>(model: &Model, out: &mut S) {
    out.begin_object();
    out.key("learner");
    out.begin_object();
    out.key("attributes");
    strings(&attributes(model), out);
    out.key("feature_names");
    let names = model.feature_names.as_deref().unwrap_or_default();
    out.begin_array(names.len());
    for name in names {
        out.string(name);
    }
    out.end_array();
    out.key("feature_types");
    out.begin_array(0);
    out.end_array();
    out.key("gradient_booster");
    booster(model, out);
    out.key("learner_model_param");
    learner_param(model, out);
    out.key("objective");
    objective(&model.objective, out);
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
    out.begin_object();
    out.key("enc");
    out.begin_array(0);
    out.end_array();
    out.key("feature_segments");
    out.typed::<i32>([].into_iter());
    out.key("sorted_idx");
    out.typed::<i32>([].into_iter());
    out.end_object();
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
    for key in ["categories", "categories_nodes"] {
        out.key(key);
        out.typed::<i32>([].into_iter());
    }
    for key in ["categories_segments", "categories_sizes"] {
        out.key(key);
        out.typed::<i64>([].into_iter());
    }
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
    out.typed(nodes.iter().map(|node| {
        node.children
            .map_or_else(|| leaf(node), |split| split.threshold)
    }));
    out.key("split_indices");
    out.typed(splits().map(|s| s.map_or(0, |s| s.feature as i32)));
    out.key("split_type");
    out.typed(nodes.iter().map(|_| 0_u8));
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

/// An array that is a string.
fn array(numbers: &[f32]) -> String {
    let mut out = Json::default();
    out.typed(numbers.iter().copied());
    String::from_utf8_lossy(&out.0).into_owned()
}

/// The name and the parameters, in alphabetical order.
fn objective<S: Sink>(objective: &Objective, out: &mut S) {
    let block = |name: &str, key: &str, value: String| {
        let block = BTreeMap::from([(key.to_owned(), value)]);
        BTreeMap::from([(name.to_owned(), block)])
    };
    let params = match objective {
        // XGBoost knows no other objective whose predictions are the margins of any number of outputs.
        Objective::SquaredError
        | Objective::Gamma
        | Objective::Logistic
        | Objective::Loss { .. } => block("reg_loss_param", "scale_pos_weight", "1".into()),
        Objective::AbsoluteError => BTreeMap::new(),
        Objective::Quantile { alpha } => {
            block("quantile_loss_param", "quantile_alpha", array(&[*alpha]))
        }
        Objective::Expectile { alpha } => {
            block("expectile_loss_param", "expectile_alpha", array(&[*alpha]))
        }
        Objective::Poisson { max_delta_step } => block(
            "poisson_regression_param",
            "max_delta_step",
            general(*max_delta_step),
        ),
        Objective::Tweedie { variance_power } => block(
            "tweedie_regression_param",
            "tweedie_variance_power",
            general(*variance_power),
        ),
        Objective::PseudoHuber { slope } => {
            block("pseudo_huber_param", "huber_slope", general(*slope))
        }
        Objective::Softprob { n_classes } | Objective::Softmax { n_classes } => block(
            "softmax_multiclass_param",
            "num_class",
            n_classes.to_string(),
        ),
        Objective::Other { params, .. } => params.clone(),
    };
    let (before, after): (Vec<_>, Vec<_>) =
        params.iter().partition(|(key, _)| key.as_str() < "name");
    out.begin_object();
    for (key, block) in before {
        out.key(key);
        strings(block, out);
    }
    out.key("name");
    out.string(match objective {
        Objective::Loss { .. } => Objective::SquaredError.name(),
        objective => objective.name(),
    });
    for (key, block) in after {
        out.key(key);
        strings(block, out);
    }
    out.end_object();
}

/// A number with nine significant digits, as C's `%.9g`.
fn general(x: f32) -> String {
    const DIGITS: i32 = 9;
    let scientific = format!("{:.*e}", DIGITS as usize - 1, f64::from(x));
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..DIGITS).contains(&exponent) {
        trimmed(&format!(
            "{:.*}",
            (DIGITS - 1 - exponent) as usize,
            f64::from(x)
        ))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs())
    }
}

fn strings<S: Sink>(strings: &BTreeMap<String, String>, out: &mut S) {
    out.begin_object();
    for (key, value) in strings {
        out.key(key);
        out.string(value);
    }
    out.end_object();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_nine_digits() {
        for (x, expected) in [
            (1.0, "1"),
            (0.7, "0.699999988"),
            (0.0, "0"),
            (1e-4, "9.99999975e-05"),
            (1.5e9, "1.5e+09"),
            (123_456.79, "123456.789"),
        ] {
            assert_eq!(general(x), expected);
        }
    }
}
