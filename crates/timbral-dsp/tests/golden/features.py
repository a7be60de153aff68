"""Makes constant_q.json, pitch.json, time.json, spectra.json and structure.json: the results of librosa 1.0.0 for the signals of common/signals.rs.

    python features.py

The files are written next to this script; the tests of golden_features/ read them.
"""

import json
import sys
import warnings
from pathlib import Path

import librosa
import numpy as np

from signals import NORMS, PAD, column, complex_digest, cqt_arguments, digest, digits, flat, lcg, signal

assert librosa.__version__ == "1.0.0", librosa.__version__
warnings.filterwarnings("ignore")
FOLDER = Path(__file__).parent


# --- constant-Q transforms -------------------------------------------------------------------------

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


# --- pitch and sequences ---------------------------------------------------------------------------

RANGE = {"fmin": librosa.note_to_hz("C2"), "fmax": librosa.note_to_hz("C7")}


def pitch_arguments(params):
    return {**RANGE, "hop_length": 512, **cqt_arguments(params)}


def yin_case(source, **params):
    return {"source": source, "params": params,
            "f0": column(librosa.yin(signal(source), **pitch_arguments(params)), n_cells=40)}


def pyin_case(source, **params):
    f0, voiced, probability = librosa.pyin(signal(source), **pitch_arguments(params))
    return {"source": source, "params": params, "f0": digits(np.nan_to_num(f0, nan=0)),
            "voiced": [int(v) for v in voiced], "probability": digits(probability)}


def viterbi_case(n_states, n_steps, seed, least, initial):
    prob = flat(n_states, n_steps, seed).astype(np.float64)
    transition = flat(n_states, n_states, seed + 1).astype(np.float64)
    transition /= transition.sum(axis=1, keepdims=True)
    p_init = None
    if initial:
        p_init = flat(1, n_states, seed + 2)[0].astype(np.float64)
        p_init /= p_init.sum()
    states, log = librosa.sequence.viterbi(prob, transition, p_init=p_init, transition_min_prob=least, return_logp=True)
    return {"n_states": n_states, "n_steps": n_steps, "seed": seed, "least": least, "initial": initial,
            "states": [int(s) for s in states], "log": float(log[0])}


def stack_case(n_steps, delay, mode):
    out = librosa.feature.stack_memory(flat(3, 20, 1), n_steps=n_steps, delay=delay, mode=PAD[mode])
    return {"n_steps": n_steps, "delay": delay, "pad_mode": mode, "stacked": digest(out)}


def pitch():
    local = [(5, 3), (8, 4), (7, 4), (6, 6), (7, 7), (9, 1), (30, 11), (4, 2), (5, 2)]
    return {
        "yin": [
            yin_case("mix:44100"), yin_case("tone:22050:440"), yin_case("harmonic:30001", pad_mode="Reflect"),
            yin_case("chirp:44100", fmin=100.0, fmax=4000.0, trough_threshold=0.2),
            yin_case("noise:20000:3", frame_length=1024, hop_length=200, fmin=100.0, center=False),
            yin_case("zero:4000"), yin_case("quiet:8000:2"), yin_case("dc:5000"),
            yin_case("tone:22050:440", sample_rate=44100, fmin=50.0, fmax=22050.0),
        ],
        "pyin": [
            pyin_case("harmonic:44100"), pyin_case("tone:22050:440"), pyin_case("gap:44100:300"), pyin_case("mix:66150"),
            pyin_case("chirp:44100", fmin=100.0, fmax=4000.0, resolution=0.2),
            pyin_case("harmonic:30000", frame_length=1024, hop_length=256, fmin=150.0, fmax=800.0, switch_prob=0.1,
                      n_thresholds=50, beta_parameters=[1.5, 9.0], boltzmann_parameter=1.0, no_trough_prob=0.1),
            pyin_case("mix:22050", transition_min_prob=None, fmin=100.0, fmax=800.0, max_transition_rate=10.0),
            pyin_case("zero:6000"), pyin_case("noise:10000:5"),
        ],
        "viterbi": [viterbi_case(2, 40, 1, None, False), viterbi_case(20, 100, 2, None, True), viterbi_case(1, 5, 3, None, False),
                    viterbi_case(20, 100, 4, 0.04, True), viterbi_case(50, 1, 5, None, False)],
        "local": [{"n_states": n, "width": w, "transition": digest(librosa.sequence.transition_local(n, w), n_cells=60)}
                  for n, w in local],
        "stack": [stack_case(2, 1, "Zero"), stack_case(4, 3, "Edge"), stack_case(3, -2, "Reflect"), stack_case(1, 5, "Zero"),
                  stack_case(30, 1, "Zero")],
    }


