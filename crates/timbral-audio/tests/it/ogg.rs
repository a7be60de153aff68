//! Positions in OGG: the pages of `tests/data/tone.ogg`, made anew with other positions.

#![cfg(feature = "symphonia")]

use std::io::Cursor;

use timbral_audio::decode_reader;

use crate::data;

/// The checksum of a page, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
            (crc << 1) ^ ((crc >> 31) * 0x04c1_1db7)
        })
    })
}

fn page(flags: u8, position: i64, number: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut lacing = Vec::new();
    for packet in packets {
        lacing.extend(vec![255; packet.len() / 255]);
        lacing.push((packet.len() % 255) as u8);
    }
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(position.to_le_bytes());
    page.extend(7u32.to_le_bytes());
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.push(lacing.len().try_into().unwrap());
    page.extend(lacing);
    page.extend(packets.concat());
    let crc = crc(&page).to_le_bytes();
    page[22..26].copy_from_slice(&crc);
    page
}

/// All packets of a file.
fn packets(file: &[u8]) -> Vec<Vec<u8>> {
    let (mut packets, mut partial, mut rest) = (Vec::new(), Vec::new(), file);
    while let Some(n) = rest.get(26) {
        let (lacing, mut body) = rest[27..].split_at(usize::from(*n));
        for n in lacing {
            let (part, after) = body.split_at(usize::from(*n));
            partial.extend_from_slice(part);
            body = after;
            if *n < 255 {
                packets.push(std::mem::take(&mut partial));
            }
        }
        rest = body;
    }
    packets
}

/// The file with positions that begin at `start` instead of 0, and `n` packets of sound on the first page.
fn shifted(packets: &[Vec<u8>], n: usize, start: i64) -> Vec<u8> {
    let sound = &packets[3..];
    // What the first page decodes to is the length of a file that ends there.
    let first = [
        page(2, 0, 0, &packets[..1]),
        page(0, 0, 1, &packets[1..3]),
        page(4, i64::MAX, 2, &sound[..n]),
    ];
    let at = read(first.concat()).len() as i64 / 2;
    let all = read([&first[..2].concat()[..], &page(4, i64::MAX, 2, sound)].concat());
    let end = all.len() as i64 / 2;
    [
        &first[..2].concat()[..],
        &page(0, start + at, 2, &sound[..n]),
        &page(4, start + end - 10, 3, &sound[n..]),
    ]
    .concat()
}

fn read(file: Vec<u8>) -> Vec<f32> {
    let clip = decode_reader(Cursor::new(file), "<test>").unwrap();
    assert_eq!(clip.channels(), 2);
    clip.into_samples()
}

/// As libvorbis does: samples before position 0 are dropped, and a file that was cut out of another one, whose
/// positions begin later, is whole; the last position is counted from the first.
#[test]
fn positions_of_vorbis_begin_with_the_first_page() {
    let packets = packets(&std::fs::read(data("tone.ogg")).unwrap());
    for n in [2, 3, packets.len() - 4] {
        let whole = read(shifted(&packets, n, 0));
        for start in [-1, -100, 1, 1000, 1 << 40] {
            let samples = read(shifted(&packets, n, start));
            let dropped = 2 * usize::try_from(-start).unwrap_or(0);
            let lengths = (samples.len(), whole.len());
            assert!(
                samples == whole[dropped..],
                "{n} packets, from {start}: {lengths:?}"
            );
        }
    }
}
