"""timbral-boost compared with XGBoost 3.4, node by node.

    pip install -r benches/peers/requirements.txt
    python benches/peers/boost_parity.py [TABLE.csv] [--rounds 50]

Both train on the same rows with the same parameters (`hist`, one thread, no random choices): data sets of
scikit-learn, some with missing values, with weights, grown leaf by leaf, with other regularisation, with
categories, with interaction constraints or with vectors as leaves, and TABLE.csv, a feature table with a column `label`, with both kinds of leaves. A fifth of the
rows are test rows. Both models are saved as XGBoost's JSON. Printed for each:

    trees               of both models
    equal               trees before the first one that differs in features, thresholds, directions or shape
    differ              trees that differ
    leaf                largest difference between leaves of equal trees
    accuracy, log loss  of both on the test rows; for regression R^2 and mean squared error
    margins             largest difference between both programs when they predict XGBoost's model; timbral's

Exit status 1: there is a difference beyond the tolerance.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import xgboost as xgb
from sklearn import datasets, metrics

from boost import build, table, write

# f32 sums of hundreds of leaves may differ by this because the order of the additions differs.
TOLERANCE = 1e-5


def cases(path):
    """(name, X, y, weights, other parameters by timbral's names, `categorical` for the columns of categories)"""
    for name in ("wine", "digits", "breast_cancer", "iris"):
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        yield name, X, y, None, {}
    wine, digits, cancer = (getattr(datasets, f"load_{n}")(return_X_y=True) for n in ("wine", "digits", "breast_cancer"))
    diabetes = datasets.load_diabetes(return_X_y=True)
    yield "diabetes", *diabetes, None, {"objective": "reg:squarederror"}
    rng = np.random.RandomState(0)
    missing = lambda X: np.where(rng.rand(*X.shape) < 0.2, np.nan, X)
    yield "cancer, missing", missing(cancer[0]), cancer[1], None, {}
    yield "digits, missing", missing(digits[0]), digits[1], None, {}
    yield "cancer, weights", *cancer, rng.rand(len(cancer[1])), {}
    yield "wine, weights", *wine, rng.rand(len(wine[1])), {}
    yield "digits, by leaves", *digits, None, {"grow_policy": "lossguide", "max_leaves": 15, "max_depth": 0}
    yield "cancer, regularised", *cancer, None, {"lambda": 3.0, "alpha": 0.5, "gamma": 0.2, "min_child_weight": 4.0}
    yield "diabetes, 16 bins", *diabetes, None, {"objective": "reg:squarederror", "max_bin": 16, "max_delta_step": 20.0}
    # The pixels of the digits are whole numbers up to 16, the others are cut into levels in a mixed order.
    every = {"categorical": list(range(64))}
    yield "digits, categories", *digits, None, every
    yield "digits, categories, missing", missing(digits[0]), digits[1], None, every | {"max_cat_threshold": 6}
    level = lambda X, n: (np.argsort(np.argsort(X, 0), 0) * n // len(X)) * 7 % n
    mixed = np.hstack([level(cancer[0][:, :10], 3), level(cancer[0][:, 10:20], 20), cancer[0][:, 20:]])
    yield "cancer, categories", mixed, cancer[1], None, {"categorical": list(range(20))}
    groups = [list(range(10)), list(range(5, 20)), list(range(20, 30))]
    yield "cancer, constrained", missing(cancer[0]), cancer[1], None, {"interaction_constraints": groups}
    yield "diabetes, constrained", *diabetes, None, {"objective": "reg:squarederror",
                                                     "interaction_constraints": [[0, 1, 2], [2, 3, 8], [4, 5, 6, 7]]}
    vectors = {"multi_strategy": "multi_output_tree"}
    yield "wine, vectors", *wine, None, vectors
    yield "digits, vectors", missing(digits[0]), digits[1], rng.rand(len(digits[1])), vectors
    if path:
        yield Path(path).name, *table(path), None, {}
        yield f"{Path(path).stem}, vectors", *table(path), None, vectors


def trees(path):
    return json.loads(Path(path).read_text())["learner"]["gradient_booster"]["model"]["trees"]


def same_shape(a, b):
    """Whether two trees have the same splits; leaves are compared separately."""
    keys = ("left_children", "right_children", "split_indices", "default_left", "split_type", "categories",
            "categories_nodes")
    if any(a[key] != b[key] for key in keys):
        return False
    inner = np.array(a["left_children"]) >= 0
    conditions = [np.array(tree["split_conditions"], np.float32)[inner] for tree in (a, b)]
    return bool((conditions[0] == conditions[1]).all())


def leaf_difference(a, b):
    if "leaf_weights" in a:
        values = [np.array(tree["base_weights"] + tree["leaf_weights"], np.float32) for tree in (a, b)]
    else:
        leaf = np.array(a["left_children"]) < 0
        values = [np.array(tree["split_conditions"], np.float32)[leaf] for tree in (a, b)]
    return float(np.abs(values[0] - values[1]).max())


def compare(program, folder, X, y, weights, rounds, extra):
    """Trains both; returns the columns of a line and whether they agree."""
    X, y = np.asarray(X, np.float32), np.asarray(y, np.float32)
    order = np.random.RandomState(42).permutation(len(y))
    test, train = np.split(order, [len(y) // 5])
    write(folder, X=X[train], y=y[train], Xt=X[test], yt=y[test])
    weights = None if weights is None else weights[train]
    if weights is not None:
        write(folder, w=weights)
    else:
        (folder / "w.f32").unlink(missing_ok=True)

    extra = dict(extra)
    categorical = extra.pop("categorical", None)
    types = {}
    (folder / "c.f32").unlink(missing_ok=True)
    if categorical:
        is_categorical = np.isin(np.arange(X.shape[1]), categorical)
        write(folder, c=is_categorical)
        types = {"feature_types": ["c" if c else "q" for c in is_categorical], "enable_categorical": True}
    k = int(y.max()) + 1
    classes = "objective" not in extra
    ours = {"learning_rate": 0.1, "max_depth": 6, "n_rounds": rounds, "n_threads": 1} | extra
    theirs = {"tree_method": "hist", "nthread": 1} | {key: ours[key] for key in ours if not key.startswith("n_")}
    if classes:
        theirs["objective"] = "binary:logistic" if k == 2 else "multi:softprob"
        ours["objective"] = "binary:logistic" if k == 2 else {"multi:softprob": {"num_class": k}}
        if k > 2:
            theirs["num_class"] = k
    if "interaction_constraints" in theirs:
        theirs["interaction_constraints"] = json.dumps(theirs["interaction_constraints"])
    booster = xgb.train(theirs, xgb.DMatrix(X[train], y[train], weight=weights, **types), rounds)
    files = [str(folder / name) for name in ("theirs.json", "ours.json")]
    booster.save_model(files[0])
    subprocess.run([program, "fit", str(folder), json.dumps(ours), "--model-out", files[1]],
                   check=True, stdout=subprocess.DEVNULL)

    pairs = list(zip(*map(trees, files), strict=True))
    same = [same_shape(a, b) for a, b in pairs]
    equal = same.index(False) if False in same else len(same)
    leaf = max((leaf_difference(a, b) for (a, b), s in zip(pairs, same) if s), default=0.0)

    rows, scores, margins = xgb.DMatrix(X[test]), [], []
    for file in files:
        booster = xgb.Booster(model_file=file)
        answer = booster.predict(rows)
        if classes:
            found = answer.argmax(1) if k > 2 else answer > 0.5
            scores += [metrics.accuracy_score(y[test], found), metrics.log_loss(y[test], answer, labels=range(k))]
        else:
            scores += [metrics.r2_score(y[test], answer), metrics.mean_squared_error(y[test], answer)]
        out = subprocess.run([program, "margins", file, str(folder)], check=True, stdout=subprocess.PIPE).stdout
        expected = booster.predict(rows, output_margin=True)
        margins.append(float(np.abs(np.frombuffer(out, "<f4").reshape(expected.shape) - expected).max()))
    line = (f"{len(pairs):6} {equal:6} {len(same) - sum(same):6} {leaf:8.1e} {scores[0]:8.4f} {scores[2]:8.4f}"
            f" {scores[1]:9.5g} {scores[3]:9.5g} {margins[0]:8.1e} {margins[1]:8.1e}")
    return line, all(same) and max(leaf, *margins) <= TOLERANCE * max(1.0, float(np.abs(y).max()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", nargs="?", metavar="TABLE.csv")
    parser.add_argument("--rounds", type=int, default=50)
    args = parser.parse_args()
    program = build("-p", "timbral-benches", "--example", "peers_boost")
    print(f"{'':22} {'':20} {'':8} {'accuracy':>17} {'log loss':>19} {'margins':>17}\n{'xgboost ' + xgb.__version__:22}"
          f" {'trees':>6} {'equal':>6} {'differ':>6} {'leaf':>8} {'theirs':>8} {'ours':>8} {'theirs':>9} {'ours':>9}"
          f" {'theirs':>8} {'ours':>8}")
    differ = []
    with tempfile.TemporaryDirectory() as folder:
        for name, X, y, weights, extra in cases(args.table):
            line, good = compare(program, Path(folder), X, y, weights, args.rounds, extra)
            print(f"{name:22} {line}", flush=True)
            differ += [] if good else [name]
    if differ:
        sys.exit(f"different: {', '.join(differ)}")


if __name__ == "__main__":
    main()