# --- onsets and tempo --------------------------------------------------------------------------------

def envelope(source):
    if source.startswith("flat"):
        return lcg(*[int(a) for a in source.split(":")[1:]])
    return librosa.onset.onset_strength(y=signal(source), sr=22050)


def detect_case(source, **params):
    arguments = cqt_arguments(params)
    out = librosa.onset.onset_detect(onset_envelope=envelope(source), **arguments)
    return {"source": source, "params": params, "frames": [int(t) for t in out]}


def peaks_case(n, seed, **params):
    return {"n": n, "seed": seed, "params": params, "frames": [int(t) for t in librosa.util.peak_pick(lcg(n, seed), **params)]}


def backtrack_case(n, seed, events):
    out = librosa.onset.onset_backtrack(np.array(events), lcg(n, seed))
    return {"n": n, "seed": seed, "events": events, "frames": [int(t) for t in out]}


def multi_case(channels, aggregate, **params):
    s = np.float32(-80) * flat(40, 60, 3)
    out = librosa.onset.onset_strength_multi(
        S=s, channels=channels, aggregate={"Mean": np.mean, "Median": np.median}[aggregate], **params)
    return {"channels": channels, "aggregate": aggregate, "params": params, "envelopes": digest(out[:, :60])}


def plp_case(source, **params):
    out = librosa.beat.plp(onset_envelope=envelope(source), **cqt_arguments(params))
    return {"source": source, "params": params, "pulse": column(out, n_cells=40)}


def ratio_case(source, **params):
    arguments = cqt_arguments(params)
    for name in ("bpm", "factors"):
        if name in arguments:
            arguments[name] = np.array(arguments[name])
    tg = librosa.feature.tempogram(onset_envelope=envelope(source), win_length=arguments.pop("win_length", 384))
    out = librosa.feature.tempogram_ratio(tg=tg, **arguments)
    return {"source": source, "params": params, "ratio": digest(out, n_cells=40)}


def silence_case(source, **params):
    arguments = dict(params)
    if "reference" in arguments:
        arguments["ref"] = arguments.pop("reference")
    y = signal(source)
    _, bounds = librosa.effects.trim(y, **arguments)
    parts = librosa.effects.split(y, **arguments)
    return {"source": source, "params": params, "trim": [int(v) for v in bounds], "split": [[int(v) for v in p] for p in parts]}


def emphasis_case(source, **params):
    y = signal(source)
    return {"source": source, "params": params, "pre": column(librosa.effects.preemphasis(y, **params), n_cells=40),
            "de": column(librosa.effects.deemphasis(y, **params), n_cells=40)}


def time():
    return {
        "detect": [detect_case("mix:66150"), detect_case("harmonic:66150", backtrack=True), detect_case("flat:300:1"),
                   detect_case("flat:300:2", backtrack=True, normalize=False), detect_case("mix:30000", sample_rate=44100, hop_length=128),
                   detect_case("zero:9000"), detect_case("flat:1:1"), detect_case("flat:2:2", normalize=False)],
        "peaks": [peaks_case(200, 1, pre_max=3, post_max=4, pre_avg=5, post_avg=6, delta=0.1, wait=2),
                  peaks_case(200, 2, pre_max=0, post_max=1, pre_avg=0, post_avg=1, delta=0, wait=0),
                  peaks_case(100, 3, pre_max=9, post_max=200, pre_avg=300, post_avg=1, delta=0.0, wait=20)],
        "backtrack": [backtrack_case(60, 1, [0, 5, 17, 33, 59]), backtrack_case(60, 2, [59, 3, 3, 40]), backtrack_case(2, 3, [1])],
        "multi": [multi_case([0, 8, 16, 40], "Mean"), multi_case([2, 3, 30], "Median", max_size=5, lag=2),
                  multi_case([0, 40], "Mean", center=False), multi_case([0, 20, 40], "Mean", detrend=True)],
        "plp": [plp_case("mix:66150"), plp_case("flat:500:3"), plp_case("flat:200:4", win_length=100, tempo_min=60, tempo_max=None),
                plp_case("flat:500:5", tempo_min=None, tempo_max=200.0, sample_rate=44100, hop_length=1024), plp_case("zero:9000")],
        "ratio": [ratio_case("mix:66150"), ratio_case("flat:300:1", win_length=100, start_bpm=80.0, std_bpm=0.5, max_tempo=None),
                  ratio_case("flat:6:2", bpm=[60.0, 90.0, 120.0, 150.0, 10.0, 5000.0], factors=[0.5, 1.0, 1.7])],
        "silence": [silence_case("gap:60000:300"), silence_case("harmonic:60000", top_db=20.0), silence_case("zero:9000"),
                    silence_case("noise:1:1"), silence_case("gap:60001:300", frame_length=1024, hop_length=300, top_db=40.0),
                    silence_case("mix:44100", reference=10.0, top_db=35.0), silence_case("gap:60000:300", reference=1000.0)],
        "emphasis": [emphasis_case("mix:20000"), emphasis_case("noise:3000:1", coef=0.5), emphasis_case("noise:2:1"),
                     emphasis_case("noise:2000:1", coef=0.9, zi=0.25)],
    }


