"""musicnn in timbral-pretrained compared with the same network in PyTorch and in TensorFlow (CPU): seconds per 30 s of
music.

    pip install numpy safetensors tensorflow torch
    python benches/peers/embed.py WEIGHTS CLIP [--threads 2] [--turns 3] [--repeat 5]

WEIGHTS is musicnn-msd.safetensors, which the crate puts into its cache when it reads the wheel. The script
builds the example `peers_embed`. The peers take turns, each in a process of its own, and get the same ten windows of 187
frames, made by a formula, with the network and its weights in memory; one pass is not counted. PyTorch runs under
`inference_mode`, TensorFlow as a graph (`tf.function`), both with batch normalisation folded into scale and shift, once with
all ten windows in a batch and once window by window. Also printed: seconds of timbral-pretrained from the file CLIP to all outputs, of candle's own operations
for the two timbral convolutions (four fifths of the multiplications), and the greatest difference of the tags. A ratio above 1: timbral is faster.

Exit status 1: the tags differ by more than 1e-4.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from boost import build

WINDOWS = 10


def numbers(n):
    import numpy as np

    x = (np.arange(1, n + 1, dtype=np.uint64) * 0x9E3779B1) & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    x = (x * 0x7FEB352D) & 0xFFFFFFFF
    x ^= x >> np.uint64(15)
    return (x / 2**31 - 1).astype(np.float32)


def network(tensors):
    import torch
    import torch.nn.functional as F

    def folded(name, shape):
        w, b, mean, variance = (tensors[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var"))
        scale = w / torch.sqrt(variance + 1e-3)
        return scale.reshape(shape), (b - mean * scale).reshape(shape)

    def block(name):
        weight, bias = tensors[f"{name}.conv.weight"], tensors[f"{name}.conv.bias"]
        scale, shift = folded(f"{name}.norm", (1, -1, 1, 1))
        return lambda x: F.relu(F.conv2d(x, weight, bias)) * scale + shift

    def dense(name):
        weight, bias = tensors[f"{name}.linear.weight"], tensors[f"{name}.linear.bias"]
        return lambda x: F.linear(x, weight, bias)

    scale, shift = folded("input_norm", (1, 1, 1, 1))
    timbral = [block(f"timbral_{n}") for n in (38, 67)]
    temporal = [(n, block(f"temporal_{n}")) for n in (128, 64, 32)]
    middle = [block(f"middle_{i}") for i in (1, 2, 3)]
    pool_scale, pool_shift = folded("pool_norm", (1, -1))
    hidden, output = dense("dense"), dense("output")
    hidden_scale, hidden_shift = folded("dense.norm", (1, -1))

    def forward(x):
        x = x[:, None] * scale + shift
        padded = F.pad(x, (0, 0, 3, 3))
        parts = [f(padded).amax(3) for f in timbral]
        parts += [f(F.pad(x, (0, 0, (n - 1) // 2, n // 2))).amax(3) for n, f in temporal]
        last = torch.cat(parts, 1)
        layers = [last]
        for i, f in enumerate(middle):
            y = f(F.pad(last, (3, 3))[:, None])[:, :, 0]
            last = y if i == 0 else y + last
            layers.append(last)
        features = torch.cat(layers, 1)
        pooled = torch.stack([features.amax(2), features.mean(2)], 2).flatten(1)
        penultimate = F.relu(hidden(pooled * pool_scale + pool_shift)) * hidden_scale + hidden_shift
        return torch.sigmoid(output(penultimate))

    return forward


def tensorflow_network(tensors):
    """The same with channels last, TensorFlow's layout."""
    import numpy as np
    import tensorflow as tf

    def folded(name):
        w, b, mean, variance = (tensors[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var"))
        scale = w / np.sqrt(variance + 1e-3)
        return scale, b - mean * scale

    def block(name):
        kernel = tf.constant(tensors[f"{name}.conv.weight"].transpose(2, 3, 1, 0))
        bias, (scale, shift) = tensors[f"{name}.conv.bias"], folded(f"{name}.norm")
        return lambda x: tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "VALID") + bias) * scale + shift

    def line(name):
        kernel = tf.constant(tensors[f"{name}.conv.weight"][:, 0].transpose(2, 1, 0))
        bias, (scale, shift) = tensors[f"{name}.conv.bias"], folded(f"{name}.norm")
        return lambda x: tf.nn.relu(tf.nn.conv1d(x, kernel, 1, "VALID") + bias) * scale + shift

    def dense(name):
        weight, bias = tf.constant(tensors[f"{name}.linear.weight"].T), tensors[f"{name}.linear.bias"]
        return lambda x: x @ weight + bias

    def padded(x, before, after):
        return tf.pad(x, [[0, 0], [before, after]] + [[0, 0]] * (len(x.shape) - 2))

    scale, shift = folded("input_norm")
    timbral = [block(f"timbral_{n}") for n in (38, 67)]
    temporal = [(n, block(f"temporal_{n}")) for n in (128, 64, 32)]
    middle = [line(f"middle_{i}") for i in (1, 2, 3)]
    pool_scale, pool_shift = folded("pool_norm")
    hidden, output = dense("dense"), dense("output")
    hidden_scale, hidden_shift = folded("dense.norm")

    @tf.function
    def forward(x):
        x = x[..., None] * scale + shift
        parts = [tf.reduce_max(f(padded(x, 3, 3)), 2) for f in timbral]
        parts += [tf.reduce_max(f(padded(x, (n - 1) // 2, n // 2)), 2) for n, f in temporal]
        last = tf.concat(parts, 2)
        layers = [last]
        for i, f in enumerate(middle):
            y = f(padded(last, 3, 3))
            last = y if i == 0 else y + last
            layers.append(last)
        features = tf.concat(layers, 2)
        pooled = tf.stack([tf.reduce_max(features, 1), tf.reduce_mean(features, 1)], 2)
        pooled = tf.reshape(pooled, (-1, pool_scale.size))
        penultimate = tf.nn.relu(hidden(pooled * pool_scale + pool_shift)) * hidden_scale + hidden_shift
        return tf.sigmoid(output(penultimate))

    return forward


def timed(work, repeat):
    work()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def inputs():
    return (abs(numbers(WINDOWS * 187 * 96)) * 4).reshape(WINDOWS, 187, 96)


def by_tensorflow(weights, threads, repeat):
    import tensorflow as tf
    from safetensors.numpy import load_file

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    forward = tensorflow_network(load_file(weights))
    windows = tf.constant(inputs())
    return {"batch": timed(lambda: forward(windows).numpy(), repeat),
            "singly": timed(lambda: [forward(windows[i:i + 1]).numpy() for i in range(WINDOWS)], repeat),
            "taggram": forward(windows).numpy().tolist(), "version": tf.__version__}


def by_torch(weights, threads, repeat):
    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    forward = network(load_file(weights))
    windows = torch.from_numpy(inputs())
    with torch.inference_mode():
        return {"batch": timed(lambda: forward(windows), repeat),
                "singly": timed(lambda: [forward(windows[i:i + 1]) for i in range(WINDOWS)], repeat),
                "taggram": forward(windows).tolist(), "version": torch.__version__}


def run(*command, **environment):
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | environment).stdout
    return json.loads(out.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", help="musicnn-msd.safetensors")
    parser.add_argument("clip")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    ours = build("-p", "timbral-benches", "--features", "pretrained", "--example", "peers_embed")
    options = ["--threads", str(args.threads), "--repeat", str(args.repeat)]
    environment = {f"{name}_NUM_THREADS": str(args.threads) for name in ("OMP", "MKL")}
    runs = {"torch": [], "tensorflow": [], "timbral": []}
    for _ in range(args.turns):
        for peer in ("torch", "tensorflow"):
            runs[peer].append(run(sys.executable, __file__, "--work", peer, args.weights, *options, **environment))
        runs["timbral"].append(run(ours, args.weights, args.clip, *options))

    rows = {"PyTorch, in a batch": [s for r in runs["torch"] for s in r["batch"]],
            "PyTorch, singly": [s for r in runs["torch"] for s in r["singly"]],
            "TensorFlow, in a batch": [s for r in runs["tensorflow"] for s in r["batch"]],
            "TensorFlow, singly": [s for r in runs["tensorflow"] for s in r["singly"]],
            "timbral, network": [s for r in runs["timbral"] for s in r["network"]],
            "timbral, from file": [s for r in runs["timbral"] for s in r["whole"]],
            "candle, 4/5 of it": [s for r in runs["timbral"] for s in r["candle"]]}
    versions = f"PyTorch {runs['torch'][0]['version']}, TensorFlow {runs['tensorflow'][0]['version']}"
    print(f"{versions}, {args.threads} threads, {args.turns} turns of {args.repeat}"
          f"\n{'seconds':22} {'best':>8} {'median':>8}")
    for name, seconds in rows.items():
        print(f"{name:22} {min(seconds):8.4f} {statistics.median(seconds):8.4f}")
    medians = [statistics.median(seconds) for seconds in rows.values()]
    print(f"the faster PyTorch / timbral, network: {min(medians[:2]) / medians[4]:.2f}")
    print(f"the faster TensorFlow / timbral, network: {min(medians[2:4]) / medians[4]:.2f}")
    difference = 0
    for peer in ("torch", "tensorflow"):
        pairs = zip(runs[peer][0]["taggram"], runs["timbral"][0]["taggram"])
        difference = max(difference, *(abs(a - b) for x, y in pairs for a, b in zip(x, y)))
    print(f"greatest difference of the tags: {difference:.2g}")
    if difference > 1e-4:
        sys.exit("the tags differ")


def work(peer, weights, *options):
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int)
    parser.add_argument("--repeat", type=int)
    args = parser.parse_args(options)
    measure = {"torch": by_torch, "tensorflow": by_tensorflow}[peer]
    print(json.dumps(measure(weights, args.threads, args.repeat)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
    else:
        main()
