"""Makes spectral.json: the results of librosa 1.0.0 and SciPy for the signals of common/signals.rs.

    python spectral.py > spectral.json

The signals and the storage of arrays are in signals.py.
"""

import json
import warnings

import librosa
import numpy as np
import scipy
import scipy.signal

from signals import PAD, SR, column, complex_digest, digest, digits, flat, lcg, levels, signal

assert librosa.__version__ == "1.0.0", librosa.__version__
warnings.filterwarnings("ignore")


# --- windows, frames, transforms -----------------------------------------------------------------

WINDOWS = ["Hann", "Hamming", "Blackman", "Bartlett", "Boxcar"]


def window_case(window, n, periodic):
    w = scipy.signal.get_window(window.lower(), n, fftbins=periodic)
    stored = [float(f"{v:.17g}") for v in (w if n <= 9 else w[::n // 9])]
    return {"window": window, "n": n, "periodic": periodic, "step": 1 if n <= 9 else n // 9,
            "values": stored}


def frames_case(n, frame_length, hop_length, center):
    y = np.zeros(n, dtype=np.float32)
    count = librosa.feature.rms(y=y, frame_length=frame_length, hop_length=hop_length, center=center)
    return {"n": n, "frame_length": frame_length, "hop_length": hop_length, "center": center,
            "n_frames": count.shape[1]}


STFT_DEFAULT = {"n_fft": 2048, "hop_length": 512, "win_length": None, "window": "Hann",
                "center": True, "pad_mode": "Zero"}


def stft_arguments(params):
    p = {**STFT_DEFAULT, **params}
    return p, {**p, "window": p["window"].lower(), "pad_mode": PAD[p["pad_mode"]]}


def stft_case(name, **params):
    p, arguments = stft_arguments(params)
    s = librosa.stft(signal(name), **arguments)
    return {"signal": name, "params": p, "spectrum": complex_digest(s), "power": digest(np.abs(s)**2)}


def istft_case(columns, length, **params):
    p, arguments = stft_arguments(params)
    arguments.pop("pad_mode")
    shape = (p["n_fft"] // 2 + 1, columns)
    s = (2 * flat(*shape, 21) - 1) + 1j * (2 * flat(*shape, 22) - 1)
    y = librosa.istft(s.astype(np.complex64), length=length, **arguments)
    return {"params": p, "columns": columns, "length": length, "signal": column(y, 32, 8)}


STFT_CASES = [
    *[stft_case(s) for s in ["noise:5000:1", "chirp:30000", "harmonic:20000", "tone:9000:440",
                             "gap:24000:1000", "zero:3000", "dc:6000", "impulse:6000:3000",
                             "quiet:6000:2", "mix:66150", "noise:1000:3", "noise:1:4", "noise:2:4"]],
    *[stft_case("mix:12345", n_fft=n, hop_length=h) for n, h in
      [(512, 128), (1024, 256), (1000, 250), (1023, 255), (400, 160), (256, 100), (2048, 700),
       (512, 512), (300, 1000), (2, 1), (3, 1), (4, 3), (5, 2), (7, 2), (37, 10), (509, 127),
       (1536, 384), (4096, 1024), (8192, 2048)]],
    *[stft_case("harmonic:9000", n_fft=1024, hop_length=256, window=w, win_length=m)
      for w in WINDOWS for m in [None, 800, 333, 1]],
    *[stft_case("mix:5000", n_fft=n, hop_length=n // 4, pad_mode=m)
      for m in PAD for n in [512, 1023]],
    # No hops of more than half a frame with reflection: librosa then drops the end of the signal and
    # reflects about the new end.
    *[stft_case(f"noise:{n}:5", pad_mode=m) for m in PAD for n in [1, 2, 3, 700, 1025, 1500, 2048]],
    *[stft_case("mix:5000", n_fft=n, hop_length=h, center=False)
      for n, h in [(2048, 512), (1023, 100), (5000, 512), (512, 333)]],
]

ISTFT_CASES = [
    *[istft_case(6, None, n_fft=n, hop_length=h) for n, h in
      [(2048, 512), (512, 128), (1024, 300), (1000, 250), (1023, 255), (400, 160), (2, 1), (5, 1)]],
    *[istft_case(6, length, n_fft=512, hop_length=128) for length in [1, 100, 512, 640, 800, 1000, 5000]],
    *[istft_case(7, length, n_fft=511, hop_length=128) for length in [300, 769, 1000]],
    *[istft_case(6, length, n_fft=512, hop_length=128, center=False, window="Hamming")
      for length in [None, 300, 2000]],
    *[istft_case(9, None, n_fft=512, hop_length=100, win_length=m, window=w)
      for w in ["Hann", "Hamming", "Blackman", "Bartlett"] for m in [None, 401]],
    istft_case(5, None, n_fft=256, hop_length=256, window="Boxcar"),
    istft_case(1, None, n_fft=256, hop_length=64, window="Boxcar", center=False),
]


# --- decibels, mels, cepstra -----------------------------------------------------------------------

def db_case(kind, reference, amin, top_db):
    s = levels(40, 50, 31)
    convert = {"power": librosa.power_to_db, "amplitude": librosa.amplitude_to_db}[kind]
    db = convert(s, ref=np.max if reference is None else reference, amin=amin, top_db=top_db)
    return {"kind": kind, "reference": reference, "amin": amin, "top_db": top_db, "db": digest(db, 48)}


def db_to_power_case(reference):
    db = np.linspace(-90, 30, 25, dtype=np.float32)
    return {"reference": reference, "power": digits(librosa.db_to_power(db, ref=reference))}


HERTZ = [0.0, 1.0, 27.5, 200.0, 440.0, 999.0, 999.9999, 1000.0, 1000.1, 4000.0, 11025.0, 22050.0, 96000.0]


def mel_scale_case(htk):
    mels = librosa.hz_to_mel(HERTZ, htk=htk)
    return {"htk": htk, "hertz": HERTZ, "mels": [float(v) for v in mels],
            "back": [float(v) for v in librosa.mel_to_hz(np.linspace(0.0, 60.0 if not htk else 4000.0, 13), htk=htk)]}


def mel_case(sr=SR, n_fft=2048, n_mels=128, fmin=0.0, fmax=None, htk=False, height=False):
    w = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax, htk=htk,
                            norm=None if height else "slaney")
    m = np.einsum("ft,mf->mt", flat(n_fft // 2 + 1, 20, 41), w)
    peaks = [int(k) for k in np.argmax(w, axis=1)[::max(1, n_mels // 16)]]
    largest = digits(np.max(w, axis=1)[::max(1, n_mels // 16)])
    return {"sample_rate": sr, "n_fft": n_fft, "n_mels": n_mels, "fmin": fmin, "fmax": fmax,
            "htk": htk, "height": height, "weights": digest(w), "peaks": peaks, "heights": largest,
            "mel": digest(m)}


def mfcc_case(n_mels, n_mfcc, lifter):
    s = -80 * flat(n_mels, 37, 51)
    c = librosa.feature.mfcc(S=s, n_mfcc=n_mfcc, lifter=lifter)
    return {"n_mels": n_mels, "n_mfcc": n_mfcc, "lifter": lifter, "mfcc": digest(c, 48)}


# --- peaks, tuning, chroma -------------------------------------------------------------------------

def power_of(name, n_fft=2048, hop_length=512):
    return np.abs(librosa.stft(signal(name), n_fft=n_fft, hop_length=hop_length))**2


def spectrogram(source):
    """"flat:rows:columns:seed", "steps:..." (the same rounded down to eighths, with many ties), or the power
    spectrogram of a signal."""
    kind, *args = source.split(":")
    if kind == "steps":
        return np.floor(flat(*map(int, args)) * np.float32(8)) / np.float32(8)
    return flat(*map(int, args)) if kind == "flat" else power_of(source)


def piptrack_case(source, sr=SR, fmin=150.0, fmax=4000.0, threshold=0.1):
    pitches, magnitudes = librosa.piptrack(S=spectrogram(source), sr=sr, fmin=fmin, fmax=fmax,
                                           threshold=threshold)
    frames, bins = np.nonzero(pitches.T)
    frequencies, heights = pitches.T[frames, bins], magnitudes.T[frames, bins]
    keep = slice(None, None, max(1, len(bins) // 40))
    return {"source": source, "sample_rate": sr, "fmin": fmin, "fmax": fmax, "threshold": threshold,
            "n": len(bins), "every": max(1, len(bins) // 40),
            "frames": frames[keep].tolist(), "bins": bins[keep].tolist(),
            "frequencies": digits(frequencies[keep]), "magnitudes": digits(heights[keep])}


def tuning_case(source, resolution, bins_per_octave, **params):
    t = librosa.estimate_tuning(S=spectrogram(source), sr=SR, resolution=resolution,
                                bins_per_octave=bins_per_octave, **params)
    return {"source": source, "resolution": resolution, "bins_per_octave": bins_per_octave,
            "tuning": float(t)}


def pitch_tuning_case(n, seed, resolution, bins_per_octave):
    f = lcg(n, seed) * np.float32(4000)
    t = librosa.pitch_tuning(f, resolution=resolution, bins_per_octave=bins_per_octave)
    return {"n": n, "seed": seed, "resolution": resolution, "bins_per_octave": bins_per_octave,
            "tuning": float(t)}


def chroma_weights_case(tuning, sr=SR, n_fft=2048, n_chroma=12, ctroct=5.0, octwidth=2.0):
    w = librosa.filters.chroma(sr=sr, n_fft=n_fft, n_chroma=n_chroma, tuning=tuning, ctroct=ctroct,
                               octwidth=octwidth)
    return {"tuning": tuning, "sample_rate": sr, "n_fft": n_fft, "n_chroma": n_chroma,
            "ctroct": ctroct, "octwidth": octwidth, "weights": digest(w, 36, 12)}


def chroma_case(source, tuning=None, n_chroma=12, octwidth=2.0):
    c = librosa.feature.chroma_stft(S=spectrogram(source), sr=SR, tuning=tuning, n_chroma=n_chroma,
                                    octwidth=octwidth)
    return {"source": source, "tuning": tuning, "n_chroma": n_chroma, "octwidth": octwidth,
            "chroma": digest(c, 24, 12)}


# --- one value per frame -------------------------------------------------------------------------

def temporal_case(name, frame_length=2048, hop_length=512, center=True, pad_mode="Zero"):
    y = signal(name)
    r = librosa.feature.rms(y=y, frame_length=frame_length, hop_length=hop_length, center=center,
                            pad_mode=PAD[pad_mode])
    z = librosa.feature.zero_crossing_rate(y, frame_length=frame_length, hop_length=hop_length,
                                           center=center)
    return {"signal": name, "frame_length": frame_length, "hop_length": hop_length, "center": center,
            "pad_mode": pad_mode, "rms": column(r), "zero_crossing_rate": column(z)}


def shapes_case(source):
    s = np.sqrt(spectrogram(source)) if source.startswith("flat") else np.abs(librosa.stft(signal(source)))
    f = librosa.feature
    return {
        "source": source,
        "centroid": column(f.spectral_centroid(S=s, sr=SR)),
        "bandwidth": column(f.spectral_bandwidth(S=s, sr=SR)),
        "bandwidth_3": column(f.spectral_bandwidth(S=s, sr=SR, p=3)),
        "rolloff": column(f.spectral_rolloff(S=s, sr=SR)),
        "rolloff_50": column(f.spectral_rolloff(S=s, sr=SR, roll_percent=0.5)),
        "flatness": column(f.spectral_flatness(S=s)),
        "flatness_1": column(f.spectral_flatness(S=s, amin=1e-6, power=1.0)),
        "contrast": digest(f.spectral_contrast(S=s, sr=SR)),
        "contrast_linear": digest(f.spectral_contrast(S=s, sr=SR, linear=True)),
        "contrast_other": digest(f.spectral_contrast(S=s, sr=SR, fmin=100.0, n_bands=4, quantile=0.2)),
    }


# --- separation, the vector ----------------------------------------------------------------------

def hpss_case(rows, columns, win_harm=31, win_perc=31, power=2.0, margin_harm=1.0, margin_perc=1.0,
              sparse=False):
    s = flat(rows, columns, 61)
    if sparse:
        s = np.where(flat(rows, columns, 62) < 0.7, 0, s).astype(np.float32)
    options = {"kernel_size": (win_harm, win_perc), "margin": (margin_harm, margin_perc),
               "power": np.inf if power is None else power}
    masks = librosa.decompose.hpss(s, mask=True, **options)
    z = (s * (2 * flat(rows, columns, 63) - 1) + 1j * (s * (2 * flat(rows, columns, 64) - 1))).astype(np.complex64)
    parts = librosa.decompose.hpss(z, **options)
    return {"rows": rows, "columns": columns, "win_harm": win_harm, "win_perc": win_perc,
            "power": power, "margin_harm": margin_harm, "margin_perc": margin_perc, "sparse": sparse,
            "masks": [digest(m.astype(float)) for m in masks], "parts": [complex_digest(p) for p in parts]}


def features(y, gtzan):
    """The feature vector; with `gtzan` as in the published tables, which librosa 0.7 made."""
    pad = "reflect" if gtzan else "constant"
    f = librosa.feature
    stft = librosa.stft(y, pad_mode=pad)
    harmonic, percussive = librosa.decompose.hpss(stft)
    if gtzan:
        harmonic, percussive = (librosa.util.fix_length(librosa.istft(p), size=len(y))
                                for p in (harmonic, percussive))
        mel = librosa.power_to_db(f.melspectrogram(y=y, sr=SR, pad_mode=pad))
        envelope = librosa.onset.onset_strength(S=mel, sr=SR, aggregate=np.median)
        tempo = f.tempo(onset_envelope=envelope, sr=SR)
    else:
        harmonic, percussive = (librosa.istft(p, length=len(y)) for p in (harmonic, percussive))
        tempo = f.tempo(y=y, sr=SR)
    before = [
        f.chroma_stft(y=y, sr=SR, pad_mode=pad),
        f.rms(y=y, pad_mode=pad),
        f.spectral_centroid(y=y, sr=SR, pad_mode=pad),
        f.spectral_bandwidth(y=y, sr=SR, pad_mode=pad),
        f.spectral_rolloff(y=y, sr=SR, pad_mode=pad),
        f.zero_crossing_rate(y),
        harmonic,
        percussive,
    ]
    after = f.mfcc(y=y, sr=SR, n_mfcc=20, pad_mode=pad)
    def pairs(series):
        return [stat(x) for x in series for stat in (np.mean, np.var)]
    return digits([*pairs(before), float(tempo[0]), *pairs(after)])


def feature_case(name, gtzan):
    return {"signal": name, "gtzan": gtzan, "values": features(signal(name), gtzan)}


FEATURE_SIGNALS = [
    "noise:30000:1", "chirp:30000", "harmonic:44100", "tone:33000:440", "gap:44100:1000", "zero:20000",
    "dc:20000", "impulse:20000:9000", "quiet:30000:2", "mix:66150", "mix:66149", "mix:25000",
    "noise:20480:3", "noise:1600:4", "noise:300:4", "mix:2500",
]
# No signal has two or three frames: there the median_filter of SciPy 1.17 and 1.18 reads beyond its buffer and
# gives NaN, or different results for the same numbers in C and in Fortran order.

golden = {
    "versions": {"librosa": librosa.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "window": [window_case(w, n, p) for w in WINDOWS for n in [1, 2, 3, 8, 9, 400, 1023, 2048]
               for p in [True, False]],
    "frames": [frames_case(n, f, h, c) for n in [1, 511, 2048, 66149, 66150]
               for f, h in [(2048, 512), (1023, 100), (7, 9)] for c in [True, False] if c or n >= f],
    "stft": STFT_CASES,
    "istft": ISTFT_CASES,
    "db": [db_case(k, r, a, t) for k, amins in [("power", [1e-10, 1e-3]), ("amplitude", [1e-5, 1e-2])]
           for r in [1.0, 0.5, 1e-12, None] for a in amins for t in [80.0, 20.0, None]],
    "db_to_power": [db_to_power_case(r) for r in [1.0, 0.25]],
    "mel_scale": [mel_scale_case(htk) for htk in [False, True]],
    "mel": [mel_case(), mel_case(n_mels=40), mel_case(htk=True), mel_case(height=True),
            mel_case(htk=True, height=True, n_mels=40), mel_case(fmin=30.0, fmax=8000.0, n_mels=64),
            mel_case(sr=44100, n_fft=4096), mel_case(sr=16000, n_fft=400, n_mels=80, htk=True),
            mel_case(sr=8000, n_fft=1023, n_mels=20), mel_case(n_fft=256, n_mels=128),
            mel_case(n_mels=1), mel_case(fmax=20000.0, n_mels=32)],
    "mfcc": [mfcc_case(*c) for c in [(128, 20, 0), (128, 13, 22), (128, 128, 0), (40, 13, 0), (40, 40, 40),
                                     (1, 1, 0), (7, 3, 5)]],
    "piptrack": [piptrack_case("flat:1025:20:71"), piptrack_case("flat:1025:20:71", threshold=0.9),
                 piptrack_case("flat:65:33:72", sr=8000, fmin=0.0, fmax=20000.0, threshold=0.0),
                 *[piptrack_case("steps:257:20:73", threshold=t) for t in [0.0, 0.5]],
                 piptrack_case("mix:66150"), piptrack_case("tone:33000:440"), piptrack_case("noise:9000:1"),
                 piptrack_case("harmonic:20000", fmin=300.0, fmax=1000.0)],
    "tuning": [tuning_case(s, r, b) for s in ["mix:66150", "tone:33000:450", "noise:30000:1", "zero:5000",
                                              "harmonic:20000", "flat:1025:20:71"]
               for r, b in [(0.01, 12), (0.05, 24), (0.03, 36)]],
    "pitch_tuning": [pitch_tuning_case(*c) for c in [(500, 1, 0.01, 12), (500, 2, 0.05, 12), (40, 3, 0.1, 36),
                                                    (1, 4, 0.01, 12), (2000, 5, 0.003, 24), (9, 6, 0.3, 1)]],
    "chroma_weights": [chroma_weights_case(0.0), chroma_weights_case(0.31), chroma_weights_case(-0.5),
                       chroma_weights_case(0.1, n_chroma=24), chroma_weights_case(0.1, n_chroma=36),
                       chroma_weights_case(-0.2, octwidth=None), chroma_weights_case(0.0, n_fft=4096, sr=44100),
                       chroma_weights_case(0.0, n_fft=1023), chroma_weights_case(0.0, n_chroma=7),
                       chroma_weights_case(0.0, ctroct=3.0, octwidth=0.5, n_fft=512)],
    "chroma": [*[chroma_case(s) for s in ["mix:66150", "tone:33000:440", "gap:24000:1000", "noise:30000:1",
                                         "zero:5000", "quiet:9000:2", "flat:1025:20:71"]],
               chroma_case("mix:66150", tuning=0.2), chroma_case("mix:66150", n_chroma=24),
               chroma_case("mix:66150", n_chroma=36), chroma_case("mix:66150", tuning=0.0, octwidth=None)],
    "temporal": [*[temporal_case(s) for s in ["noise:5000:1", "mix:66149", "zero:3000", "dc:3000",
                                             "impulse:6000:3000", "quiet:6000:2", "noise:700:3", "noise:1:4",
                                             "gap:24000:1000"]],
                 *[temporal_case("mix:9000", f, h, c, m) for m in PAD for c in [True, False]
                   for f, h in [(2048, 512), (1000, 300), (513, 171), (64, 200)]]],
    "shapes": [shapes_case(s) for s in ["flat:1025:20:71", "mix:66150", "tone:33000:440", "noise:9000:1",
                                       "gap:24000:1000", "zero:3000", "quiet:9000:2", "dc:6000",
                                       "impulse:6000:3000", "chirp:30000"]],
    "hpss": [hpss_case(50, 45), hpss_case(200, 61), hpss_case(20, 7), hpss_case(50, 45, sparse=True),
             hpss_case(50, 45, sparse=True, margin_harm=2.0, margin_perc=2.0),
             *[hpss_case(60, 40, a, b) for a, b in [(1, 1), (2, 2), (3, 5), (4, 7), (16, 17), (31, 8), (5, 63),
                                                   (33, 31), (100, 200)]],
             *[hpss_case(60, 40, power=p) for p in [1.0, 3.5, None]],
             *[hpss_case(60, 40, margin_harm=a, margin_perc=b) for a, b in [(2.0, 1.0), (1.0, 3.0), (1.5, 3.0)]],
             hpss_case(60, 40, 17, 17, None, 1.5, 2.0, True)],
    "feature": [feature_case(s, g) for s in FEATURE_SIGNALS for g in [True, False]],
}
print(json.dumps(golden, separators=(",", ":")))
