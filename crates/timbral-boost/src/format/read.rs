use std::collections::BTreeMap;
use std::str::FromStr;

use super::{CLASS_NAMES, schema};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::objective::Objective;
use crate::tree::{Children, Node, Tree};

/// Numbers of features and of outputs that the rest of the file does not bear out; what is
/// allocated for them must stay small.
const MAX_FEATURES: usize = 1 << 24;
const MAX_OUTPUTS: usize = 1 << 16;

/// XGBoost's objectives that are not variants of [`Objective`].
const OTHERS: [&str; 14] = [
    "binary:hinge",
    "binary:logitraw",
    "count:poisson",
    "rank:map",
    "rank:ndcg",
    "rank:pairwise",
    "reg:absoluteerror",
    "reg:gamma",
    "reg:logistic",
    "reg:quantileerror",
    "reg:squaredlogerror",
    "reg:tweedie",
    "survival:aft",
    "survival:cox",
];

fn bad(place: impl Into<String>, reason: impl Into<String>) -> Error {
    Error::Format {
        place: place.into(),
        reason: reason.into(),
    }
}

fn unsupported(what: impl Into<String>) -> Error {
    Error::Unsupported { what: what.into() }
}

/// Parameters are numbers in strings.
fn number<T: FromStr>(place: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|_| bad(place, format!("{text:?} is no number of its kind")))
}

/// The model of a file as it was parsed.
pub(super) fn model(document: schema::Document) -> Result<Model> {
    let schema::Learner {
        mut attributes,
        feature_names,
        gradient_booster,
        learner_model_param: param,
        objective,
    } = document.learner;

    let n_features: usize = number("learner_model_param.num_feature", &param.num_feature)?;
    if n_features > MAX_FEATURES {
        return Err(bad(
            "learner_model_param.num_feature",
            format!("{n_features}, but at most {MAX_FEATURES} are read"),
        ));
    }
    let objective = read_objective(objective, &param)?;
    let n_outputs = objective.n_outputs();
    let base_score = base_score(&param.base_score, &objective)?;
    if ![0, n_features].contains(&feature_names.len()) {
        return Err(bad(
            "feature_names",
            format!("{} for {n_features} features", feature_names.len()),
        ));
    }

    let (forest, weights) = forest(gradient_booster)?;
    let missing = |key: &str| bad("gradient_booster.model", format!("no {key}"));
    let raw_trees = forest.trees.ok_or_else(|| missing("trees"))?;
    let tree_info = forest.tree_info.ok_or_else(|| missing("tree_info"))?;
    let forest_param = forest
        .gbtree_model_param
        .ok_or_else(|| missing("gbtree_model_param"))?;
    let n_trees = raw_trees.len();
    let length = |place: &str, got: usize| match got == n_trees {
        true => Ok(()),
        false => Err(bad(place, format!("{got} for {n_trees} trees"))),
    };
    let declared = "gbtree_model_param.num_trees";
    length(declared, number(declared, &forest_param.num_trees)?)?;
    length("tree_info", tree_info.len())?;
    if let Some(weights) = &weights {
        length("weight_drop", weights.len())?;
    }

    let round_starts = match forest.iteration_indptr {
        Some(starts) => check_rounds(&starts, n_trees)?,
        None => {
            let parallel = forest_param.num_parallel_tree.as_deref().unwrap_or("1");
            let parallel = number("gbtree_model_param.num_parallel_tree", parallel)?;
            equal_rounds(n_trees, parallel, n_outputs)?
        }
    };
    let tree_outputs = tree_info
        .iter()
        .enumerate()
        .map(|(i, &k)| {
            u32::try_from(k)
                .ok()
                .filter(|&k| (k as usize) < n_outputs)
                .ok_or_else(|| bad(format!("tree_info[{i}]"), format!("{k} of {n_outputs}")))
        })
        .collect::<Result<_>>()?;
    let mut trees = Vec::with_capacity(n_trees);
    for (i, raw) in raw_trees.into_iter().enumerate() {
        let weight = weights.as_ref().map_or(1.0, |weights| weights[i]);
        trees.push(tree(&raw, i, n_features, weight)?);
    }

    let class_names = attributes.remove(CLASS_NAMES);
    let n_rounds = round_starts.len() - 1;
    let best_iteration = attributes
        .get("best_iteration")
        .and_then(|text| text.parse().ok())
        .filter(|&best| best < n_rounds);
    if best_iteration.is_some() {
        attributes.remove("best_iteration");
    }
    let model = Model {
        objective,
        n_features,
        base_score,
        trees,
        tree_outputs,
        round_starts,
        feature_names: (!feature_names.is_empty()).then_some(feature_names),
        class_names: None,
        best_iteration,
        attributes,
    };
    match class_names {
        None => Ok(model),
        Some(text) => {
            let place = format!("attributes.{CLASS_NAMES}");
            let names = serde_json::from_str(&text).map_err(|e| bad(&place, e.to_string()))?;
            model
                .with_class_names(names)
                .map_err(|e| bad(&place, e.to_string()))
        }
    }
}

