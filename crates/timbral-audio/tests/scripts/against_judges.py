"""Compares decoded files with ffmpeg and libsndfile, and makes golden values from them.

    cargo build -p timbral-audio --example raw
    python against_judges.py target/debug/examples/raw FILE...           a table, one row per file
    python against_judges.py target/debug/examples/raw --golden FILE...  tests/data/hard_audio.txt

Needs ffmpeg (made with 5.1.9), numpy and soundfile. A row has the rate, channels and frames of this crate,
ffmpeg and libsndfile, or the error, and the largest difference to each over the frames that both have.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile


FFMPEG_IS_RIGHT = ("01_", "17_", "18_", "18b_")


def ours(program, path):
    with tempfile.NamedTemporaryFile() as out:
        run = subprocess.run([program, path, out.name], capture_output=True, text=True)
        if run.returncode != 0:
            return run.stderr.strip().removeprefix("Error: ")[-150:]
        _, rate, channels, frames, _ = run.stdout.split()
        x = np.fromfile(out.name, "<f4").reshape(-1, int(channels))
        assert len(x) == int(frames)
        return int(rate), x


def ffmpeg(path):
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=sample_rate,channels",
         "-of", "csv=p=0", path], capture_output=True, text=True).stdout.split("\n")[0].strip(",").split(",")
    if len(probe) != 2 or "0" in probe:
        return "none"
    raw = subprocess.run(["ffmpeg", "-v", "quiet", "-i", path, "-map", "a:0", "-c:a", "pcm_f32le", "-f", "f32le", "-"],
                         capture_output=True).stdout
    rate, channels = map(int, probe)
    x = np.frombuffer(raw, "<f4")
    return (rate, x[: len(x) // channels * channels].reshape(-1, channels)) if len(x) else "none"


def libsndfile(path):
    try:
        x, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return rate, x
    except Exception:
        return "none"


def text(result):
    return result if isinstance(result, str) else f"{result[0]}x{result[1].shape[1]} {len(result[1])}"


def difference(a, b):
    if isinstance(a, str) or isinstance(b, str):
        return ""
    if a[0] != b[0] or a[1].shape[1] != b[1].shape[1]:
        return "other shape"
    n = min(len(a[1]), len(b[1]))
    return f"{np.abs(a[1][:n] - b[1][:n]).max():.1e}"


def main():
    program, files = sys.argv[1], sys.argv[2:]
    if files[0] == "--golden":
        for path in files[1:]:
            name = Path(path).name
            judges = [("ffmpeg", ffmpeg), ("libsndfile", libsndfile)]
            # libsndfile trims no delay of MPEG and loses the end of streams without a tag.
            if not name.startswith(FFMPEG_IS_RIGHT):
                judges.reverse()
            found = [(judge, got) for judge, f in judges if not isinstance(got := f(path), str)]
            if found:
                judge, (rate, x) = found[0]
                rms = np.sqrt((x.astype(float) ** 2).mean(0)).round(6).tolist()
                print(name, judge, rate, len(x), *rms)
        return
    for path in files:
        a, b, c = ours(program, path), ffmpeg(path), libsndfile(path)
        print(f"| {Path(path).name} | {text(a)} | {text(b)} {difference(a, b)} | {text(c)} {difference(a, c)} |")


main()
