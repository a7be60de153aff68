"""timbral-dsp compared with librosa: time and results, function by function, in one run.

    pip install -r benches/peers/requirements.txt
    python benches/peers/dsp.py [FILE...] [--repeat N] [--preset gtzan|librosa|both]

Without FILE it uses 30 s of synthetic chords and drums. The script builds and starts the example `peers_dsp`;
both sides get the same samples at 22 050 Hz, use one thread, and take turns N times (default 7), after one call
of each that is not counted. A turn is the fastest of the calls that fit into 50 ms, at least one. Printed for
each clip:

    function, librosa ms (best, median of the turns), timbral ms (best, median), ratio of the best,
    deviation

`chroma_cens` counts limits that a value exceeds and `yin` and `pyin` choose between periods, so that a rounding can change a
frame; phases of `time_stretch` are added up in f32 there. The deviation is the largest difference divided by the largest magnitude; for the vectors, whose numbers have
different units, each difference is divided by its own number (waveform means, which are rounding noise around
0, by the waveform's standard deviation). Exit status 1: a deviation was larger than its tolerance, which is then
printed, or a file could not be read.

Every function starts from the samples. On librosa's side a vector is the 13 calls that define it. `bare FFTs` in
the last lines are one realfft f32 transform of the frames and two inverse ones, and nothing else. Before them come
the times of log-mel spectrograms by kaldi-native-fbank and audioflux.
"""
import os

# numpy and numba read these when they are imported.
for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[name + "_NUM_THREADS"] = "1"
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import argparse
import json
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

import librosa
import numpy as np
import scipy.stats

SAMPLE_RATE = 22_050
ROOT = Path(__file__).resolve().parents[2]
TURN_SECONDS = 0.05


def log_mel(y):
    return librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE))


def beats(y):
    tempo, frames = librosa.beat.beat_track(y=y, sr=SAMPLE_RATE)
    return np.concatenate([np.atleast_1d(tempo), frames])


def vector(y, preset):
    """The 57 numbers: with `gtzan` as librosa 0.7 made the published tables, else as 1.0 does."""
    old = preset == "gtzan"
    pad = {"pad_mode": "reflect" if old else "constant"}
    feature = librosa.feature
    series = [
        feature.chroma_stft(y=y, sr=SAMPLE_RATE, **pad),
        feature.rms(y=y, **pad),
        feature.spectral_centroid(y=y, sr=SAMPLE_RATE, **pad),
        feature.spectral_bandwidth(y=y, sr=SAMPLE_RATE, **pad),
        feature.spectral_rolloff(y=y, sr=SAMPLE_RATE, **pad),
        feature.zero_crossing_rate(y),
    ]
    for part in librosa.decompose.hpss(librosa.stft(y, **pad)):
        wave = librosa.istft(part, length=None if old else len(y))
        series.append(librosa.util.fix_length(wave, size=len(y)))
    if old:
        mel_db = librosa.power_to_db(feature.melspectrogram(y=y, sr=SAMPLE_RATE, **pad))
        onsets = librosa.onset.onset_strength(S=mel_db, sr=SAMPLE_RATE, aggregate=np.median)
        tempo = feature.tempo(onset_envelope=onsets, sr=SAMPLE_RATE)[0]
    else:
        tempo = feature.tempo(y=y, sr=SAMPLE_RATE)[0]
    pairs = lambda rows: [f(row) for row in rows for f in (np.mean, np.var)]
    return np.array(pairs(series) + [tempo] + pairs(feature.mfcc(y=y, sr=SAMPLE_RATE, **pad)), dtype=float)


