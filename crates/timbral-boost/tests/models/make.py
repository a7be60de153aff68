"""Writes golden/VERSION/: models of the installed XGBoost, and expected.json with its predictions.
Made with XGBoost 1.7.6, 2.1.4, 3.2.0 and 3.4.1 (the older two with numpy < 2), and pandas."""

import json
import pathlib
import shutil

import numpy as np
import pandas as pd
import xgboost as xgb

VERSION = ".".join(xgb.__version__.split(".")[:2])
FOLDER = pathlib.Path(__file__).parent / "golden" / VERSION
IMPORTANCES = ["weight", "gain", "cover", "total_gain", "total_cover"]

rng = np.random.default_rng(7)
ROWS = rng.normal(size=(60, 4)).astype(np.float32)
ROWS[rng.random(ROWS.shape) < 0.15] = np.nan
SIGNAL = np.nansum(ROWS[:, :2], axis=1)
NUMBER = (SIGNAL + rng.normal(scale=0.3, size=60)).astype(np.float32)
expected = {"rows": [[None if np.isnan(x) else float(x) for x in row] for row in ROWS]}
expected["models"], expected["unsupported"] = {}, []


def classes(n):
    """Labels of n classes, in the order of the signal."""
    return np.argsort(np.argsort(SIGNAL)) * n // len(SIGNAL)


def matrix(label=None, **kwargs):
    return xgb.DMatrix(ROWS, label, **kwargs)


def add(name, data, rounds=3, formats=("json",), supported=True, attributes=(), **params):
    params = {"max_depth": 2, "seed": 1, "nthread": 1, **params}
    early = {}
    if params.pop("early", False):
        early = {"evals": [(data, "train")], "early_stopping_rounds": 1, "verbose_eval": False}
    booster = xgb.train(params, data, rounds, **early)
    booster.set_attr(**dict(attributes))
    for form in formats:
        booster.save_model(FOLDER / f"{name}.{form}")
    files = [f"{name}.{form}" for form in formats]
    if not supported:
        expected["unsupported"] += files
        return
    plain = xgb.DMatrix(ROWS, feature_names=data.feature_names)
    margins = booster.predict(plain, output_margin=True).reshape(len(ROWS), -1)
    names = data.feature_names or [f"f{i}" for i in range(ROWS.shape[1])]
    scores = {kind: booster.get_score(importance_type=kind) for kind in IMPORTANCES}
    for file in files:
        expected["models"][file] = {
            "margins": [[float(x) for x in row] for row in margins],
            "rounds": booster.num_boosted_rounds(),
            "feature_names": data.feature_names,
            "attributes": booster.attributes(),
            "importance": {k: [s.get(name, 0.0) for name in names] for k, s in scores.items()},
        }


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
both = ("json", "ubj")
add("squarederror", matrix(NUMBER), formats=both)
add("pseudohuber", matrix(NUMBER), objective="reg:pseudohubererror", huber_slope=2)
# A huge learning rate, so that the first round is the best.
add("stopped", matrix(classes(2)), 9, both, objective="binary:logistic", early=True, eta=9)
add("softprob", matrix(classes(3), feature_names=["mfcc 1", "tempo", "größe", "q\"\\"]),
    formats=both, objective="multi:softprob", num_class=3,
    attributes={"note": "a \"quoted\" \\ back\nnew line"})
add("softmax", matrix(classes(10)), 2, objective="multi:softmax", num_class=10, max_depth=1)
add("forest", matrix(classes(2)), 2, objective="multi:softprob", num_class=2,
    num_parallel_tree=3, subsample=0.5)
add("dart", matrix(NUMBER), 6, both, booster="dart", rate_drop=0.6, max_depth=1)
add("pruned", matrix(NUMBER), formats=both, tree_method="exact", gamma=4, max_depth=4)
add("lossguide", matrix(NUMBER), 1, tree_method="hist", grow_policy="lossguide", max_leaves=9,
    max_depth=0)
