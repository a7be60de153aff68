use std::collections::BTreeMap;

use timbral_core::InvalidParameter;

use super::fault::{bad, number, unsupported};
use super::schema::{self, CLASS_NAMES, Entry, LOSS};
use super::{read_categories, read_ranking, read_tree};
use crate::error::Result;
use crate::loss::Objective;
use crate::model::Model;

/// Limits to the numbers of features and of outputs, which the rest of a file need not confirm: they
/// bound the memory that a damaged file can allocate.
const MAX_FEATURES: usize = 1 << 24;
const MAX_OUTPUTS: usize = 1 << 16;

/// The objectives of XGBoost that are read as [`Objective::Other`]; those that also have a variant of
/// their own are `Other` if they have several targets.
const OTHERS: [&str; 18] = [
    "binary:hinge",
    "binary:logistic",
    "binary:logitraw",
    "count:poisson",
    "rank:map",
    "rank:ndcg",
    "rank:pairwise",
    "reg:absoluteerror",
    "reg:expectileerror",
    "reg:gamma",
    "reg:logistic",
    "reg:pseudohubererror",
    "reg:quantileerror",
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:tweedie",
    "survival:aft",
    "survival:cox",
];

/// The model of a parsed file.
pub(super) fn model<F: Copy + Into<f32>>(document: schema::Document<F>) -> Result<Model> {
    let schema::Learner {
        mut attributes,
        feature_names,
        feature_types,
        gradient_booster,
        learner_model_param: param,
        objective: entries,
    } = document.learner;

    let n_features: usize = number("learner_model_param.num_feature", &param.num_feature)?;
    if n_features > MAX_FEATURES {
        return Err(bad(
            "learner_model_param.num_feature",
            format!("{n_features}, but at most {MAX_FEATURES} are read"),
        ));
    }
    let objective = read_objective(&entries, &param, attributes.remove(LOSS))?;
    let position_bias = read_ranking::bias(&entries, &objective)?;
    let n_outputs = objective.n_outputs();
    let base_score = base_score(&param.base_score, &objective)?;
    for (place, len) in [
        ("feature_names", feature_names.len()),
        ("feature_types", feature_types.len()),
    ] {
        if ![0, n_features].contains(&len) {
            return Err(bad(place, format!("{len} for {n_features} features")));
        }
    }

    let (forest, weights) = forest(gradient_booster)?;
    let missing = |key: &str| bad("gradient_booster.model", format!("no {key}"));
    let encoding = match forest.cats {
        Some(cats) => read_categories::encoding(cats, n_features)?,
        None => None,
    };
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
        let weight = weights.as_ref().map_or(1.0, |weights| weights[i].into());
        trees.push(read_tree::tree(&raw, i, n_features, n_outputs, weight)?);
    }

    let class_names = attributes.remove(CLASS_NAMES);
    let n_rounds = round_starts.len() - 1;
    // After a continued training without improvement XGBoost writes the number of rounds here, and its own
    // `predict` then fails. The last round is used instead, which means all rounds.
    let best_iteration = attributes
        .get("best_iteration")
        .and_then(|text| text.parse::<usize>().ok())
        .map(|best| n_rounds.checked_sub(1).map(|last| best.min(last)));
    if best_iteration.is_some() {
        attributes.remove("best_iteration");
    }
    let best_iteration = best_iteration.flatten();
    let model = Model {
        objective,
        n_features,
        base_score,
        trees,
        tree_outputs,
        round_starts,
        feature_names: (!feature_names.is_empty()).then_some(feature_names),
        feature_types: (!feature_types.is_empty()).then_some(feature_types),
        encoding: encoding.map(Box::new),
        class_names: None,
        best_iteration,
        position_bias,
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

fn read_objective(
    entries: &BTreeMap<String, Entry>,
    param: &schema::LearnerParam,
    loss: Option<String>,
) -> Result<Objective> {
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
    let mut name = None;
    let mut params = BTreeMap::new();
    for (key, entry) in entries {
        match entry {
            Entry::Text(text) if key == "name" => name = Some(text.clone()),
            Entry::Block(block) => drop(params.insert(key.clone(), block.clone())),
            Entry::Text(_) | Entry::Numbers(_) => {}
        }
    }
    let name = name.ok_or_else(|| bad("objective", "no name"))?;
    if let Some(name) = loss {
        return Ok(Objective::Loss { name, n_outputs });
    }
    let parameter = |block: &str, key: &str, default| parameter(&params, block, key, default);
    let objective = match (name.as_str(), n_outputs) {
        ("multi:softprob" | "multi:softmax", _) if n_classes == 0 || n_targets > 1 => {
            return Err(bad(
                "learner_model_param",
                format!("{name} with {n_classes} classes and {n_targets} targets"),
            ));
        }
        ("multi:softprob", _) => Objective::Softprob { n_classes },
        ("multi:softmax", _) => Objective::Softmax { n_classes },
        ("reg:squarederror", 1) => Objective::SquaredError,
        ("binary:logistic", 1) => Objective::Logistic,
        ("reg:absoluteerror", 1) => Objective::AbsoluteError,
        ("reg:quantileerror", _) => Objective::Quantile {
            alpha: fractions(
                &params,
                ["quantile_loss_param", "quantile_alpha"],
                n_outputs,
            )?,
        },
        ("reg:expectileerror", _) => Objective::Expectile {
            alpha: fractions(
                &params,
                ["expectile_loss_param", "expectile_alpha"],
                n_outputs,
            )?,
        },
        ("reg:gamma", 1) => Objective::Gamma,
        ("reg:pseudohubererror", 1) => Objective::PseudoHuber {
            slope: parameter("pseudo_huber_param", "huber_slope", 1.0)?,
        },
        ("count:poisson", 1) => Objective::Poisson {
            max_delta_step: parameter("poisson_regression_param", "max_delta_step", 0.7)?,
        },
        ("reg:tweedie", 1) => Objective::Tweedie {
            variance_power: parameter("tweedie_regression_param", "tweedie_variance_power", 1.5)?,
        },
        ("rank:pairwise", 1) => Objective::RankPairwise(read_ranking::params(&params)?),
        ("rank:ndcg", 1) => Objective::RankNdcg(read_ranking::params(&params)?),
        ("rank:map", 1) => Objective::RankMap(read_ranking::params(&params)?),
        (known, _) if OTHERS.contains(&known) => Objective::Other {
            name,
            n_outputs,
            params,
        },
        _ => return Err(unsupported(format!("the objective {name:?}"))),
    };
    let bad_parameter = |e: InvalidParameter| bad("objective", e.to_string());
    objective.validate().map_err(bad_parameter)?;
    Ok(objective)
}

/// A parameter of an objective.
fn parameter(
    params: &BTreeMap<String, BTreeMap<String, String>>,
    block: &str,
    key: &str,
    default: f32,
) -> Result<f32> {
    let place = format!("objective.{block}.{key}");
    let text = params.get(block).and_then(|block| block.get(key));
    // Some are arrays of one number.
    let text = text.map(|text| text.trim_start_matches('[').trim_end_matches(']'));
    text.map_or(Ok(default), |text| number(&place, text))
}

/// The fractions of quantiles or expectiles, one per output.
fn fractions(
    params: &BTreeMap<String, BTreeMap<String, String>>,
    [block, key]: [&str; 2],
    n_outputs: usize,
) -> Result<Vec<f32>> {
    let place = format!("objective.{block}.{key}");
    let Some(text) = params.get(block).and_then(|block| block.get(key)) else {
        return Ok(vec![0.5; n_outputs]);
    };
    let fractions = numbers(&place, text)?;
    if fractions.len() != n_outputs {
        let n = fractions.len();
        return Err(bad(place, format!("{n} fractions for {n_outputs} outputs")));
    }
    Ok(fractions)
}

/// An array that is a string, `[a,b,c]`, or one number.
fn numbers(place: &str, text: &str) -> Result<Vec<f32>> {
    let inner = text.strip_prefix('[');
    let inner = inner.and_then(|text| text.strip_suffix(']'));
    let numbers = inner.unwrap_or(text).split(',');
    numbers.map(|text| number(place, text.trim())).collect()
}

/// `[a,b,c]` since XGBoost 3.1, one number for all outputs before.
fn base_score(text: &str, objective: &Objective) -> Result<Vec<f32>> {
    let place = "learner_model_param.base_score";
    let mut scores = numbers(place, text)?;
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
    let margins = objective.base_margins(&scores);
    let mut pairs = scores.iter().zip(margins);
    match pairs.find(|(_, margin)| !margin.is_finite()) {
        Some((score, _)) => Err(bad(place, format!("{score} has no finite margin"))),
        None => Ok(scores),
    }
}

/// The trees of a booster, and the factors of their leaves.
fn forest<F>(booster: schema::Booster<F>) -> Result<(schema::Forest<F>, Option<Vec<F>>)> {
    let missing = |key: &str| bad("gradient_booster", format!("no {key}"));
    match booster.name.as_str() {
        "gbtree" => {
            let mut model = booster.model.ok_or_else(|| missing("model"))?;
            let weights = model.weight_drop.take();
            Ok((model, weights))
        }
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
            format!("{n_trees}, not a multiple of {n_outputs} outputs times {parallel}"),
        )),
    }
}
