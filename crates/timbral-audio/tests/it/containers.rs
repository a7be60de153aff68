//! What containers say of the sound in them: which parts are played, and what is padding. The numbers of frames are those
//! of ffmpeg 5.1.9 and 8.0, which agree.

use std::io::Cursor;

use timbral_audio::{Clip, Error, Result, decode_reader};

#[cfg(any(feature = "opus", feature = "symphonia"))]
use crate::data;

fn read(bytes: Vec<u8>) -> Result<Clip> {
    decode_reader(Cursor::new(bytes), "<test>")
}

fn atom(name: &[u8], body: &[u8]) -> Vec<u8> {
    [&(8 + body.len() as u32).to_be_bytes(), name, body].concat()
}

/// Numbers of 32 bits.
fn words(words: &[i64]) -> Vec<u8> {
    words
        .iter()
        .flat_map(|w| (*w as u32).to_be_bytes())
        .collect()
}

/// An edit list of durations and starts.
fn edit_list(edits: &[(i64, i64)]) -> Vec<u8> {
    let entries = edits
        .iter()
        .flat_map(|(n, start)| words(&[*n, *start, 0x1_0000]));
    let head = words(&[0, edits.len() as i64]);
    let elst = atom(b"elst", &[head, entries.collect()].concat());
    atom(b"edts", &elst)
}

/// QuickTime of one channel of 16 bits at 44.1 kHz, in chunks of 5000 frames, with an edit list in milliseconds.
fn quicktime(frames: i64, edits: &[(i64, i64)]) -> Vec<u8> {
    const CHUNK: i64 = 5000;
    let sound: Vec<u8> = (0..frames).flat_map(|i| sample(i).to_be_bytes()).collect();
    let mdat = atom(b"mdat", &sound);
    let entry = [
        words(&[0, 1, 0, 0]),
        vec![0, 1, 0, 16, 0, 0, 0, 0],
        words(&[44_100 << 16]),
    ];
    let stsd = [words(&[0, 1]), atom(b"twos", &entry.concat())].concat();
    let chunks = (frames + CHUNK - 1) / CHUNK;
    let places: Vec<i64> = (0..chunks).map(|i| 8 + 2 * CHUNK * i).collect();
    let last = frames - CHUNK * (chunks - 1);
    let stbl = [
        atom(b"stsd", &stsd),
        atom(b"stts", &words(&[0, 1, frames, 1])),
        atom(b"stsc", &words(&[0, 2, 1, CHUNK, 1, chunks, last, 1])),
        atom(b"stsz", &words(&[0, 2, frames])),
        atom(b"stco", &[words(&[0, chunks]), words(&places)].concat()),
    ];
    let handler = [&words(&[0, 0]), &b"soun"[..], &[0; 13]].concat();
    let mdia = [
        atom(b"mdhd", &words(&[0, 0, 0, 44_100, frames, 0])),
        atom(b"hdlr", &handler),
        atom(b"minf", &atom(b"stbl", &stbl.concat())),
    ];
    let trak = [
        atom(b"tkhd", &words(&[0, 0, 0, 1])),
        edit_list(edits),
        atom(b"mdia", &mdia.concat()),
    ];
    let moov = [
        atom(b"mvhd", &words(&[0, 0, 0, 1000])),
        atom(b"trak", &trak.concat()),
    ];
    [mdat, atom(b"moov", &moov.concat())].concat()
}

/// Sample i, which no other place near it has.
fn sample(i: i64) -> i16 {
    (i * 7919 % 65_521 - 32_760) as i16
}