fn read_objective(file: schema::Objective, param: &schema::LearnerParam) -> Result<Objective> {
    let n_classes: usize = number("learner_model_param.num_class", &param.num_class)?;
    let n_targets: usize = match &param.num_target {
        Some(text) => number("learner_model_param.num_target", text)?,
        None => 1,
    };
    let n_outputs = n_classes.max(n_targets).max(1);
    if n_outputs > MAX_OUTPUTS {
        return Err(bad(
            "learner_model_param",
            format!("{n_outputs} outputs, but at most {MAX_OUTPUTS} are read"),
        ));
    }
    let params: BTreeMap<String, BTreeMap<String, String>> = file
        .rest
        .into_iter()
        .filter_map(|(key, block)| Some((key, serde_json::from_value(block).ok()?)))
        .collect();
    Ok(match (file.name.as_str(), n_outputs) {
        ("multi:softprob" | "multi:softmax", _) if n_classes == 0 || n_targets > 1 => {
            return Err(bad(
                "learner_model_param",
                format!(
                    "{} with {n_classes} classes and {n_targets} targets",
                    file.name
                ),
            ));
        }
        ("multi:softprob", _) => Objective::Softprob { n_classes },
        ("multi:softmax", _) => Objective::Softmax { n_classes },
        ("reg:squarederror", 1) => Objective::SquaredError,
        ("binary:logistic", 1) => Objective::Logistic,
        ("reg:pseudohubererror", 1) => {
            let slope = params
                .get("pseudo_huber_param")
                .and_then(|block| block.get("huber_slope"));
            let place = "objective.pseudo_huber_param.huber_slope";
            let slope: f32 = slope.map_or(Ok(1.0), |text| number(place, text))?;
            if !(slope.is_finite() && slope > 0.0) {
                return Err(bad(place, format!("{slope} is not above 0")));
            }
            Objective::PseudoHuber { slope }
        }
        (name, _)
            if OTHERS.contains(&name)
                || [
                    "reg:squarederror",
                    "binary:logistic",
                    "reg:pseudohubererror",
                ]
                .contains(&name) =>
        {
            Objective::Other {
                name: file.name,
                n_outputs,
                params,
            }
        }
        _ => return Err(unsupported(format!("the objective {:?}", file.name))),
    })
}

/// `[a,b,c]` since XGBoost 3.1, one number for all outputs before.
fn base_score(text: &str, objective: &Objective) -> Result<Vec<f32>> {
    let place = "learner_model_param.base_score";
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let mut scores = inner
        .split(',')
        .map(|text| number(place, text.trim()))
        .collect::<Result<Vec<f32>>>()?;
    let n_outputs = objective.n_outputs();
    if scores.len() == 1 {
        scores.resize(n_outputs, scores[0]);
    }
    if scores.len() != n_outputs {
        return Err(bad(
            place,
            format!("{} numbers for {n_outputs} outputs", scores.len()),
        ));
    }
    match scores
        .iter()
        .find(|&&score| !objective.base_margin(score).is_finite())
    {
        Some(score) => Err(bad(place, format!("{score} has no finite margin"))),
        None => Ok(scores),
    }
}

