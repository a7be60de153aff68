"""Models of a loss of one's own, in both directions. Needs xgboost==3.4.1 and numpy.

1. `python make.py xgboost` trains with custom objectives and writes xgboost-one.json and xgboost-two.json.
2. `TIMBRAL_MODELS=FOLDER cargo test -p timbral-boost --test models custom` writes FOLDER/timbral-one.json and
   FOLDER/timbral-two.json, models of timbral's `Loss`; copy them beside this script.
3. `python make.py expect` loads all four into XGBoost and writes expected.json: what it predicts.
"""

import json
import pathlib
import sys

import numpy as np
import xgboost as xgb

FOLDER = pathlib.Path(__file__).parent
ROUNDS = 4


def table():
    """200 rows of 3 features and a label, from a linear congruential generator; the test has the same."""
    state, values = 42, []
    for _ in range(200 * 4):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state >> 24)
    values = np.array(values, dtype=np.float32).reshape(200, 4)
    features = values[:, :3] / np.float32(16)
    features[values[:, :3] >= 240] = np.nan
    label = values[:, 0] / np.float32(32) + (values[:, 1] > 128) * np.float32(4) + values[:, 3] / np.float32(128)
    return features, label.astype(np.float32)


def asymmetric(margins, data):
    """Squared error that counts three times where the margin is below the label."""
    label = data.get_label().reshape(margins.shape)
    weight = np.where(margins < label, 3.0, 1.0)
    return weight * (margins - label), weight


def train():
    features, label = table()
    for name, labels in [("one", label), ("two", np.stack([label, 2 * label], axis=1))]:
        params = {"tree_method": "hist", "max_depth": 3, "eta": 0.5, "base_score": 0.5, "nthread": 1}
        model = xgb.train(params, xgb.DMatrix(features, labels), ROUNDS, obj=asymmetric)
        model.save_model(FOLDER / f"xgboost-{name}.json")


def expect():
    features, _ = table()
    expected = {}
    for name in ["xgboost-one", "xgboost-two", "timbral-one", "timbral-two"]:
        model = xgb.Booster(model_file=FOLDER / f"{name}.json")
        values = model.predict(xgb.DMatrix(features[:20])).reshape(20, -1)
        margins = model.predict(xgb.DMatrix(features[:20]), output_margin=True).reshape(20, -1)
        assert np.array_equal(values, margins), name
        expected[name] = {
            "rounds": model.num_boosted_rounds(),
            "margins": [[float(x) for x in row] for row in margins],
        }
    with open(FOLDER / "expected.json", "w") as file:
        json.dump(expected, file, indent=0)
        file.write("\n")


{"xgboost": train, "expect": expect}[sys.argv[1]]()
