//! The trees are those that XGBoost 3.4 grows from the same tables (`make.py`).

use ndarray::Array2;
use serde::Deserialize;
use serde_json::Value;
use timbral_boost::{
    BoostParams, Dataset, FeatureType, GrowPolicy, LambdaRankParams, Model, MultiStrategy,
    Objective, PositionBias, Training,
};

/// XGBoost adds gradients in another order, and rounds the results to f32.
const VALUE_TOLERANCE: f32 = 1e-5;

/// The metrics are means of losses of f32 predictions, each of which differs by a few roundings; absolute below 0.1.
const SCORE_TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Case {
    name: String,
    rounds: usize,
    rows: usize,
    columns: usize,
    classes: usize,
    levels: i64,
    missing: f64,
    weights: bool,
    /// Categories of each column, 0 for numbers; empty if all are.
    categories: Vec<i64>,
    /// Sizes of query groups, to which the weights belong; empty if there are none.
    groups: Vec<usize>,
    seed: u64,
    params: serde_json::Map<String, Value>,
    /// The metric of the objective, on the training rows.
    evaluation: f64,
    /// The model file, or its text.
    model: Value,
}

fn numbers(seed: u64, n: usize) -> Vec<i64> {
    let mut state = seed;
    let next = || {
        state = (state * 1_664_525 + 1_013_904_223) % (1 << 32);
        (state >> 8) as i64
    };
    std::iter::repeat_with(next).take(n).collect()
}

impl Case {
    fn table(&self) -> (Array2<f32>, Vec<f32>, Option<Vec<f32>>) {
        let cells = self.rows * self.columns;
        let raw = numbers(self.seed, cells);
        let scale = if self.levels == 0 {
            (1 << 20) as f32
        } else {
            1.0
        };
        let value = |&v: &i64| {
            if self.levels == 0 {
                v
            } else {
                (v * self.levels) >> 24
            }
        };
        let mut features: Vec<f32> = raw.iter().map(|v| value(v) as f32 / scale - 3.0).collect();
        for (column, &n) in self.categories.iter().enumerate().filter(|(_, n)| **n > 0) {
            let cells = features.iter_mut().zip(&raw).skip(column);
            for (cell, raw) in cells.step_by(self.columns) {
                *cell = (((raw * n) >> 24) * 7 % n) as f32;
            }
        }
        let noise = numbers(self.seed + 1, self.rows);
        let labels = raw.chunks(self.columns).zip(noise).map(|(row, noise)| {
            let signal = row[0] + 2 * row[1] * i64::from(row[2] > 1 << 23) + noise / 2;
            match self.classes as i64 {
                0 => (signal as f64 / f64::from(1 << 22)) as f32,
                n => (signal * n / (4 << 24)).min(n - 1) as f32,
            }
        });
        let labels = labels.collect();
        if self.missing > 0.0 {
            for (cell, hole) in features.iter_mut().zip(numbers(self.seed + 2, cells)) {
                if (hole as f64) < self.missing * f64::from(1 << 24) {
                    *cell = f32::NAN;
                }
            }
        }
        let n_weights = match self.groups.len() {
            0 => self.rows,
            n => n,
        };
        let weights = numbers(self.seed + 3, n_weights);
        let weights = self
            .weights
            .then(|| weights.iter().map(|w| (w % 5 + 1) as f32 / 2.0).collect());
        let features = Array2::from_shape_vec((self.rows, self.columns), features).unwrap();
        (features, labels, weights)
    }

