"""Makes inverse.json: the results of librosa 1.0.0 and scikit-learn for the signals of common/signals.rs: transforms and features
back to signals, filters, components, paths.

    python inverse.py

The file is written next to this script; golden_features/inverse.rs reads it.
"""

import json
import warnings
from pathlib import Path

import librosa
import librosa.core.spectrum
import numpy as np

from signals import column, complex_digest, cqt_arguments, digest, digits, flat, signal

assert librosa.__version__ == "1.0.0", librosa.__version__
warnings.filterwarnings("ignore")
FOLDER = Path(__file__).parent


# --- constant-Q ------------------------------------------------------------------------------------

def transform_arguments(params):
    out = cqt_arguments(params)
    out.pop("pad_mode", None)
    return out


# At the full rate, one sample of the lowest octave and more: what filters answer before the signal begins is lost in soxr.
FIRST = 128


def icqt_case(source, length, **params):
    """Without a source the transform of made numbers, so that what is not in any signal is tested, too."""
    arguments = transform_arguments(params)
    if source:
        transform = librosa.cqt(signal(source), **arguments)
    else:
        n_bins, n_frames = params.get("n_bins", 84), 40
        transform = flat(n_bins, n_frames, 1) - np.float32(0.5) + 1j * (flat(n_bins, n_frames, 2) - np.float32(0.5))
    arguments.pop("n_bins", None)
    y = librosa.icqt(transform, length=length, **arguments)
    return {"source": source, "length": length, "params": params, "samples": column(y[FIRST:], n_cells=60, n_bands=8)}


def griffinlim_case(source, n_iter, momentum, length, **params):
    arguments = transform_arguments(params)
    magnitude = np.abs(librosa.cqt(signal(source), **arguments))
    arguments.pop("n_bins", None)
    y = librosa.griffinlim_cqt(magnitude, n_iter=n_iter, momentum=momentum, length=length, init=None, **arguments)
    return {"source": source, "n_iter": n_iter, "momentum": momentum, "length": length, "params": params,
            "samples": column(y[FIRST:], n_cells=40, n_bands=8)}


# --- resampling, replaced by what both sides can do without soxr --------------------------------------

def lines(y, *, orig_sr, target_sr, **_):
    """Straight lines between samples."""
    n = int(np.ceil(y.shape[-1] * target_sr / orig_sr))
    return np.interp(np.arange(n) * (orig_sr / target_sr), np.arange(y.shape[-1]), y).astype(np.float32)


def means(y, *, orig_sr, target_sr, **_):
    """Means of neighbours; the same samples where the rate stays."""
    if orig_sr == target_sr:
        return y
    factor = round(orig_sr / target_sr)
    parts = [y[i:i + factor].astype(float).mean() for i in range(0, len(y), factor)]
    return np.array(parts, dtype=np.float32)


def iirt_case(source, **params):
    librosa.core.spectrum.resample = means
    arguments = cqt_arguments(params)
    return {"source": source, "params": params, "power": digest(librosa.iirt(signal(source), **arguments), n_cells=40, n_bands=17)}


def pitch_shift_case(source, n_steps, bins_per_octave):
    librosa.core.resample = lines
    y = librosa.effects.pitch_shift(signal(source), sr=22050, n_steps=n_steps, bins_per_octave=bins_per_octave)
    return {"source": source, "n_steps": n_steps, "bins_per_octave": bins_per_octave, "samples": column(y, n_cells=40)}


# --- components --------------------------------------------------------------------------------------

def decompose_case(rows, columns, seed, n_components, sort, **params):
    """Sums of three parts and noise, in float64."""
    b, a = flat(rows, 3, seed).astype(float), flat(3, columns, seed + 1).astype(float)
    s = ((b * b) @ (a * a) + np.float32(0.1) * flat(rows, columns, seed + 2)).astype(np.float32)
    parts, strengths = librosa.decompose.decompose(s.astype(float), n_components=n_components, sort=sort, random_state=0, **params)
    return {"rows": rows, "columns": columns, "seed": seed, "n_components": n_components, "sort": sort, "params": params,
            "components": digest(parts, n_cells=30), "activations": digest(strengths, n_cells=30),
            "objective": float(np.sum((s - parts @ strengths) ** 2))}


# --- features ----------------------------------------------------------------------------------------