def fma(y):
    """The 518 columns of the FMA data set: one constant-Q transform, one spectrogram, seven statistics of 74 series."""
    feature = librosa.feature
    cqt = np.abs(librosa.cqt(y, sr=SAMPLE_RATE, n_bins=84, bins_per_octave=12, tuning=None))
    spectrum = np.abs(librosa.stft(y))
    mel = feature.melspectrogram(S=spectrum**2, sr=SAMPLE_RATE)
    cens = feature.chroma_cens(C=cqt, bins_per_octave=12)
    series = [
        cens,
        feature.chroma_cqt(C=cqt, bins_per_octave=12),
        feature.chroma_stft(S=spectrum**2, sr=SAMPLE_RATE),
        feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=20),
        feature.rms(S=spectrum),
        feature.spectral_bandwidth(S=spectrum, sr=SAMPLE_RATE),
        feature.spectral_centroid(S=spectrum, sr=SAMPLE_RATE),
        feature.spectral_contrast(S=spectrum, sr=SAMPLE_RATE, n_bands=6),
        feature.spectral_rolloff(S=spectrum, sr=SAMPLE_RATE),
        feature.tonnetz(chroma=cens),
        feature.zero_crossing_rate(y),
    ]
    functions = [scipy.stats.kurtosis, np.max, np.mean, np.median, np.min, scipy.stats.skew, np.std]
    return np.concatenate([f(rows, axis=1) for rows in series for f in functions]).astype(float)


def mel_db(y):
    return librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE))


def pitches(y):
    f0, _, probability = librosa.pyin(y, fill_na=0, **PITCHES)
    return np.concatenate([f0, probability])


def silences(y):
    _, bounds = librosa.effects.trim(y)
    return np.concatenate([bounds, librosa.effects.split(y).ravel()])


def warping(y):
    chroma = librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE, tuning=0)[:, ::2]
    return librosa.sequence.dtw(chroma, chroma[:, ::-1])[0][-1]


PITCHES = {"fmin": librosa.note_to_hz("C2"), "fmax": librosa.note_to_hz("C7"), "sr": SAMPLE_RATE}

# name: (librosa, tolerance): the rounding of f32, 6e-8, times what the function makes of it; 0 where the
# result is a count, a bin or a frame. The vectors' cepstra can be small beside what they are made of.
FUNCTIONS = {
    "stft": (librosa.stft, 1e-7),
    "log_mel": (log_mel, 1e-6),
    "mfcc": (lambda y: librosa.feature.mfcc(y=y, sr=SAMPLE_RATE), 5e-6),
    "chroma_stft": (lambda y: librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE), 1e-5),
    "spectral_centroid": (lambda y: librosa.feature.spectral_centroid(y=y, sr=SAMPLE_RATE), 1e-6),
    "spectral_bandwidth": (lambda y: librosa.feature.spectral_bandwidth(y=y, sr=SAMPLE_RATE), 1e-6),
    "spectral_rolloff": (lambda y: librosa.feature.spectral_rolloff(y=y, sr=SAMPLE_RATE), 0.0),
    "zero_crossing_rate": (librosa.feature.zero_crossing_rate, 0.0),
    "rms": (lambda y: librosa.feature.rms(y=y), 1e-6),
    "hpss": (lambda y: np.stack(librosa.effects.hpss(y)), 1e-6),
    "tempo": (lambda y: librosa.feature.tempo(y=y, sr=SAMPLE_RATE), 0.0),
    "beat_track": (beats, 0.0),
    "cqt": (lambda y: librosa.cqt(y, sr=SAMPLE_RATE), 5e-6),
    "vqt": (lambda y: librosa.vqt(y, sr=SAMPLE_RATE), 5e-6),
    "hybrid_cqt": (lambda y: librosa.hybrid_cqt(y, sr=SAMPLE_RATE), 5e-6),
    "pseudo_cqt": (lambda y: librosa.pseudo_cqt(y, sr=SAMPLE_RATE), 5e-6),
    "chroma_cqt": (lambda y: librosa.feature.chroma_cqt(y=y, sr=SAMPLE_RATE), 1e-4),
    "chroma_cens": (lambda y: librosa.feature.chroma_cens(y=y, sr=SAMPLE_RATE), 0.05),
    "tonnetz": (lambda y: librosa.feature.tonnetz(y=y, sr=SAMPLE_RATE), 1e-4),
    "yin": (lambda y: librosa.yin(y, **PITCHES), 1e-2),
    "pyin": (pitches, 1e-2),
    "poly_features": (lambda y: librosa.feature.poly_features(y=y, sr=SAMPLE_RATE), 1e-5),
    "onset_detect": (lambda y: librosa.onset.onset_detect(y=y, sr=SAMPLE_RATE), 0.0),
    "onset_strength_multi": (lambda y: librosa.onset.onset_strength_multi(
        S=mel_db(y), channels=[0, 32, 64, 96, 128]), 1e-5),
    "plp": (lambda y: librosa.beat.plp(y=y, sr=SAMPLE_RATE), 1e-3),
    "tempogram_ratio": (lambda y: librosa.feature.tempogram_ratio(y=y, sr=SAMPLE_RATE), 1e-3),
    "hybrid_tempogram": (lambda y: librosa.feature.hybrid_tempogram(y=y, sr=SAMPLE_RATE), 1e-4),
    "trim_and_split": (silences, 0.0),
    "preemphasis": (librosa.effects.preemphasis, 1e-7),
    "deemphasis": (librosa.effects.deemphasis, 1e-6),
    "pcen": (lambda y: librosa.pcen(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE)), 1e-5),
    "time_stretch": (lambda y: librosa.effects.time_stretch(y, rate=1.5), 1e-2),
    "dtw": (warping, 1e-5),
    "vector_gtzan": (lambda y: vector(y, "gtzan"), 1e-4),
    "vector_librosa": (lambda y: vector(y, "librosa"), 1e-4),
    "fma": (fma, 1e-3),
}


