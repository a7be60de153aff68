use std::io::Cursor;

use timbral_audio::decode_reader;
use timbral_core::Rng;

use super::kept;
use crate::engine::Form::{Binary, Flac, Ogg};
use crate::engine::{Form, Seed};

const DATA: &str = "timbral-audio/tests/data";

/// Bytes that are valid samples of every integer encoding.
fn noise(n: usize) -> Vec<u8> {
    let mut rng = Rng::new(1);
    (0..n).map(|_| rng.next_u64() as u8).collect()
}

fn floats(n: usize, bytes: fn(f64) -> Vec<u8>) -> Vec<u8> {
    let mut rng = Rng::new(2);
    (0..n).flat_map(|_| bytes(rng.unit_f64() - 0.5)).collect()
}

/// A chunk of RIFF, with its padding.
fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_le_bytes();
    [name, &length, body, &[0][..body.len() % 2]].concat()
}

/// A chunk of IFF.
fn iff(name: &[u8], body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [name, &length, body, &[0][..body.len() % 2]].concat()
}

fn fmt(tag: u16, channels: u16, bits: u16, block: u16) -> Vec<u8> {
    let mut fmt = Vec::new();
    for word in [tag, channels] {
        fmt.extend(word.to_le_bytes());
    }
    fmt.extend(22_050u32.to_le_bytes());
    fmt.extend((22_050 * u32::from(block)).to_le_bytes());
    for word in [block, bits] {
        fmt.extend(word.to_le_bytes());
    }
    fmt
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"RIFF", &[b"WAVE".to_vec(), chunks.concat()].concat())
}

pub(crate) fn simple_wav(tag: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let fmt = fmt(tag, channels, bits, channels * bits / 8);
    riff(&[chunk(b"fmt ", &fmt), chunk(b"data", data)])
}

