"""Compares decoded samples with those of libsndfile, for every format and encoding that both read.

    cargo build --release -p timbral-audio --example resample
    python decode_against_soundfile.py target/release/examples/resample

Needs numpy and soundfile. Prints the largest difference or the error. Expected: no difference for
uncompressed and lossless formats; one or two steps of f32 (below 1e-5) for OGG Vorbis and MP3, where
the decoders sum in different orders.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

RATE = 22050
FORMATS = {
    "WAV": "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW IMA_ADPCM MS_ADPCM",
    "WAVEX": "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW",
    "AU": "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW",
    "AIFF": "PCM_16 PCM_24 FLOAT",
    "CAF": "PCM_16 FLOAT",
    "FLAC": "PCM_S8 PCM_16 PCM_24",
    "OGG": "VORBIS",
    "MP3": "MPEG_LAYER_III",
    "RF64": "PCM_16",
}


def main():
    noise = np.random.default_rng(0).uniform(-1, 1, (5000, 2)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target.wav")
        for name, subtypes in FORMATS.items():
            for subtype in subtypes.split():
                soundfile.write(source, noise, RATE, format=name, subtype=subtype)
                expected = soundfile.read(source, dtype="float32")[0]
                command = [sys.argv[1], source, str(RATE), target]
                result = subprocess.run(command, capture_output=True, text=True)
                if result.returncode != 0:
                    print(f"{name:6}{subtype:16}{result.stderr.strip()}")
                    continue
                got = soundfile.read(target, dtype="float32")[0]
                same = got.shape == expected.shape
                difference = np.abs(got - expected).max() if same else got.shape
                print(f"{name:6}{subtype:16}{difference}")


main()