# --- spectra -----------------------------------------------------------------------------------------

def pcen_case(scale, **params):
    arguments = cqt_arguments(params)
    s = flat(20, 50, 7) * np.float32(scale)
    return {"scale": scale, "params": params, "pcen": digest(librosa.pcen(s, **arguments), n_cells=40)}


def poly_case(order):
    s = flat(513, 30, 9)
    out = librosa.feature.poly_features(S=s, sr=22050, order=order, n_fft=1024)
    return {"order": order, "poly": [column(row) for row in out]}


def spectra():
    hertz = np.array([0.0, 1.0, 20.0, 100.0, 440.0, 1000.0, 3000.0, 11025.0])
    kinds = ["A", "B", "C", "D", "Z"]
    s = flat(8, 10, 3) * np.float32(100)
    return {
        "weighting": [{"kind": k, "min_db": m, "decibels": digits(librosa.frequency_weighting(hertz, kind=k, min_db=m))}
                      for k in kinds for m in (-80.0, -20.0)],
        "perceptual": [{"kind": k, "decibels": digest(librosa.perceptual_weighting(s, hertz, kind=k))} for k in kinds],
        "pcen": [pcen_case(1.0), pcen_case(2.0**31), pcen_case(1.0, power=0.0, gain=0.5), pcen_case(5.0, bias=0.0, power=0.25),
                 pcen_case(1.0, max_size=3, time_constant=0.06), pcen_case(1.0, b=0.3, eps=1e-3, bias=10.0),
                 pcen_case(1e-9, max_size=4, sample_rate=44100, hop_length=256)],
        "poly": [poly_case(n) for n in range(5)],
    }


# --- structure and effects -----------------------------------------------------------------------------

def stretch_case(source, rate):
    return {"source": source, "rate": rate, "samples": column(librosa.effects.time_stretch(signal(source), rate=rate), n_cells=40)}


def griffinlim_case(source, n_iter, momentum, length):
    s = np.abs(librosa.stft(signal(source)))
    y = librosa.griffinlim(s, n_iter=n_iter, momentum=momentum, length=length, init=None)
    return {"source": source, "n_iter": n_iter, "momentum": momentum, "length": length, "samples": column(y, n_cells=40)}


def remix_case(source, intervals, align):
    y = librosa.effects.remix(signal(source), [np.array(i) for i in intervals], align_zeros=align)
    return {"source": source, "intervals": intervals, "align": align, "samples": column(y)}


def dtw_case(features, n, m, seed, subseq, steps):
    x, y = flat(features, n, seed), flat(features, m, seed + 1)
    arguments = {}
    if steps:
        arguments = {"step_sizes_sigma": np.array([s[:2] for s in steps], dtype=np.int64),
                     "weights_add": np.array([s[2] for s in steps]), "weights_mul": np.array([s[3] for s in steps])}
    cost, path = librosa.sequence.dtw(x, y, subseq=subseq, **arguments)
    cost = np.where(np.isfinite(cost), cost, -1)
    return {"features": features, "n": n, "m": m, "seed": seed, "subseq": subseq, "steps": steps,
            "cost": digest(cost, n_cells=40), "path": [[int(v) for v in p] for p in path]}


def recurrence_case(features, n, seed, mode, **params):
    rec = librosa.segment.recurrence_matrix(flat(features, n, seed), mode=mode, **params)
    return {"features": features, "n": n, "seed": seed, "mode": mode, "params": params, "rec": digest(rec, n_cells=60)}


def cross_case(features, n, m, seed, mode, **params):
    out = librosa.segment.cross_similarity(flat(features, n, seed), flat(features, m, seed + 1), mode=mode, **params)
    return {"features": features, "n": n, "m": m, "seed": seed, "mode": mode, "params": params, "similar": digest(out, n_cells=60)}


