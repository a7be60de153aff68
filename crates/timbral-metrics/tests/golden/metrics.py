"""Writes metrics.json: results of scikit-learn, scipy and statsmodels for generated cases.

    pip install scikit-learn==1.9.1 scipy statsmodels
    python metrics.py > metrics.json

A case is generated from its number by integer arithmetic and at most one IEEE division per value.
`golden_metrics/cases.rs` generates the same bits, so that only results are stored: under each name, one
number per case. Long results are stored as a digest, strings and folds as a hash; null is a number that
is not finite, or an argument that is refused.
"""

import json
import math
import warnings

import numpy as np
import scipy.stats
import sklearn
from sklearn import metrics as m
from sklearn import model_selection as ms
from sklearn.calibration import calibration_curve
from statsmodels.stats.contingency_tables import mcnemar

assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.filterwarnings("ignore")

N_CASES = 336
PLAIN, TIES, GOOD, ABSENT, ONE_CLASS, TWO_CLASSES = range(6)
KINDS = [PLAIN, TIES, GOOD] * 3 + [ABSENT, ONE_CLASS, TWO_CLASSES]


class Lcg:
    """Numbers of 24 bits."""

    def __init__(self, seed):
        self.state = seed

    def draw(self):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state >> 8

    def below(self, n):
        return self.draw() % n


