use std::collections::BTreeMap;

use super::fault::{bad, number};
use super::schema::Entry;
use crate::error::Result;
use crate::loss::{LambdaRankParams, Objective, PairMethod, PositionBias};

/// The number of pairs of a file in which it is not set.
pub(super) const NOT_SET: u32 = u32::MAX;

/// The parameters of an objective of ranking, which have the defaults before XGBoost 2.0.
pub(super) fn params(
    blocks: &BTreeMap<String, BTreeMap<String, String>>,
) -> Result<LambdaRankParams> {
    let block = blocks.get("lambdarank_param");
    let place = |key: &str| format!("objective.lambdarank_param.{key}");
    let text = |key: &str| block.and_then(|block| block.get(key)).map(String::as_str);
    let flag = |key: &str, default| match text(key) {
        None => Ok(default),
        Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(other) => Err(bad(place(key), format!("{other:?} is not 0 or 1"))),
    };
    let key = "lambdarank_pair_method";
    let pair_method = match text(key) {
        None | Some("topk") => PairMethod::TopK,
        Some("mean") => PairMethod::Mean,
        Some(other) => return Err(bad(place(key), format!("{other:?} is not topk or mean"))),
    };
    let key = "lambdarank_num_pair_per_sample";
    let n_pairs = text(key)
        .map(|text| number::<u32>(&place(key), text))
        .transpose()?;
    let key = "lambdarank_bias_norm";
    let bias_norm = text(key).map(|text| number::<f64>(&place(key), text));
    Ok(LambdaRankParams {
        pair_method,
        num_pair_per_sample: n_pairs.filter(|n| *n != NOT_SET),
        normalization: flag("lambdarank_normalization", true)?,
        score_normalization: flag("lambdarank_score_normalization", true)?,
        unbiased: flag("lambdarank_unbiased", false)?,
        bias_norm: bias_norm.transpose()?.unwrap_or(1.0),
        ndcg_exp_gain: flag("ndcg_exp_gain", true)?,
        ..Default::default()
    })
}

/// The bias of clicks, which is there after the first round. XGBoost may have made infinities or NaN of it, with which
/// nothing can be continued; predictions do not need it.
pub(super) fn bias(
    entries: &BTreeMap<String, Entry>,
    objective: &Objective,
) -> Result<Option<PositionBias>> {
    let side = |key: &str| match entries.get(key) {
        Some(Entry::Numbers(numbers)) => numbers.iter().map(|x| f64::from(*x)).collect(),
        _ => Vec::new(),
    };
    let (relevant, irrelevant) = (side("ti+"), side("tj-"));
    let is_unbiased = (objective.ranking()).is_some_and(|(_, params)| params.unbiased);
    let is_ratio = |x: &f64| x.is_finite() && *x >= 0.0;
    let are_ratios = relevant.iter().chain(&irrelevant).all(is_ratio);
    if !is_unbiased || !are_ratios || (relevant.is_empty() && irrelevant.is_empty()) {
        return Ok(None);
    }
    if relevant.len() != irrelevant.len() {
        let [n, m] = [relevant.len(), irrelevant.len()];
        return Err(bad("objective.ti+", format!("{n} numbers, but {m} of tj-")));
    }
    Ok(Some(PositionBias {
        relevant,
        irrelevant,
    }))
}
