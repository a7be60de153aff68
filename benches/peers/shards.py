"""Boosted trees on a table larger than memory, from Parquet shards: `timbral train-shards` and XGBoost's external memory.

    python benches/peers/shards.py --rows 10000000 --rounds 5

Makes the shards (57 columns of f32, ten classes of which each moves the columns' means) in a folder that is removed at the
end, or in the one given by --folder, where they are used again. Each side runs in a process of its own and reads the
same files; wall seconds and the peak of resident memory are those of that process. Both models are then scored by XGBoost
on a shard of other rows.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost as xgb

ROOT = Path(__file__).resolve().parents[2]
SHARD = 250_000
N_FEATURES = 57
N_CLASSES = 10
NAMES = [f"x{i:02}" for i in range(N_FEATURES)]


def draw(rows, seed):
    means = np.random.default_rng(0).normal(0, 0.25, (N_CLASSES, N_FEATURES)).astype(np.float32)
    draws = np.random.default_rng([seed, 1])
    labels = draws.integers(0, N_CLASSES, rows)
    return means[labels] + draws.standard_normal((rows, N_FEATURES), dtype=np.float32), labels


def make(folder, n_rows):
    for shard, start in enumerate(range(0, n_rows, SHARD)):
        path = folder / f"{shard:05}.parquet"
        if path.exists():
            continue
        features, labels = draw(min(SHARD, n_rows - start), shard)
        columns = dict(zip(NAMES, features.T))
        columns["label"] = [f"class{label}" for label in labels]
        pq.write_table(pa.table(columns), path)


def measured(command):
    """Wall seconds, peak MB and output of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]}: status {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1000, output


def build():
    command = ["cargo", "build", "--profile=bench", "-p", "timbral-cli", "--bin", "timbral", "--message-format=json"]
    messages = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    artifacts = [json.loads(line) for line in messages.splitlines()]
    (program,) = (a["executable"] for a in artifacts if a.get("executable"))
    return program


class Shards(xgb.DataIter):
    def __init__(self, folder, cache):
        self.paths, self.at = sorted(folder.glob("*.parquet")), 0
        super().__init__(cache_prefix=str(cache / "cache"))

    def reset(self):
        self.at = 0

    def next(self, input_data):
        if self.at == len(self.paths):
            return False
        table = pq.read_table(self.paths[self.at])
        labels = table.column("label").to_pandas().str.removeprefix("class").astype(np.int32)
        features = np.stack([table.column(name).to_numpy() for name in NAMES], axis=1)
        input_data(data=features, label=labels.to_numpy(), feature_names=NAMES)
        self.at += 1
        return True


def xgboost(args):
    """The side of XGBoost, in a process of its own."""
    with tempfile.TemporaryDirectory(dir=args.folder.parent) as cache:
        rows = xgb.ExtMemQuantileDMatrix(Shards(args.folder, Path(cache)), max_bin=256, nthread=args.threads)
        params = {"objective": "multi:softprob", "num_class": N_CLASSES, "tree_method": "hist", "nthread": args.threads}
        params |= {"max_depth": args.depth, "eta": 0.3}
        xgb.train(params, rows, args.rounds).save_model(args.model)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="for the shards (a temporary one)")
    parser.add_argument("--peers", default="timbral,xgboost", help="which of timbral, xgboost (both)")
    parser.add_argument("--model", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.model:
        return xgboost(args)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (args.folder or Path(temporary) / "shards").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        make(folder, args.rows)
        size = sum(path.stat().st_size for path in folder.glob("*.parquet"))
        print(f"{args.rows} rows x {N_FEATURES}, {N_CLASSES} classes, {size / 1e6:.0f} MB of shards, {args.rounds} rounds, "
              f"depth {args.depth}, {args.threads} threads")
        options = [f"--rounds={args.rounds}", f"--max-depth={args.depth}", f"--threads={args.threads}"]
        models = {name: f"{temporary}/{name}.json" for name in args.peers.split(",")}
        commands = {
            "timbral": lambda: [build(), "train-shards", str(folder), "--model-out", models["timbral"], *options],
            "xgboost": lambda: [sys.executable, __file__, "--folder", str(folder), "--model", models["xgboost"],
                                f"--rounds={args.rounds}", f"--depth={args.depth}", f"--threads={args.threads}"],
        }
        features, labels = draw(100_000, 1_000_000)
        print(f"{'':10}{'wall s':>9}{'peak MB':>9}{'accuracy':>10}")
        for name, model in models.items():
            command = commands[name]()
            seconds, peak, output = measured(command)
            booster = xgb.Booster(model_file=model)
            scores = booster.predict(xgb.DMatrix(features, feature_names=NAMES))
            print(f"{name:10}{seconds:9.1f}{peak:9.0f}{(scores.argmax(1) == labels).mean():10.4f}  {output.split(chr(10))[-3:-2]}")


if __name__ == "__main__":
    main()
