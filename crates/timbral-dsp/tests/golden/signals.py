"""The signals of common/signals.rs, how large arrays are stored, and the names of parameters; for the scripts beside it.

Signals use integers, IEEE additions, products and quotients, and one rounding to float32, so that both sides have
the same bits. Large arrays are stored as some cells and statistics of bands of rows.
"""

import functools

import numpy as np

SR = 22050


# --- signals -------------------------------------------------------------------------------------

@functools.cache
def lcg(n, seed):
    """n numbers in [0, 1) with 24 bits each."""
    out = np.empty(n, dtype=np.float32)
    state = seed
    for i in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = (state >> 8) / 2**24
    return out


def signed(n, seed):
    return lcg(n, seed) * np.float32(2) - np.float32(1)


def sine(phase):
    """sin(2 pi phase / 2^32) to 1e-9, by operations that give the same bits everywhere."""
    q = (phase & 0xFFFFFFFF).astype(np.int64)
    q = np.where(q >= 2**31, q - 2**32, q).astype(np.float64) / 2.0**31
    q = np.where(q > 0.5, 1.0 - q, np.where(q < -0.5, -1.0 - q, q))
    z = np.pi * q
    z2 = z * z
    t = 1.0 - z2 / 156.0
    for d in (110.0, 72.0, 42.0, 20.0, 6.0):
        t = 1.0 - z2 / d * t
    return z * t


def step(hz):
    """Phase increment per sample."""
    return np.uint64(hz * 2**32 // SR)


CHORDS = [[262, 330, 392], [220, 262, 330], [175, 220, 262], [196, 247, 294]]


def signal(name):
    """Decodes e.g. "tone:30000:440" as 30000 samples of the signal tone with argument 440."""
    kind, *args = name.split(":")
    n, *args = [int(a) for a in args]
    t = np.arange(n, dtype=np.uint64)
    x = t.astype(np.float64)
    if kind == "noise":  # seed
        return signed(n, args[0])
    if kind == "quiet":  # seed
        return signed(n, args[0]) * np.float32(1e-5)
    if kind == "zero":
        return np.zeros(n, dtype=np.float32)
    if kind == "dc":
        return np.full(n, 0.25, dtype=np.float32)
    if kind == "impulse":  # position
        return (t == args[0]).astype(np.float32)
    if kind == "tone":  # hertz
        y = 0.5 * sine(step(args[0]) * t)
    elif kind == "gap":  # hertz: a tone with silence before and after
        y = np.where((t >= n // 4) & (t < n // 4 * 3), 0.5 * sine(step(args[0]) * t), 0.0)
    elif kind == "chirp":  # from 100 Hz upwards
        y = 0.5 * sine(step(100) * t + np.uint64(21000) * (t * (t + np.uint64(1)) // np.uint64(2)))
    elif kind == "harmonic":  # six decaying harmonics and clicks
        y = sum(0.3 / k * sine(step(220) * np.uint64(k) * t) for k in range(1, 7))
        y = y / (1.0 + x / 8192.0) + np.where(t % 4410 == 2205, 0.5, 0.0)
    elif kind == "mix":  # chords, drum, hi-hat and hiss
        y = 0.002 * signed(n, 7).astype(np.float64)
        bar, m = t // 16537 % 4, t % 16537
        for i, chord in enumerate(CHORDS):
            for hz in chord:
                for k in range(1, 5):
                    note = 0.1 / (k * k) * sine(step(hz) * np.uint64(k) * m)
                    y = y + np.where(bar == i, note / (1.0 + m.astype(np.float64) / 8192.0), 0.0)
        m = t % 11025
        d = 1.0 + m.astype(np.float64) / 512.0
        y = y + 0.4 * sine(step(60) * m) / (d * d)
        d = 1.0 + (t % 5512).astype(np.float64) / 256.0
        y = y + 0.15 * signed(n, 8).astype(np.float64) / (d * d)
    else:
        raise ValueError(name)
    return y.astype(np.float32)


def levels(rows, columns, seed):
    """Positive numbers over 12 decades; some are zero."""
    n = rows * columns
    exponent = np.floor(lcg(n, seed + 1) * np.float32(41)).astype(np.int32) - 30
    return np.ldexp(lcg(n, seed), exponent).astype(np.float32).reshape(rows, columns)


def flat(rows, columns, seed):
    """Numbers in [0, 1)."""
    return lcg(rows * columns, seed).reshape(rows, columns)


# --- storage ---------------------------------------------------------------------------------------

def digits(values):
    """Nine digits: enough for float32, and for comparisons with a relative error of 1e-8."""
    return [float(f"{v:.9g}") for v in np.asarray(values, dtype=float).ravel()]


def digest(array, n_cells=12, n_bands=5):
    """Shape, some cells, and mean and largest magnitude of bands of rows."""
    array = np.atleast_2d(np.asarray(array, dtype=np.float64))
    rows, size = array.shape[0], array.size
    stride = size * 5 // 8 | 1
    cells = [array.flat[i * stride % size] for i in range(min(n_cells, size))]
    n_bands = min(n_bands, rows)
    bands = [array[i * rows // n_bands:(i + 1) * rows // n_bands] for i in range(n_bands)]
    return {
        "shape": list(array.shape),
        "cells": digits(cells),
        "mean": digits([b.mean() for b in bands]),
        "largest": digits([np.abs(b).max() for b in bands]),
    }


def column(values, n_cells=12, n_bands=5):
    return digest(np.asarray(values).reshape(-1, 1), n_cells, n_bands)


def complex_digest(array):
    return {"re": digest(array.real), "im": digest(array.imag)}


# --- parameters ------------------------------------------------------------------------------------

PAD = {"Zero": "constant", "Reflect": "reflect", "Edge": "edge"}
NORMS = {"None": None, "L1": 1, "L2": 2, "Max": np.inf}


def cqt_arguments(params):
    out = dict(params)
    out["sr"] = out.pop("sample_rate", 22050)
    if "norm" in out:
        out["norm"] = NORMS[out["norm"]]
    if "pad_mode" in out:
        out["pad_mode"] = PAD[out["pad_mode"]]
    if "window" in out:
        out["window"] = out["window"].lower()
    return out
