"""timbral-nn compared with Keras (TensorFlow on the CPU): seconds per epoch of two networks.

    pip install -r benches/peers/requirements.txt
    python benches/peers/nn.py [dense] [conv] [--threads 2] [--turns 3] [--epochs E] [--rows R]
        [--keras-only] [--ours-only]

    dense   57-512-256-128-64-10, ReLU, dropout 0.2 after each hidden layer; Adam, batch 128, 7992 rows
    conv    128 mel bands x 130 frames; four times 3x3 same, batch norm, ReLU, max-pool 2x2, with 16, 32, 64 and
            64 channels; global average pooling, dropout 0.3, 10 classes; Adam, batch 32, 640 rows

Numbers and labels are random: only speed is compared. The script builds the example `peers_nn`. Each training
runs in its own process, with the rows in memory before timing starts; the peers take turns, and in each turn
numpy multiplies two f32 matrices of 2048 x 2048 with the same number of threads. Printed for each peer: seconds
per epoch without the first epoch of each training (best and median over all turns), GFLOP/s by the median, their
fraction of numpy's best, and the loss of the last epoch. FLOP are the multiplications and additions of dense
layers and convolutions: three times those of the forward pass, minus the gradient with respect to the input of
the first layer, which is not needed. A ratio above 1: timbral is faster.

Exit status 1: the networks have different numbers of trainable parameters, or a loss is not finite.
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time

from boost import build

# Default epochs and rows.
MODELS = {"dense": (12, 7992), "conv": (4, 640)}
UNITS = (512, 256, 128, 64)
CHANNELS = (16, 32, 64, 64)
SIDE = 2048


def flop(model):
    """FLOP of one row in one epoch."""
    if model == "dense":
        sizes = (57, *UNITS, 10)
        products = [a * b for a, b in zip(sizes, sizes[1:])]
    else:
        height, width, before, products = 128, 130, 1, []
        for channels in CHANNELS:
            products.append(height * width * 9 * before * channels)
            height, width, before = height // 2, width // 2, channels
        products.append(before * 10)
    return 2 * (3 * sum(products) - products[0])


def keras(model, threads, epochs, rows):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import keras
    import numpy as np
    import tensorflow as tf
    from keras import layers as L

    tf.config.threading.set_intra_op_parallelism_threads(threads)

    class Clock(keras.callbacks.Callback):
        seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)

    if model == "dense":
        batch, net = 128, [L.Input((57,))]
        for units in UNITS:
            net += [L.Dense(units, activation="relu"), L.Dropout(0.2)]
    else:
        batch, net = 32, [L.Input((128, 130, 1))]
        for channels in CHANNELS:
            net += [L.Conv2D(channels, 3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(),
                    L.MaxPool2D(2)]
        net += [L.GlobalAveragePooling2D(), L.Dropout(0.3)]
    net = keras.Sequential([*net, L.Dense(10, activation="softmax")])
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, *net.input_shape[1:]), dtype=np.float32)
    history = net.fit(x, rng.integers(0, 10, rows), batch_size=batch, epochs=epochs, verbose=0, callbacks=[Clock()])
    return {"model": model, "epoch_seconds": Clock.seconds, "rows": rows, "final_loss": history.history["loss"][-1],
            "parameters": sum(math.prod(variable.shape) for variable in net.trainable_variables)}


def matmul():
    """GFLOP/s of numpy's matrix product, best of five."""
    import numpy as np

    a, b = np.random.default_rng(0).standard_normal((2, SIDE, SIDE), dtype=np.float32)
    seconds = []
    for _ in range(6):
        start = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - start)
    return 2 * SIDE**3 / min(seconds[1:]) / 1e9


def run(*command, **environment):
    """Runs a program; returns the last line that it prints, as JSON."""
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | environment).stdout
    return json.loads(out.splitlines()[-1])


def compare(model, peers, args):
    """Prints the table of one network; returns whether the sizes are equal and the losses finite."""
    epochs, rows = args.epochs or MODELS[model][0], args.rows or MODELS[model][1]
    options = ["--threads", str(args.threads), "--epochs", str(epochs), "--rows", str(rows)]
    environment = {f"{name}_NUM_THREADS": str(args.threads) for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")}
    runs, products = {peer: [] for peer in peers}, []
    for _ in range(args.turns):
        products.append(run(sys.executable, __file__, "--work", "matmul", **environment))
        for peer, command in peers.items():
            runs[peer].append(run(*command, model, *options))

    work, product = flop(model) * rows / 1e9, max(products)
    print(f"\n{model}: {rows} rows, {epochs} epochs, {args.turns} turns, {args.threads} threads;"
          f" {work:.1f} GFLOP per epoch; numpy's product of {SIDE} x {SIDE}: {product:.1f} GFLOP/s"
          f"\n{'':10} {'epoch s':>17} {'GFLOP/s':>9} {'of numpy':>9} {'loss':>8} {'parameters':>11}"
          f"\n{'':10} {'best':>8} {'median':>8}")
    medians = {}
    for peer, of_peer in runs.items():
        seconds = [s for run in of_peer for s in run["epoch_seconds"][1:]]
        medians[peer] = statistics.median(seconds)
        rate = work / medians[peer]
        print(f"{peer:10} {min(seconds):8.4f} {medians[peer]:8.4f} {rate:9.1f} {rate / product:9.1%}"
              f" {of_peer[-1]['final_loss']:8.4f} {of_peer[-1]['parameters']:11}")
    if len(peers) == 2:
        of_turns = [[statistics.median(run["epoch_seconds"][1:]) for run in of_peer] for of_peer in runs.values()]
        ratios = [theirs / ours for theirs, ours in zip(*of_turns)]
        print(f"Keras's median / timbral's: {medians['keras'] / medians['timbral']:.2f}"
              f" (turns: {min(ratios):.2f} to {max(ratios):.2f})")
    flat = [run for of_peer in runs.values() for run in of_peer]
    return len({run["parameters"] for run in flat}) == 1 and all(math.isfinite(run["final_loss"]) for run in flat)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help="dense, conv; both")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3, help="trainings per peer (3)")
    parser.add_argument("--epochs", type=int, help="epochs per training, at least 2 (dense 12, conv 4)")
    parser.add_argument("--rows", type=int, help="training rows (dense 7992, conv 640)")
    parser.add_argument("--keras-only", action="store_true")
    parser.add_argument("--ours-only", action="store_true")
    args = parser.parse_args()
    if unknown := set(args.models) - MODELS.keys():
        parser.error(f"unknown network: {', '.join(sorted(unknown))}")
    if args.keras_only and args.ours_only:
        parser.error("--keras-only or --ours-only")
    if args.epochs is not None and args.epochs < 2:
        parser.error("--epochs must be at least 2: the first is not counted")

    peers = {}
    if not args.ours_only:
        peers["keras"] = [sys.executable, __file__, "--work", "keras"]
    if not args.keras_only:
        peers["timbral"] = [build("-p", "timbral-benches", "--example", "peers_nn")]
    same = [compare(model, peers, args) for model in args.models or MODELS]
    if not all(same):
        sys.exit("different numbers of parameters, or a loss that is not finite")


def work(task, model=None, *options):
    """One training or matrix product; runs in its own process."""
    parser = argparse.ArgumentParser()
    for name in ("threads", "epochs", "rows"):
        parser.add_argument(f"--{name}", type=int)
    args = parser.parse_args(options)
    print(json.dumps(matmul() if task == "matmul" else keras(model, args.threads, args.epochs, args.rows)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
    else:
        main()
