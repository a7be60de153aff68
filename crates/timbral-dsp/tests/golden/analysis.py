"""Makes analysis.json: harmonics, reassigned spectra, sequences of states and common parts by librosa 1.0.0, for the signals
of common/signals.rs.

    python analysis.py

The file is written next to this script; golden_features/analysis.rs reads it.
"""

import json
import warnings
from pathlib import Path

import librosa
import numpy as np

from signals import digest, digits, flat, signal

assert librosa.__version__ == "1.0.0", librosa.__version__
warnings.filterwarnings("ignore")
FOLDER = Path(__file__).parent
FREQUENCIES = librosa.fft_frequencies(sr=22050, n_fft=2048)


def harmonics(source, factors):
    spectrum = np.abs(librosa.stft(signal(source)))
    f0 = np.linspace(80, 900, spectrum.shape[1])
    energy = librosa.interp_harmonics(spectrum, freqs=FREQUENCIES, harmonics=factors)
    peaks = librosa.salience(spectrum, freqs=FREQUENCIES, harmonics=factors, fill_value=0)
    weights = [1 / (i + 1) for i in range(len(factors))]
    smooth = librosa.salience(spectrum, freqs=FREQUENCIES, harmonics=factors, weights=weights, filter_peaks=False)
    return {
        "source": source, "factors": factors,
        "harmonics": [digest(e) for e in energy],
        "f0": digest(librosa.f0_harmonics(spectrum, f0=f0, freqs=FREQUENCIES, harmonics=factors)),
        "salience": digest(peaks), "weighted": digest(smooth),
    }


def reassigned(source, **params):
    """Only cells with energy: elsewhere quotients of roundings."""
    f, t, s = librosa.reassigned_spectrogram(signal(source), ref_power=1e-2, **params)
    return {"source": source, "params": params, "kept": int(np.isfinite(f).sum()),
            "frequencies": digest(np.nan_to_num(f)), "times": digest(np.nan_to_num(t)), "magnitudes": digest(s)}


def states(n, steps, seed, weighted):
    prob = flat(n, steps, seed).astype(float) + 0.01
    single = prob / prob.sum(axis=0)
    p_state = np.arange(1, n + 1) / (n * (n + 1) / 2) if weighted else None
    path, logp = librosa.sequence.viterbi_discriminative(
        single, librosa.sequence.transition_loop(n, 0.6), p_state=p_state, return_logp=True)
    on = librosa.sequence.viterbi_binary(
        flat(n, steps, seed), librosa.sequence.transition_loop(2, 0.7),
        p_state=np.full(n, 0.3) if weighted else None, p_init=np.full(n, 0.2) if weighted else None)
    return {"n": n, "steps": steps, "seed": seed, "weighted": weighted, "path": path.tolist(), "logp": float(logp),
            "on": on.astype(int).tolist()}


def common(rows, columns, seed, least, **params):
    """Similarities below a limit are 0; the first two columns, where librosa's way back has a wrong offset, too."""
    sim = flat(rows, columns, seed).astype(float)
    sim[sim < least] = 0
    sim[:, :2] = 0
    score, path = librosa.sequence.rqa(sim, **params)
    return {"rows": rows, "columns": columns, "seed": seed, "least": least, "params": params, "score": digest(score),
            "path": path.tolist()}


def mellin(n, seed, **params):
    out = librosa.fmt(flat(1, n, seed)[0].astype(float), **params)
    return {"n": n, "seed": seed, "params": params, "re": digest(out.real[np.newaxis]), "im": digest(out.imag[np.newaxis])}


if __name__ == "__main__":
    golden = {
        "mellin": [mellin(100, 1), mellin(333, 2, t_min=2.0), mellin(50, 3, n_fmt=200, beta=0.0),
                   mellin(64, 4, over_sample=2.5)],
        "harmonics": [harmonics("mix:20000", [1, 2, 3, 0.5]), harmonics("noise:20000:1", [1])],
        "reassigned": [reassigned("mix:20000"), reassigned("harmonic:15000", center=False, n_fft=1024),
                       reassigned("chirp:20000", clip=False, hop_length=300, n_fft=1000)],
        "states": [states(4, 60, 1, False), states(5, 60, 2, True), states(2, 30, 3, True)],
        "common": [common(30, 40, 1, 0.7), common(40, 30, 2, 0.8, knight_moves=False),
                   common(25, 25, 3, 0.6, gap_onset=0.3, gap_extend=0.1), common(10, 12, 4, 2.0)],
    }
    (FOLDER / "analysis.json").write_text(json.dumps(golden, separators=(",", ":"), allow_nan=False) + "\n")