/// The trees of a booster, and what to multiply each with.
fn forest(booster: schema::Booster) -> Result<(schema::Forest, Option<Vec<f32>>)> {
    let missing = |key: &str| bad("gradient_booster", format!("no {key}"));
    match booster.name.as_str() {
        "gbtree" => Ok((booster.model.ok_or_else(|| missing("model"))?, None)),
        "dart" => {
            let gbtree = booster.gbtree.ok_or_else(|| missing("gbtree"))?;
            let model = gbtree.model.ok_or_else(|| missing("gbtree.model"))?;
            let weights = booster.weight_drop.ok_or_else(|| missing("weight_drop"))?;
            Ok((model, Some(weights)))
        }
        name => Err(unsupported(format!("the booster {name:?}"))),
    }
}

fn check_rounds(starts: &[i64], n_trees: usize) -> Result<Vec<usize>> {
    let mut rounds: Vec<usize> = Vec::with_capacity(starts.len());
    for (i, &start) in starts.iter().enumerate() {
        let least = rounds.last().copied().unwrap_or(0);
        let most = if i == 0 { 0 } else { n_trees };
        match usize::try_from(start) {
            Ok(start) if (least..=most).contains(&start) => rounds.push(start),
            _ => {
                return Err(bad(
                    format!("iteration_indptr[{i}]"),
                    format!("{start}, expected {least} to {most}"),
                ));
            }
        }
    }
    match rounds.last() {
        Some(&last) if last == n_trees => Ok(rounds),
        _ => Err(bad(
            "iteration_indptr",
            format!("does not end with the number of trees, {n_trees}"),
        )),
    }
}

fn equal_rounds(n_trees: usize, parallel: usize, n_outputs: usize) -> Result<Vec<usize>> {
    match parallel.checked_mul(n_outputs) {
        Some(each) if each > 0 && n_trees.is_multiple_of(each) => {
            Ok((0..=n_trees).step_by(each).collect())
        }
        _ => Err(bad(
            "trees",
            format!("{n_trees}, no multiple of {n_outputs} outputs times {parallel}"),
        )),
    }
}

fn tree(raw: &schema::Tree, index: usize, n_features: usize, weight: f32) -> Result<Tree> {
    let place = |key: &str| format!("trees[{index}].{key}");
    let at = |key: &str, node: usize| format!("trees[{index}].{key}[{node}]");
    let param = |key: &str, text: &str| number::<usize>(&place(key), text);

    if param(
        "tree_param.size_leaf_vector",
        &raw.tree_param.size_leaf_vector,
    )? > 1
    {
        return Err(unsupported(format!(
            "leaves that are vectors: trees[{index}]"
        )));
    }
    let n_nodes = param("tree_param.num_nodes", &raw.tree_param.num_nodes)?;
    for (key, len) in [
        ("base_weights", raw.base_weights.len()),
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

    let mut nodes = Vec::with_capacity(order.len());
    for &i in &order {
        let finite = |key: &str, value: f32| match value.is_finite() {
            true => Ok(value),
            false => Err(bad(at(key, i), format!("{value}"))),
        };
        let base_weight = finite("base_weights", raw.base_weights[i])?;
        let sum_hessian = finite("sum_hessian", raw.sum_hessian[i])?;
        let condition = finite("split_conditions", raw.split_conditions[i])?;
        if raw.left_children[i] == -1 {
            let leaf_value = finite("split_conditions", weight * condition)?;
            nodes.push(Node::leaf(leaf_value, base_weight, sum_hessian));
            continue;
        }
        match raw.split_type.as_ref().map_or(0, |types| types[i]) {
            0 => {}
            1 => {
                return Err(unsupported(format!(
                    "a categorical split: trees[{index}], node {i}"
                )));
            }
            other => return Err(bad(at("split_type", i), format!("{other}"))),
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
        let loss_change = finite("loss_changes", raw.loss_changes[i])?;
        nodes.push(Node::split(children, base_weight, loss_change, sum_hessian));
    }
    Tree::new(nodes)
}

/// The nodes that the root leads to, parents first: in the order of the file where that is one,
/// else breadth first. XGBoost leaves nodes that it pruned in the file.
fn order(
    raw: &schema::Tree,
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
        if (left, right) == (-1, -1) {
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
