use serde::{Deserialize, Serialize};
use timbral_core::{InvalidParameter, check};

/// Which pairs of the rows of a group are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PairMethod {
    /// Each of the first rows, in the order of the predictions, is compared with every row after it.
    #[default]
    TopK,
    /// Each row is compared with rows of other labels that are drawn at random.
    Mean,
}

/// The parameters of the objectives `rank:pairwise`, `rank:ndcg` and `rank:map`, with XGBoost's defaults.
///
/// With serde the keys are XGBoost's names, such as `lambdarank_pair_method`.
///
/// ```
/// use timbral_boost::{BoostParams, Dataset, LambdaRankParams, Objective};
/// // Two queries with three rows each.
/// let features = ndarray::array![[0.0], [1.0], [2.0], [3.0], [0.0], [2.0]];
/// let data = Dataset::new(features.view(), &[0.0, 1.0, 2.0, 2.0, 0.0, 1.0])?.with_groups(&[3, 3])?;
/// let params = BoostParams {
///     objective: Objective::RankNdcg(LambdaRankParams::default()),
///     n_rounds: 20,
///     min_child_weight: 0.01,
///     ..Default::default()
/// };
/// let margins = params.fit(&data)?.compile().margins(features.view())?;
/// assert!(margins[[0, 0]] < margins[[1, 0]] && margins[[1, 0]] < margins[[2, 0]]);
/// # Ok::<(), timbral_boost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LambdaRankParams {
    /// Which pairs are compared (`topk`; XGBoost's `lambdarank_pair_method`).
    #[serde(rename = "lambdarank_pair_method")]
    pub pair_method: PairMethod,
    /// With [`PairMethod::TopK`] the number of first rows (32); with [`PairMethod::Mean`] the number of pairs
    /// per row (1). At least 1; `None` for these defaults (`lambdarank_num_pair_per_sample`).
    #[serde(rename = "lambdarank_num_pair_per_sample")]
    pub num_pair_per_sample: Option<u32>,
    /// Whether the gradients of a group are normalised (true; `lambdarank_normalization`). With
    /// [`PairMethod::TopK`] they are multiplied by `log2(1 + s) / s`, where `s` is the sum of their magnitudes
    /// over all pairs; with [`PairMethod::Mean`] they are divided by the number of pairs per row.
    #[serde(rename = "lambdarank_normalization")]
    pub normalization: bool,
    /// Whether the cost of a pair is divided by the difference of its margins plus 0.01 (true;
    /// `lambdarank_score_normalization`).
    #[serde(rename = "lambdarank_score_normalization")]
    pub score_normalization: bool,
    /// Whether labels are clicks, which also depend on the position of a row (false; `lambdarank_unbiased`).
    /// The rows of a group must then be in the order in which they were shown.
    /// [`Model::position_bias`](crate::Model::position_bias) is the estimated bias.
    #[serde(rename = "lambdarank_unbiased")]
    pub unbiased: bool,
    /// Regularisation of the position bias: the larger it is, the less positions count; at least 0 (1;
    /// `lambdarank_bias_norm`).
    #[serde(rename = "lambdarank_bias_norm")]
    pub bias_norm: f64,
    /// Whether the gain of a relevance `r` is `2^r - 1`; if false it is `r` (true). For `rank:ndcg` and the
    /// metric `ndcg`.
    pub ndcg_exp_gain: bool,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Default for LambdaRankParams {
    fn default() -> Self {
        Self {
            pair_method: PairMethod::TopK,
            num_pair_per_sample: None,
            normalization: true,
            score_normalization: true,
            unbiased: false,
            bias_norm: 1.0,
            ndcg_exp_gain: true,
            _non_exhaustive: (),
        }
    }
}

impl LambdaRankParams {
    pub(crate) fn n_pairs(&self) -> usize {
        match (self.num_pair_per_sample, self.pair_method) {
            (Some(n), _) => n as usize,
            (None, PairMethod::TopK) => 32,
            (None, PairMethod::Mean) => 1,
        }
    }

    /// The number of rows at the top that count; `None` for all.
    pub(crate) fn top_k(&self) -> Option<usize> {
        (self.pair_method == PairMethod::TopK).then(|| self.n_pairs())
    }

    pub(crate) fn validate(&self) -> Result<(), InvalidParameter> {
        let name = "num_pair_per_sample";
        check(
            self.n_pairs() >= 1,
            name,
            self.n_pairs(),
            "must be at least 1",
        )?;
        check(
            self.bias_norm >= 0.0 && self.bias_norm.is_finite(),
            "bias_norm",
            self.bias_norm,
            "must be finite and not negative",
        )
    }
}
