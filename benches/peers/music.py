"""Ordinary music, from the file: decoding, resampling and all 57 features against librosa.

    pip install -r benches/peers/requirements.txt
    python benches/peers/music.py FILE... [--extract target/release/examples/extract_features]

librosa: `librosa.load(path)`, which mixes to mono and resamples to 22 050 Hz by soxr HQ, then the 13 calls that define
the vector (`dsp.py`). timbral: the example `extract_features` with `--preset librosa`, built here unless it is given.
Both on one thread. Printed for each file: the number of cells within 0.1 % of librosa's value or within 0.001 of
the column's standard deviation over all files, the tempi, the seconds of both (the command's include its
start). Exit status 1 if fewer than 99 % of all cells agree or a tempo differs.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"

import dsp  # sets the threads of numpy and numba
import librosa
import numpy as np

TOLERANCE = 1e-3
TEMPO = 16


def build():
    command = ["cargo", "build", "--release", "--example", "extract_features", "--message-format=json"]
    messages = subprocess.run(command, cwd=dsp.ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    artifacts = [json.loads(line) for line in messages.splitlines()]
    (program,) = (a["executable"] for a in artifacts if a.get("executable"))
    return program


def timbral(program, path):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "features.csv")
        start = time.perf_counter()
        subprocess.run([program, path, "--out", out, "--preset", "librosa"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        with open(out, newline="") as file:
            (row,) = csv.DictReader(file)
    # Files with tags have more columns of text.
    others = ("filename", "length", "label", "group", "artist", "album")
    names = [name for name in row if name not in others]
    return names, np.array([float(row[name]) for name in names]), seconds


def theirs(path):
    start = time.perf_counter()
    y, _ = librosa.load(path)
    values = dsp.vector(y, "librosa")
    return values, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--extract", help="the built example extract_features")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    program = args.extract or build()
    theirs(args.files[0])  # compiles numba's functions
    rows = []
    for path in args.files:
        names, ours, seconds = timbral(program, path)
        reference, librosa_seconds = theirs(path)
        rows.append((path, ours, reference, seconds, librosa_seconds))
    a, b = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    deviation = b.std(axis=0) if len(rows) > 1 else np.zeros(b.shape[1])
    agree = (np.abs(a - b) <= TOLERANCE * np.abs(b)) | (np.abs(a - b) <= TOLERANCE * deviation)
    tempi = a[:, TEMPO] == b[:, TEMPO]
    for i, (path, ours, reference, seconds, librosa_seconds) in enumerate(rows):
        print(f"{Path(path).name:40} {agree[i].sum():3} of {agree.shape[1]} cells, tempo {ours[TEMPO]:.3f} {reference[TEMPO]:.3f},"
              f" timbral {seconds:.3f} s, librosa {librosa_seconds:.3f} s, ratio {librosa_seconds / seconds:.1f}")
        for j in np.flatnonzero(~agree[i]):
            print(f"    {names[j]:28} {ours[j]:14.6g} {reference[j]:14.6g}")
    share = agree.mean()
    print(f"{agree.sum()} of {agree.size} cells ({100 * share:.2f} %), {tempi.sum()} of {len(rows)} tempi")
    print(f"timbral {sum(r[3] for r in rows):.2f} s, librosa {sum(r[4] for r in rows):.2f} s")
    if share < 0.99 or not tempi.all():
        sys.exit(1)


if __name__ == "__main__":
    main()