    fn params(&self) -> BoostParams {
        let mut params = BoostParams {
            n_rounds: self.rounds,
            ..Default::default()
        };
        let (mut slope, mut step, mut power, mut alpha) = (1.0, 0.7, 1.5, vec![0.5]);
        let mut ranking = LambdaRankParams::default();
        for (name, value) in &self.params {
            let number = value.as_f64().unwrap_or_default() as f32;
            let count = value.as_u64().unwrap_or_default() as usize;
            match name.as_str() {
                "objective" | "num_class" => {}
                "eta" => params.learning_rate = number,
                "max_depth" => params.max_depth = count,
                "max_leaves" => params.max_leaves = count,
                "max_bin" => params.max_bin = count,
                "num_parallel_tree" => params.num_parallel_tree = count,
                "grow_policy" => params.grow_policy = GrowPolicy::LossGuide,
                "reg_lambda" => params.lambda = number,
                "reg_alpha" => params.alpha = number,
                "gamma" => params.gamma = number,
                "min_child_weight" => params.min_child_weight = number,
                "max_delta_step" => (params.max_delta_step, step) = (number, number),
                "tweedie_variance_power" => power = number,
                "quantile_alpha" | "expectile_alpha" => {
                    let several = value.as_array();
                    let numbers = several.map_or(std::slice::from_ref(value), Vec::as_slice);
                    alpha = numbers.iter().map(|a| a.as_f64().unwrap() as f32).collect();
                }
                "huber_slope" => slope = number,
                "multi_strategy" => params.multi_strategy = MultiStrategy::MultiOutputTree,
                "base_score" => params.base_score = Some(vec![number]),
                "monotone_constraints" => {
                    let signs = value.as_array().unwrap().iter();
                    params.monotone_constraints =
                        signs.map(|s| s.as_i64().unwrap() as i8).collect();
                }
                "eval_metric" => {
                    params.eval_metric = Some(value.as_str().unwrap().parse().unwrap());
                }
                "lambdarank_num_pair_per_sample" => {
                    ranking.num_pair_per_sample = Some(count as u32);
                }
                "lambdarank_normalization" => ranking.normalization = count == 1,
                "lambdarank_score_normalization" => ranking.score_normalization = count == 1,
                "lambdarank_unbiased" => ranking.unbiased = count == 1,
                "lambdarank_bias_norm" => ranking.bias_norm = value.as_f64().unwrap(),
                "ndcg_exp_gain" => ranking.ndcg_exp_gain = count == 1,
                "max_cat_to_onehot" => params.max_cat_to_onehot = count,
                "max_cat_threshold" => params.max_cat_threshold = count,
                "interaction_constraints" => {
                    params.interaction_constraints = serde_json::from_value(value.clone()).unwrap();
                }
                other => panic!("unknown parameter {other}"),
            }
        }
        params.objective = match self.params["objective"].as_str().unwrap() {
            "multi:softprob" => Objective::Softprob {
                n_classes: self.classes,
            },
            "multi:softmax" => Objective::Softmax {
                n_classes: self.classes,
            },
            "binary:logistic" => Objective::Logistic,
            "reg:squarederror" => Objective::SquaredError,
            "reg:pseudohubererror" => Objective::PseudoHuber { slope },
            "reg:absoluteerror" => Objective::AbsoluteError,
            "reg:quantileerror" => Objective::Quantile { alpha },
            "reg:expectileerror" => Objective::Expectile { alpha },
            "count:poisson" => Objective::Poisson {
                max_delta_step: step,
            },
            "reg:gamma" => Objective::Gamma,
            "rank:pairwise" => Objective::RankPairwise(ranking),
            "rank:ndcg" => Objective::RankNdcg(ranking),
            "rank:map" => Objective::RankMap(ranking),
            "reg:tweedie" => Objective::Tweedie {
                variance_power: power,
            },
            other => panic!("unknown objective {other}"),
        };
        if let Some(scores) = &mut params.base_score {
            scores.resize(params.objective.n_outputs(), scores[0]);
        }
        params
    }
}

fn close(a: f32, b: f32) -> bool {
    (a - b).abs() <= VALUE_TOLERANCE * b.abs().max(1.0)
}

#[test]
fn trees_equal_those_of_xgboost_node_for_node() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden.json")).unwrap();
    for case in &cases {
        let n_splits = case.compare();
        assert!(
            n_splits > 0 || case.rows < 50,
            "{}: no split at all",
            case.name
        );
    }
}

/// Of two splits whose gains differ by rounding the other one may be chosen, mostly where `max_delta_step` or a constraint
/// limits both children to the same weight. Of 1 498 cases, seeds 1 to 5, 10 differed.
#[test]
#[ignore = "needs cases made by random_cases.py"]
fn random_cases() {
    /// The largest fraction of cases that may differ.
    const TIES: f64 = 0.02;
    let path = std::env::var_os("TIMBRAL_RANDOM_CASES").expect("TIMBRAL_RANDOM_CASES is not set");
    let text = std::fs::read_to_string(path).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    let differs = |case: &&Case| std::panic::catch_unwind(|| case.compare()).is_err();
    let names = cases.iter().filter(differs).map(|case| &case.name);
    let names: Vec<&String> = names.collect();
    eprintln!("{} of {} cases differ: {names:?}", names.len(), cases.len());
    assert!(names.len() as f64 <= TIES * cases.len() as f64);
}

