"""Makes the malformed files of this folder, except found_*, which are files that the mutation tests found, and
those of ../unusual, whose headers are off the book but which are read."""

import struct
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE.parent


def put(name, content):
    (HERE / name).write_bytes(content)


def wav(data, tag=1, channels=2, rate=22050, bits=16, size=None, block=None):
    block = channels * bits // 8 if block is None else block
    fmt = struct.pack("<HHIIHH", tag, channels, rate, (rate * block) & 0xFFFFFFFF, block, bits)
    size = len(data) if size is None else size
    body = b"WAVE" + b"fmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", (4 + len(body) + size) & 0xFFFFFFFF) + body + data


def au(data, offset=24, size=None, encoding=3, rate=22050, channels=1):
    size = len(data) if size is None else size
    return b".snd" + struct.pack(">5I", offset, size, encoding, rate, channels) + data


samples = bytes(range(40))
floats = [0.0] * 7 + [float("nan")] + [0.0] * 2

put("empty.wav", b"")
put("text.wav", b"Dear listener, this is no sound.\n")
put("text.mp3", b"Dear listener, this is no sound.\n")
# Loud 16-bit samples with no header.
put("raw_samples.wav", struct.pack("<20h", *[(i * 7919) % 30000 - 15000 for i in range(20)]))
put("riff_only.wav", b"RIFF")
put("other_riff.wav", b"RIFF\x10\0\0\0AVI LIST\x04\0\0\0hdrl")
put("header_cut.wav", wav(samples)[:30])
put("no_data.wav", wav(samples)[:36])
put("no_fmt.wav", b"RIFF\x14\0\0\0WAVEdata\x08\0\0\0" + bytes(8))
put("truncated.wav", wav(samples, size=400))
put("../unusual/huge_length.wav", wav(samples, size=0xFFFFFFFC))
put("../unusual/half_frame.wav", wav(samples[:38]))
put("no_samples.wav", wav(b""))
put("no_channel.wav", wav(samples, channels=0, block=4))
put("many_channels.wav", wav(bytes(65535), channels=65535, bits=8))
put("rate_0.wav", wav(samples, rate=0))
put("rate_huge.wav", wav(samples, rate=900_000_000))
put("../unusual/bits_0.wav", wav(samples, bits=0, block=4))
put("../unusual/bits_12.wav", wav(samples, bits=12, block=4))
put("codec_unknown.wav", wav(samples, tag=0x1234))
put("nan.wav", wav(struct.pack("<10f", *floats), tag=3, bits=32))
put("infinite.wav", wav(struct.pack("<10f", *[0, float("-inf")] * 5), tag=3, bits=32))
put("channels_259.wav", wav(samples[:36], channels=259, bits=24, block=9))
put("../unusual/rf64.wav", b"RF64" + wav(samples)[4:])

put("header_cut.au", au(samples)[:20])
put("offset_inside.au", au(samples, offset=8))
put("offset_beyond.au", au(samples, offset=4_000_000_000))
put("encoding_99.au", au(samples, encoding=99))
put("truncated.au", au(samples, size=400))
put("../unusual/half_frame.au", au(samples[:39]))
put("no_samples.au", au(b""))
put("unknown_size_no_samples.au", au(b"", size=0xFFFFFFFF))
put("no_channel.au", au(samples, channels=0))
put("many_channels.au", au(samples, channels=0xFFFFFFFF))
put("rate_0.au", au(samples, rate=0))
put("nan.au", au(struct.pack(">10f", *floats), encoding=6, channels=2))
# Finite in 64 bits, infinite in 32.
put("beyond_f32.au", au(struct.pack(">2d", 0.0, 1e300), encoding=7))

for name in ["tone16.flac", "tone.mp3", "tone.m4a"]:
    whole = (DATA / name).read_bytes()
    put("cut_" + name, whole[: len(whole) // 2])
put("magic_only.flac", b"fLaC")
put("magic_only.ogg", b"OggS")
put("magic_only.mp4", b"\0\0\0\x18ftypM4A \0\0\0\0")
put("magic_only.mkv", b"\x1a\x45\xdf\xa3")
put("id3_only.mp3", b"ID3\x03\0\0\0\0\0\0")
put("wavpack.wv", b"wvpk" + bytes(60))