/// Whole packets of 1024 frames from the start of a chunk of 5000 on, but for the first frame of all.
#[test]
fn edits_of_uncompressed_sound() {
    type Parts = &'static [(i64, i64)];
    let cases: [(Parts, Parts); 9] = [
        (&[(10_000, 0)], &[(0, 12_000)]),
        (&[(100, 0)], &[(0, 5000)]),
        (&[(50, 0)], &[(0, 3072)]),
        (&[(50, 1000)], &[(1000, 4096)]),
        (&[(100, 1000)], &[(1000, 6024)]),
        (&[(70, -1), (50, 1000)], &[(1000, 4096)]),
        (&[(50, 6000), (50, 1000)], &[(6000, 9096), (1024, 4096)]),
        (&[(20, 100), (20, 100)], &[(100, 1024), (1024, 1024)]),
        (
            &[(100, 11_000), (50, 0), (50, 0)],
            &[(11_000, 12_000), (0, 3072), (0, 3072)],
        ),
    ];
    for (edits, parts) in cases {
        let clip = read(quicktime(12_000, edits)).unwrap();
        let expected = parts.iter().flat_map(|(from, to)| *from..*to);
        let expected: Vec<f32> = expected.map(|i| f32::from(sample(i)) / 32_768.0).collect();
        assert!(
            clip.samples() == expected,
            "{edits:?}: {} frames",
            clip.frames()
        );
    }
    let e = read(quicktime(12_000, &[(20, 0), (20, -1), (20, 5000)])).unwrap_err();
    assert!(matches!(e, Error::Unsupported { .. }), "{e}");
    // No frame is left.
    let e = read(quicktime(12_000, &[(20, 50_000)])).unwrap_err();
    assert!(
        matches!(e, Error::NoSamples { .. } | Error::Truncated { .. }),
        "{e}"
    );
}

/// Packets of 1024 frames at 22.05 kHz, in which the sound is what a decoder makes that starts a second earlier.
#[cfg(feature = "symphonia")]
#[test]
fn edits_of_packets() {
    let file = std::fs::read(data("tone.m4a")).unwrap();
    let at = |file: &[u8], name: &[u8]| file.windows(4).position(|w| w == name).unwrap() - 4;
    let length = |file: &[u8], at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    let scale = length(&file, at(&file, b"mvhd") + 20);
    let with = |edits: &[(i64, i64)]| {
        let mut edited = file.clone();
        let old = at(&file, b"edts");
        let old_length = length(&file, old) as usize;
        let list = edit_list(edits);
        let more = list.len() as i64 - old_length as i64;
        for name in [b"moov", b"trak"] {
            let at = at(&file, name);
            let n = (i64::from(length(&file, at)) + more) as u32;
            edited[at..at + 4].copy_from_slice(&n.to_be_bytes());
        }
        edited.splice(old..old + old_length, list);
        // The chunks move with the table, if they are behind it.
        if at(&file, b"moov") < at(&file, b"mdat") {
            let table = at(&edited, b"stco") + 16;
            for i in (table..table + 4 * length(&edited, table - 4) as usize).step_by(4) {
                let n = (i64::from(length(&edited, i)) + more) as u32;
                edited[i..i + 4].copy_from_slice(&n.to_be_bytes());
            }
        }
        read(edited).unwrap()
    };
    let ms = |n: i64| n * i64::from(scale) / 1000;
    let whole = with(&[(ms(5000), 0)]);
    assert_eq!(whole.frames(), 8192);
    for (edits, parts) in [
        (&[(100, 3000)][..], &[(3000, 6144)][..]),
        (&[(100, 3000), (50, 1500)], &[(3000, 6144), (2048, 3072)]),
        (&[(100, -1), (50, 2000)], &[(2000, 4096)]),
        (&[(40, 0), (40, 0)], &[(0, 1024), (0, 1024)]),
    ] {
        let edits: Vec<(i64, i64)> = edits.iter().map(|(n, start)| (ms(*n), *start)).collect();
        let clip = with(&edits);
        let expected = parts
            .iter()
            .flat_map(|(from, to)| &whole.samples()[2 * from..2 * to]);
        let expected: Vec<f32> = expected.copied().collect();
        let heard = clip.frames();
        let error = |(a, b): (&f32, &f32)| (a - b).abs();
        assert_eq!(
            clip.samples().len(),
            expected.len(),
            "{edits:?}: {heard} frames"
        );
        // The start of a second part can have another packet before it.
        let all = clip.samples().iter().zip(&expected);
        let worst = all.map(error).fold(0.0, f32::max);
        assert!(worst < 0.6, "{edits:?}: {worst}");
        let first = 2 * (parts[0].1 - parts[0].0);
        assert_eq!(clip.samples()[..first], expected[..first], "{edits:?}");
    }
}

