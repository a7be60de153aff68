"""timbral-nn compared with Keras (TensorFlow) and PyTorch on the CPU: seconds per epoch of two networks.

    pip install -r benches/peers/requirements.txt
    python benches/peers/nn.py [dense] [conv] [--threads 2] [--turns 3] [--epochs E] [--rows R]
        [--peers timbral,keras,torch]

    dense   57-512-256-128-64-10, ReLU, dropout 0.2 after each hidden layer; Adam, batch 128, 7992 rows
    conv    128 mel bands x 130 frames; four times 3x3 same, batch norm, ReLU, max-pool 2x2, with 16, 32, 64 and
            64 channels; global average pooling, dropout 0.3, 10 classes; Adam, batch 32, 640 rows

All peers train on one file of rows and labels, which the script writes: normal numbers, to which each class
adds a pattern of its own (dense: in all columns; conv: in the bands). PyTorch convolves in the memory format
`channels_last`. The weights of convolutions start as He's uniform numbers, those of dense layers as Glorot's. The script builds the example
`peers_nn`. Each training runs in its own process, with the rows in memory before timing starts; the peers take
turns, each turn with its own seed, and in each turn numpy multiplies two f32 matrices of 2048 x 2048 with the same
number of threads. Printed for each peer: seconds per epoch without the first epoch of each training (best and
median over all turns), GFLOP/s by the median, their fraction of numpy's best, and the losses of the last epoch
(smallest and largest of the turns). FLOP are the multiplications and additions of dense layers and convolutions
by their definition: three times those of the forward pass, minus the gradient with respect to the input of the
first layer, which is not needed. timbral computes most convolutions with fewer. A ratio above 1: timbral is
faster.

Exit status 1: the networks have different numbers of trainable parameters, or a loss is not finite, or timbral's losses
are further from those of a peer than the spread of both.
"""
import argparse
import json
import math
import platform
import os
import statistics
import subprocess
import sys
import tempfile
import time

from boost import build

# Default epochs and rows.
MODELS = {"dense": (12, 7992), "conv": (4, 640)}
BATCHES = {"dense": 128, "conv": 32}
N_CLASSES = 10
IMAGE = (128, 130)
UNITS = (512, 256, 128, 64)
CHANNELS = (16, 32, 64, 64)
SIDE = 2048


def flop(model):
    """FLOP of one row in one epoch."""
    if model == "dense":
        sizes = (57, *UNITS, 10)
        products = [a * b for a, b in zip(sizes, sizes[1:])]
    else:
        (height, width), before, products = IMAGE, 1, []
        for channels in CHANNELS:
            products.append(height * width * 9 * before * channels)
            height, width, before = height // 2, width // 2, channels
        products.append(before * 10)
    return 2 * (3 * sum(products) - products[0])


def write_rows(folder, model, rows):
    """Writes the rows as f32 and the labels as bytes."""
    import numpy as np

    rng = np.random.default_rng(0)
    labels = rng.integers(0, N_CLASSES, rows).astype(np.uint8)
    if model == "dense":
        x = rng.standard_normal((rows, 57), dtype=np.float32)
        x += 0.25 * rng.standard_normal((N_CLASSES, 57), dtype=np.float32)[labels]
    else:
        x = rng.standard_normal((rows, *IMAGE), dtype=np.float32)
        x += 0.25 * rng.standard_normal((N_CLASSES, IMAGE[0], 1), dtype=np.float32)[labels]
    # timbral standardises by column or band before its first layer, so all peers get such rows.
    axes = (0,) if model == "dense" else (0, 2)
    x = (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)
    x.tofile(os.path.join(folder, f"{model}.f32"))
    labels.tofile(os.path.join(folder, f"{model}.labels"))


def read_rows(folder, model):
    import numpy as np

    x = np.fromfile(os.path.join(folder, f"{model}.f32"), np.float32)
    return x.reshape(-1, *((57,) if model == "dense" else IMAGE)), np.fromfile(
        os.path.join(folder, f"{model}.labels"), np.uint8)


