"""Writes models of XGBoost 3.4.1 and its predictions to golden/.

usage: make.py (needs numpy and xgboost==3.4.1)
"""

import json
from pathlib import Path

import numpy as np
import xgboost as xgb

HERE = Path(__file__).parent / "golden"


def numbers(array):
    """Nested lists with the shortest digits of each f32, null for NaN."""
    if array.ndim:
        return [numbers(a) for a in array]
    return None if np.isnan(array) else float(str(np.float32(array)))


def case(name, params, n_rounds, n_features, best=None, categories=()):
    """`categories` are columns and how many categories they have."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(400, n_features)).astype(np.float32)
    types = ["q"] * n_features
    for column, n in categories:
        x[:, column] = np.argsort(np.argsort(x[:, column])) * n // len(x) * 7 % n
        types[column] = "c"
    signal = x[:, 0] * x[:, 1] + np.abs(x[:, -1])
    x[rng.random(x.shape) < 0.1] = np.nan
    if "num_class" in params:
        y = np.digitize(signal, np.quantile(signal, [1 / 3, 2 / 3]))
    elif params["objective"].startswith("binary"):
        y = signal > np.median(signal)
    else:
        y = signal
    typed = {"feature_types": types, "enable_categorical": True} if categories else {}
    data = xgb.DMatrix(x, y.astype(np.float32), **typed)
    booster = xgb.train(params | {"nthread": 1, "seed": 1}, data, n_rounds)
    if best is not None:
        booster.set_attr(best_iteration=str(best))
    booster.save_model(HERE / f"{name}.model.json")

    # Categories that are not in the table, and numbers that are no categories.
    for column, n in categories:
        x[:7, column] = [n, 1000, -1, -0.5, 1.75, 2**24, 1e9]
    n_outputs = params.get("num_class", 1)
    rows = xgb.DMatrix(x[:20])
    end = n_rounds if best is None else best + 1

    def predict(first, end, *shape, **kind):
        found = booster.predict(rows, iteration_range=(first, end), **kind)
        return numbers(found.reshape((20, *shape)))

    expected = {
        "rows": numbers(x[:20]),
        "margins": predict(0, end, n_outputs, output_margin=True),
        "predictions": predict(0, end, n_outputs),
        "leaves": predict(0, end, (1 if "multi_strategy" in params else n_outputs) * end, pred_leaf=True),
        "shap_values": predict(0, end, n_outputs, n_features + 1, pred_contribs=True),
        "shap_interaction_values": predict(0, end, n_outputs, n_features + 1, n_features + 1, pred_interactions=True),
        "slice": [1, 3],
        "slice_margins": predict(1, 3, n_outputs, output_margin=True),
    }
    (HERE / f"{name}.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


HERE.mkdir(exist_ok=True)
case("softprob", {"objective": "multi:softprob", "num_class": 3, "max_depth": 3}, 4, 4)
case("vectors", {"objective": "multi:softprob", "num_class": 3, "max_depth": 3,
                 "multi_strategy": "multi_output_tree"}, 4, 4)
case("categorical", {"objective": "multi:softprob", "num_class": 3, "max_depth": 4}, 4, 5,
     categories=[(0, 3), (2, 12), (3, 100)])
case("logistic", {"objective": "binary:logistic", "max_depth": 6, "eta": 0.5}, 5, 5, best=3)
case("squared", {"objective": "reg:squarederror", "grow_policy": "lossguide", "max_leaves": 24, "max_depth": 0}, 4, 2)