def mel(source, n_mels, n_fft):
    if source == "flat":
        return flat(n_mels, 12, 5)
    if source == "even":
        return librosa.filters.mel(sr=22050, n_fft=n_fft, n_mels=n_mels) @ np.full((n_fft // 2 + 1, 3), 4, dtype=np.float32)
    return librosa.feature.melspectrogram(y=signal(source), n_mels=n_mels, n_fft=n_fft)


def mel_case(source, n_mels, n_fft, power):
    """With the objective: what is left of the bands. The spectrum itself is unique, and compared, where the smallest one without
    limits is nowhere negative."""
    m = mel(source, n_mels, n_fft)
    s = librosa.feature.inverse.mel_to_stft(m, n_fft=n_fft, power=power)
    basis = librosa.filters.mel(sr=22050, n_fft=n_fft, n_mels=n_mels)
    rest = basis.astype(float) @ s.astype(float) ** power - m
    smallest = np.linalg.pinv(basis.astype(float)) @ m
    assert (source == "even") == (smallest > -1e-9).all(), source
    return {"source": source, "n_mels": n_mels, "n_fft": n_fft, "power": power,
            "magnitude": digest(s, n_cells=40, n_bands=16) if source == "even" else None,
            "rest": float(np.sum(rest ** 2) / np.sum(m.astype(float) ** 2))}


def mfcc_case(source, n_mfcc, lifter, ref):
    m = mel(source, 128, 2048)
    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(m), n_mfcc=n_mfcc, lifter=lifter)
    back = librosa.feature.inverse.mfcc_to_mel(mfcc, ref=ref, lifter=lifter)
    return {"source": source, "n_mfcc": n_mfcc, "lifter": lifter, "ref": ref, "mel": digest(back, n_cells=40)}


# --- paths and phases ----------------------------------------------------------------------------------

def enhance_case(rows, columns, seed, n, **params):
    rec = flat(rows, columns, seed).astype(float)
    arguments = dict(params)
    if "window" in arguments:
        arguments["window"] = arguments["window"].lower()
    out = librosa.segment.path_enhance(rec, n, **arguments)
    return {"rows": rows, "columns": columns, "seed": seed, "n": n, "params": params, "smooth": digest(out, n_cells=60)}


def steps_case(n, m, seed, inverse):
    _, path = librosa.sequence.dtw(flat(3, n, seed), flat(3, m, seed + 1))
    steps = librosa.sequence.path_to_steps(path, inverse=inverse)
    return {"path": path.tolist(), "inverse": inverse, "steps": digits(steps)}


def magphase_case(power):
    z = flat(5, 9, 1) - np.float32(0.5) + 1j * (flat(5, 9, 2) - np.float32(0.5))
    z[1, 2] = 0
    magnitude, phase = librosa.magphase(z, power=power)
    return {"power": power, "magnitude": digest(magnitude, n_cells=45), "phase": complex_digest(phase)}


def timelag_case(n, seed, pad):
    """Every row of the lag matrix minus the one before."""
    difference = librosa.segment.timelag_filter(lambda lag: lag - np.roll(lag, 1, axis=1), pad=pad)
    return {"n": n, "seed": seed, "pad": pad, "filtered": digest(difference(flat(n, n, seed).astype(float)), n_cells=60)}


if __name__ == "__main__":
    golden = {
        "icqt": [icqt_case("mix:30000", None), icqt_case("harmonic:30000", 30000),
                 icqt_case("noise:30000:1", 31000, bins_per_octave=24, n_bins=150),
                 icqt_case("chirp:30000", 9000, hop_length=96, fmin=100.0, n_bins=60),
                 icqt_case("mix:20000", None, hop_length=300, n_bins=13, fmin=220.0, scale=False),
                 icqt_case("tone:20000:440", 20000, tuning=0.3, filter_scale=0.5, norm="L2", sparsity=0.0, window="Blackman"),
                 icqt_case("mix:20000", 20000, n_bins=1, fmin=440.0), icqt_case(None, None), icqt_case(None, 5000, n_bins=50)],
        "griffinlim_cqt": [griffinlim_case("mix:30000", 2, 0.99, 30000), griffinlim_case("chirp:30000", 3, 0.0, None, n_bins=60, fmin=100.0),
                           griffinlim_case("mix:20000", 0, 0.99, None)],
        "iirt": [iirt_case("mix:30000"), iirt_case("noise:20000:1", tuning=0.25, win_length=1000, hop_length=300),
                 iirt_case("chirp:30000", center=False), iirt_case("harmonic:20001", pad_mode="Reflect", hop_length=441)],
        "pitch_shift": [pitch_shift_case("mix:20000", 4, 12), pitch_shift_case("chirp:20000", -7, 24), pitch_shift_case("mix:9000", 0, 12)],
        "decompose": [decompose_case(12, 40, 1, 3, False), decompose_case(30, 14, 2, 5, True),
                      decompose_case(13, 13, 3, None, False, max_iter=7), decompose_case(9, 20, 4, 2, True, tol=1e-8, max_iter=2000),
                      decompose_case(120, 90, 5, 4, True)],
        "mel": [mel_case("mix:10000", 128, 2048, 2.0), mel_case("noise:10000:1", 40, 1024, 2.0), mel_case("mix:10000", 64, 2048, 1.0),
                mel_case("flat", 40, 1024, 1.5), mel_case("even", 40, 1024, 1.0), mel_case("chirp:10000", 128, 512, 2.0)],
        "mfcc": [mfcc_case("mix:20000", 20, 0, 1.0), mfcc_case("mix:20000", 128, 0, 2.0), mfcc_case("noise:9000:1", 13, 22, 1.0)],
        "enhance": [enhance_case(50, 50, 1, 11), enhance_case(40, 60, 2, 12, zero_mean=True, clip=False),
                    enhance_case(30, 30, 3, 51, max_ratio=3.0, min_ratio=0.5, n_filters=4, window="Boxcar"),
                    enhance_case(9, 7, 4, 5, n_filters=1, max_ratio=1.5, window="Hamming")],
        "steps": [steps_case(20, 30, 1, False), steps_case(20, 30, 1, True), steps_case(40, 15, 3, False), steps_case(1, 1, 5, False)],
        "magphase": [magphase_case(1.0), magphase_case(2.0), magphase_case(0.7)],
        "timelag": [timelag_case(9, 1, True), timelag_case(8, 2, False)],
    }
    (FOLDER / "inverse.json").write_text(json.dumps(golden, separators=(",", ":"), allow_nan=False) + "\n")
