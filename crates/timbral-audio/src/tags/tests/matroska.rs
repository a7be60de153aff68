//! `SeekHead`, `Info` and `Tags` of Matroska.

use super::*;

/// An element whose size has one byte, two or eight; `None` is the unknown size.
fn element(id: u32, size_bytes: usize, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let id = id.to_be_bytes();
    let start = id.iter().position(|b| *b != 0).unwrap();
    let size = content.len() as u64 | (1u64 << (7 * size_bytes));
    let size = &size.to_be_bytes()[8 - size_bytes..];
    [&id[start..], size, &content].concat()
}

fn unknown(id: u32, content: &[&[u8]]) -> Vec<u8> {
    [&id.to_be_bytes()[..], &[0xff], &content.concat()].concat()
}

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const SEEK_HEAD: u32 = 0x114d_9b74;
const TAGS: u32 = 0x1254_c367;
const INFO: u32 = 0x1549_a966;

fn simple(name: &str, value: &str) -> Vec<u8> {
    let name = element(0x45a3, 1, &[name.as_bytes()]);
    let language = element(0x447a, 1, &[b"und"]);
    let value = element(0x4487, 8, &[value.as_bytes()]);
    element(0x67c8, 2, &[&name, &language, &value])
}

/// A tag of pairs of an identifier and a number in `Targets`, and of texts.
fn tag(targets: &[(u32, u8)], texts: &[(&str, &str)]) -> Vec<u8> {
    let targets = targets.iter().map(|(id, n)| element(*id, 1, &[&[*n]]));
    let targets = element(0x63c0, 1, &[&targets.collect::<Vec<_>>().concat()]);
    let texts = texts.iter().map(|(name, value)| simple(name, value));
    element(0x7373, 2, &[&targets, &texts.collect::<Vec<_>>().concat()])
}

fn tags(tags: &[Vec<u8>]) -> Vec<u8> {
    element(TAGS, 8, &[&tags.concat()])
}

fn info(title: &str) -> Vec<u8> {
    let title = element(0x7ba9, 1, &[title.as_bytes(), b"\0\0"]);
    element(INFO, 1, &[&title])
}

fn file(parts: &[&[u8]]) -> Vec<u8> {
    let head = element(0x1a45_dfa3, 1, &[b"...."]);
    [head, element(SEGMENT, 8, parts)].concat()
}

#[test]
fn tags_of_a_file_are_those_of_the_piece() {
    let cluster = element(CLUSTER, 8, &[&[0; 300]]);
    // As ffmpeg writes them: without a target.
    let plain = tags(&[
        tag(&[(0x63c5, 1)], &[("ENCODER", "some program")]),
        tag(
            &[],
            &[
                ("ALBUM_ARTIST", "Others"),
                ("ARTIST", ARTIST),
                ("Album", ALBUM),
            ],
        ),
    ]);
    let expected = [TITLE, ARTIST, ALBUM];
    for parts in [
        [&info(TITLE)[..], &plain, &cluster, &cluster],
        [&cluster[..], &cluster, &plain, &info(TITLE)],
    ] {
        assert_eq!(texts(&read(file(&parts))), expected);
    }
    // Written without going back: no size is known, and blocks come one by one.
    let block = element(0xa3, 2, &[&[0; 200]]);
    let live = unknown(
        SEGMENT,
        &[&info(TITLE), &unknown(CLUSTER, &[&block, &block]), &plain],
    );
    let live = [&element(0x1a45_dfa3, 1, &[b"...."])[..], &live].concat();
    assert_eq!(texts(&read(live)), expected);
}

/// A `SeekHead` of pairs of an identifier and a position; its own length does not depend on these.
fn seek_head(entries: &[(u32, usize)]) -> Vec<u8> {
    let entry = |(id, position): &(u32, usize)| {
        let id = element(0x53ab, 1, &[&id.to_be_bytes()]);
        let position = element(0x53ac, 1, &[&(*position as u64).to_be_bytes()]);
        element(0x4dbb, 1, &[&id, &position])
    };
    element(
        SEEK_HEAD,
        2,
        &[&entries.iter().map(entry).collect::<Vec<_>>().concat()],
    )
}

#[test]
fn tags_behind_any_number_of_clusters_are_found_by_the_seek_head() {
    let clusters = element(CLUSTER, 8, &[&[0; 3]]).repeat(20_000);
    let blocks = element(0xa3, 2, &[&[0; 3]]).repeat(20_000);
    let live = unknown(CLUSTER, &[&blocks]);
    let plain = tags(&[tag(&[], &[("ARTIST", ARTIST), ("ALBUM", ALBUM)])]);
    let expected = [TITLE, ARTIST, ALBUM];
    let head_bytes = seek_head(&[(TAGS, 0)]).len();
    for sound in [&clusters, &live] {
        let at = head_bytes + sound.len();
        let head = seek_head(&[(TAGS, at + info(TITLE).len())]);
        let parts = [&head[..], &info(TITLE), sound, &plain];
        assert_eq!(texts(&read(file(&parts))), expected);
        // The first one only says where the second one is, as some programs write them.
        let (first, second) = (
            seek_head(&[(SEEK_HEAD, at)]),
            seek_head(&[(TAGS, at + head_bytes)]),
        );
        let parts = [&first[..], sound, &second, &plain, &info(TITLE)];
        assert_eq!(texts(&read(file(&parts))), ["", ARTIST, ALBUM]);
        // Without an index they are too far away.
        let parts = [&info(TITLE)[..], sound, &plain];
        assert_eq!(texts(&read(file(&parts))), [TITLE, "", ""]);
    }
    let cluster = element(CLUSTER, 8, &[&[0; 300]]);
    for wrong in [0, 1, head_bytes + 5, 1_000_000, usize::MAX] {
        let head = seek_head(&[(TAGS, wrong), (SEEK_HEAD, wrong), (INFO, wrong)]);
        let parts = [&head[..], &cluster, &plain, &info(TITLE)];
        assert_eq!(texts(&read(file(&parts))), expected, "{wrong}");
        damage(&file(&parts));
    }
}

#[test]
fn tags_of_an_album_and_of_its_pieces() {
    let (value, chapter) = (0x68ca, 0x63c4);
    let all = tags(&[
        tag(
            &[(chapter, 9)],
            &[("TITLE", "Chapter"), ("ARTIST", "Nobody")],
        ),
        tag(&[(value, 70)], &[("TITLE", "Collection")]),
        tag(&[(value, 50)], &[("TITLE", ALBUM), ("ARTIST", "Others")]),
        tag(&[(value, 30), (chapter, 0)], &[("TITLE", TITLE)]),
    ]);
    assert_eq!(texts(&read(file(&[&all]))), [TITLE, "Others", ALBUM]);
    let piece = tags(&[tag(&[(value, 30)], &[("ARTIST", ARTIST)])]);
    assert_eq!(texts(&read(file(&[&all, &piece]))), [TITLE, ARTIST, ALBUM]);
    damage(&file(&[&info("Name"), &all, &piece]));
}
