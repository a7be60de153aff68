"""The frequency response of soxr HQ, measured: the numbers in src/resample/soxr_stages.rs.

    pip install soxr==1.1.0 numpy
    python soxr_response.py [FROM TO]...

An impulse at each place of an input period gives the impulse response at all times that an output can have; its
Fourier sum is the response. Printed at multiples of the lower Nyquist frequency. At 0.9137 the passband ends; the
product of Kaiser windows in soxr_stages.rs was fitted to such rows, and, for what is lost between stages, to
the first outputs for impulses at the start of a signal.
"""

import math
import sys

import numpy as np
import soxr

AT = [0.5, 0.8, 0.9, 0.9137, 0.93, 0.94, 0.95, 0.9569, 0.97, 0.98, 0.99, 1.0]
PAIRS = [(44100, 22050), (24000, 16000), (12000, 16000), (48000, 12000), (8000, 48000), (192000, 8000), (48000, 22050),
         (16000, 22050), (44100, 48000), (96000, 22050), (192000, 11025), (44100, 16000), (44100, 24000),
         (44100, 37800), (8000, 192000)]


def response(rate_in, rate_out):
    common = math.gcd(rate_in, rate_out)
    period, phases = rate_in // common, rate_out // common
    low = min(1.0, phases / period)
    side = int(260 / low) + 10
    total = np.zeros(len(AT))
    for place in range(period):
        x = np.zeros(2 * side + period)
        x[side + place] = 1
        y = soxr.resample(x, rate_in, rate_out, quality="HQ")
        t = np.arange(len(y)) * period / phases - side - place
        total += np.cos(np.pi * np.outer(AT, t * low)) @ y
    return total / phases


def main():
    rates = [int(v) for v in sys.argv[1:]]
    print(" " * 16, *(f"{u:8.4f}" for u in AT))
    for rate_in, rate_out in list(zip(rates[::2], rates[1::2])) or PAIRS:
        print(f"{rate_in:6} to {rate_out:6}", *(f"{v:8.6f}" for v in response(rate_in, rate_out)), flush=True)


main()
