"""Golden values of musicnn and its front end, computed with NumPy in float64 from the published description
(Pons and Serra 2019, "musicnn: pre-trained convolutional neural networks for music audio tagging").

    pip install numpy
    python crates/timbral-pretrained/tests/scripts/musicnn.py

writes crates/timbral-pretrained/tests/golden/musicnn.json. The network is small; its weights and the samples are
made by `numbers`, which the test repeats, so that neither is stored.
"""
import json
from pathlib import Path

import numpy as np

TIMBRAL, TEMPORAL, MIDDLE, UNITS, TAGS = 5, 3, 4, 7, 6
N_MELS, WINDOW, RATE, N_FFT, HOP = 96, 187, 16_000, 512, 256
EPSILON = 1e-3


def numbers(n, seed):
    """Numbers from -1 to 1: a hash of the index."""
    x = (np.arange(1, n + 1, dtype=np.uint64) * 0x9E3779B1 + seed * 0x85EBCA77) & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    x = (x * 0x7FEB352D) & 0xFFFFFFFF
    x ^= x >> np.uint64(15)
    x = (x * 0x846CA68B) & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    return (x / 2**31 - 1).astype(np.float32)


class Weights:
    """Tensors by name; `tensors` lists how the test makes them: name, shape, scale, least value."""

    def __init__(self):
        self.tensors = []

    def get(self, name, shape, scale, least=None):
        values = numbers(int(np.prod(shape)), len(self.tensors)) * np.float32(scale)
        if least is not None:
            values = np.abs(values) + np.float32(least)
        self.tensors.append([name, list(shape), scale, least])
        return values.reshape(shape).astype(np.float64)

    def norm(self, name, n):
        gamma = self.get(f"{name}.weight", [n], 1.5)
        beta = self.get(f"{name}.bias", [n], 0.5)
        mean = self.get(f"{name}.running_mean", [n], 0.5)
        variance = self.get(f"{name}.running_var", [n], 1.0, 0.25)
        return lambda x: (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta


def layer(weights, name, kernel, n_out):
    """A convolution of an image without padding, a rectifier and batch normalisation: [rows, positions, n_out]."""
    height, width = kernel
    scale = 2 / np.sqrt(height * width)
    w = weights.get(f"{name}.conv.weight", [n_out, 1, height, width], float(np.float32(scale)))[:, 0]
    bias = weights.get(f"{name}.conv.bias", [n_out], 0.5)
    norm = weights.norm(f"{name}.norm", n_out)

    def apply(image):
        patches = np.lib.stride_tricks.sliding_window_view(image, (height, width))
        sums = np.tensordot(patches, w, axes=([2, 3], [1, 2])) + bias
        return norm(np.maximum(sums, 0))

    return apply


def dense(weights, name, n_in, n_out):
    w = weights.get(f"{name}.linear.weight", [n_out, n_in], float(np.float32(2 / np.sqrt(n_in))))
    bias = weights.get(f"{name}.linear.bias", [n_out], 0.5)
    return lambda x: w @ x + bias


def network(weights):
    input_norm = weights.norm("input_norm", 1)
    timbral = [layer(weights, f"timbral_{width}", (7, width), TIMBRAL) for width in (38, 67)]
    temporal = [(height, layer(weights, f"temporal_{height}", (height, 1), TEMPORAL)) for height in (128, 64, 32)]
    front = 2 * TIMBRAL + 3 * TEMPORAL
    middle = [layer(weights, f"middle_{i + 1}", (n, 7), MIDDLE) for i, n in enumerate((front, MIDDLE, MIDDLE))]
    channels = front + 3 * MIDDLE
    pool_norm = weights.norm("pool_norm", 2 * channels)
    hidden = dense(weights, "dense", 2 * channels, UNITS)
    hidden_norm = weights.norm("dense.norm", UNITS)
    output = dense(weights, "output", UNITS, TAGS)

    def apply(window):
        x = input_norm(window)
        parts = [f(np.pad(x, ((3, 3), (0, 0)))).max(1) for f in timbral]
        parts += [f(np.pad(x, (((n - 1) // 2, n // 2), (0, 0)))).max(1) for n, f in temporal]
        last = np.concatenate(parts, 1)
        layers = [last]
        for i, f in enumerate(middle):
            y = f(np.pad(last, ((3, 3), (0, 0))).T)[0]
            last = y if i == 0 else y + last
            layers.append(last)
        features = np.concatenate(layers, 1)
        max_pool, mean_pool = features.max(0), features.mean(0)
        x = pool_norm(np.stack([max_pool, mean_pool], 1).ravel())
        penultimate = hidden_norm(np.maximum(hidden(x), 0))
        taggram = 1 / (1 + np.exp(-output(penultimate)))
        return [taggram, max_pool, mean_pool, penultimate]

    return apply


def mel_bank():
    """The bands of Slaney's Auditory Toolbox, each of area 1 over hertz."""
    def hz_to_mel(f):
        return f / (200 / 3) if f < 1000 else 15 + np.log(f / 1000) / (np.log(6.4) / 27)

    def mel_to_hz(m):
        return np.where(m < 15, m * 200 / 3, 1000 * np.exp((m - 15) * np.log(6.4) / 27))

    edges = mel_to_hz(np.linspace(0, hz_to_mel(RATE / 2), N_MELS + 2))
    f = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    rise = (f - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - f) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def log_mel(y):
    y = np.pad(y.astype(np.float64), N_FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    mel = (power @ mel_bank().T).astype(np.float16).astype(np.float64)
    return np.log10(1 + 10_000 * mel)


def rounded(x):
    return [float(f"{v:.7g}") for v in np.ravel(x)]


def main():
    weights = Weights()
    apply = network(weights)
    window = np.abs(numbers(WINDOW * N_MELS, 1000)).reshape(WINDOW, N_MELS) * 4
    samples = numbers(60_000, 2000) * np.float32(0.3)
    spectrogram = log_mel(samples)
    starts = [0, 31]
    golden = {
        "sizes": [TIMBRAL, TEMPORAL, MIDDLE, UNITS, TAGS],
        "tensors": weights.tensors,
        "window": [rounded(values) for values in apply(window.astype(np.float64))],
        "n_frames": len(spectrogram),
        "frames": {str(t): rounded(spectrogram[t]) for t in (0, 1, 100, len(spectrogram) - 1)},
        "starts": starts,
        "windows": [[rounded(v) for v in apply(spectrogram[s:s + WINDOW])] for s in starts],
    }
    path = Path(__file__).resolve().parents[1] / "golden/musicnn.json"
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
