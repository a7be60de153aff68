"""Writes golden.json: models that XGBoost 3.4 trains on tables which the test generates, too.

python make.py   (xgboost==3.4.1, numpy)
"""
import json
import os

import numpy as np
import xgboost as xgb


def numbers(seed, n):
    """Integers of 24 bits from a linear congruential generator."""
    state, out = seed, []
    for _ in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 8)
    return np.array(out, dtype=np.int64)


def table(case):
    rows, columns = case["rows"], case["columns"]
    raw = numbers(case["seed"], rows * columns).reshape(rows, columns)
    levels = case["levels"]
    features = (raw if levels == 0 else raw * levels // 2**24).astype(np.float32)
    features = features / np.float32(2**20 if levels == 0 else 1) - np.float32(3)
    for column, n in enumerate(case["categories"]):
        if n:
            features[:, column] = raw[:, column] * n // 2**24 * 7 % n
    noise = numbers(case["seed"] + 1, rows)
    signal = raw[:, 0] + 2 * raw[:, 1] * (raw[:, 2] > 2**23) + noise // 2
    if case["classes"]:
        labels = signal * case["classes"] // (4 * 2**24)
        labels = np.minimum(labels, case["classes"] - 1)
    else:
        labels = signal / 2**22
    if case["missing"]:
        holes = numbers(case["seed"] + 2, rows * columns).reshape(rows, columns)
        features[holes < case["missing"] * 2**24] = np.nan
    weights = None
    if case["weights"]:
        n = len(case["groups"]) or rows
        weights = (numbers(case["seed"] + 3, n) % 5 + 1).astype(np.float32) / 2
    return features, labels.astype(np.float32), weights


def case(name, objective, rounds=3, rows=400, columns=5, classes=0, levels=0, missing=0.0,
         weights=False, categories=(), groups=(), **params):
    """`categories` are the numbers of categories of the columns, 0 for columns of numbers; `groups` the sizes of query
    groups, to which weights belong if there are any."""
    params = {"objective": objective, "max_depth": 4, "eta": 0.3, **params}
    if objective.startswith("multi"):
        params["num_class"] = classes
    return dict(name=name, rounds=rounds, rows=rows, columns=columns, classes=classes,
                levels=levels, missing=missing, weights=weights, categories=categories, groups=groups,
                params=params)


# 400 rows.
GROUPS = [1, 40, 7, 20, 2, 60, 33, 5, 90, 12, 80, 50]
RANKING = {"groups": GROUPS, "min_child_weight": 0.1}
VECTORS = {"multi_strategy": "multi_output_tree"}

CASES = [
    case("multi", "multi:softprob", classes=4),
    case("multi_missing_weights", "multi:softmax", classes=3, missing=0.25, weights=True),
    case("multi_one_absent", "multi:softprob", classes=3, rows=3),
    case("binary", "binary:logistic", classes=2, rounds=6),
    case("binary_missing", "binary:logistic", classes=2, missing=0.25, rounds=6),
    case("binary_levels", "binary:logistic", classes=2, levels=5, rounds=6),
    case("squared", "reg:squarederror"),
    case("squared_weights", "reg:squarederror", weights=True),
    case("huber", "reg:pseudohubererror", huber_slope=2.0),
    case("lambda_alpha_gamma", "reg:squarederror", reg_lambda=3.0, reg_alpha=20.0, gamma=40.0),
    case("min_child_weight", "binary:logistic", classes=2, min_child_weight=7.5),
    case("no_min_child_weight", "binary:logistic", classes=2, min_child_weight=0.0, rows=60),
    case("max_delta_step", "binary:logistic", classes=2, max_delta_step=0.4),
    case("max_delta_step_alpha", "reg:squarederror", max_delta_step=0.7, reg_alpha=4.0),
    case("monotone", "reg:squarederror", monotone_constraints=[1, -1, 0, 0, 1]),
    case("monotone_missing", "binary:logistic", classes=2, missing=0.2,
         monotone_constraints=[0, 1, -1, 0, 0]),
    case("lossguide", "reg:squarederror", grow_policy="lossguide", max_leaves=9, max_depth=0),
    case("lossguide_depth", "binary:logistic", classes=2, grow_policy="lossguide", max_leaves=12,
         max_depth=5),
    case("depthwise_leaves", "reg:squarederror", max_leaves=7, max_depth=6),
    case("unlimited", "reg:squarederror", max_depth=0, min_child_weight=20, rounds=2),
    case("few_bins", "reg:squarederror", max_bin=8),
    case("many_bins", "reg:squarederror", max_bin=1000, rows=3000),
    case("sketched", "binary:logistic", classes=2, rows=20000, columns=3, rounds=2),
    case("sketched_weights", "reg:squarederror", rows=20000, columns=3, rounds=2, weights=True,
         max_bin=64),
    case("forest", "reg:squarederror", num_parallel_tree=3, rounds=2),
    case("forest_multi", "multi:softprob", classes=3, num_parallel_tree=2),
    case("light_root", "reg:squarederror", rows=40, min_child_weight=50.0),
    case("missing_apart", "reg:squarederror", columns=3, levels=1, missing=0.5),
    case("sketched_missing_weights", "reg:squarederror", rows=20000, columns=3, rounds=2, weights=True,
         missing=0.3),
    case("vectors", "multi:softprob", classes=4, rounds=6, **VECTORS),
    case("vectors_missing_weights", "multi:softprob", classes=6, missing=0.25, weights=True, rounds=4,
         rows=900, **VECTORS),
    case("vectors_many_classes", "multi:softmax", classes=20, rounds=2, **VECTORS),
    case("vectors_regularised", "multi:softprob", classes=3, reg_lambda=3.0, reg_alpha=1.0, gamma=0.5,
         min_child_weight=3.0, **VECTORS),
    case("vectors_max_delta_step", "multi:softprob", classes=3, max_delta_step=0.4, **VECTORS),
    case("vectors_no_regularisation", "multi:softprob", classes=3, reg_lambda=0.0,
         min_child_weight=0.0, rows=60, rounds=2, **VECTORS),
    case("vectors_lossguide", "multi:softprob", classes=5, grow_policy="lossguide", max_leaves=9,
         max_depth=0, rows=900, **VECTORS),
    case("vectors_leaves", "multi:softprob", classes=5, max_leaves=7, max_depth=6, rows=900, **VECTORS),
    case("vectors_many_bins", "multi:softprob", classes=3, max_bin=1000, rows=3000, **VECTORS),
    case("vectors_monotone", "multi:softprob", classes=4, rounds=4, monotone_constraints=[1, -1, 0, 0, 1], **VECTORS),
    case("vectors_monotone_missing_weights", "multi:softprob", classes=3, missing=0.25, weights=True, rows=900, rounds=4,
         max_depth=6, monotone_constraints=[0, 1, -1, -1, 0], **VECTORS),
    case("vectors_monotone_regularised", "multi:softprob", classes=3, reg_lambda=2.0, reg_alpha=1.5, max_delta_step=0.6,
         min_child_weight=0.5, monotone_constraints=[-1, -1, 1, 0, 0], **VECTORS),
    case("vectors_monotone_categories", "multi:softprob", classes=3, categories=(12, 0, 3, 0, 0), missing=0.1, rows=900,
         grow_policy="lossguide", max_leaves=12, max_depth=0, monotone_constraints=[1, 1, 0, -1, 0], **VECTORS),
    case("base_score", "binary:logistic", classes=2, base_score=0.2),
    case("absolute", "reg:absoluteerror", rounds=5),
    case("absolute_weights", "reg:absoluteerror", weights=True, missing=0.2),
    case("quantile", "reg:quantileerror", quantile_alpha=0.3, rounds=5),
    case("quantile_weights", "reg:quantileerror", quantile_alpha=0.9, weights=True, missing=0.2),
    case("quantile_ends", "reg:quantileerror", quantile_alpha=1.0),
    case("quantiles", "reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.8], rounds=5),
    case("quantiles_weights", "reg:quantileerror", quantile_alpha=[0.25, 0.75], weights=True, missing=0.2),
    case("quantiles_monotone_forest", "reg:quantileerror", quantile_alpha=[0.2, 0.2, 0.9], num_parallel_tree=2,
         monotone_constraints=[1, 0, 0, 0, -1]),
    case("quantiles_vectors", "reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9], rounds=5, missing=0.1, **VECTORS),
    case("expectile", "reg:expectileerror", expectile_alpha=0.3),
    case("expectile_weights", "reg:expectileerror", expectile_alpha=0.8, weights=True, missing=0.2),
    case("expectiles", "reg:expectileerror", expectile_alpha=[0.1, 0.5, 0.9], rounds=5),
    case("expectiles_weights", "reg:expectileerror", expectile_alpha=[0.3, 0.3, 1.0], weights=True, missing=0.2,
         monotone_constraints=[1, 0, 0, 0, -1]),
    case("expectiles_vectors", "reg:expectileerror", expectile_alpha=[0.2, 0.7], rounds=5, **VECTORS),
    case("expectiles_base_score", "reg:expectileerror", expectile_alpha=[0.2, 0.7], base_score=3.0),
    case("poisson", "count:poisson"),
    case("poisson_weights", "count:poisson", weights=True, max_delta_step=0.3, missing=0.2),
    case("gamma", "reg:gamma", rounds=5),
    case("gamma_weights", "reg:gamma", weights=True, missing=0.2),
    case("tweedie", "reg:tweedie", rounds=5),
    case("tweedie_weights", "reg:tweedie", weights=True, tweedie_variance_power=1.2, levels=4),
    case("one_hot", "reg:squarederror", categories=(3, 3, 2, 0, 0)),
    case("one_hot_missing", "binary:logistic", classes=2, categories=(3, 0, 2, 3, 1), missing=0.25, rounds=6),
    case("one_hot_many", "reg:squarederror", categories=(9, 0, 12, 3, 0), missing=0.25, max_cat_to_onehot=13),
    case("categories", "reg:squarederror", categories=(12, 30, 0, 6, 4)),
    case("categories_missing", "binary:logistic", classes=2, categories=(12, 0, 30, 6, 4), missing=0.25, rounds=6),
    case("categories_multi", "multi:softprob", classes=4, categories=(20, 9, 2, 0, 5)),
    case("categories_multi_missing_weights", "multi:softmax", classes=3, categories=(20, 9, 2, 0, 5),
         missing=0.25, weights=True),
    case("categories_many", "reg:squarederror", categories=(200, 90, 0, 0, 30), rows=3000),
    case("categories_many_missing", "binary:logistic", classes=2, categories=(300, 90, 0, 0, 30), rows=3000,
         missing=0.25),
    case("categories_threshold", "reg:squarederror", categories=(200, 90, 0, 0, 30), rows=3000, missing=0.1,
         max_cat_threshold=5),
    case("categories_regularised", "reg:squarederror", categories=(12, 0, 30, 0, 4), missing=0.1, reg_lambda=3.0,
         reg_alpha=20.0, gamma=40.0),
    case("categories_light", "binary:logistic", classes=2, categories=(12, 0, 30, 0, 2), min_child_weight=0.0,
         rows=60),
    case("categories_max_delta_step", "binary:logistic", classes=2, categories=(12, 0, 30, 0, 3), missing=0.2,
         max_delta_step=0.4),
    case("categories_monotone", "reg:squarederror", categories=(12, 0, 3, 0, 0), monotone_constraints=[1, -1, -1, 0, 1]),
    case("categories_lossguide", "reg:squarederror", categories=(12, 0, 30, 0, 3), missing=0.2,
         grow_policy="lossguide", max_leaves=12, max_depth=0),
    case("categories_forest", "reg:squarederror", categories=(12, 0, 30, 0, 3), num_parallel_tree=3, rounds=2),
    case("categories_vectors", "multi:softprob", classes=4, categories=(12, 0, 30, 3, 0), missing=0.2, rows=900, **VECTORS),
    # Without weights: categories with the same sums but for rounding have no order.
    case("categories_vectors_threshold", "multi:softprob", classes=3, categories=(100, 2, 3, 0, 0), rows=900,
         max_cat_threshold=9, **VECTORS),
    case("interactions", "reg:squarederror", interaction_constraints=[[0, 1], [2, 3, 4]], max_depth=6),
    case("interactions_overlap", "binary:logistic", classes=2, missing=0.2, max_depth=6,
         interaction_constraints=[[0, 1], [1, 2], [3]]),
    case("interactions_multi", "multi:softprob", classes=4, interaction_constraints=[[0, 2], [1, 2]], weights=True),
    case("interactions_lossguide", "reg:squarederror", grow_policy="lossguide", max_leaves=20, max_depth=0,
         interaction_constraints=[[0, 1], [1, 2], [1, 3, 4]]),
    case("interactions_categories", "reg:squarederror", categories=(12, 0, 3, 0, 0), missing=0.2,
         interaction_constraints=[[0, 1], [1, 2]], max_depth=6),
    case("interactions_vectors", "multi:softprob", classes=4, interaction_constraints=[[0, 2], [1, 2]],
         max_depth=6, **VECTORS),
    case("pairwise", "rank:pairwise", classes=5, **RANKING),
    case("pairwise_weights", "rank:pairwise", classes=5, missing=0.2, weights=True, lambdarank_num_pair_per_sample=4,
         **RANKING),
    case("pairwise_not_normalised", "rank:pairwise", classes=4, lambdarank_normalization=0,
         lambdarank_score_normalization=0, eval_metric="ndcg@90", **RANKING),
    case("pairwise_numbers", "rank:pairwise", eval_metric="ndcg@7", ndcg_exp_gain=0, **RANKING),
    case("one_group", "rank:pairwise", classes=3, rows=60, min_child_weight=0.1),
    case("ndcg", "rank:ndcg", classes=5, rounds=5, **RANKING),
    case("ndcg_weights", "rank:ndcg", classes=5, missing=0.2, weights=True, **RANKING),
    case("ndcg_few", "rank:ndcg", classes=3, lambdarank_num_pair_per_sample=3, eval_metric="ndcg@10", **RANKING),
    case("ndcg_not_normalised", "rank:ndcg", classes=3, lambdarank_normalization=0,
         lambdarank_score_normalization=0, **RANKING),
    case("ndcg_linear_gain", "rank:ndcg", classes=9, ndcg_exp_gain=0, **RANKING),
    case("pairwise_clicks", "rank:pairwise", classes=2, lambdarank_unbiased=1, rounds=5, **RANKING),
    case("ndcg_clicks", "rank:ndcg", classes=2, lambdarank_unbiased=1, rounds=5, **RANKING),
    case("ndcg_clicks_few", "rank:ndcg", classes=3, missing=0.2, weights=True, lambdarank_unbiased=1,
         lambdarank_bias_norm=0.7, lambdarank_num_pair_per_sample=4, rounds=4, eval_metric="ndcg@10", **RANKING),
    case("map_clicks", "rank:map", classes=2, lambdarank_unbiased=1, lambdarank_bias_norm=0.0,
         lambdarank_normalization=0, lambdarank_score_normalization=0, rounds=4, **RANKING),
    case("map", "rank:map", classes=2, rounds=5, **RANKING),
    case("map_weights", "rank:map", classes=2, missing=0.2, weights=True, eval_metric="map@5", **RANKING),
    case("map_few", "rank:map", classes=2, lambdarank_num_pair_per_sample=3, eval_metric="map@90", **RANKING),
    case("map_precision", "rank:map", classes=2, lambdarank_score_normalization=0, eval_metric="pre@4", **RANKING),
    case("map_precision_weights", "rank:map", classes=2, weights=True, eval_metric="pre@90", **RANKING),
    case("map_categories", "rank:map", classes=2, categories=(3, 0, 20, 0, 0), missing=0.2, **RANKING),
]


def write(cases, path, as_text=False):
    """Trains the models; as text they may hold infinities, which JSON has no words for."""
    for number, one in enumerate(cases):
        one["seed"] = 1000 * number + 7
        features, labels, weights = table(one)
        groups = {"group": one["groups"]} if one["groups"] else {}
        types = ["c" if n else "q" for n in one["categories"]] or None
        data = xgb.DMatrix(features, labels, weight=weights, feature_types=types, enable_categorical=types is not None,
                           **groups)
        params = {"tree_method": "hist", "nthread": 1, **one["params"]}
        for key in ("monotone_constraints",):
            if key in params:
                params[key] = "(" + ",".join(map(str, params[key])) + ")"
        if "interaction_constraints" in params:
            params["interaction_constraints"] = json.dumps(params["interaction_constraints"])
        model = xgb.train(params, data, one["rounds"])
        try:
            one["evaluation"] = float(model.eval(data).rsplit(":", 1)[1])
        except xgb.core.XGBoostError:
            # It refuses its own score of some weights of groups.
            one["evaluation"] = np.inf
        one["model"] = model.save_raw("json").decode() if as_text else json.loads(model.save_raw("json"))
    # Without those that diverged.
    cases = [one for one in cases if abs(one["evaluation"]) < 1e30]
    with open(path, "w") as file:
        json.dump(cases, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    write(CASES, os.path.join(os.path.dirname(__file__), "golden.json"))
