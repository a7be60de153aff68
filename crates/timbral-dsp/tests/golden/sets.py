"""Makes sets.json: columns of feature sets by librosa 1.0.0, NumPy and SciPy, for the signals of common/signals.rs.

    python sets.py

Statistics are of the series as f64, so that a difference is one of the features. A constant series, by SciPy's rule for
the type in which librosa computes it, has skew 0 and kurtosis -3: the formulas with 0 for 0 / 0. The signals have some
energy in every octave of every frame, or none: chroma scales what is left of a filter's stop band to 1, too.
"""

import json
import warnings
from pathlib import Path

import librosa
import numpy as np
import scipy.stats

from signals import digits, signal

assert librosa.__version__ == "1.0.0", librosa.__version__
warnings.filterwarnings("ignore")
FOLDER = Path(__file__).parent


def constant(rows):
    mean, var = rows.mean(axis=1), rows.var(axis=1)
    return var <= (np.finfo(rows.dtype).resolution * mean) ** 2


def delta(rows):
    return librosa.feature.delta(rows)


STATISTICS = {
    "mean": lambda v: v.mean(axis=1),
    "var": lambda v: v.var(axis=1),
    "std": lambda v: v.std(axis=1),
    "median": lambda v: np.median(v, axis=1),
    "min": lambda v: v.min(axis=1),
    "max": lambda v: v.max(axis=1),
    "skew": lambda v: scipy.stats.skew(v, axis=1),
    "kurtosis": lambda v: scipy.stats.kurtosis(v, axis=1),
    "q0.25": lambda v: np.quantile(v, 0.25, axis=1),
    "delta_mean": lambda v: delta(v).mean(axis=1),
    "delta_var": lambda v: delta(v).var(axis=1),
}


def statistic(name, rows):
    rows = np.atleast_2d(rows)
    flat = constant(rows)
    values = STATISTICS[name](rows.astype(np.float64))
    if name in ("skew", "kurtosis"):
        values = np.where(flat, 0.0 if name == "skew" else -3.0, values)
    return values


def fma_series(y, sr=22050):
    """The features of the FMA data set: chroma and CENS of one transform, tonal centroids of CENS, shapes of one spectrogram."""
    cqt = np.abs(librosa.cqt(y, sr=sr, n_bins=84, bins_per_octave=12, tuning=None))
    spectrum = np.abs(librosa.stft(y))
    mel = librosa.feature.melspectrogram(S=spectrum**2, sr=sr)
    cens = librosa.feature.chroma_cens(C=cqt, bins_per_octave=12)
    return {
        "chroma_cens": cens,
        "chroma_cqt": librosa.feature.chroma_cqt(C=cqt, bins_per_octave=12),
        "chroma_stft": librosa.feature.chroma_stft(S=spectrum**2, sr=sr),
        "mfcc": librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=20),
        "rmse": librosa.feature.rms(S=spectrum),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(S=spectrum, sr=sr),
        "spectral_centroid": librosa.feature.spectral_centroid(S=spectrum, sr=sr),
        "spectral_contrast": librosa.feature.spectral_contrast(S=spectrum, sr=sr, n_bands=6),
        "spectral_rolloff": librosa.feature.spectral_rolloff(S=spectrum, sr=sr),
        "tonnetz": librosa.feature.tonnetz(chroma=cens),
        "zcr": librosa.feature.zero_crossing_rate(y),
    }


def fma(source):
    series = fma_series(signal(source))
    names = ["kurtosis", "max", "mean", "median", "min", "skew", "std"]
    return {"source": source, "columns": {f"{feature}_{name}": digits(statistic(name, rows))
                                          for feature, rows in series.items() for name in names}}


def all_series(y, sr=22050):
    harmonic, percussive = librosa.effects.hpss(y)
    envelope = librosa.onset.onset_strength(y=y, sr=sr)
    tempogram = librosa.feature.tempogram(onset_envelope=envelope, sr=sr)
    fourier = np.abs(librosa.feature.fourier_tempogram(onset_envelope=envelope, sr=sr))
    fmin, fmax = librosa.note_to_hz("C2"), librosa.note_to_hz("C7")
    pitch, _, voiced = librosa.pyin(y, fmin=fmin, fmax=fmax, sr=sr, fill_na=None)
    return {
        "chroma_stft": librosa.feature.chroma_stft(y=y, sr=sr),
        "chroma_cqt": librosa.feature.chroma_cqt(y=y, sr=sr),
        "chroma_vqt": librosa.feature.chroma_vqt(y=y, sr=sr, intervals="pythagorean"),
        "chroma_cens": librosa.feature.chroma_cens(y=y, sr=sr),
        "tonnetz": librosa.feature.tonnetz(y=y, sr=sr),
        "melspectrogram": librosa.feature.melspectrogram(y=y, sr=sr),
        "mfcc": librosa.feature.mfcc(y=y, sr=sr),
        "rms": librosa.feature.rms(y=y),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(y),
        "spectral_centroid": librosa.feature.spectral_centroid(y=y, sr=sr),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=sr),
        "spectral_contrast": librosa.feature.spectral_contrast(y=y, sr=sr),
        "spectral_flatness": librosa.feature.spectral_flatness(y=y),
        "spectral_rolloff": librosa.feature.spectral_rolloff(y=y, sr=sr),
        "poly_features": librosa.feature.poly_features(y=y, sr=sr),
        "onset_strength": envelope,
        "tempogram": tempogram,
        "fourier_tempogram": fourier,
        "hybrid_tempogram": librosa.feature.hybrid_tempogram(onset_envelope=envelope, sr=sr),
        "tempogram_ratio": librosa.feature.tempogram_ratio(tg=tempogram, sr=sr),
        "metrogram": librosa.feature.metrogram(
            tg=fourier, freqs=librosa.fourier_tempo_frequencies(sr=sr), aggregate=np.sum),
        "plp": librosa.beat.plp(y=y, sr=sr),
        "yin": librosa.yin(y, fmin=fmin, fmax=fmax, sr=sr),
        "pyin": np.stack([pitch, voiced]),
        "harmonic": harmonic,
        "percussive": percussive,
    }


def everything(source):
    y = signal(source)
    columns = {f"{feature}_{name}": digits(statistic(name, rows))
               for feature, rows in all_series(y).items() for name in ("mean", "std")}
    columns["tempo"] = digits(np.atleast_1d(librosa.feature.tempo(y=y)))
    return {"source": source, "columns": columns}


def all_statistics(source):
    """Every statistic of a feature with 13 rows."""
    rows = librosa.feature.mfcc(y=signal(source), n_mfcc=13, n_mels=64)
    return {"source": source, "columns": {f"mfcc_{name}": digits(statistic(name, rows)) for name in STATISTICS}}


if __name__ == "__main__":
    sets = {
        "fma": [fma(source) for source in (
            "mix:66150", "harmonic:44100", "noise:30000:1", "zero:20000", "mix:3000")],
        "all": [everything("mix:66150")],
        "statistics": [all_statistics("mix:66150")],
    }
    (FOLDER / "sets.json").write_text(json.dumps(sets, separators=(",", ":"), allow_nan=False) + "\n")
