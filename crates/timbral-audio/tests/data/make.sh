#!/bin/sh
# Makes the encoded test files of this folder: at 22050 Hz, 0.3 s (0.05 s for large formats),
# left 0.5 sin(2 pi 440 t), right 0.25 sin(2 pi 880 t).
# Needs ffmpeg (made with 5.1.9) with libmp3lame, libvorbis and libopus, lame, oggenc and opusenc.
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
make opus.ogg 0.3 -ar 48000 -c:a libopus -b:a 32k
# Lengths that are unknown when the header is written.
make pipe.mka 0.05 -c:a flac -f matroska -live 1
ffmpeg -v error -f lavfi -i "aevalsrc=$tone:s=22050:d=0.05" -bitexact -c:a pcm_s16be -f caf - | cat >pipe.caf
# QuickTime with uncompressed sound.
for codec in pcm_s16be pcm_s16le pcm_s24be pcm_s24le pcm_s32be pcm_f32be pcm_f32le pcm_f64be; do
    make $codec.mov 0.02 -c:a $codec
done
make pcm_u8.mov 0.02 -c:a pcm_u8
# One channel, for a stream that changes; free format; more than two channels (200, 400, 600 Hz ... of 0.3).
make mono.mp3 0.3 -ac 1 -c:a libmp3lame -b:a 64k -write_xing 0 -id3v2_version 0
make free.wav 0.3 -c:a pcm_s16le
lame --quiet --freeformat -b 100 free.wav free.mp3
rm free.wav
# The layouts that ffmpeg's encoders know.
many() {
    ffmpeg -v error -y -f lavfi -i "aevalsrc=$1:s=48000:d=$2:c=$3" -bitexact -map_metadata -1 -c:a $4 $5
}
tones() {
    for hz in "$@"; do printf '%s0.3*sin(2*PI*%s*t)' "$bar" $hz; bar="|"; done
    bar=
}
many "$(tones 200 400 600 800 1000 1200 1400)" 0.05 "6.1(back)" "alac -sample_fmt s16p" alac7.m4a
many "$(tones 200 400 600 800 1000 1200 1400 1600)" 0.05 "7.1(wide)" "alac -sample_fmt s16p" alac8.m4a
many "$(tones 200 400 600 60 1000 1200)" 0.2 5.1 "aac -b:a 256k" aac6.m4a
for n in 3 6; do
    channels="0.3*sin(2*PI*200*t)"
    for i in $(seq 2 $n); do channels="$channels|0.3*sin(2*PI*200*$i*t)"; done
    ffmpeg -v error -y -f lavfi -i "aevalsrc=$channels:s=48000:d=0.2" -bitexact channels.wav
    oggenc -Q -s 1 channels.wav -o vorbis$n.ogg
    opusenc --quiet --serial 1 channels.wav opus$n.ogg
    rm channels.wav
done
# he.m4a and he2.aac: HE-AAC of versions 1 (48 kb/s) and 2 (32 kb/s), by the encoder of the crate syom 0.9.0, since that of
# ffmpeg has none: `syom::encode_with` of half a second of 440 Hz (left) and 880 Hz (right) of 0.3 with white noise of
# -0.05 to 0.05, at 44.1 kHz, with `EncodeOptions::m4a().with_he(true)` and `EncodeOptions::adts().with_he_v2(true)`.
