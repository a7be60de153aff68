"""Writes scale.json: tables scaled by scikit-learn 1.9.1.

python scale.py
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

assert sklearn.__version__ == "1.9.1"

N, N_TRAIN = 24, 17
LOG = 1e-10


def column(name):
    i = np.arange(N, dtype=np.float64)
    wave = np.sin(1.7 * i) + 0.3 * np.cos(0.9 * i * i)
    return {
        "plain": wave,
        "far_mean": 1e4 + 1e-2 * wave,
        "tiny": 1e-7 * wave,
        "huge_var": 1e6 * (1.5 + wave),
        "small_var": 1e-8 * (2.0 + wave),
        "zero_var": np.zeros(N),
        "zero": np.zeros(N),
        "constant": np.full(N, 0.1),
        "constant_but_for_test": np.where(i < N_TRAIN, 0.7, wave),
        "nearly_constant": 0.3 + 1e-16 * (i % 2),
        "two_values": i % 2,
        "mostly_one": np.where(i % 9 == 0, wave, 3.0),
        "some_missing": np.where(i % 4 == 1, np.nan, wave),
        "one_left": np.where(i == 3, 5.0, np.nan),
    }[name].astype(np.float32)


NAMES = [
    "plain", "far_mean", "tiny", "huge_var", "small_var", "zero_var", "zero", "constant",
    "constant_but_for_test", "nearly_constant", "two_values", "mostly_one", "some_missing",
    "one_left",
]  # fmt: skip


def plain(x):
    return [[None if np.isnan(v) else float(v) for v in row] for row in x]


def main():
    x = np.stack([column(name) for name in NAMES], axis=1).astype(np.float64)
    logged = x.copy()
    for j, name in enumerate(NAMES):
        if name.endswith("_var"):
            logged[:, j] = np.log(x[:, j] + LOG)
    cases = []
    for kind, a, b, scaler in [
        ("standard", 0, 0, StandardScaler()),
        ("min_max", 0, 1, MinMaxScaler()),
        ("min_max", -2, 5, MinMaxScaler(feature_range=(-2, 5))),
        ("robust", 0.25, 0.75, RobustScaler()),
        ("robust", 0.1, 0.85, RobustScaler(quantile_range=(10, 85))),
    ]:
        for log, table in [(None, x), (LOG, logged)]:
            scaler.fit(table[:N_TRAIN])
            case = {"kind": kind, "a": a, "b": b, "log": log}
            cases.append(case | {"scaled": plain(scaler.transform(table))})
    golden = {"names": NAMES, "n_train": N_TRAIN, "table": plain(x), "cases": cases}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