/// A file of blocks in groups: Opus of 20 ms per block, with a padding in nanoseconds.
#[cfg(feature = "opus")]
fn matroska(packets: &[Vec<u8>], head: &[u8], paddings: &[(usize, i64)]) -> Vec<u8> {
    let element = |id: &[u8], body: &[u8]| {
        let length = 0x1000_0000 | body.len() as u32;
        [id, &length.to_be_bytes(), body].concat()
    };
    let audio = element(b"\xb5", &48_000f64.to_be_bytes());
    let track = [
        element(b"\xd7", &[1]),
        element(b"\x83", &[2]),
        element(b"\x86", b"A_OPUS"),
        element(b"\x63\xa2", head),
        // CodecDelay and SeekPreRoll, of which nothing depends here.
        element(b"\x56\xaa", &6_500_000u32.to_be_bytes()),
        element(b"\x56\xbb", &80_000_000u32.to_be_bytes()),
        element(b"\xe1", &[audio, element(b"\x9f", &[2])].concat()),
    ];
    let tracks = element(b"\x16\x54\xae\x6b", &element(b"\xae", &track.concat()));
    let block = |(i, packet): (usize, &Vec<u8>)| {
        let time = (20 * i as u16).to_be_bytes();
        let block = element(b"\xa1", &[&[0x81], &time[..], &[0], packet].concat());
        let padding = paddings.iter().find(|(at, _)| *at == i);
        let padding = padding.map(|(_, ns)| element(b"\x75\xa2", &ns.to_be_bytes()[4..]));
        element(b"\xa0", &[block, padding.unwrap_or_default()].concat())
    };
    let blocks: Vec<u8> = packets.iter().enumerate().flat_map(block).collect();
    let cluster = element(
        b"\x1f\x43\xb6\x75",
        &[element(b"\xe7", &[0]), blocks].concat(),
    );
    let segment = element(b"\x18\x53\x80\x67", &[tracks, cluster].concat());
    [
        element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"matroska")),
        segment,
    ]
    .concat()
}

/// The packets of an OGG file without packets over page ends.
#[cfg(feature = "opus")]
fn ogg_packets(file: &[u8]) -> Vec<Vec<u8>> {
    let (mut at, mut packets, mut packet) = (0, Vec::new(), Vec::new());
    while at < file.len() {
        let segments = &file[at + 27..][..usize::from(file[at + 26])];
        at += 27 + segments.len();
        for n in segments {
            packet.extend(&file[at..at + usize::from(*n)]);
            at += usize::from(*n);
            if *n < 255 {
                packets.push(std::mem::take(&mut packet));
            }
        }
    }
    packets
}

#[cfg(feature = "opus")]
#[test]
fn padding_of_matroska_is_dropped_at_either_end_of_a_block() {
    let packets = ogg_packets(&std::fs::read(data("opus.ogg")).unwrap());
    let (head, packets) = (&packets[0], &packets[2..]);
    let whole = read(matroska(packets, head, &[])).unwrap();
    let skip = usize::from(u16::from_le_bytes([head[10], head[11]]));
    assert_eq!(whole.frames(), 960 * packets.len() - skip);
    let last = packets.len() - 1;
    // 5 ms are 240 frames; half a block at the start of the third, and more than all of the last.
    for (paddings, gone) in [
        (
            &[(last, 5_000_000)][..],
            whole.frames() - 240..whole.frames(),
        ),
        (&[(2, -10_000_000)], 1920 - skip..2400 - skip),
        (&[(2, 10_000_000)], 2400 - skip..2880 - skip),
        (&[(last, 25_000_000)], whole.frames() - 960..whole.frames()),
    ] {
        let clip = read(matroska(packets, head, paddings)).unwrap();
        let mut expected = whole.samples().to_vec();
        expected.drain(2 * gone.start..2 * gone.end);
        assert!(
            clip.samples() == expected,
            "{paddings:?}: {} frames",
            clip.frames()
        );
    }
}