def deviation(name, ours, theirs):
    if theirs.dtype.kind == "c":
        theirs = np.ascontiguousarray(theirs).view(np.float32)
    theirs = np.asarray(theirs, dtype=float).ravel()
    if ours.shape != theirs.shape or not np.isfinite(ours).all():
        return np.inf
    scale = np.abs(theirs)
    if name.startswith("vector"):
        for mean in (12, 14):
            scale[mean] = np.sqrt(theirs[mean + 1])
    else:
        scale = scale.max()
    if name == "fma":
        # Shapes of distributions are around 0, and librosa's are summed in f32.
        scale = np.maximum(np.abs(theirs), 0.1)
    difference = np.abs(ours - theirs)
    return float((difference / np.where(scale > 0, scale, 1)).max())


class Timbral:
    """The Rust side; see dsp.rs."""

    def __init__(self):
        build = ["cargo", "build", "--profile=bench", "-p", "timbral-benches", "--example", "peers_dsp", "--message-format=json"]
        messages = subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        artifacts = [json.loads(line) for line in messages.splitlines()]
        (program,) = (a["executable"] for a in artifacts if a.get("executable"))
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, order, data=b""):
        self.process.stdin.write(f"{order}\n".encode() + data)
        self.process.stdin.flush()
        return self.process.stdout.readline().decode()

    def load(self, y):
        self.ask(f"clip {len(y)}", y.astype("<f4").tobytes())

    def time(self, name):
        return float(self.ask(f"time {name} {TURN_SECONDS}"))

    def result(self, name):
        n = int(self.ask(f"result {name}"))
        return np.frombuffer(self.process.stdout.read(8 * n), dtype="<f8")


def others():
    """Mel spectrograms of 128 bands by other libraries, of the same frames; their scales and windows differ, so only the
    time is compared."""
    import audioflux
    import kaldi_native_fbank

    options = kaldi_native_fbank.FbankOptions()
    frames = options.frame_opts
    frames.samp_freq, frames.dither, frames.preemph_coeff = SAMPLE_RATE, 0, 0
    frames.frame_length_ms, frames.frame_shift_ms = 2048e3 / SAMPLE_RATE, 512e3 / SAMPLE_RATE
    frames.window_type, frames.remove_dc_offset = "hanning", False
    options.mel_opts.num_bins = 128

    def kaldi(y):
        fbank = kaldi_native_fbank.OnlineFbank(options)
        fbank.accept_waveform(SAMPLE_RATE, y)
        fbank.input_finished()

    mel = audioflux.MelSpectrogram(num=128, samplate=SAMPLE_RATE, radix2_exp=11, slide_length=512)
    return {"kaldi-native-fbank": kaldi, "audioflux": mel.spectrogram}


