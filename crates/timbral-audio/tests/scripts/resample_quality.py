"""Quality of the Resampler, soxr and scipy: the table in README.md.

    cargo build --release -p timbral-audio --example resample
    python resample_quality.py target/release/examples/resample

Needs numpy, scipy, soxr, soundfile. For every pair of rates and every method:

ripple     largest deviation from 0 dB of tones up to 0.9 of the lower Nyquist frequency
edge       lowest frequency, in units of the lower Nyquist frequency, where a tone loses 0.1 dB
rejection  what is left of the strongest tone above the new Nyquist frequency (downsampling), or
           the strongest component other than the tone (upsampling); dB below the tone
sweep SNR  a linear sweep from 20 Hz to 0.9 of the lower Nyquist frequency against the same
           formula evaluated at the new sample times
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile
import soxr

SECONDS = 4.0
FADE = 0.25  # fraction of the seconds that is ignored, half of it at each end


def timbral(x, rate_in, rate_out):
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.wav"), Path(folder, "out.wav")
        soundfile.write(source, x, rate_in, subtype="FLOAT")
        subprocess.run([sys.argv[1], source, str(rate_out), target], check=True)
        return soundfile.read(target, dtype="float32")[0]


def poly(x, rate_in, rate_out):
    common = np.gcd(rate_in, rate_out)
    return scipy.signal.resample_poly(x, rate_out // common, rate_in // common)


METHODS = {
    "timbral": timbral,
    "soxr HQ": lambda x, a, b: soxr.resample(x, a, b, quality="HQ"),
    "soxr VHQ": lambda x, a, b: soxr.resample(x, a, b, quality="VHQ"),
    "resample_poly": poly,
}


def middle(y):
    edge = int(len(y) * FADE / 2)
    return y[edge:-edge].astype(np.float64)


def db(power):
    return 10 * np.log10(max(power, 1e-30))


def tone(rate, hz):
    t = np.arange(int(SECONDS * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def fit(y, rate, hz):
    """Amplitude of the tone in y, and the power of the rest."""
    t = np.arange(len(y)) / rate
    basis = np.stack([np.sin(2 * np.pi * hz * t), np.cos(2 * np.pi * hz * t)], axis=1)
    weights, *_ = np.linalg.lstsq(basis, y, rcond=None)
    return np.hypot(*weights), np.mean((y - basis @ weights) ** 2)


def strongest(y):
    """Power of the strongest sinusoid in y."""
    window = np.blackman(len(y))
    spectrum = np.abs(np.fft.rfft(y * window)) / (window.sum() / 2)
    return np.max(spectrum) ** 2 / 2


def sweep(rate, duration, top):
    t = np.arange(int(round(duration * rate))) / rate
    return 0.5 * np.sin(2 * np.pi * (20 * t + (top - 20) * t**2 / (2 * duration)))


def measure(method, rate_in, rate_out):
    low = min(rate_in, rate_out) / 2
    gains = {}
    for part in [0.01, 0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, *np.arange(0.91, 1.0, 0.01)]:
        y = middle(method(tone(rate_in, part * low), rate_in, rate_out))
        gains[part] = 20 * np.log10(fit(y, rate_out, part * low)[0] / 0.5)
    ripple = max(abs(g) for part, g in gains.items() if part <= 0.9)
    edge = next((part for part, g in sorted(gains.items()) if g < -0.1), 1.0)

    if rate_out < rate_in:
        left = [
            np.mean(middle(method(tone(rate_in, part * low), rate_in, rate_out)) ** 2)
            for part in [1.0005, 1.01, 1.02, 1.05, 1.1, 1.2, 1.35, 1.5, 1.7, 1.9]
            if part * low < rate_in / 2
        ]
        rejection = db(0.125 / max(left))
    else:
        left = []
        for part in [0.1, 0.3, 0.5, 0.7, 0.85, 0.9]:
            y = middle(method(tone(rate_in, part * low), rate_in, rate_out))
            t = np.arange(len(y)) / rate_out
            basis = np.stack(
                [np.sin(2 * np.pi * part * low * t), np.cos(2 * np.pi * part * low * t)], axis=1
            )
            weights, *_ = np.linalg.lstsq(basis, y, rcond=None)
            left.append(strongest(y - basis @ weights))
        rejection = db(0.125 / max(left))

    top = 0.9 * low
    x = sweep(rate_in, SECONDS, top).astype(np.float32)
    y = method(x, rate_in, rate_out)
    ideal = sweep(rate_out, SECONDS, top)
    n = min(len(y), len(ideal))
    error = middle(y[:n]) - middle(ideal[:n])
    snr = db(np.mean(middle(ideal[:n]) ** 2) / np.mean(error**2))
    return ripple, edge, rejection, snr


def main():
    print("rates            method         ripple dB   edge   rejection dB   sweep SNR dB")
    for rate_in, rate_out in [(44100, 22050), (48000, 22050), (16000, 22050)]:
        for name, method in METHODS.items():
            ripple, edge, rejection, snr = measure(method, rate_in, rate_out)
            print(
                f"{rate_in} to {rate_out}   {name:14} {ripple:9.1e} {edge:6.2f}"
                f" {rejection:12.1f} {snr:14.1f}"
            )


main()
