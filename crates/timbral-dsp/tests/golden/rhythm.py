"""Makes rhythm.json: the results of librosa 1.0.0 for the signals of golden_rhythm.rs.

    python rhythm.py > rhythm.json

All signals are made by integer arithmetic and at most one rounding to float32, so that both sides
have the same bits.
"""

import json

import librosa
import numpy as np
import scipy

assert librosa.__version__ == "1.0.0", librosa.__version__


def lcg(n, seed):
    """n numbers in [0, 1) with 24 bits each."""
    out = np.empty(n, dtype=np.float32)
    state = seed
    for i in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = (state >> 8) / 2**24
    return out


def signal(name):
    """Decodes e.g. "clicks:1293:65:3" as signal clicks with arguments 1293, 65, 3."""
    kind, *args = name.split(":")
    args = [int(a) for a in args]
    n = args[0]
    t = np.arange(n, dtype=np.int64)
    if kind == "noise":  # seed
        return lcg(n, args[1])
    if kind == "constant":
        return np.full(n, args[1], dtype=np.float32)
    if kind == "clicks":  # a click every a/b frames, the first of four stronger, on weak noise
        a, b = args[1:]
        hit = (t * b) % a < b
        accent = (t * b // a) % 4 == 0
        return (hit * (1 + accent)).astype(np.float32) + lcg(n, a) / np.float32(16)
    if kind == "bare":  # clicks without noise
        return (t % args[1] == args[1] // 2).astype(np.float32)
    if kind == "chirp":  # clicks that become faster and faster
        beat = (60 * t + t * t // 20) // 1200
        return np.diff(beat, prepend=-1).astype(np.float32) + lcg(n, 5) / np.float32(8)
    if kind == "step":  # noise that is 2^20 times as loud in the second half
        return lcg(n, args[1]) * np.where(t < n // 2, 1, 2**20).astype(np.float32)
    if kind == "signed":
        return lcg(n, args[1]) - np.float32(0.5)
    raise ValueError(name)


def spectrogram(rows, columns, seed):
    """Levels in -80..0 dB."""
    return (lcg(rows * columns, seed) * np.float32(-80)).reshape(rows, columns)


def digits(values):
    """Nine digits: enough for float32, and for comparisons with a relative error of 1e-8."""
    return [float(f"{v:.9g}") for v in np.asarray(values, dtype=float).ravel()]


ENVELOPES = [
    "noise:1:1", "noise:2:1", "noise:5:2", "noise:50:3", "noise:130:4", "noise:344:5",
    "noise:1293:6", "noise:1293:7", "noise:5000:8",
    "constant:130:0", "constant:130:1", "constant:1293:5",
    "clicks:130:65:3", "clicks:1293:65:3", "clicks:1293:43:2", "clicks:1293:14:1",
    "clicks:1293:87:4", "clicks:1293:100:3", "clicks:5000:129:5", "clicks:1293:201:2",
    "bare:130:21", "bare:1293:21", "bare:1293:30", "bare:1293:400",
    "chirp:1293", "chirp:5000", "step:1293:9", "signed:1293:10", "signed:130:11",
]

TEMPO_PARAMS = [
    {},
    {"start_bpm": 60.0, "std_bpm": 0.5},
    {"ac_size": 3.0, "max_tempo": None},
    {"sample_rate": 44100, "hop_length": 441, "max_tempo": 150.0},
]

BEAT_PARAMS = [
    {},
    {"trim": False},
    {"tightness": 400.3},
    {"bpm": 100.0},
    {"start_bpm": 60.0, "tightness": 10.0},
    {"sample_rate": 44100, "hop_length": 1024, "bpm": 33.3, "trim": False},
]


def librosa_arguments(params):
    out = dict(params)
    out["sr"] = out.pop("sample_rate", 22050)
    out.setdefault("hop_length", 512)
    return out


def tempo_case(name, params):
    arguments = librosa_arguments(params)
    (tempo,) = librosa.feature.tempo(onset_envelope=signal(name), **arguments)
    numerator = 60.0 * arguments["sr"]
    lag = round(numerator / (arguments["hop_length"] * tempo))
    assert tempo == numerator / (arguments["hop_length"] * lag)
    return {"envelope": name, "params": params, "lag": lag}


def beat_case(name, params):
    _, beats = librosa.beat.beat_track(onset_envelope=signal(name), **librosa_arguments(params))
    return {"envelope": name, "params": params, "beats": [int(b) for b in beats]}


def array_case(array, rows, columns):
    """Shape, some values and the sum of all values."""
    at = [[r, c] for r in rows for c in columns if r < array.shape[0] and c < array.shape[1]]
    return {
        "shape": list(array.shape),
        "at": at,
        "values": digits([array[r, c] for r, c in at]),
        "sum": digits(array.sum())[0],
    }


def tempogram_case(name, win_length, center, window):
    common = {"onset_envelope": signal(name), "win_length": win_length, "center": center,
              "window": window.lower()}
    tempogram = librosa.feature.tempogram(**common)
    fourier = librosa.feature.fourier_tempogram(**common).astype(np.complex128)
    n = tempogram.shape[1]
    rows, columns = [0, 1, 2, 21, 100, win_length - 1], [0, 1, n // 3, n - 1]
    return {
        "envelope": name, "win_length": win_length, "center": center, "window": window,
        "tempogram": array_case(tempogram, rows, columns),
        "fourier_re": array_case(fourier.real, rows, columns),
        "fourier_im": array_case(fourier.imag, rows, columns),
    }


def autocorrelate_case(name, max_size):
    lags = librosa.autocorrelate(signal(name).astype(np.float64), max_size=max_size)
    return {"envelope": name, "max_size": max_size, "lags": digits(lags)}


def onset_case(rows, columns, seed, params):
    arguments = dict(params)
    aggregate = {"Mean": np.mean, "Median": np.median}[arguments.pop("aggregate", "Mean")]
    s = spectrogram(rows, columns, seed)
    out = librosa.onset.onset_strength(S=s, aggregate=aggregate, **arguments)
    return {"rows": rows, "columns": columns, "seed": seed, "params": params, "envelope": digits(out)}


def delta_case(columns, width, order, mode):
    out = librosa.feature.delta(spectrogram(2, columns, 3), width=width, order=order, mode=mode.lower())
    return {"columns": columns, "width": width, "order": order, "mode": mode, "delta": digits(out)}


def has_beats(name):
    """librosa cannot track the beats of a single frame."""
    return int(name.split(":")[1]) > 1


golden = {
    "versions": {"librosa": librosa.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "tempo": [tempo_case(e, p) for e in ENVELOPES for p in TEMPO_PARAMS],
    "beat": [
        beat_case(e, p) for e in ENVELOPES if has_beats(e)
        for p in (BEAT_PARAMS if not e.startswith("constant") else BEAT_PARAMS[:1])
    ],
    "tempogram": [
        tempogram_case(*case)
        for case in [
            ("noise:1293:6", 384, True, "Hann"),
            ("noise:1293:6", 344, True, "Hann"),
            ("clicks:1293:65:3", 385, True, "Blackman"),
            ("clicks:1293:65:3", 200, False, "Boxcar"),
            ("noise:130:4", 384, True, "Hamming"),
            ("noise:2:1", 384, True, "Hann"),
            ("noise:5:2", 1, True, "Hann"),
            ("step:1293:9", 384, True, "Hann"),
            ("bare:1293:400", 384, True, "Hann"),
            ("signed:1293:10", 384, True, "Hann"),
        ]
    ],
    "autocorrelate": [
        autocorrelate_case(*case)
        for case in [
            ("noise:1:1", None), ("noise:50:3", None), ("noise:5000:8", 40),
            ("signed:1293:10", 50), ("clicks:1293:65:3", 70), ("noise:5:2", 9),
        ]
    ],
    "onset": [
        onset_case(*case)
        for case in [
            (128, 130, 1, {}),
            (128, 130, 1, {"aggregate": "Median"}),
            (127, 60, 2, {"aggregate": "Median", "lag": 2, "max_size": 3}),
            (40, 60, 3, {"max_size": 4, "center": False}),
            (40, 60, 4, {"detrend": True}),
            (40, 60, 5, {"n_fft": 4096, "hop_length": 256, "lag": 3}),
            (6, 60, 6, {"max_size": 99, "aggregate": "Median"}),
            (128, 1, 7, {}),
            (128, 3, 8, {"lag": 3}),
        ]
    ],
    "delta": [
        delta_case(*case)
        for case in [
            (30, 9, 1, "Interp"), (30, 9, 2, "Interp"), (30, 5, 3, "Interp"), (9, 9, 1, "Interp"),
            (3, 3, 1, "Interp"), (30, 21, 1, "Interp"),
            *[(c, 9, o, m) for m in ["Nearest", "Mirror", "Constant", "Wrap"]
              for c in [2, 12] for o in [1, 2]],
        ]
    ],
}
print(json.dumps(golden, separators=(",", ":")))
