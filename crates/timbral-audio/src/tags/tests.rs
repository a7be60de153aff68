//! Tags of every kind, built byte by byte as their specifications say.

mod ape;
mod caf;
mod matroska;

use std::io::Cursor;

use super::SoundTags;

const TITLE: &str = "Blå i grönt";
const ARTIST: &str = "Miles Davis";
const ALBUM: &str = "Kind of 青";

fn read(bytes: Vec<u8>) -> SoundTags {
    SoundTags::from_reader(Cursor::new(bytes))
}

fn texts(tags: &SoundTags) -> [&str; 3] {
    [&tags.title, &tags.artist, &tags.album].map(|t| t.as_deref().unwrap_or(""))
}

fn seven_bits(n: usize) -> [u8; 4] {
    [n >> 21, n >> 14, n >> 7, n].map(|n| (n & 0x7f) as u8)
}

/// An ID3v2 tag of frames; those of version 2.4 have sizes in groups of seven bits.
fn id3(version: u8, flags: u8, frames: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (id, content) in frames {
        body.extend(id.bytes());
        match version {
            2 => body.extend(&(content.len() as u32).to_be_bytes()[1..]),
            3 => body.extend((content.len() as u32).to_be_bytes()),
            _ => body.extend(seven_bits(content.len())),
        }
        if version > 2 {
            body.extend([0, 0]);
        }
        body.extend(content);
    }
    // Padding.
    body.extend([0; 20]);
    if flags & 0x80 != 0 {
        body = unsynchronise(&body);
    }
    let mut tag = vec![b'I', b'D', b'3', version, 0, flags];
    tag.extend(seven_bits(body.len()));
    tag.extend(body);
    tag
}

fn unsynchronise(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, byte) in bytes.iter().enumerate() {
        out.push(*byte);
        let next = bytes.get(i + 1).copied().unwrap_or(0);
        if *byte == 0xff && (next == 0 || next >= 0xe0) {
            out.push(0);
        }
    }
    out
}

fn encoded(encoding: u8, text: &str) -> Vec<u8> {
    let mut out = vec![encoding];
    match encoding {
        0 => out.extend(text.chars().map(|c| c as u32 as u8)),
        1 => {
            out.extend([0xff, 0xfe]);
            out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        }
        2 => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        _ => out.extend(text.bytes()),
    }
    out
}

#[test]
fn every_version_and_encoding_of_id3v2() {
    for (version, ids) in [
        (2, ["TT2", "TP1", "TAL"]),
        (3, ["TIT2", "TPE1", "TALB"]),
        (4, ["TIT2", "TPE1", "TALB"]),
    ] {
        for encoding in 0..4 {
            let album = if encoding == 0 { "Kind of Blue" } else { ALBUM };
            let frames: Vec<(&str, Vec<u8>)> = ids
                .into_iter()
                .zip([TITLE, ARTIST, album])
                .map(|(id, text)| (id, encoded(encoding, text)))
                .collect();
            for flags in [0, 0x80] {
                // Of version 2.4 each frame is made so, not the whole tag.
                let frames: Vec<_> = frames
                    .iter()
                    .map(|(id, content)| match version == 4 && flags != 0 {
                        true => (*id, unsynchronise(content)),
                        false => (*id, content.clone()),
                    })
                    .collect();
                let tag = match version {
                    4 => {
                        let mut tag = id3(4, 0, &frames);
                        tag[5] = flags;
                        tag
                    }
                    _ => id3(version, flags, &frames),
                };
                let tags = read(tag);
                assert_eq!(
                    texts(&tags),
                    [TITLE, ARTIST, album],
                    "2.{version} {encoding} {flags:x}"
                );
            }
        }
    }
}

#[test]
fn frames_with_flags_and_sizes_of_older_programs() {
    // An extended header, of versions 2.3 and 2.4.
    let artist = vec![("TPE1", encoded(3, ARTIST))];
    for (version, extended) in [
        (3, vec![0, 0, 0, 6, 0, 0, 0, 0, 0, 0]),
        (4, vec![0, 0, 0, 6, 1, 0]),
    ] {
        let mut tag = id3(version, 0, &artist);
        tag[5] = 0x40;
        tag.splice(10..10, extended);
        assert_eq!(texts(&read(tag)), ["", ARTIST, ""], "2.{version}");
    }
    // A frame of 200 bytes whose size is written as in version 2.3.
    let long = format!("{ARTIST}{}", "!".repeat(200));
    let mut tag = id3(
        4,
        0,
        &[("TPE1", encoded(3, &long)), ("TALB", encoded(3, ALBUM))],
    );
    tag[14..18].copy_from_slice(&(long.len() as u32 + 1).to_be_bytes());
    assert_eq!(texts(&read(tag)), ["", &long, ALBUM]);
    // A compressed frame is passed over; a group and a length come before the text.
    let grouped = [&[7, 0, 0, 0, 12][..], &encoded(3, ARTIST)].concat();
    let mut tag = id3(4, 0, &[("TALB", vec![3, 120]), ("TPE1", grouped)]);
    tag[19] = 0x08;
    tag[31] = 0x41;
    assert_eq!(texts(&read(tag)), ["", ARTIST, ""]);
    // The first of several values, and the artist of the album for want of another.
    let tag = id3(
        4,
        0,
        &[
            ("TPE2", encoded(3, "Ann\0Bob")),
            ("TALB", encoded(1, "\u{feff} Hot \n")),
        ],
    );
    assert_eq!(texts(&read(tag)), ["", "Ann", "Hot"]);
}

