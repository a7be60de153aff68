"""Writes cases like those of make.py with parameters drawn at random, for the test `random_cases`.

python random_cases.py OUT.json [--seed 1] [--cases 300]   (xgboost==3.4.1, numpy)
TIMBRAL_RANDOM_CASES=OUT.json cargo test -p timbral-boost --test training random_cases -- --ignored
"""
import argparse
import random

import make


def draw(rng, name):
    table = {
        "rounds": rng.choice([2, 3, 5]),
        "rows": rng.choice([60, 200, 400, 900]),
        "missing": rng.choice([0.0, 0.0, 0.2, 0.4]),
        "weights": rng.random() < 0.3,
        "levels": rng.choice([0, 0, 0, 6]),
    }
    params = {}
    for chance, key, values in [
        (0.3, "reg_lambda", [0.0, 0.5, 3.0]),
        (0.25, "reg_alpha", [0.5, 2.0]),
        (0.25, "gamma", [0.1, 1.0]),
        (0.3, "min_child_weight", [0.0, 0.3, 3.0]),
        (0.2, "max_delta_step", [0.2, 0.7]),
        (0.3, "max_depth", [2, 5, 7]),
        (0.2, "max_bin", [4, 16, 64]),
        (0.15, "num_parallel_tree", [2]),
        (0.2, "interaction_constraints", [[[0, 1], [2, 3, 4]], [[0, 2], [1, 2, 3]]]),
    ]:
        if rng.random() < chance:
            params[key] = rng.choice(values)
    if rng.random() < 0.2:
        params.update(grow_policy="lossguide", max_leaves=rng.choice([5, 12]), max_depth=rng.choice([0, 6]))
    if rng.random() < 0.45:
        params["monotone_constraints"] = [rng.choice([-1, 0, 0, 1]) for _ in range(5)]
    if rng.random() < 0.25:
        table["categories"] = tuple(rng.choice([0, 0, 3, 8, 20]) for _ in range(5))
    kind = rng.choice(["vectors", "vectors", "classes", "quantiles", "ranking", "number", "number"])
    if kind == "vectors":
        objective, table["classes"] = "multi:softprob", rng.choice([2, 3, 5, 9])
        params.update(make.VECTORS)
    elif kind == "classes":
        objective, table["classes"] = "multi:softprob", rng.choice([3, 4])
    elif kind == "quantiles":
        objective = "reg:quantileerror"
        fractions = [0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]
        params["quantile_alpha"] = sorted(rng.choice(fractions) for _ in range(rng.choice([1, 2, 3, 4])))
        if rng.random() < 0.4:
            params.update(make.VECTORS)
    elif kind == "ranking":
        objective = rng.choice(["rank:pairwise", "rank:ndcg", "rank:map"])
        table.update(rows=400, groups=make.GROUPS, classes=2 if objective == "rank:map" else rng.choice([2, 4]))
        params.update(
            lambdarank_unbiased=rng.choice([0, 1]),
            lambdarank_bias_norm=rng.choice([0.0, 1.0, 2.5]),
            lambdarank_num_pair_per_sample=rng.choice([2, 6, 32]),
            lambdarank_normalization=rng.choice([0, 1]),
            lambdarank_score_normalization=rng.choice([0, 1]),
            min_child_weight=rng.choice([0.0, 0.1]),
        )
    else:
        objective = rng.choice(["reg:squarederror", "binary:logistic", "count:poisson", "reg:gamma", "reg:tweedie",
                                "reg:absoluteerror", "reg:expectileerror", "reg:pseudohubererror"])
        if objective == "binary:logistic":
            table["classes"] = 2
        if objective == "reg:expectileerror":
            params["expectile_alpha"] = rng.choice([0.2, [0.7], [0.1, 0.6], [0.3, 0.5, 1.0]])
    return make.case(name, objective, **table, **params)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=300)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    make.write([draw(rng, f"random {options.seed}.{i}") for i in range(options.cases)], options.out, as_text=True)
