"""Do more columns help? Trees, logistic regression and a support vector machine on tables of several feature sets of the same recordings.

    timbral extract-features MUSIC --segments 3s --preset librosa --out librosa.csv     # 57 columns
    timbral extract-features MUSIC --segments 3s --preset fma --out fma.csv             # 518
    timbral extract-features MUSIC --segments 3s --preset librosa-all --out all.csv     # 2023
    pip install -r benches/peers/requirements.txt
    python benches/peers/columns.py librosa.csv fma.csv all.csv [--repeats N] [--models logistic,svm,forest,trees]

Five folds of whole recordings, with the genres in equal proportions, the same for all tables, N times with other folds (default
1). Probabilities of a recording are the means of those of its segments. Printed for every table and model: the accuracy by
recording with its 95 % interval from 2000 bootstrap samples of recordings, and the difference from the first table on the same
recordings with its interval. Trees are XGBoost's with 100 rounds, learning rate 0.1, depth 6; logistic regression is
scikit-learn's on standardised columns with C = 0.1, the support vector machine with the Gaussian kernel and C = 1; the forest has 300 trees of its defaults.
"""
import argparse

import numpy as np
import pandas as pd
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

MODELS = {
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
    "svm": lambda: make_pipeline(StandardScaler(), CalibratedClassifierCV(SVC(), ensemble=False)),
    "forest": lambda: RandomForestClassifier(n_estimators=300, random_state=0, n_jobs=1),
    "trees": lambda: xgboost.XGBClassifier(n_estimators=100, learning_rate=0.1, max_depth=6, n_jobs=1),
}


def correct(table, model, repeats):
    """Of each recording, the fraction of the repeats in which it was right."""
    recordings = table["filename"].str.rsplit(".", n=2).str[0]
    names, group = np.unique(recordings, return_inverse=True)
    genres, y = np.unique(table["label"], return_inverse=True)
    x = table.drop(columns=["filename", "length", "label", "group", "artist", "album"], errors="ignore").to_numpy(dtype=np.float32)
    truth = np.array([y[group == g][0] for g in range(len(names))])
    right = np.zeros(len(names))
    for repeat in range(repeats):
        folds = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=repeat)
        for train, test in folds.split(x, y, group):
            p = MODELS[model]().fit(x[train], y[train]).predict_proba(x[test])
            for g in np.unique(group[test]):
                right[g] += p[group[test] == g].mean(axis=0).argmax() == truth[g]
    return right / repeats


def interval(values, rng):
    means = values[rng.integers(0, len(values), (2000, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--models", default=",".join(MODELS))
    args = parser.parse_args()
    for model in args.models.split(","):
        first = None
        for path in args.tables:
            table = pd.read_csv(path)
            right = correct(table, model, args.repeats)
            first = right if first is None else first
            rng = np.random.default_rng(0)
            print(f"{model:9} {path:16} {table.shape[1] - 3:5} columns, {len(right)} recordings: "
                  f"{interval(right, rng)}, difference {interval(right - first, rng)}", flush=True)


if __name__ == "__main__":
    main()