fn comments(texts: &[&str]) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let mut out = text("some program");
    out.extend((texts.len() as u32).to_le_bytes());
    out.extend(texts.iter().flat_map(|t| text(t)));
    out
}

fn all_comments() -> Vec<u8> {
    let [title, artist, album] =
        [("Title", TITLE), ("ARTIST", ARTIST), ("album", ALBUM)].map(|(k, v)| format!("{k}={v}"));
    comments(&[
        "no equals sign",
        &title,
        "albumartist=Others",
        &artist,
        "ARTIST=Second",
        &album,
    ])
}

/// A page of OGG with the packets; a last packet whose length is a multiple of 255 goes on.
fn page(serial: u8, packets: &[&[u8]], ends: bool) -> Vec<u8> {
    let mut lacing = Vec::new();
    for (i, packet) in packets.iter().enumerate() {
        lacing.extend(std::iter::repeat_n(255u8, packet.len() / 255));
        if ends || i + 1 < packets.len() {
            lacing.push((packet.len() % 255) as u8);
        }
    }
    let mut out = b"OggS".to_vec();
    out.extend([0; 10]);
    out.extend([serial, 0, 0, 0]);
    out.extend([0; 8]);
    out.push(lacing.len() as u8);
    out.extend(lacing);
    packets.iter().for_each(|packet| out.extend(*packet));
    out
}

#[test]
fn vorbis_comments_of_flac_and_ogg() {
    let comments = all_comments();
    let expected = [TITLE, ARTIST, ALBUM];
    let mut flac = b"fLaC\0\0\0\x04sure".to_vec();
    flac.extend([0x84]);
    flac.extend(&(comments.len() as u32).to_be_bytes()[1..]);
    flac.extend(&comments);
    assert_eq!(texts(&read(flac.clone())), expected);
    // Behind an ID3v2 tag, whose texts come first.
    let mut tagged = id3(3, 0, &[("TPE1", encoded(0, "Ann"))]);
    tagged.extend(&flac);
    assert_eq!(texts(&read(tagged)), [TITLE, "Ann", ALBUM]);

    let vorbis = [b"\x03vorbis", &comments[..]].concat();
    // Another stream in between; the packet goes on over two pages.
    let long = [&vorbis[..], &[0; 600]].concat();
    let file = [
        page(1, &[b"fishead\0"], true),
        page(2, &[b"\x01vorbis...."], true),
        page(1, &[b"noise"], true),
        page(2, &[&long[..510]], false),
        page(1, &[b"noise"], true),
        page(2, &[&long[510..]], true),
    ];
    assert_eq!(texts(&read(file.concat())), expected);
    let opus = [b"OpusTags", &comments[..]].concat();
    let file = [page(5, &[b"OpusHead...."], true), page(5, &[&opus], true)];
    assert_eq!(texts(&read(file.concat())), expected);
    let block = [&[4, 0, 0, 0], &comments[..]].concat();
    let head = b"\x7fFLAC\x01\0\0\x02fLaC";
    let file = [
        page(5, &[head], true),
        page(5, &[&[3, 0, 0, 0][..], &block], true),
    ];
    assert_eq!(texts(&read(file.concat())), expected);
}

fn chunk(name: &str, content: &[u8], little: bool) -> Vec<u8> {
    let n = content.len() as u32;
    let size = if little {
        n.to_le_bytes()
    } else {
        n.to_be_bytes()
    };
    let mut out = [name.as_bytes(), &size, content].concat();
    out.resize(out.len() + content.len() % 2, 0);
    out
}