def keras(model, threads, epochs, data, seed):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import keras
    import tensorflow as tf
    from keras import layers as L

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    keras.utils.set_random_seed(seed)

    class Clock(keras.callbacks.Callback):
        seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)

    x, labels = read_rows(data, model)
    if model == "dense":
        net = [L.Input((57,))]
        for units in UNITS:
            net += [L.Dense(units, activation="relu"), L.Dropout(0.2)]
    else:
        x = x[..., None]
        net = [L.Input((*IMAGE, 1))]
        for channels in CHANNELS:
            net += [L.Conv2D(channels, 3, padding="same", use_bias=False, kernel_initializer="he_uniform"),
                    L.BatchNormalization(), L.ReLU(), L.MaxPool2D(2)]
        net += [L.GlobalAveragePooling2D(), L.Dropout(0.3)]
    net = keras.Sequential([*net, L.Dense(N_CLASSES, activation="softmax")])
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = net.fit(x, labels, batch_size=BATCHES[model], epochs=epochs, verbose=0, callbacks=[Clock()])
    return {"epoch_seconds": Clock.seconds, "final_loss": history.history["loss"][-1],
            "parameters": sum(math.prod(variable.shape) for variable in net.trainable_variables)}


def pytorch(model, threads, epochs, data, seed):
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    x, labels = read_rows(data, model)
    x, labels, layers = torch.from_numpy(x), torch.from_numpy(labels).long(), []
    if model == "dense":
        for before, units in zip((57, *UNITS), UNITS):
            layers += [nn.Linear(before, units), nn.ReLU(), nn.Dropout(0.2)]
    else:
        x = x[:, None].contiguous(memory_format=torch.channels_last)
        for before, channels in zip((1, *CHANNELS), CHANNELS):
            layers += [nn.Conv2d(before, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
                       nn.MaxPool2d(2)]
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3)]
    layers.append(nn.Linear(UNITS[-1] if model == "dense" else CHANNELS[-1], N_CLASSES))
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        elif isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    net = nn.Sequential(*layers)
    if model == "conv":
        net = net.to(memory_format=torch.channels_last)
    optimiser, loss_of = torch.optim.Adam(net.parameters()), nn.CrossEntropyLoss()
    seconds, loss = [], math.nan
    for _ in range(epochs):
        start, total = time.perf_counter(), 0.0
        for batch in torch.randperm(len(x)).split(BATCHES[model]):
            optimiser.zero_grad()
            value = loss_of(net(x[batch]), labels[batch])
            value.backward()
            optimiser.step()
            total += value.item() * len(batch)
        seconds.append(time.perf_counter() - start)
        loss = total / len(x)
    return {"epoch_seconds": seconds, "final_loss": loss,
            "parameters": sum(p.numel() for p in net.parameters() if p.requires_grad)}


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


def processor():
    """The name of the processor and the instruction sets of its vectors."""
    try:
        with open("/proc/cpuinfo") as lines:
            facts = dict(line.split(":", 1) for line in lines if ":" in line)
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    sets = [name for name in ("avx2", "fma", "avx512f") if name in facts.get("flags", "").split()]
    return f"{facts.get('model name', platform.machine())} ({', '.join(sets) or 'neither avx2 nor avx512f'})"


