use std::collections::BTreeMap;

use serde_json::{from_value, json, to_value};
use timbral_boost::{BoostParams, GrowPolicy, LambdaRankParams, Metric, Objective, PairMethod};

#[test]
fn objectives_metrics_and_policies_have_xgboosts_names() {
    let objectives = [
        (Objective::SquaredError, json!("reg:squarederror")),
        (Objective::Logistic, json!("binary:logistic")),
        (
            Objective::PseudoHuber { slope: 0.7 },
            json!({"reg:pseudohubererror": {"huber_slope": 0.7_f32}}),
        ),
        (
            Objective::Softprob { n_classes: 10 },
            json!({"multi:softprob": {"num_class": 10}}),
        ),
        (
            Objective::RankNdcg(LambdaRankParams {
                pair_method: PairMethod::Mean,
                ..Default::default()
            }),
            json!({"rank:ndcg": {
                "lambdarank_pair_method": "mean", "lambdarank_num_pair_per_sample": null,
                "lambdarank_normalization": true, "lambdarank_score_normalization": true,
                "lambdarank_unbiased": false, "lambdarank_bias_norm": 1.0, "ndcg_exp_gain": true,
            }}),
        ),
        (
            Objective::Softmax { n_classes: 3 },
            json!({"multi:softmax": {"num_class": 3}}),
        ),
    ];
    for (objective, expected) in objectives {
        assert!(expected.to_string().contains(objective.name()));
        assert_eq!(to_value(&objective).unwrap(), expected);
        assert_eq!(from_value::<Objective>(expected).unwrap(), objective);
    }
    for metric in [
        Metric::Rmse,
        Metric::Mae,
        Metric::PseudoHuber,
        Metric::LogLoss,
        Metric::Error,
        Metric::MultiLogLoss,
        Metric::MultiError,
        Metric::Ndcg { k: None },
        Metric::Map { k: Some(5) },
        Metric::Precision { k: Some(1) },
    ] {
        assert_eq!(to_value(metric).unwrap(), *metric.name());
        assert_eq!(from_value::<Metric>(json!(metric.name())).unwrap(), metric);
    }
    for (policy, name) in [
        (GrowPolicy::DepthWise, "depthwise"),
        (GrowPolicy::LossGuide, "lossguide"),
    ] {
        assert_eq!(to_value(policy).unwrap(), name);
        assert_eq!(from_value::<GrowPolicy>(json!(name)).unwrap(), policy);
    }
}

#[test]
fn parameters_are_read_back_unchanged() {
    let all = BoostParams {
        objective: Objective::Other {
            name: "count:poisson".into(),
            n_outputs: 1,
            params: BTreeMap::from([(
                "poisson_regression_param".into(),
                BTreeMap::from([("max_delta_step".into(), "0.7".into())]),
            )]),
        },
        n_rounds: 7,
        learning_rate: f32::MIN_POSITIVE,
        max_depth: 0,
        max_leaves: 31,
        grow_policy: GrowPolicy::LossGuide,
        max_bin: 65_535,
        lambda: 0.1,
        alpha: 16_777_217.0,
        gamma: f32::MAX,
        min_child_weight: 1.0 / 3.0,
        max_delta_step: 1e-45,
        subsample: 0.7,
        colsample_bytree: 0.8,
        colsample_bylevel: 0.9,
        colsample_bynode: 0.95,
        num_parallel_tree: 2,
        monotone_constraints: vec![-1, 0, 1],
        interaction_constraints: vec![vec![0, 2], vec![]],
        max_cat_to_onehot: 1,
        max_cat_threshold: 7,
        base_score: Some(vec![0.3]),
        class_weights: vec![0.5, 2.0],
        eval_metric: Some(Metric::MultiError),
        early_stopping_rounds: Some(5),
        min_delta: 0.1,
        seed: u64::MAX,
        ..Default::default()
    };
    for params in [all, BoostParams::default()] {
        let text = serde_json::to_string(&params).unwrap();
        assert_eq!(serde_json::from_str::<BoostParams>(&text).unwrap(), params);
    }
}

#[test]
fn missing_fields_have_their_defaults() {
    let params: BoostParams = from_value(json!({"n_rounds": 3, "seed": 9})).unwrap();
    let expected = BoostParams {
        n_rounds: 3,
        seed: 9,
        ..Default::default()
    };
    assert_eq!(params, expected);
}

#[test]
fn unknown_names_are_refused() {
    for document in [
        json!({"lerning_rate": 0.1}),
        json!({"objective": "multi:softprob"}),
        json!({"objective": "rank:ndcg"}),
        json!({"objective": {"multi:softprob": {"num_class": 3, "n_classes": 3}}}),
        json!({"objective": {"multi:softprob": {}}}),
        json!({"grow_policy": "DepthWise"}),
        json!({"eval_metric": "auc"}),
        json!({"eval_metric": "ndcg@0"}),
        json!({"eval_metric": "rmse@3"}),
        json!({"eval_metric": "ndcg@-1"}),
        json!({"n_rounds": -1}),
    ] {
        assert!(
            from_value::<BoostParams>(document.clone()).is_err(),
            "{document}"
        );
    }
}