add("stump", matrix(np.ones(60)), 1)
if VERSION != "1.7":
    add("targets", matrix(np.stack([NUMBER, -NUMBER], axis=1)), max_depth=1)
    add("labels", matrix(np.stack([classes(2), 1 - classes(2)], axis=1)), max_depth=1,
        objective="binary:logistic")
    add("quantile", matrix(NUMBER), max_depth=1, objective="reg:quantileerror",
        quantile_alpha=[0.2, 0.8])
if VERSION >= "3.4":
    add("expectile", matrix(NUMBER), max_depth=1, objective="reg:expectileerror", expectile_alpha=[0.2, 0.8])
for objective, label in [
    ("reg:logistic", classes(2)),
    ("binary:logitraw", classes(2)),
    ("binary:hinge", classes(2)),
    ("reg:absoluteerror", NUMBER),
    ("reg:squaredlogerror", np.abs(NUMBER)),
    ("count:poisson", classes(5)),
    ("reg:gamma", np.abs(NUMBER) + 0.1),
    ("reg:tweedie", np.abs(NUMBER)),
    ("survival:cox", NUMBER),
]:
    add(objective.replace(":", "-"), matrix(label), 2, max_depth=1, objective=objective)
aft = matrix()
aft.set_float_info("label_lower_bound", np.abs(NUMBER) + 1)
aft.set_float_info("label_upper_bound", np.abs(NUMBER) + 2)
add("survival-aft", aft, 2, max_depth=1, objective="survival:aft")
for kind in ["pairwise", "ndcg", "map"]:
    ranked = matrix(classes(2), qid=np.repeat([0, 1, 2], 20))
    add(f"rank-{kind}", ranked, 2, max_depth=1, objective=f"rank:{kind}")
if VERSION >= "3.4":
    clicks = {"lambdarank_unbiased": True, "lambdarank_bias_norm": 0.7, "lambdarank_num_pair_per_sample": 5}
    add("rank-clicks", ranked, 3, both, max_depth=1, objective="rank:ndcg", **clicks)

add("gblinear", matrix(NUMBER), formats=both, supported=False, booster="gblinear")
# Two columns of categories, about 5 and 20 of them. The margins are those of ROWS: of numbers that are not whole, or
# negative, and of categories that are not in the table.
MIXED = ROWS.copy()
MIXED[:, [0, 2]] = np.floor(np.abs(ROWS[:, [0, 2]]) * [1.5, 8])
categories = {"feature_types": ["c", "q", "c", "q"], "enable_categorical": True}
hist = {"tree_method": "hist", "max_cat_to_onehot": 6, "max_depth": 3}
add("categorical", xgb.DMatrix(MIXED, NUMBER, **categories), 3, both, **hist)
if VERSION >= "3.4":
    codes = lambda column, n: np.nan_to_num(np.floor(np.abs(ROWS[:, column]) * n), nan=-1).astype(int)
    frame = pd.DataFrame({
        "genre": pd.Categorical.from_codes(np.minimum(codes(0, 1.5), 3), ["blues", "jazz", "métal", "rock"]),
        "tempo": ROWS[:, 1],
        "year": pd.Categorical.from_codes(codes(2, 8), pd.Index(np.arange(-1990, -1960))),
        "label": pd.Categorical.from_codes(codes(3, 3), pd.Index(7 + 39993 * np.arange(2), dtype="uint16").append(
            pd.Index(np.arange(20, 40), dtype="uint16"))),
    })
    add("categorical-names", xgb.DMatrix(frame, NUMBER, enable_categorical=True), 3, both, **hist)
if VERSION >= "3":
    vectors = {"tree_method": "hist", "multi_strategy": "multi_output_tree"}
    add("vector", matrix(np.stack([NUMBER, -NUMBER], axis=1)), 2, both, **vectors)
    if VERSION != "3.2":
        add("vector-softprob", matrix(classes(5)), 3, both, objective="multi:softprob", num_class=5,
            **vectors)
        add("vector-forest", matrix(classes(3)), 2, objective="multi:softprob", num_class=3,
            num_parallel_tree=2, subsample=0.5, **vectors)

with open(FOLDER / "expected.json", "w") as file:
    json.dump(expected, file, separators=(",", ":"), ensure_ascii=False)