def compare(model, peers, args, folder):
    """Prints the table of one network; returns what is wrong with it."""
    epochs, rows = args.epochs or MODELS[model][0], args.rows or MODELS[model][1]
    write_rows(folder, model, rows)
    options = ["--threads", str(args.threads), "--epochs", str(epochs), "--data", folder]
    environment = {f"{name}_NUM_THREADS": str(args.threads) for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")}
    runs, products = {peer: [] for peer in peers}, []
    for turn in range(args.turns):
        products.append(run(sys.executable, __file__, "--work", "matmul", **environment))
        for peer, command in peers.items():
            runs[peer].append(run(*command, model, *options, "--seed", str(turn)))

    work, product = flop(model) * rows / 1e9, max(products)
    print(f"\n{model}: {rows} rows, {epochs} epochs, {args.turns} turns, {args.threads} threads; {processor()};"
          f"\n{work:.1f} GFLOP per epoch; numpy's product of {SIDE} x {SIDE}: {product:.1f} GFLOP/s"
          f"\n{'':10} {'epoch s':>17} {'GFLOP/s':>9} {'of numpy':>9} {'losses':>17} {'parameters':>11}"
          f"\n{'':10} {'best':>8} {'median':>8}")
    of_turns, losses, wrong = {}, {}, []
    for peer, of_peer in runs.items():
        seconds = [s for run in of_peer for s in run["epoch_seconds"][1:]]
        of_turns[peer] = [statistics.median(run["epoch_seconds"][1:]) for run in of_peer]
        losses[peer] = [run["final_loss"] for run in of_peer]
        median = statistics.median(seconds)
        rate = work / median
        print(f"{peer:10} {min(seconds):8.4f} {median:8.4f} {rate:9.1f} {rate / product:9.1%}"
              f" {min(losses[peer]):8.4f} {max(losses[peer]):8.4f} {of_peer[-1]['parameters']:11}")
    for peer in [peer for peer in peers if peer != "timbral" and "timbral" in peers]:
        ratios = [theirs / ours for theirs, ours in zip(of_turns[peer], of_turns["timbral"])]
        print(f"{peer}'s median / timbral's: {statistics.median(ratios):.2f}"
              f" (turns: {min(ratios):.2f} to {max(ratios):.2f})")
        spread = sum(max(losses[name]) - min(losses[name]) for name in (peer, "timbral"))
        off = abs(statistics.mean(losses[peer]) - statistics.mean(losses["timbral"]))
        if args.turns > 1 and off > spread:
            wrong.append(f"{model}: the losses of timbral and {peer} are {off:.4f} apart, their spread is {spread:.4f}")
    if len({run["parameters"] for of_peer in runs.values() for run in of_peer}) != 1:
        wrong.append(f"{model}: different numbers of parameters")
    if not all(math.isfinite(loss) for of_peer in losses.values() for loss in of_peer):
        wrong.append(f"{model}: a loss is not finite")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help="dense, conv; both")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3, help="trainings per peer (3)")
    parser.add_argument("--epochs", type=int, help="epochs per training, at least 2 (dense 12, conv 4)")
    parser.add_argument("--rows", type=int, help="training rows (dense 7992, conv 640)")
    parser.add_argument("--peers", default="timbral,keras,torch", help="which of timbral, keras, torch (all)")
    args = parser.parse_args()
    if unknown := set(args.models) - MODELS.keys():
        parser.error(f"unknown network: {', '.join(sorted(unknown))}")
    names = args.peers.split(",")
    if unknown := set(names) - {"timbral", *PEERS}:
        parser.error(f"unknown peer: {', '.join(sorted(unknown))}")
    if args.epochs is not None and args.epochs < 2:
        parser.error("--epochs must be at least 2: the first is not counted")

    peers = {name: [build("-p", "timbral-benches", "--example", "peers_nn")] if name == "timbral"
             else [sys.executable, __file__, "--work", name] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        wrong = [line for model in args.models or MODELS for line in compare(model, peers, args, folder)]
    if wrong:
        sys.exit("\n".join(wrong))


PEERS = {"keras": keras, "torch": pytorch}


def work(task, model=None, *options):
    """One training or matrix product; runs in its own process."""
    parser = argparse.ArgumentParser()
    for name in ("threads", "epochs", "seed"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--data")
    args = parser.parse_args(options)
    print(json.dumps(matmul() if task == "matmul"
                     else PEERS[task](model, args.threads, args.epochs, args.data, args.seed)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
    else:
        main()
