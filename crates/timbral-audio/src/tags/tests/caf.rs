//! The chunk `info` of CAF.

use super::*;

fn caf_chunk(name: &str, size: Option<i64>, content: &[u8]) -> Vec<u8> {
    let size = size.unwrap_or(content.len() as i64).to_be_bytes();
    [name.as_bytes(), &size, content].concat()
}

fn file(order: [usize; 2], data_bytes: Option<i64>) -> Vec<u8> {
    let mut info = 4u32.to_be_bytes().to_vec();
    for (name, value) in [
        ("encoding application", "some program"),
        ("title", TITLE),
        ("artist", ARTIST),
        ("album", ALBUM),
    ] {
        info.extend(format!("{name}\0{value}\0").bytes());
    }
    let chunks = [
        caf_chunk("info", None, &info),
        caf_chunk("data", data_bytes, &[0; 21]),
    ];
    let mut out = b"caff\0\x01\0\0".to_vec();
    out.extend(caf_chunk("desc", None, &[0; 32]));
    order.iter().for_each(|i| out.extend(&chunks[*i]));
    out
}

#[test]
fn the_chunk_is_before_or_after_the_sound() {
    for file in [
        file([0, 1], None),
        file([1, 0], None),
        file([0, 1], Some(-1)),
    ] {
        assert_eq!(texts(&read(file)), [TITLE, ARTIST, ALBUM]);
    }
    damage(&file([1, 0], None));
}
