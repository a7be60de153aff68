"""Loads models that timbral saved into XGBoost 3.4 and compares their margins with those of the
original models. `TIMBRAL_MODELS=FOLDER cargo test -p timbral-boost --test models saves_for_xgboost`
writes the models; then `python check_in_xgboost.py FOLDER`."""

import json
import pathlib
import sys

import numpy as np
import xgboost as xgb

TOLERANCE = 1e-6

golden, folder = pathlib.Path(__file__).parent / "golden", pathlib.Path(sys.argv[1])
worst, count = 0.0, 0
for path in sorted(folder.iterdir()):
    # 3.2_softprob.json-saved.ubj
    version, original = path.name.rsplit("-saved", 1)[0].split("_", 1)
    with open(golden / version / "expected.json") as file:
        expected = json.load(file)
    rows = np.array(expected["rows"], dtype=np.float32)
    case = expected["models"][original]
    booster = xgb.Booster(model_file=path)
    if case["feature_names"] is not None:
        assert booster.feature_names == case["feature_names"], path
    for key, value in case["attributes"].items():
        assert booster.attr(key) == value, (path, key)
    data = xgb.DMatrix(rows, feature_names=booster.feature_names)
    margins = booster.predict(data, output_margin=True).reshape(len(rows), -1)
    reference = np.array(case["margins"])
    error = np.max(np.abs(margins - reference) / np.maximum(np.abs(reference), 1))
    assert error <= TOLERANCE, (path, error)
    booster.predict(data, pred_contribs=True)
    booster.save_raw("ubj")
    worst, count = max(worst, error), count + 1
print(f"{count} files, largest error {worst:.1e} of at most {TOLERANCE}")
assert count
