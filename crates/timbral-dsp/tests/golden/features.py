"""Makes constant_q.json: the results of librosa 1.0.0 for the signals of common/signals.rs.

    python features.py

The files are written next to this script; the tests of golden_features/ read them.
"""

import json
import sys
import warnings
from pathlib import Path

import librosa
import numpy as np

from signals import PAD, column, complex_digest, digest, digits, flat, lcg, signal

assert librosa.__version__ == "1.0.0", librosa.__version__
warnings.filterwarnings("ignore")
FOLDER = Path(__file__).parent


# --- constant-Q transforms -------------------------------------------------------------------------

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


def cqt_case(source, **params):
    """The variable-Q transform, with gamma 0 unless given."""
    arguments = {"gamma": 0, **cqt_arguments(params)}
    return {"source": source, "params": params, "cqt": complex_digest(librosa.vqt(signal(source), **arguments))}


def magnitude_case(function, source, **params):
    return {"source": source, "params": params, "magnitude": digest(function(signal(source), **cqt_arguments(params)))}


def bands_case(**params):
    f = librosa.interval_frequencies(
        n_bins=params.get("n_bins", 84), fmin=librosa.note_to_hz("C1") * 2 ** (params.get("tuning", 0) / 12),
        intervals=params.get("intervals", "equal"), bins_per_octave=params.get("bins_per_octave", 12))
    lengths, _ = librosa.filters.wavelet_lengths(freqs=f, sr=22050, gamma=params.get("gamma", 0))
    return {"params": params, "frequencies": column(f), "lengths": column(lengths)}


def chroma_case(source, **params):
    arguments = cqt_arguments(params)
    arguments["cqt_mode"] = "hybrid" if arguments.pop("hybrid", False) else "full"
    if "intervals" in arguments:
        arguments.pop("cqt_mode")
        out = librosa.feature.chroma_vqt(y=signal(source), **arguments)
    else:
        out = librosa.feature.chroma_cqt(y=signal(source), **arguments)
    return {"source": source, "params": params, "chroma": digest(out)}


def cens_case(rows, columns, seed, params, source=None):
    """From made pitch classes, or from a signal with all defaults."""
    arguments = dict(params)
    if "norm" in arguments:
        arguments["norm"] = NORMS[arguments["norm"]]
    if "smoothing_window" in arguments:
        arguments["smoothing_window"] = arguments["smoothing_window"].lower()
    if source:
        out = librosa.feature.chroma_cens(y=signal(source), **arguments)
    else:
        # A transform with one bin per pitch class is the chromagram itself.
        out = librosa.feature.chroma_cens(C=flat(rows, columns, seed), bins_per_octave=rows, n_chroma=rows, **arguments)
    return {"rows": rows, "columns": columns, "seed": seed, "source": source, "params": params, "cens": digest(out)}


def tonnetz_case(rows, columns, seed):
    return {"rows": rows, "columns": columns, "seed": seed,
            "tonnetz": digest(librosa.feature.tonnetz(chroma=flat(rows, columns, seed)))}


def constant_q():
    ratios = [1, 16 / 15, 9 / 8, 6 / 5, 5 / 4, 4 / 3, 45 / 32, 3 / 2, 8 / 5, 5 / 3, 9 / 5, 15 / 8]
    return {
        "bands": [bands_case(), bands_case(gamma=None), bands_case(gamma=10.0, n_bins=60),
                  bands_case(intervals="pythagorean"), bands_case(intervals=ratios, n_bins=72), bands_case(tuning=0.3),
                  bands_case(bins_per_octave=36, n_bins=252)],
        "cqt": [
            cqt_case("mix:66150"),
            cqt_case("harmonic:30001", gamma=None),
            cqt_case("noise:22050:1", pad_mode="Edge"),
            cqt_case("mix:30000", pad_mode="Reflect", window="Hamming"),
            cqt_case("tone:22050:440", tuning=-0.25, filter_scale=0.5),
            cqt_case("chirp:44100", bins_per_octave=36, n_bins=252),
            cqt_case("mix:44100", scale=False, norm="L2", sparsity=0.0),
            cqt_case("mix:44100", scale=False, norm="Max", n_bins=30, fmin=55.0, hop_length=4096),
            cqt_case("mix:44100", sample_rate=44100, hop_length=1024, n_bins=96),
            cqt_case("mix:44100", hop_length=441, n_bins=85, window="Blackman"),
            cqt_case("mix:44100", hop_length=300, n_bins=80, gamma=12.0, norm="None"),
            cqt_case("mix:44100", hop_length=2048, n_bins=36),
            cqt_case("mix:44100", hop_length=1024, n_bins=1),
            cqt_case("mix:44100", intervals="pythagorean"),
            cqt_case("mix:44100", intervals=ratios, n_bins=72, gamma=None),
            cqt_case("zero:5000"), cqt_case("noise:1:1"), cqt_case("noise:300:2"), cqt_case("impulse:20000:9999"),
            cqt_case("quiet:20000:3"),
        ],
        "pseudo": [
            magnitude_case(librosa.pseudo_cqt, "mix:30000"),
            magnitude_case(librosa.pseudo_cqt, "noise:20000:1", fmin=400.0, n_bins=48, scale=False),
            magnitude_case(librosa.pseudo_cqt, "harmonic:20000", fmin=400.0, n_bins=1, tuning=0.2),
        ],
        "hybrid": [
            magnitude_case(librosa.hybrid_cqt, "mix:30000"),
            magnitude_case(librosa.hybrid_cqt, "chirp:30000", bins_per_octave=24, n_bins=150, hop_length=1024),
            magnitude_case(librosa.hybrid_cqt, "mix:30000", n_bins=24, hop_length=256),
            magnitude_case(librosa.hybrid_cqt, "mix:30000", fmin=2000.0, n_bins=24),
        ],
        "chroma": [
            chroma_case("mix:66150"), chroma_case("harmonic:44100"), chroma_case("tone:22050:450", norm="L2"),
            chroma_case("mix:44100", hybrid=True, bins_per_octave=24),
            chroma_case("mix:44100", n_chroma=24, bins_per_octave=48, n_octaves=5, fmin=110.0, tuning=0.1, norm="None"),
            chroma_case("mix:44100", bins_per_octave=12, threshold=0.1, tuning=0.0),
            chroma_case("mix:44100", intervals="pythagorean"),
            chroma_case("mix:44100", intervals=ratios, n_octaves=6, gamma=5.0),
            chroma_case("zero:5000"), chroma_case("noise:10:1"),
        ],
        "cens": [
            cens_case(12, 100, 1, {}), cens_case(12, 30, 2, {}), cens_case(24, 100, 3, {"win_len_smooth": 10}),
            cens_case(12, 50, 4, {"win_len_smooth": None}), cens_case(12, 50, 4, {"norm": "Max", "win_len_smooth": 1}),
            cens_case(12, 60, 5, {"smoothing_window": "Bartlett", "norm": "None"}),
            cens_case(0, 0, 0, {}, "mix:66150"),
        ],
        "tonnetz": [tonnetz_case(12, 50, 1), tonnetz_case(24, 20, 2), tonnetz_case(7, 1, 3)],
    }


SECTIONS = {"constant_q": constant_q}

for name in sys.argv[1:] or SECTIONS:
    versions = {"librosa": librosa.__version__, "numpy": np.__version__}
    golden = {"versions": versions, **SECTIONS[name]()}
    (FOLDER / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
