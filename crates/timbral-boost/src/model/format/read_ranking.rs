use std::collections::BTreeMap;

use super::fault::{bad, number};
use crate::error::Result;
use crate::loss::{LambdaRankParams, PairMethod};

/// The number of pairs of a file in which it is not set.
pub(super) const NOT_SET: u32 = u32::MAX;

/// The parameters of an objective of ranking, which have the defaults before XGBoost 2.0; `None` with parts that are
/// not supported: corrections of clicks by their positions.
pub(super) fn params(
    blocks: &BTreeMap<String, BTreeMap<String, String>>,
) -> Result<Option<LambdaRankParams>> {
    let block = blocks.get("lambdarank_param");
    let place = |key: &str| format!("objective.lambdarank_param.{key}");
    let text = |key: &str| block.and_then(|block| block.get(key)).map(String::as_str);
    let flag = |key: &str, default| match text(key) {
        None => Ok(default),
        Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(other) => Err(bad(place(key), format!("{other:?} is not 0 or 1"))),
    };
    if flag("lambdarank_unbiased", false)? {
        return Ok(None);
    }
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
    Ok(Some(LambdaRankParams {
        pair_method,
        num_pair_per_sample: n_pairs.filter(|n| *n != NOT_SET),
        normalization: flag("lambdarank_normalization", true)?,
        score_normalization: flag("lambdarank_score_normalization", true)?,
        ndcg_exp_gain: flag("ndcg_exp_gain", true)?,
        ..Default::default()
    }))
}
