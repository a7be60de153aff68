"""Nearest neighbour and logistic regression of scikit-learn on a table of segments.

python splits.py TABLE.csv   (scikit-learn, pandas)

Accuracy on a fifth of the rows, drawn at random by row and by recording; standard scaling fitted to the training
rows; mean and standard deviation over the seeds 0 to 4.
"""
import argparse
import re

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
arguments.add_argument("table")
table = pd.read_csv(arguments.parse_args().table)
labels = table["label"].to_numpy()
groups = [re.sub(r"\.\d+\.wav$", "", name) for name in table["filename"]]
features = table.drop(columns=["filename", "length", "label"]).to_numpy()
models = {
    "nearest neighbour": KNeighborsClassifier(1),
    "logistic regression": LogisticRegression(max_iter=2000),
}
splits = {"random rows": (ShuffleSplit, None), "by recording": (GroupShuffleSplit, groups)}
for name, model in models.items():
    for split, (splitter, of_rows) in splits.items():
        scores = []
        for seed in range(5):
            parts = splitter(n_splits=1, test_size=0.2, random_state=seed)
            train, test = next(parts.split(features, labels, of_rows))
            fitted = make_pipeline(StandardScaler(), model).fit(features[train], labels[train])
            scores.append(fitted.score(features[test], labels[test]))
        print(f"{name}, {split}: {np.mean(scores):.3f} +- {np.std(scores, ddof=1):.3f}")