def agglomerative_case(features, n, seed, k, frames):
    data = flat(features, n, seed)
    return {"features": features, "n": n, "seed": seed, "k": k, "frames": frames,
            "firsts": [int(t) for t in librosa.segment.agglomerative(data, k)],
            "parts": [int(t) for t in librosa.segment.subsegment(data, np.array(frames), n_segments=k)]}


def nn_filter_case(n, seed, aggregate):
    rec = (flat(n, n, seed) < 0.1).astype(float)
    out = librosa.decompose.nn_filter(flat(6, n, seed + 1), rec=rec, aggregate={"Mean": np.mean, "Median": np.median}[aggregate])
    return {"n": n, "seed": seed, "aggregate": aggregate, "filtered": digest(out)}


def lag_case(n, seed, pad):
    rec = flat(n, n, seed).astype(np.float64)
    lag = librosa.segment.recurrence_to_lag(rec, pad=pad)
    assert (librosa.segment.lag_to_recurrence(lag) == rec).all()
    return {"n": n, "seed": seed, "pad": pad, "lag": digest(lag, n_cells=60)}


def hybrid_case(source, **params):
    out = librosa.feature.hybrid_tempogram(onset_envelope=envelope(source), **params)
    metre = librosa.feature.metrogram(
        tg=out, freqs=librosa.fourier_tempo_frequencies(sr=22050, win_length=params.get("win_length", 384)))
    return {"source": source, "params": params, "hybrid": digest(out, n_cells=40), "metre": digest(metre, n_cells=40)}


def structure():
    steps = [[1, 1, 0.0, 1.0], [2, 1, 0.5, 1.0], [1, 2, 0.0, 2.0]]
    return {
        "stretch": [stretch_case("mix:30000", 2.0), stretch_case("harmonic:20000", 0.7), stretch_case("chirp:20000", 1.0),
                    stretch_case("noise:5000:1", 3.3)],
        "griffinlim": [griffinlim_case("noise:20000:1", 4, 0.99, None), griffinlim_case("mix:20000", 3, 0.0, 20000),
                       griffinlim_case("mix:20000", 0, 0.99, None)],
        "remix": [remix_case("mix:9000", [[100, 2000], [8000, 9000], [50, 50]], True), remix_case("noise:500:1", [[3, 400], [0, 7]], True),
                  remix_case("mix:900", [[100, 200], [0, 900]], False)],
        "dtw": [dtw_case(3, 20, 30, 1, False, None), dtw_case(12, 40, 25, 2, False, None), dtw_case(2, 10, 60, 3, True, None),
                dtw_case(4, 30, 40, 4, False, steps), dtw_case(4, 20, 50, 5, True, steps), dtw_case(1, 1, 1, 6, False, None)],
        "recurrence": [recurrence_case(12, 60, 1, "distance"), recurrence_case(12, 60, 1, "affinity"),
                       recurrence_case(5, 40, 2, "distance", k=3, width=4, sym=True),
                       recurrence_case(5, 40, 2, "affinity", k=7, width=2, self=True, sym=True),
                       recurrence_case(5, 40, 3, "affinity", bandwidth=0.5, self=True)],
        "cross": [cross_case(12, 50, 30, 1, "distance"), cross_case(12, 20, 60, 2, "affinity"), cross_case(3, 20, 60, 3, "connectivity", k=5),
                  cross_case(3, 20, 10, 4, "affinity", k=99, bandwidth=0.1)],
        "agglomerative": [agglomerative_case(12, 60, 1, 7, [20, 45]), agglomerative_case(3, 40, 2, 40, [10]),
                          agglomerative_case(3, 40, 3, 1, []), agglomerative_case(2, 9, 4, 3, [3, 6, 99])],
        "nn_filter": [nn_filter_case(40, 1, "Mean"), nn_filter_case(40, 2, "Median")],
        "lag": [lag_case(7, 1, True), lag_case(8, 2, False)],
        "hybrid": [hybrid_case("flat:300:1"), hybrid_case("flat:300:2", win_length=100), hybrid_case("mix:30000")],
    }


SECTIONS = {"constant_q": constant_q, "pitch": pitch, "time": time, "spectra": spectra, "structure": structure}

for name in sys.argv[1:] or SECTIONS:
    versions = {"librosa": librosa.__version__, "numpy": np.__version__}
    golden = {"versions": versions, **SECTIONS[name]()}
    (FOLDER / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
