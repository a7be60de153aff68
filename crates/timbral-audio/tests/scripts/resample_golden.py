"""Golden values of the Resampler: tests/data/resampled.txt, read by tests/it/resampled.rs.

    pip install librosa==1.0.0 soxr==1.1.0 resampy==0.4.3 scipy
    python resample_golden.py

Every line: the function, the two rates, the number of input samples, and the output samples. The input is noise
from a linear congruential generator, in -0.5 .. 0.5, which starts at full level. `load` is `librosa.load` of a WAV
file of that noise; `kaiser_best` is resampy's filter before version 0.4, made by the constants of its
documentation, and `kaiser_best_2022` that of 0.4.
"""

import functools
import tempfile
from pathlib import Path

import librosa
import numpy as np
import resampy
import scipy.signal
import soundfile
import soxr

OUTPUTS = 160


def noise(n):
    state, x = 12345, np.empty(n, np.float32)
    for i in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        x[i] = (state >> 8) / 2**24 - 0.5
    return x


def soxr_hq(x, rate_in, rate_out):
    return librosa.resample(x, orig_sr=rate_in, target_sr=rate_out)


def load(x, rate_in, rate_out):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.wav")
        soundfile.write(path, x, rate_in, subtype="FLOAT")
        return librosa.load(path, sr=rate_out)[0]


def kaiser_best(x, rate_in, rate_out):
    window = functools.partial(lambda n, beta: scipy.signal.windows.kaiser(n, beta), beta=14.769656459379492)
    y = resampy.resample(x, rate_in, rate_out, filter="sinc_window", num_zeros=64, precision=9, window=window,
                         rolloff=0.9475937167399596)
    return librosa.util.fix_length(y, size=int(np.ceil(len(x) * rate_out / rate_in)))


def kaiser_best_2022(x, rate_in, rate_out):
    return librosa.resample(x, orig_sr=rate_in, target_sr=rate_out, res_type="kaiser_best")


PAIRS = {
    soxr_hq: [(44100, 22050), (22050, 44100), (48000, 22050), (32000, 22050), (16000, 22050), (44100, 48000),
              (48000, 44100), (44100, 16000), (48000, 16000), (16000, 48000), (24000, 16000), (12000, 16000),
              (44100, 24000), (96000, 22050), (192000, 44100), (192000, 8000), (176400, 11025), (8000, 44100),
              (8000, 48000), (11025, 48000), (8000, 192000), (44100, 37800), (37800, 22050), (44056, 44100)],
    load: [(44100, 22050), (48000, 22050)],
    kaiser_best: [(44100, 22050), (44100, 16000), (16000, 22050), (44100, 48000)],
    kaiser_best_2022: [(44100, 22050), (44100, 16000), (16000, 22050)],
}


def main():
    lines = []
    for function, pairs in PAIRS.items():
        for rate_in, rate_out in pairs:
            # More input than output at the lower rates, so that whole filters fit.
            n = -(-OUTPUTS * rate_in // rate_out) + 3
            y = function(noise(n), rate_in, rate_out)
            assert y.dtype == np.float32
            values = " ".join(f"{v:.8e}" for v in y)
            lines.append(f"{function.__name__} {rate_in} {rate_out} {n} {values}\n")
    Path(__file__).parents[1].joinpath("data", "resampled.txt").write_text("".join(lines))


main()