def time_call(function, y):
    fastest, start = np.inf, time.perf_counter()
    while True:
        call = time.perf_counter()
        function(y)
        now = time.perf_counter()
        fastest = min(fastest, now - call)
        if now - start > TURN_SECONDS:
            return fastest


def synthetic_clip():
    """Chords of decaying harmonics twice per second, with noise on each beat."""
    n = 661_794
    t = np.arange(n) / SAMPLE_RATE
    beat, since = np.divmod(t, 0.5)
    root = 110 * 2 ** ((np.array([0, 9, 5, 7])[(beat // 4).astype(int) % 4] + 0.2) / 12)
    y = np.zeros(n)
    for step in (0, 4, 7, 12):
        for h in range(1, 9):
            y += 0.08 / h * np.sin(2 * np.pi * h * root * 2 ** (step / 12) * since)
    y *= np.exp(-3 * since)
    y += 0.4 * np.random.default_rng(7).uniform(-1, 1, n) * (np.exp(-60 * since) + 0.01)
    return y.astype(np.float32)


def compare(timbral, y, names, repeat):
    """Prints the table of one clip; returns the number of results beyond their tolerance."""
    timbral.load(y)
    print(f"{'':18} {'librosa ms':>17} {'timbral ms':>17}\n{'function':18}"
          f" {'best':>8} {'median':>8} {'best':>8} {'median':>8} {'ratio':>7} {'deviation':>10}")
    failures, ours_best = 0, {}
    for name in names:
        function, tolerance = FUNCTIONS[name]
        off = deviation(name, timbral.result(name), function(y))
        theirs, ours = [], []
        for _ in range(repeat):
            ours.append(1e3 * timbral.time(name))
            theirs.append(1e3 * time_call(function, y))
        ours_best[name] = min(ours)
        print(f"{name:18} {min(theirs):8.2f} {statistics.median(theirs):8.2f} {min(ours):8.3f}"
              f" {statistics.median(ours):8.3f} {min(theirs) / min(ours):6.1f}x {off:10.1e}"
              f"{'' if off <= tolerance else f'  above {tolerance:.0e}'}", flush=True)
        failures += off > tolerance
    for name, function in others().items():
        function(y)
        theirs = [1e3 * time_call(function, y) for _ in range(repeat)]
        print(f"log_mel by {name}: {min(theirs):.2f} ms, {min(theirs) / ours_best['log_mel']:.1f}x")
    bare = min(1e3 * timbral.time("bare_ffts") for _ in range(repeat))
    print(f"bare FFTs: {bare:.3f} ms")
    for name in names:
        if name.startswith("vector"):
            print(f"{name}: {ours_best[name] / bare:.2f} x bare FFTs")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="sound files; default: a synthetic clip")
    parser.add_argument("--repeat", type=int, default=7, help="turns per side (7)")
    parser.add_argument("--preset", choices=["gtzan", "librosa", "both"], default="both")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    names = [n for n in FUNCTIONS
             if not n.startswith("vector") or args.preset in ("both", n.removeprefix("vector_"))]
    timbral = Timbral()
    failures = 0
    for path in args.files or [None]:
        try:
            y = synthetic_clip() if path is None else librosa.load(path, sr=SAMPLE_RATE)[0]
        except Exception as error:
            print(f"\n{path}: not read, {type(error).__name__} {error}")
            failures += 1
            continue
        print(f"\n{path or 'synthetic clip'}: {len(y) / SAMPLE_RATE:.1f} s, {args.repeat} turns")
        failures += compare(timbral, y, names, args.repeat)
    if failures:
        sys.exit(f"{failures} results beyond their tolerance, or files not read")


if __name__ == "__main__":
    main()