#[test]
fn chunks_of_wav_and_aiff() {
    for (magic, little) in [("RIFF", true), ("RIFX", false)] {
        let info = [
            b"INFO".to_vec(),
            chunk("INAM", b"Bl\xe5 i gr\xf6nt\0", little),
            chunk("IART", ARTIST.as_bytes(), little),
            chunk("IPRD", ALBUM.as_bytes(), little),
        ];
        let file = [
            chunk(magic, b"WAVE", little),
            chunk("fmt ", &[0; 16], little),
            chunk("data", &[0; 7], little),
            chunk("LIST", &info.concat(), little),
        ];
        assert_eq!(
            texts(&read(file.concat())),
            [TITLE, ARTIST, ALBUM],
            "{magic}"
        );
    }
    // The size of the sound is in `ds64`.
    let mut ds64 = [0; 28];
    ds64[8] = 3;
    let mut data = chunk("data", &[0; 3], true);
    data[4..8].fill(0xff);
    let tag = id3(3, 0, &[("TALB", encoded(1, ALBUM))]);
    let file = [
        chunk("RF64", b"WAVE", true),
        chunk("ds64", &ds64, true),
        data,
        chunk("id3 ", &tag, true),
    ];
    assert_eq!(texts(&read(file.concat())), ["", "", ALBUM]);

    let tag = id3(4, 0, &[("TALB", encoded(3, ALBUM))]);
    let file = [
        chunk("FORM", b"AIFF", false),
        chunk("NAME", TITLE.as_bytes(), false),
        chunk("SSND", &[0; 9], false),
        chunk("AUTH", ARTIST.as_bytes(), false),
        chunk("ID3 ", &tag, false),
    ];
    assert_eq!(texts(&read(file.concat())), [TITLE, ARTIST, ALBUM]);
}

fn mp4_box(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = (8 + content.len() as u32).to_be_bytes();
    [&size[..], name, content].concat()
}

#[test]
fn items_of_mp4() {
    let item = |name, kind: u8, text: &[u8]| {
        let data = [&[0, 0, 0, kind, 0, 0, 0, 0], text].concat();
        mp4_box(name, &mp4_box(b"data", &data))
    };
    let utf16: Vec<u8> = ALBUM.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let items = [
        item(b"\xa9nam", 1, TITLE.as_bytes()),
        item(b"aART", 1, b"Others"),
        item(b"\xa9ART", 1, ARTIST.as_bytes()),
        item(b"\xa9alb", 2, &utf16),
    ];
    let handler = mp4_box(b"hdlr", &[0; 25]);
    let list = mp4_box(b"ilst", &items.concat());
    for version in [&[0; 4][..], &[]] {
        let meta = mp4_box(b"meta", &[version, &handler, &list].concat());
        let moov = mp4_box(b"moov", &mp4_box(b"udta", &meta));
        let file = [mp4_box(b"ftyp", b"M4A "), mp4_box(b"mdat", &[0; 30]), moov];
        assert_eq!(texts(&read(file.concat())), [TITLE, ARTIST, ALBUM]);
    }
}

#[test]
fn words_for_unknown_are_no_names() {
    let tag = |artist: &str| {
        id3(
            4,
            0,
            &[
                ("TPE1", encoded(3, artist)),
                ("TALB", encoded(3, "Unknown Album")),
            ],
        )
    };
    for artist in ["Various Artists", "unknown", " \0 ", "<unknown>"] {
        assert_eq!(read(tag(artist)), SoundTags::default(), "{artist}");
    }
    assert_eq!(texts(&read(tag("The Unknown"))), ["", "The Unknown", ""]);
}

#[test]
fn damaged_tags_are_no_error() {
    let info = [b"INFO".to_vec(), chunk("IART", ARTIST.as_bytes(), true)].concat();
    let files = [
        id3(
            4,
            0x80,
            &[("TPE1", encoded(1, ARTIST)), ("TALB", encoded(2, ALBUM))],
        ),
        id3(3, 0xc0, &[("TPE1", encoded(0, ARTIST))]),
        [
            page(2, &[b"\x01vorbis...."], true),
            page(2, &[&[b"\x03vorbis", &all_comments()[..]].concat()], true),
        ]
        .concat(),
        [chunk("RIFF", b"WAVE", true), chunk("LIST", &info, true)].concat(),
        [
            mp4_box(b"ftyp", b"M4A "),
            mp4_box(b"moov", &mp4_box(b"udta", &mp4_box(b"meta", &[0; 40]))),
        ]
        .concat(),
    ];
    for file in files {
        damage(&file);
    }
    assert!(SoundTags::read("/no/such/file").is_err());
}

/// Reads all beginnings of a file, and it with each byte changed.
fn damage(file: &[u8]) {
    for cut in 0..file.len() {
        let _ = read(file[..cut].to_vec());
        for byte in [0, 0x7f, 0xff] {
            let mut changed = file.to_vec();
            changed[cut] = byte;
            let _ = read(changed);
        }
    }
}