impl Case {
    /// Trains, and compares the model with XGBoost's; returns the number of its splits.
    fn compare(&self) -> usize {
        let case = self;
        let name = &case.name;
        let text = match &case.model {
            Value::String(text) => text.clone(),
            model => model.to_string(),
        };
        let expected = Model::from_slice(text.as_bytes()).unwrap();
        let (features, labels, weights) = case.table();
        let mut data = Dataset::new(features.view(), &labels).unwrap();
        if !case.groups.is_empty() {
            data = data.with_groups(&case.groups).unwrap();
        }
        data = match &weights {
            Some(weights) if case.groups.is_empty() => data.with_weights(weights).unwrap(),
            Some(weights) => data.with_group_weights(weights).unwrap(),
            None => data,
        };
        let category = |n: &i64| match n {
            0 => FeatureType::Numeric,
            _ => FeatureType::Categorical,
        };
        let types: Vec<FeatureType> = case.categories.iter().map(category).collect();
        if !types.is_empty() {
            data = data.with_feature_types(&types).unwrap();
        }
        let params = case.params();
        let trained = Training::new(&params, &data).evaluate("train", &data);
        let trained = trained.run().unwrap();
        let (score, expected_score) = (trained.history.last_score().unwrap(), case.evaluation);
        assert!(
            (score - expected_score).abs() <= SCORE_TOLERANCE * expected_score.abs().max(0.1),
            "{name}: {} {score}, expected {expected_score}",
            trained.history.metric
        );
        let model = trained.model;
        for (ours, theirs) in model.base_margin().iter().zip(expected.base_margin()) {
            assert!(
                close(*ours, theirs),
                "{name}: base margin {ours}, expected {theirs}"
            );
        }
        let [ours, theirs] = [&model, &expected].map(|model| {
            let sides = |bias: &PositionBias| [bias.relevant(), bias.irrelevant()].concat();
            model.position_bias().map(sides).unwrap_or_default()
        });
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let equal = ours
            .iter()
            .zip(&theirs)
            .all(|(a, b)| close(*a as f32, *b as f32));
        assert!(equal, "{name}: {ours:?} {theirs:?}");
        assert_eq!(model.tree_outputs(), expected.tree_outputs(), "{name}");
        assert_eq!(model.n_rounds(), expected.n_rounds(), "{name}");
        let mut n_splits = 0;
        for (i, (ours, theirs)) in model.trees().iter().zip(expected.trees()).enumerate() {
            assert_eq!(
                ours.nodes().len(),
                theirs.nodes().len(),
                "{name}: size of tree {i}"
            );
            for (j, (a, b)) in ours.nodes().iter().zip(theirs.nodes()).enumerate() {
                assert_eq!(a.children, b.children, "{name}: tree {i}, node {j}");
                assert_eq!(
                    ours.categories(j),
                    theirs.categories(j),
                    "{name}: tree {i}, node {j}"
                );
                n_splits += usize::from(a.children.is_some());
                // A difference of gains in f32, which are as large as that of the node itself.
                let gain = b.base_weight * b.base_weight * b.sum_hessian;
                for (what, a, b, size) in [
                    ("base weight", a.base_weight, b.base_weight, 0.0),
                    ("sum of hessians", a.sum_hessian, b.sum_hessian, 0.0),
                    ("loss change", a.loss_change, b.loss_change, gain),
                ] {
                    assert!(
                        (a - b).abs() <= VALUE_TOLERANCE * (b.abs() + size).max(1.0),
                        "{name}: tree {i}, node {j}: {what} {a}, expected {b}"
                    );
                }
                let (a, b) = (ours.leaf_values(j), theirs.leaf_values(j));
                assert_eq!(a.len(), b.len(), "{name}");
                let equal = a.iter().zip(b).all(|(a, b)| close(*a, *b));
                assert!(equal, "{name}: tree {i}, node {j}: leaf {a:?} {b:?}");
            }
        }
        n_splits
    }
}
