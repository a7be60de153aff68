"""The Resampler's samples against those of soxr and resampy, for every pair of common rates.

    cargo build --release -p timbral-audio --example resample_pipe
    python resample_against_soxr.py target/release/examples/resample_pipe [FILE...]

Needs numpy, scipy, soxr, resampy; with FILEs (music) also soundfile. Prints for every pair of rates the RMS of the
difference from soxr HQ, dB below the RMS of soxr's output, over the whole output with its ends, for white noise,
a sweep through the whole band and the FILEs, and fails above -100 dB or if a length differs. Then the same for the
two `kaiser_best` filters of resampy, from low to high and from high to low rates. Last the milliseconds that each needs for
30 s of noise on one thread, the fastest of 15 calls in turns; ours include the plan.
"""

import functools
import subprocess
import sys
import time

import numpy as np
import resampy
import scipy.signal
import soxr

RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000]
ODD = [(37800, 22050), (22050, 37800), (37800, 44100), (44056, 22050), (44056, 44100), (44100, 44056),
       (44100, 40000), (8000, 15750), (50000, 22050), (22051, 22050), (11127, 44100), (44100, 7350)]
TIMED = [(44100, 22050), (48000, 22050), (16000, 22050), (22050, 44100), (44100, 48000), (48000, 44100),
         (44100, 16000), (96000, 22050)]
LIMIT = -100.0


class Pipe:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def resample(self, x, rate_in, rate_out, quality="soxr_hq", turns=1):
        """The samples and the seconds of the fastest turn."""
        order = f"{rate_in} {rate_out} {quality} {len(x)} {turns}\n"
        self.process.stdin.write(order.encode() + np.ascontiguousarray(x, "<f4").tobytes())
        self.process.stdin.flush()
        n, seconds = self.process.stdout.readline().split()
        return np.frombuffer(self.process.stdout.read(4 * int(n)), "<f4"), float(seconds)


def signals(rate):
    """One second of noise, and a sweep from 20 Hz to the Nyquist frequency."""
    t = np.arange(rate) / rate
    sweep = 0.5 * np.sin(2 * np.pi * (20 * t + (rate / 2 - 20) * t**2 / 2))
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, rate + 37)
    return {"noise": noise.astype(np.float32), "sweep": sweep.astype(np.float32)}


def difference(ours, theirs):
    """dB of the signal, after librosa's zero for the fraction of a sample at the end."""
    theirs = np.append(theirs, np.zeros(len(ours) - len(theirs) if len(ours) - len(theirs) in (0, 1) else 0))
    if len(ours) != len(theirs):
        return np.inf
    error = ours.astype(np.float64) - theirs
    return 10 * np.log10(max(np.mean(error**2), 1e-30) / np.mean(theirs.astype(np.float64) ** 2))


def kaiser_best(x, rate_in, rate_out):
    return resampy.resample(x, rate_in, rate_out, filter="kaiser_best")


def kaiser_best_before_04(x, rate_in, rate_out):
    window = functools.partial(lambda n, beta: scipy.signal.windows.kaiser(n, beta), beta=14.769656459379492)
    return resampy.resample(x, rate_in, rate_out, filter="sinc_window", num_zeros=64, precision=9,
                            window=window, rolloff=0.9475937167399596)


def main():
    pipe = Pipe(sys.argv[1])
    music = {}
    for path in sys.argv[2:]:
        import soundfile

        y, rate = soundfile.read(path, dtype="float32", always_2d=True)
        music[path] = (y.mean(axis=1, dtype=np.float32)[: 20 * rate], rate)
    pairs = [(a, b) for a in RATES for b in RATES if a != b] + ODD
    worst, failures = -np.inf, 0
    for rate_in, rate_out in pairs:
        row = {}
        for name, x in signals(rate_in).items():
            theirs = soxr.resample(x, rate_in, rate_out, quality="HQ")
            row[name] = difference(pipe.resample(x, rate_in, rate_out)[0], theirs)
        bad = max(row.values()) > LIMIT
        failures += bad
        worst = max(worst, *row.values())
        values = "  ".join(f"{name} {value:7.1f} dB" for name, value in row.items())
        print(f"{rate_in:6} to {rate_out:6}  {values}{'  ABOVE THE LIMIT' if bad else ''}", flush=True)
    for path, (x, rate) in music.items():
        values = []
        for rate_out in [8000, 16000, 22050, 32000, 48000, 44100]:
            if rate_out != rate:
                theirs = soxr.resample(x, rate, rate_out, quality="HQ")
                values.append(difference(pipe.resample(x, rate, rate_out)[0], theirs))
        failures += max(values) > LIMIT
        worst = max(worst, *values)
        print(f"{path}: {rate} to 8000, 16000, 22050, 32000, 48000, 44100:", *(f"{v:.1f}" for v in values), "dB")
    print(f"soxr HQ: largest difference {worst:.1f} dB")
    for quality, reference in [("kaiser_best", kaiser_best_before_04), ("kaiser_best_2022", kaiser_best)]:
        for rate_in, rate_out in [(44100, 22050), (48000, 22050), (16000, 22050), (44100, 48000), (44100, 16000),
                                  (8000, 44100), (96000, 22050), (192000, 8000), (32000, 44100), (44056, 44100)]:
            x = signals(rate_in)["noise"]
            theirs = reference(x, rate_in, rate_out)
            ours = pipe.resample(x, rate_in, rate_out, quality)[0]
            value = difference(ours, theirs)
            failures += value > LIMIT
            print(f"{quality} {rate_in} to {rate_out}: {value:.1f} dB", flush=True)
    for rate_in, rate_out in TIMED:
        x = np.random.default_rng(0).uniform(-0.5, 0.5, 30 * rate_in).astype(np.float32)
        ours = theirs = np.inf
        for _ in range(3):
            ours = min(ours, pipe.resample(x, rate_in, rate_out, turns=5)[1])
            for _ in range(5):
                start = time.perf_counter()
                soxr.resample(x, rate_in, rate_out, quality="HQ")
                theirs = min(theirs, time.perf_counter() - start)
        print(f"{rate_in} to {rate_out}: timbral {1e3 * ours:.1f} ms, soxr {1e3 * theirs:.1f} ms", flush=True)
    if failures:
        sys.exit(f"{failures} cases above {LIMIT} dB")


if __name__ == "__main__":
    main()
