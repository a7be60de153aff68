use std::collections::BTreeMap;

use super::read_ranking::NOT_SET;
use super::sink::{Json, Sink};
use crate::loss::{LambdaRankParams, Objective, PairMethod, PositionBias};

/// An array that is a string.
pub(super) fn array(numbers: &[f32]) -> String {
    let mut out = Json::default();
    out.typed(numbers.iter().copied());
    String::from_utf8_lossy(&out.0).into_owned()
}

/// The name and the parameters, in alphabetical order.
pub(super) fn objective<S: Sink>(objective: &Objective, bias: Option<&PositionBias>, out: &mut S) {
    let block = |name: &str, key: &str, value: String| {
        let block = BTreeMap::from([(key.to_owned(), value)]);
        BTreeMap::from([(name.to_owned(), block)])
    };
    let params = match objective {
        // XGBoost has no other objective whose predictions are the margins of any number of outputs.
        Objective::SquaredError
        | Objective::Gamma
        | Objective::Logistic
        | Objective::Loss { .. } => block("reg_loss_param", "scale_pos_weight", "1".into()),
        Objective::AbsoluteError => BTreeMap::new(),
        Objective::Quantile { alpha } => {
            block("quantile_loss_param", "quantile_alpha", array(alpha))
        }
        Objective::Expectile { alpha } => {
            block("expectile_loss_param", "expectile_alpha", array(alpha))
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
        Objective::RankPairwise(params)
        | Objective::RankNdcg(params)
        | Objective::RankMap(params) => ranking(params),
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
    if (objective.ranking()).is_some_and(|(_, params)| params.unbiased) {
        let sides = bias.map_or([&[][..]; 2], |bias| [&bias.relevant, &bias.irrelevant]);
        for (key, side) in ["ti+", "tj-"].into_iter().zip(sides) {
            out.key(key);
            out.typed(side.iter().map(|x| *x as f32));
        }
    }
    out.end_object();
}

fn ranking(params: &LambdaRankParams) -> BTreeMap<String, BTreeMap<String, String>> {
    let flag = |is_set: bool| u8::from(is_set).to_string();
    let method = match params.pair_method {
        PairMethod::TopK => "topk",
        PairMethod::Mean => "mean",
    };
    let n_pairs = params.num_pair_per_sample.unwrap_or(NOT_SET);
    let block = [
        ("lambdarank_bias_norm", general_f64(params.bias_norm)),
        ("lambdarank_normalization", flag(params.normalization)),
        ("lambdarank_num_pair_per_sample", n_pairs.to_string()),
        ("lambdarank_pair_method", method.into()),
        (
            "lambdarank_score_normalization",
            flag(params.score_normalization),
        ),
        ("lambdarank_unbiased", flag(params.unbiased)),
        ("ndcg_exp_gain", flag(params.ndcg_exp_gain)),
    ];
    let block = block.map(|(key, value)| (key.to_owned(), value));
    BTreeMap::from([("lambdarank_param".to_owned(), BTreeMap::from(block))])
}

/// A number with nine significant digits, as C's `%.9g`.
fn general(x: f32) -> String {
    with_digits(9, f64::from(x))
}

/// A number with 17 significant digits, as C's `%.17g`.
fn general_f64(x: f64) -> String {
    with_digits(17, x)
}

fn with_digits(digits: i32, x: f64) -> String {
    let scientific = format!("{:.*e}", digits as usize - 1, x);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..digits).contains(&exponent) {
        trimmed(&format!("{:.*}", (digits - 1 - exponent) as usize, x))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs())
    }
}

/// An object of strings.
pub(super) fn strings<S: Sink>(strings: &BTreeMap<String, String>, out: &mut S) {
    out.begin_object();
    for (key, value) in strings {
        out.key(key);
        out.string(value);
    }
    out.end_object();
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
        assert_eq!(general_f64(1.0), "1");
        assert_eq!(general_f64(0.7), "0.69999999999999996");
    }
}
