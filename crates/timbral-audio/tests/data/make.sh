#!/bin/sh
# Makes the encoded test files of this folder: at 22050 Hz, 0.3 s (0.05 s for large formats),
# left 0.5 sin(2 pi 440 t), right 0.25 sin(2 pi 880 t).
# Needs ffmpeg (made with 5.1.9) with libmp3lame and libvorbis.
set -e
cd "$(dirname "$0")"
tone="0.5*sin(2*PI*440*t)|0.25*sin(2*PI*880*t)"
make() {
    output=$1
    seconds=$2
    shift 2
    ffmpeg -v error -y -f lavfi -i "aevalsrc=$tone:s=22050:d=$seconds" \
        -bitexact -map_metadata -1 "$@" "$output"
}
make tone16.flac 0.3 -c:a flac -sample_fmt s16
make tone24.flac 0.05 -c:a flac -sample_fmt s32 -bits_per_raw_sample 24
make tone.mp3 0.3 -c:a libmp3lame -b:a 64k
# No ID3 tag and no encoder tag: bare frames, as in a piece of a stream.
make bare.mp3 0.3 -c:a libmp3lame -b:a 64k -write_xing 0 -id3v2_version 0
make tone.ogg 0.3 -c:a libvorbis -q:a 4
make tone.m4a 0.3 -c:a aac -b:a 160k
make tone.aac 0.3 -c:a aac -b:a 160k
make tone.mka 0.3 -c:a libvorbis -q:a 4
make alac.caf 0.05 -c:a alac -sample_fmt s16p
make tone.aiff 0.05 -c:a pcm_s16be
make mulaw.wav 0.05 -c:a pcm_mulaw
make adpcm.wav 0.05 -c:a adpcm_ms
make float64.wav 0.05 -c:a pcm_f64le
# Opus is recognised and refused.
ffmpeg -v error -y -f lavfi -i "aevalsrc=$tone:s=48000:d=0.3" \
    -bitexact -map_metadata -1 -c:a libopus -b:a 32k malformed/opus.ogg
