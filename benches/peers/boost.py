"""timbral-boost compared with XGBoost, LightGBM and hessboost: time, accuracy and memory on the same rows.

    pip install -r benches/peers/requirements.txt
    python benches/peers/boost.py TABLE.csv [--rounds 200] [--eta 0.1] [--depth 6] [--threads 2]
        [--seeds 42,0,1,2,3] [--repeat 5] [--split FILE] [--no-hessboost] [--vectors]
    python benches/peers/boost.py --big

TABLE.csv is a feature table with a column `label`. For each seed a fifth of its rows are test rows: the first
of numpy's RandomState(seed).permutation; those of the first seed are written to FILE, an input of
`train_boost --test-rows`. `--big` generates a table of 1 000 000 x 50 numbers with two classes instead, from the
first seed, with 200 000 test rows.

The script builds the example `peers_boost` and the package `hessboost` in this folder. Each fit runs in its own
process; the peers take turns. A fit starts with the numbers in memory and includes DMatrix, Dataset or binning; a
prediction covers the test rows. Printed for each peer: seconds of the fits (best and median over all seeds and
turns), of the best prediction, mean accuracy over the seeds on training and test rows, the peak memory of a
process, and the size of the model as JSON.

With `--vectors` timbral-boost and XGBoost grow one tree per round for all classes; the others do not know it.

LightGBM grows trees leaf by leaf (31 leaves), the others level by level.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def build(*args):
    """Builds a program with the profile of the benches; returns its path."""
    command = ["cargo", "build", "--profile=bench", "--message-format=json", *args]
    messages = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    artifacts = [json.loads(line) for line in messages.splitlines()]
    (program,) = (a["executable"] for a in artifacts if a.get("executable"))
    return program


def write(folder, **arrays):
    for name, array in arrays.items():
        np.ascontiguousarray(array, "<f4").tofile(folder / f"{name}.f32")


def read(folder):
    X, y, Xt, yt = (np.fromfile(folder / f"{name}.f32", "<f4") for name in ("X", "y", "Xt", "yt"))
    return X.reshape(len(y), -1), y, Xt.reshape(len(yt), -1), yt


def n_classes(params):
    objective = params["objective"]
    return 2 if objective == "binary:logistic" else objective["multi:softprob"]["num_class"]


def xgboost(p):
    import xgboost as xgb

    k = n_classes(p)
    params = {"objective": "binary:logistic"} if k == 2 else {"objective": "multi:softprob", "num_class": k}
    params |= {"eta": p["learning_rate"], "max_depth": p["max_depth"], "tree_method": "hist",
               "nthread": p["n_threads"], "seed": p["seed"],
               "multi_strategy": p.get("multi_strategy", "one_output_per_tree")}
    return (lambda X, y: xgb.train(params, xgb.DMatrix(X, y), p["n_rounds"]),
            lambda model, X: model.predict(xgb.DMatrix(X)),
            lambda model: len(model.save_raw("json")))


def lightgbm(p):
    import lightgbm as lgb

    k = n_classes(p)
    params = {"objective": "binary"} if k == 2 else {"objective": "multiclass", "num_class": k}
    params |= {"learning_rate": p["learning_rate"], "num_leaves": 31, "num_threads": p["n_threads"],
               "verbose": -1, "seed": p["seed"]}
    return (lambda X, y: lgb.train(params, lgb.Dataset(X, y), p["n_rounds"]),
            lambda model, X: model.predict(X),
            lambda model: len(json.dumps(model.dump_model())))


def work(peer, folder, params):
    """One fit of a Python peer; runs in its own process."""
    X, y, Xt, yt = read(Path(folder))
    fit, predict, size = {"xgboost": xgboost, "lightgbm": lightgbm}[peer](json.loads(params))
    classes = lambda p: p.argmax(1) if p.ndim == 2 else p > 0.5
    start = time.perf_counter()
    model = fit(X, y)
    fitted = time.perf_counter()
    found = classes(predict(model, Xt))
    predicted = time.perf_counter()
    train_accuracy = float((classes(predict(model, X)) == y).mean())
    # Not ru_maxrss: a process inherits it from its parent.
    status = Path("/proc/self/status")
    peak = [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")] \
        if status.exists() else [None]
    print(json.dumps({"fit_seconds": fitted - start, "predict_seconds": predicted - fitted,
                      "train_accuracy": train_accuracy, "test_accuracy": float((found == yt).mean()),
                      "peak_kib": peak[0], "model_bytes": size(model)}))


def table(path):
    import pandas as pd

    d = pd.read_csv(path)
    y = pd.Categorical(d["label"]).codes
    return d.drop(columns=[c for c in ("filename", "length", "label") if c in d]).to_numpy(np.float32), y


def big(seed):
    """Two classes that depend on products, a sine and a threshold of 8 of 50 normal columns, plus noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((1_000_000, 50), dtype=np.float32)
    score = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + np.where(X[:, 3] > 0.5, X[:, 4], -X[:, 5]) + 0.5 * X[:, 6] ** 2
    score += 0.3 * X[:, 7] + rng.standard_normal(len(X), dtype=np.float32)
    return X, score > np.median(score)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", nargs="?")
    parser.add_argument("--big", action="store_true", help="a synthetic table of 1 000 000 x 50")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--eta", type=float, default=0.1)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", "--seed", default="42", help="seeds of the splits, separated by commas")
    parser.add_argument("--repeat", type=int, default=5, help="turns per seed (5)")
    parser.add_argument("--vectors", action="store_true", help="one tree for all classes (multi_output_tree)")
    parser.add_argument("--split", help="file for the test rows of the first seed")
    parser.add_argument("--no-hessboost", action="store_true", help="it needs a C compiler")
    args = parser.parse_args()
    if bool(args.table) == args.big:
        parser.error("either TABLE.csv or --big")
    seeds = [int(seed) for seed in args.seeds.split(",")]

    ours = build("-p", "timbral-benches", "--example", "peers_boost")
    peers = {"timbral": [ours, "fit"]}
    if not args.no_hessboost:
        peers["hessboost"] = [build("--target-dir", str(ROOT / "target/hessboost"),
                                    "--manifest-path", str(Path(__file__).parent / "hessboost/Cargo.toml"))]
    for peer in ("xgboost", "lightgbm"):
        peers[peer] = [sys.executable, __file__, "--work", peer]

    X, y = big(seeds[0]) if args.big else table(args.table)
    k = int(y.max()) + 1
    runs = {peer: [] for peer in peers}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for seed in seeds:
            order = np.random.RandomState(seed).permutation(len(y))
            n = round(len(y) * 0.2)
            test, train = np.sort(order[:n]), np.sort(order[n:])
            if args.split and seed == seeds[0]:
                Path(args.split).write_text("".join(f"{row}\n" for row in test))
            write(folder, X=X[train], y=y[train], Xt=X[test], yt=y[test])
            params = {"objective": "binary:logistic" if k == 2 else {"multi:softprob": {"num_class": k}},
                      "n_rounds": args.rounds, "learning_rate": args.eta, "max_depth": args.depth,
                      "seed": seed, "n_threads": args.threads}
            if args.vectors:
                params["multi_strategy"] = "multi_output_tree"
            for _ in range(args.repeat):
                for peer, command in peers.items():
                    command = [*command, str(folder), json.dumps(params)]
                    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                    runs[peer].append(json.loads(out.splitlines()[-1]))

    print(f"{len(train)} rows x {X.shape[1]} for training, {len(test)} for testing, {k} classes, {args.rounds} rounds, "
          f"eta {args.eta}, depth {args.depth}, {args.threads} threads; turns per seed ({args.seeds}): {args.repeat}")
    print(f"{'':10} {'fit s':>17} {'predict':>9} {'accuracy':>17} {'peak':>9} {'model':>9}\n"
          f"{'':10} {'best':>8} {'median':>8} {'best s':>9} {'train':>8} {'test':>8} {'MiB':>9} {'MB':>9}")
    for peer, of_peer in runs.items():
        column = lambda key: [run[key] for run in of_peer]
        fits = column("fit_seconds")
        peak = max(column("peak_kib")) / 1024 if of_peer[0]["peak_kib"] else float("nan")
        print(f"{peer:10} {min(fits):8.3f} {statistics.median(fits):8.3f} {min(column('predict_seconds')):9.4f}"
              f" {statistics.mean(column('train_accuracy')):8.4f} {statistics.mean(column('test_accuracy')):8.4f}"
              f" {peak:9.1f} {max(column('model_bytes')) / 1e6:9.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
    else:
        main()
