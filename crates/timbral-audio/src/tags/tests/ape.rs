//! APEv2 at the end and at the start of a file.

use super::*;

const HAS_HEADER: u32 = 1 << 31;
const IS_HEADER: u32 = 1 << 29;

fn item(name: &str, flags: u32, value: &[u8]) -> Vec<u8> {
    let mut out = (value.len() as u32).to_le_bytes().to_vec();
    out.extend(flags.to_le_bytes());
    out.extend(name.bytes());
    out.push(0);
    out.extend(value);
    out
}

fn head(items: &[u8], flags: u32) -> Vec<u8> {
    let mut out = b"APETAGEX".to_vec();
    out.extend(2000u32.to_le_bytes());
    out.extend((items.len() as u32 + 32).to_le_bytes());
    out.extend(3u32.to_le_bytes());
    out.extend(flags.to_le_bytes());
    out.extend([0; 8]);
    out
}

/// A tag with a header and a footer.
fn tag(items: &[u8]) -> Vec<u8> {
    let header = head(items, HAS_HEADER | IS_HEADER);
    [&header[..], items, &head(items, HAS_HEADER)].concat()
}

fn all() -> Vec<u8> {
    [
        item("Cover Art (Front)", 2, b"a.png\0....."),
        // Of another kind than text.
        item("Album", 2, b"binary"),
        item("Title", 0, TITLE.as_bytes()),
        item("ARTIST", 0, &[ARTIST.as_bytes(), b"\0Second"].concat()),
        item("album", 0, ALBUM.as_bytes()),
    ]
    .concat()
}

fn id3v1(artist: &str) -> Vec<u8> {
    let mut tag = b"TAG".to_vec();
    for text in ["", artist, "Of ID3v1"] {
        tag.extend(format!("{text:\0<30}").bytes());
    }
    tag.resize(128, 0);
    tag
}

fn lyrics(text: &str) -> Vec<u8> {
    let text = format!("LYRICSBEGIN{text}");
    format!("{text}{:06}LYRICS200", text.len()).into_bytes()
}

#[test]
fn a_tag_is_found_at_the_end_and_before_others() {
    let expected = [TITLE, ARTIST, ALBUM];
    let (sound, items) = (vec![0x55; 500], all());
    let without_header = [&items[..], &head(&items, 0)].concat();
    for tag in [tag(&items), without_header] {
        for after in [
            vec![],
            id3v1("Cut"),
            [lyrics("IND00002000"), id3v1("Cut")].concat(),
        ] {
            let file = [&sound[..], &tag, &after].concat();
            assert_eq!(texts(&read(file)), expected, "{} after", after.len());
        }
        // ID3v1 before it, too.
        let file = [&sound[..], &id3v1("Cut"), &tag].concat();
        assert_eq!(texts(&read(file)), expected);
    }
    // What it lacks is that of ID3v1; ID3v2 counts first.
    let items = item("Artist", 0, ARTIST.as_bytes());
    let file = [
        id3(3, 0, &[("TIT2", encoded(1, TITLE))]),
        sound.clone(),
        tag(&items),
        id3v1("Cut"),
    ];
    assert_eq!(texts(&read(file.concat())), [TITLE, ARTIST, "Of ID3v1"]);
    // At the start, and before sound that has tags itself.
    let file = [tag(&items), sound].concat();
    assert_eq!(texts(&read(file)), ["", ARTIST, ""]);
}

#[test]
fn damaged_tags_are_no_error() {
    let file = [
        tag(&item("Title", 0, b"T")),
        vec![0x55; 20],
        tag(&all()),
        lyrics("IND00002000"),
        id3v1("Cut"),
    ];
    damage(&file.concat());
    // A size that leads before the file.
    let items = all();
    let mut footer = head(&items, 0);
    footer[12..16].fill(0xff);
    let file = [&items[..], &footer].concat();
    assert_eq!(read(file), SoundTags::default());
}