pub(crate) fn wav() -> Vec<Seed> {
    let le32 = |x: f64| (x as f32).to_le_bytes().to_vec();
    let le64 = |x: f64| x.to_le_bytes().to_vec();
    // WAVE_FORMAT_EXTENSIBLE: 20 valid bits in 24, three channels.
    let mut extensible = fmt(0xfffe, 3, 24, 9);
    extensible.extend([22, 0, 20, 0, 7, 0, 0, 0]);
    extensible.extend(b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
    let list = chunk(b"LIST", b"INFOISFT\x05\0\0\0name\0\0");
    // IMA ADPCM: blocks of a header of four bytes per channel, then half bytes.
    let mut ima = fmt(0x11, 1, 4, 36);
    ima.extend([2, 0, 65, 0]);
    let block = [vec![0, 1, 20, 0], noise(32)].concat();
    let mp3 = &kept(Binary, DATA, &["bare.mp3"])[0].bytes;
    let mut layer_3 = fmt(0x55, 2, 0, 1);
    layer_3.extend([0; 14]);
    let mut rf64 = riff(&[
        chunk(
            b"ds64",
            &[[0; 8], 400u64.to_le_bytes(), 100u64.to_le_bytes()].concat(),
        ),
        chunk(b"fmt ", &fmt(1, 2, 16, 4)),
        chunk(b"data", &noise(400)),
    ]);
    rf64[..4].copy_from_slice(b"RF64");
    let at = rf64.windows(4).position(|w| w == b"data").unwrap();
    rf64[at + 4..at + 8].fill(0xff);
    let mut files = vec![
        simple_wav(1, 1, 8, &noise(300)),
        simple_wav(1, 2, 16, &noise(600)),
        simple_wav(1, 1, 24, &noise(600)),
        simple_wav(1, 6, 32, &noise(960)),
        simple_wav(3, 1, 32, &floats(200, le32)),
        simple_wav(3, 2, 64, &floats(100, le64)),
        simple_wav(6, 1, 8, &noise(300)),
        simple_wav(7, 2, 8, &noise(300)),
        riff(&[
            list,
            chunk(b"fmt ", &extensible),
            chunk(b"data", &noise(450)),
        ]),
        riff(&[chunk(b"fmt ", &ima), chunk(b"data", &block.repeat(6))]),
        riff(&[chunk(b"fmt ", &layer_3), chunk(b"data", mp3)]),
        rf64,
        w64(),
    ];
    files.extend(
        kept(Binary, DATA, &["adpcm.wav", "mulaw.wav"])
            .into_iter()
            .map(|s| s.bytes),
    );
    // A recorder that was stopped before it wrote the lengths.
    let mut unknown = simple_wav(1, 1, 16, &noise(400));
    unknown[4..8].fill(0xff);
    unknown[40..44].fill(0xff);
    files.push(unknown);
    seeds(Binary, files)
}

/// Sony's form with 64-bit lengths.
fn w64() -> Vec<u8> {
    const TAIL: &[u8] = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a";
    let chunk = |name: &[u8], body: &[u8]| {
        let length = (24 + body.len() as u64).to_le_bytes();
        [
            name,
            TAIL,
            &length,
            body,
            &vec![0; body.len().wrapping_neg() % 8],
        ]
        .concat()
    };
    let chunks = [
        chunk(b"fmt ", &fmt(1, 1, 16, 2)),
        chunk(b"data", &noise(400)),
    ]
    .concat();
    let mut file = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00".to_vec();
    file.extend((40 + chunks.len() as u64).to_le_bytes());
    file.extend(b"wave");
    file.extend(TAIL);
    file.extend(chunks);
    file
}

pub(crate) fn aiff() -> Vec<Seed> {
    let be32 = |x: f64| (x as f32).to_be_bytes().to_vec();
    let file = |name: &[u8], channels: u16, bits: u16, frames: u32, data: &[u8]| {
        let mut comm = channels.to_be_bytes().to_vec();
        comm.extend(frames.to_be_bytes());
        comm.extend(bits.to_be_bytes());
        // 22 050 as an 80-bit float.
        comm.extend([0x40, 0x0d, 0xac, 0x44, 0, 0, 0, 0, 0, 0]);
        comm.extend(name);
        let kind: &[u8] = if name.is_empty() { b"AIFF" } else { b"AIFC" };
        let sound = [&[0; 8], data].concat();
        iff(
            b"FORM",
            &[kind, &iff(b"COMM", &comm), &iff(b"SSND", &sound)].concat(),
        )
    };
    let files = vec![
        file(b"", 1, 8, 300, &noise(300)),
        file(b"", 2, 16, 150, &noise(600)),
        file(b"", 1, 24, 200, &noise(600)),
        file(b"NONE\x0enot compressed\0", 1, 16, 200, &noise(400)),
        file(b"sowt", 2, 16, 100, &noise(400)),
        file(b"fl32\x05Float", 1, 32, 100, &floats(100, be32)),
        file(b"ulaw", 1, 16, 300, &noise(300)),
        file(b"alaw", 2, 16, 150, &noise(300)),
        file(b"ima4", 1, 16, 320, &noise(34 * 5)),
    ];
    let mut seeds = seeds(Binary, files);
    seeds.extend(kept(Binary, DATA, &["tone.aiff"]));
    seeds
}

pub(crate) fn au() -> Vec<Seed> {
    let file = |encoding: u32, channels: u32, data: &[u8]| {
        let words = [28, data.len() as u32, encoding, 22_050, channels];
        let words = words
            .into_iter()
            .flat_map(u32::to_be_bytes)
            .collect::<Vec<_>>();
        [b".snd", &words[..], b"note", data].concat()
    };
    let mut files: Vec<Vec<u8>> = [1, 2, 3, 4, 5, 27]
        .map(|code| file(code, 2, &noise(480)))
        .to_vec();
    files.push(file(
        6,
        1,
        &floats(100, |x| (x as f32).to_be_bytes().to_vec()),
    ));
    files.push(file(7, 1, &floats(100, |x| x.to_be_bytes().to_vec())));
    seeds(Binary, files)
}

pub(crate) fn caf() -> Vec<Seed> {
    let file = |format: &[u8], flags: u32, numbers: [u32; 4], data: &[u8]| {
        let mut desc = 22_050f64.to_be_bytes().to_vec();
        desc.extend(format);
        for word in [[flags].as_slice(), &numbers].concat() {
            desc.extend(word.to_be_bytes());
        }
        let chunk =
            |name: &[u8], body: &[u8]| [name, &(body.len() as u64).to_be_bytes(), body].concat();
        let sound = [&[0; 4], data].concat();
        [
            b"caff\0\x01\0\0".to_vec(),
            chunk(b"desc", &desc),
            chunk(b"info", b"\0\0\0\x02title\0T\0artist\0A\0"),
            chunk(b"data", &sound),
        ]
        .concat()
    };
    // Bytes and frames per packet, channels, bits.
    let files = vec![
        file(b"lpcm", 0, [2, 1, 1, 16], &noise(400)),
        file(b"lpcm", 2, [6, 1, 2, 24], &noise(600)),
        file(
            b"lpcm",
            3,
            [4, 1, 1, 32],
            &floats(100, |x| (x as f32).to_le_bytes().to_vec()),
        ),
        file(b"ulaw", 0, [1, 1, 1, 8], &noise(300)),
        file(b"alaw", 0, [2, 1, 2, 8], &noise(300)),
        file(b"ima4", 0, [34, 64, 1, 0], &noise(34 * 5)),
    ];
    let mut seeds = seeds(Binary, files);
    seeds.extend(kept(Binary, DATA, &["alac.caf", "pipe.caf"]));
    seeds
}

pub(crate) fn flac() -> Vec<Seed> {
    let mut seeds = kept(Flac, DATA, &["tone16.flac", "tone24.flac"]);
    let joined = seeds
        .iter()
        .flat_map(|seed| seed.bytes.clone())
        .collect::<Vec<_>>();
    seeds.push(Seed::new(Flac, joined));
    seeds
}

pub(crate) fn vorbis() -> Vec<Seed> {
    kept(Ogg, DATA, &["tone.ogg", "vorbis3.ogg", "vorbis6.ogg"])
}

pub(crate) fn opus() -> Vec<Seed> {
    kept(Ogg, DATA, &["opus.ogg", "opus3.ogg", "opus6.ogg"])
}

pub(crate) fn mp3() -> Vec<Seed> {
    let mut seeds = kept(
        Binary,
        DATA,
        &["tone.mp3", "bare.mp3", "mono.mp3", "free.mp3"],
    );
    // ID3v2 before and ID3v1 after.
    let tagged = [
        b"ID3\x04\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0",
        &seeds[1].bytes[..],
        b"TAG",
        &[b'x'; 125],
    ]
    .concat();
    seeds.push(Seed::new(Binary, tagged));
    // APEv2 and Lyrics3 between the sound and ID3v1.
    let tagged = [
        &seeds[1].bytes[..],
        b"\x01\0\0\0\0\0\0\0Title\0T\x01\0\0\0\0\0\0\0Artist\0A",
        b"APETAGEX\xd0\x07\0\0\x3f\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"LYRICSBEGININD0000200000021LYRICS200TAG",
        &[b'x'; 125],
    ]
    .concat();
    seeds.push(Seed::new(Binary, tagged));
    seeds
}

pub(crate) fn adts() -> Vec<Seed> {
    kept(Binary, DATA, &["tone.aac"])
}

pub(crate) fn mp4() -> Vec<Seed> {
    let names = [
        "tone.m4a",
        "pcm_s16be.mov",
        "pcm_s24le.mov",
        "pcm_s32be.mov",
        "pcm_f32le.mov",
        "pcm_f64be.mov",
        "pcm_u8.mov",
    ];
    let mut seeds = kept(Binary, DATA, &names);
    seeds.push(Seed::new(Binary, fragmented(&seeds[0].bytes)));
    seeds
}

/// Samples in fragments, as streams have them: the header of `file`, then a `moof` with three samples.
fn fragmented(file: &[u8]) -> Vec<u8> {
    let atom =
        |name: &[u8], body: &[u8]| [&(8 + body.len() as u32).to_be_bytes(), name, body].concat();
    let words = |words: &[u32]| {
        words
            .iter()
            .flat_map(|w| w.to_be_bytes())
            .collect::<Vec<_>>()
    };
    let at = |name: &[u8]| file.windows(4).position(|w| w == name).unwrap() - 4;
    let length = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let (moov, mdat) = (at(b"moov"), at(b"mdat"));
    let mut moov = file[moov..moov + length(moov)].to_vec();
    // The table of sizes becomes empty; its first three are those of the fragment.
    let table = moov.windows(4).position(|w| w == b"stsz").unwrap() + 12;
    let sizes: Vec<usize> = (1..4).map(|i| length(at(b"stsz") + 16 + 4 * i)).collect();
    moov[table..table + 4].fill(0);
    let samples = &file[mdat + 8..mdat + 8 + sizes.iter().sum::<usize>()];
    let run: Vec<u32> = [0x201, 3, 88]
        .into_iter()
        .chain(sizes.iter().map(|n| *n as u32))
        .collect();
    let trex = atom(b"trex", &words(&[0, 1, 1, 1024, 300, 0]));
    moov.extend(atom(b"mvex", &trex));
    let n = (moov.len() as u32).to_be_bytes();
    moov[..4].copy_from_slice(&n);
    let tfhd = atom(b"tfhd", &words(&[0x2_0000, 1]));
    // Sizes of the samples are in the run; the offset counts from the start of `moof`.
    let trun = atom(b"trun", &words(&run));
    let traf = atom(b"traf", &[tfhd, trun].concat());
    let mfhd = atom(b"mfhd", &words(&[0, 1]));
    let moof = atom(b"moof", &[mfhd, traf].concat());
    let ftyp = atom(b"ftyp", b"iso5\0\0\0\0iso5");
    [ftyp, moov, moof, atom(b"mdat", samples)].concat()
}

pub(crate) fn matroska() -> Vec<Seed> {
    let mut seeds = kept(Binary, DATA, &["tone.mka", "pipe.mka"]);
    seeds.extend([pcm_in_matroska(false), pcm_in_matroska(true)].map(|b| Seed::new(Binary, b)));
    // A tag of an artist after the segment.
    let tagged = [
        &seeds[2].bytes[..],
        b"\x12\x54\xc3\x67\x96\x73\x73\x93\x63\xc0\x80\x67\xc8\x8d\x45\xa3\x86ARTIST\x44\x87\x81A",
    ]
    .concat();
    seeds.push(Seed::new(Binary, tagged));
    seeds
}

/// PCM in Matroska; `laced` puts two frames into each block, with lengths by EBML.
fn pcm_in_matroska(laced: bool) -> Vec<u8> {
    let element = |id: &[u8], body: &[u8]| {
        let length = 0x1000_0000 | body.len() as u32;
        [id, &length.to_be_bytes(), body].concat()
    };
    let rate = element(b"\xb5", &22_050f64.to_be_bytes());
    let audio = [rate, element(b"\x9f", &[1]), element(b"\x62\x64", &[16])].concat();
    let track = [
        element(b"\xd7", &[1]),
        element(b"\x73\xc5", &[1]),
        element(b"\x83", &[2]),
        element(b"\x86", b"A_PCM/INT/LIT"),
        element(b"\xe1", &audio),
    ];
    let head: &[u8] = if laced {
        &[0x81, 0, 0, 0x06, 1, 0xe4]
    } else {
        &[0x81, 0, 0, 0]
    };
    let block = element(b"\xa3", &[head, &noise(200)].concat());
    let cluster = element(
        b"\x1f\x43\xb6\x75",
        &[element(b"\xe7", &[0]), block].concat(),
    );
    let info = element(
        b"\x15\x49\xa9\x66",
        &element(b"\x2a\xd7\xb1", &[0x0f, 0x42, 0x40]),
    );
    let tracks = element(b"\x16\x54\xae\x6b", &element(b"\xae", &track.concat()));
    let segment = element(b"\x18\x53\x80\x67", &[info, tracks, cluster].concat());
    [
        element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"matroska")),
        segment,
    ]
    .concat()
}

/// All of them can be decoded.
pub(crate) fn check() {
    let kinds: [fn() -> Vec<Seed>; 11] = [
        wav, aiff, au, caf, flac, vorbis, opus, mp3, adts, mp4, matroska,
    ];
    for (kind, seeds) in kinds.iter().enumerate() {
        for (i, seed) in seeds().into_iter().enumerate() {
            let decoded = decode_reader(Cursor::new(seed.bytes), "seed");
            decoded.unwrap_or_else(|e| panic!("kind {kind}, seed {i}: {e}"));
        }
    }
}

fn seeds(form: Form, files: Vec<Vec<u8>>) -> Vec<Seed> {
    files
        .into_iter()
        .map(|file| Seed::new(form, file))
        .collect()
}