class Case:
    def __init__(self, number):
        g = Lcg(number * 7919 + 1)
        kind, turn = KINDS[number % 12], number // 12
        n = 1 + g.below(30) if number % 5 == 0 else 40 + g.below(110)
        k = 2 if kind == TWO_CLASSES else 3 + g.below(5)
        self.n, self.k = n, k

        one, same = g.below(k), turn % 2 == 0
        self.y_true, self.y_pred = [], []
        for _ in range(n):
            t, p, luck = g.below(k), g.below(k), g.below(4)
            if kind == ABSENT:
                t = 1 + t % (k - 1)
            if kind == ONE_CLASS:
                t = one
            if (kind == GOOD and luck > 0) or (kind == ONE_CLASS and same):
                p = t
            self.y_true.append(t)
            self.y_pred.append(p)

        # No weights, halves with zeros among them, or any number in (0, 1].
        self.weighting = number % 7 % 3
        drawn = [g.draw() for _ in range(n)]
        if self.weighting == 1:
            self.weight = [(d % 4) / 2 for d in drawn]
            self.weight[0] = 1.5
        elif self.weighting == 2:
            self.weight = [(d + 1) / 2**24 for d in drawn]
        else:
            self.weight = None

        self.proba = []
        for _ in range(n):
            row = [g.below(4 if kind == TIES else 1000) for _ in range(k)]
            row[0] += sum(row) == 0
            self.proba.append([x / sum(row) for x in row])

        self.binary, self.score = [], []
        for _ in range(n):
            b, s = g.below(2), g.draw()
            self.binary.append(turn // 2 % 2 if kind == ONE_CLASS else b)
            self.score.append(s % 5 / 4 if kind == TIES else s / 2**24)

        self.target, self.estimate = [], []
        for _ in range(n):
            t, e = (g.below(2001) - 1000) / 64, (g.below(401) - 200) / 32
            if kind == ONE_CLASS:
                t = 2.0
            self.target.append(t)
            self.estimate.append(2.0 if kind == ONE_CLASS and same else t + e)

        n_groups = 3 + g.below(n if number % 2 else 12)
        self.groups = [g.below(n_groups) for _ in range(n)]
        self.n_splits = 2 + g.below(4)
        self.test_fold = [g.below(5) - 1 for _ in range(n)]

        # Whether each of two models is right, row by row.
        rows = 1 + g.below(400)
        self.first = [int(g.below(4) > 0) for _ in range(rows)]
        self.second = [int(g.below(3) > 0) for _ in range(rows)]


# --- random numbers of timbral-core -----------------------------------------------------------------

GAMMA, MASK = 0x9E3779B97F4A7C15, 2**64 - 1


def mix(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


class SplitMix64:
    def __init__(self, seed, index):
        self.state = mix(seed + GAMMA & MASK) ^ mix(~index & MASK)

    def below(self, n):
        while True:
            self.state = self.state + GAMMA & MASK
            wide = mix(self.state) * n
            if wide & MASK >= (2**64 - n) % n:
                return wide >> 64


# --- how results are stored -------------------------------------------------------------------------

def digest(values):
    """sum (i + 1) v_i with -1 for NaN and -2 for infinity."""
    total = 0.0
    for i, v in enumerate(np.asarray(values, dtype=float).ravel()):
        total += (i + 1) * (-1.0 if math.isnan(v) else -2.0 if math.isinf(v) else float(v))
    return total


def hashed(numbers):
    """FNV-1a in 32 bits."""
    h = 2166136261
    for x in numbers:
        h = (h ^ x) * 16777619 % 2**32
    return h


def folds(make, n):
    """Hash of the test fold of each row, 255 for none."""
    try:
        fold_of_row = [255] * n
        for fold, (train, test) in enumerate(make()):
            assert sorted([*train, *test]) == list(range(n))
            for i in test:
                fold_of_row[i] = fold
        return hashed(fold_of_row)
    except ValueError:
        return None


def stored(value):
    if value is None or isinstance(value, int):
        return value
    value = float(value)
    return None if not math.isfinite(value) else float("%.15g" % value)


# --- results ----------------------------------------------------------------------------------------

def by_class(c, out, number):
    args = dict(y_true=c.y_true, y_pred=c.y_pred, sample_weight=c.weight)
    labels = list(range(c.k))
    out["confusion_matrix"] = digest(m.confusion_matrix(**args, labels=labels))
    for name in ["true", "pred", "all"]:
        matrix = m.confusion_matrix(**args, labels=labels, normalize=name)
        out["confusion_matrix_" + name] = digest(matrix)
    out["accuracy_score"] = m.accuracy_score(**args)
    out["balanced_accuracy_score"] = m.balanced_accuracy_score(**args)
    out["balanced_accuracy_score_adjusted"] = m.balanced_accuracy_score(**args, adjusted=True)
    for weights in [None, "linear", "quadratic"]:
        out[f"cohen_kappa_score_{weights}"] = m.cohen_kappa_score(
            c.y_true, c.y_pred, labels=labels, weights=weights, sample_weight=c.weight)
    out["matthews_corrcoef"] = m.matthews_corrcoef(**args)

    zero = [0, 1, np.nan][number // 12 % 3]
    beta = [1.0, 0.5, 2.0][number // 7 % 3]
    rest = dict(**args, labels=labels, beta=beta, zero_division=zero)
    names = ["precision", "recall", "fscore", "support"]
    for name, values in zip(names, m.precision_recall_fscore_support(**rest)):
        out[name + "_per_class"] = digest(values)
    for average in ["macro", "micro", "weighted"]:
        values = m.precision_recall_fscore_support(**rest, average=average)
        for name, value in zip(names[:3], values):
            out[f"{name}_{average}"] = value

    # Sums of arbitrary weights are printed with all digits, and the last depends on the order of addition.
    args["sample_weight"] = c.weight if c.weighting == 1 else None
    report = m.classification_report(
        **args, labels=labels, target_names=[f"genre {i}" for i in labels],
        digits=number % 4 + 1, zero_division=zero)
    out["classification_report"] = hashed(report.encode())


def by_score(c, out, number):
    labels = list(range(c.k))
    proba, w = np.array(c.proba), c.weight
    out["log_loss"] = m.log_loss(c.y_true, proba, labels=labels, sample_weight=w)
    for half in [True, False]:
        out[f"brier_score_loss_{half}"] = m.brier_score_loss(
            c.y_true, proba, labels=labels, scale_by_half=half, sample_weight=w)
    if c.k > 2:
        for k in [1, 2]:
            out[f"top_k_accuracy_score_{k}"] = m.top_k_accuracy_score(
                c.y_true, proba, k=k, labels=labels, sample_weight=w)
        auc = dict(y_true=c.y_true, y_score=proba, labels=labels)
        per_class = m.roc_auc_score(**auc, multi_class="ovr", average=None, sample_weight=w)
        out["roc_auc_score_per_class"] = digest(per_class)
        for average in ["macro", "micro", "weighted"]:
            out[f"roc_auc_score_ovr_{average}"] = m.roc_auc_score(
                **auc, multi_class="ovr", average=average, sample_weight=w)
        for average in ["macro", "weighted"]:
            try:
                out[f"roc_auc_score_ovo_{average}"] = m.roc_auc_score(
                    **auc, multi_class="ovo", average=average)
            except ZeroDivisionError:  # one class: the macro average is NaN
                out[f"roc_auc_score_ovo_{average}"] = math.nan

    out["roc_auc_score"] = m.roc_auc_score(c.binary, c.score, sample_weight=w)
    out["average_precision_score"] = m.average_precision_score(c.binary, c.score, sample_weight=w)
    for drop in [False, True]:
        rest = dict(pos_label=1, sample_weight=w, drop_intermediate=drop)
        curve = m.roc_curve(c.binary, c.score, **rest)
        for name, values in zip(["fpr", "tpr", "thresholds"], curve):
            out[f"roc_curve_{name}_{drop}"] = digest(values)
        curve = m.precision_recall_curve(c.binary, c.score, **rest)
        for name, values in zip(["precision", "recall", "thresholds"], curve):
            out[f"precision_recall_curve_{name}_{drop}"] = digest(values)

    n_bins = 1 + number % 12
    for strategy in ["uniform", "quantile"]:
        curve = calibration_curve(c.binary, c.score, pos_label=1, n_bins=n_bins, strategy=strategy)
        for name, values in zip(["true", "pred"], curve):
            out[f"calibration_curve_{name}_{strategy}"] = digest(values)
    # The definition, bin by bin.
    confidence, hit = proba.max(axis=1), proba.argmax(axis=1) == c.y_true
    edges, ece = np.linspace(0, 1, n_bins + 1), 0.0
    for b in range(n_bins):
        inside = (confidence <= edges[b + 1]) & ((confidence > edges[b]) | (b == 0))
        if inside.any():
            ece += inside.mean() * abs(hit[inside].mean() - confidence[inside].mean())
    out["expected_calibration_error"] = ece


def by_number(c, out, number):
    for name in ["mean_absolute_error", "mean_squared_error", "root_mean_squared_error",
                 "median_absolute_error", "mean_absolute_percentage_error", "r2_score",
                 "explained_variance_score"]:
        out[name] = getattr(m, name)(c.target, c.estimate, sample_weight=c.weight)
    out["max_error"] = m.max_error(c.target, c.estimate)
    # x is descending in every second case.
    x = sorted(c.score, reverse=number % 2 == 1)
    out["auc"] = m.auc(x, c.target) if c.n > 1 else None


def by_resampling(c, out, number):
    x, n_resamples = np.array(c.target), 49
    level = [0.9, 0.95, 0.5][number % 3]

    def interval(name, units, method):
        means = []
        for b in range(n_resamples):
            rng = SplitMix64(number, b)
            rows = [i for _ in units for i in units[rng.below(len(units))]]
            means.append(x[rows].mean())
        made = type("Made", (), {"bootstrap_distribution": np.array(means)})
        if c.n > 1:
            result = scipy.stats.bootstrap(
                (x,), lambda x, axis: x.mean(axis=axis), n_resamples=0, bootstrap_result=made,
                confidence_level=level, method=method)
            values = [*result.confidence_interval, result.standard_error]
        else:
            values = [x[0], x[0], 0.0]
        for part, value in zip(["low", "high", "error"], values):
            out[f"{name}_{part}"] = value

    rows = [[i] for i in range(c.n)]
    interval("bootstrap_percentile", rows, "percentile")
    interval("bootstrap_basic", rows, "basic")
    groups = [[i for i in range(c.n) if c.groups[i] == g] for g in sorted(set(c.groups))]
    interval("bootstrap_by_group", groups, "percentile")

    n = 2 + number % 6
    more = Lcg(number + 5)
    a = np.array([more.below(64) / 10 for _ in range(n)])
    b = np.array([more.below(64) / 10 for _ in range(n)])
    for alternative in ["two-sided", "less", "greater"]:
        out[f"permutation_test_{alternative}"] = scipy.stats.permutation_test(
            (a, b), lambda a, b, axis: (a - b).mean(axis=axis), permutation_type="samples",
            vectorized=True, alternative=alternative).pvalue
    # Too many swaps to enumerate: scipy's formula for random ones.
    observed, extreme = (x - c.estimate).mean(), [0, 0]
    for swap in range(n_resamples):
        rng = SplitMix64(number, swap)
        sign = np.array([1 - 2 * rng.below(2) for _ in range(c.n)])
        value = (sign * (x - c.estimate)).mean()
        margin = 100 * np.finfo(float).eps * abs(observed)
        extreme[0] += value <= observed + margin
        extreme[1] += value >= observed - margin
    if c.n > 5:
        out["permutation_test_random"] = min(1.0, 2 * (min(extreme) + 1) / (n_resamples + 1))

    first, second = np.array(c.first, bool), np.array(c.second, bool)
    table = [[np.sum(f & s) for s in (second, ~second)] for f in (first, ~first)]
    out["mcnemar"] = mcnemar(table, exact=True).pvalue


def by_fold(c, out, number):
    x, y = np.zeros(c.n), np.array(c.y_true)
    k, groups = c.n_splits, np.array(c.groups)
    out["k_fold"] = folds(lambda: ms.KFold(k).split(x), c.n)
    out["stratified_k_fold"] = folds(lambda: ms.StratifiedKFold(k).split(x, y), c.n)
    out["group_k_fold"] = folds(lambda: ms.GroupKFold(k).split(x, y, groups), c.n)
    out["stratified_group_k_fold"] = folds(
        lambda: ms.StratifiedGroupKFold(k).split(x, y, groups), c.n)
    out["leave_one_group_out"] = folds(lambda: ms.LeaveOneGroupOut().split(x, y, groups), c.n)
    if max(c.test_fold) >= 0:
        out["predefined_split"] = folds(lambda: ms.PredefinedSplit(c.test_fold).split(), c.n)
    try:
        size = [0.1, 0.25, 0.33, 0.5][number % 4]
        out["train_test_split"] = len(ms.train_test_split(x, test_size=size)[1])
        out["stratified_train_test_split"] = None
        out["stratified_train_test_split"] = len(
            ms.train_test_split(x, test_size=size, stratify=y)[1])
    except ValueError:
        pass


results = {}
for number in range(N_CASES):
    case, out = Case(number), {}
    for part in [by_class, by_score, by_number, by_resampling, by_fold]:
        part(case, out, number)
    for name, value in out.items():
        results.setdefault(name, [None] * N_CASES)[number] = stored(value)
lines = [json.dumps(name) + ": " + json.dumps(v, separators=(",", ":")) for name, v in sorted(results.items())]
print("{\n" + ",\n".join(lines) + "\n}")
