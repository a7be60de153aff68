//! The format of a file by its first bytes.

/// Bytes that [`sniff`] looks at: room for two of the longest MPEG frames.
pub(crate) const HEAD_BYTES: usize = 4096;

/// The name of a RIFF WAVE file.
pub(crate) const WAV: &str = "WAV";

/// The name of a file with an ID3 tag until the format after the tag is known; most often it is MP3.
pub(crate) const ID3: &str = "ID3-tagged";

/// The format that the first bytes indicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// RIFF WAVE.
    Wav,
    /// Sun / NeXT audio.
    Au,
    /// A format that Symphonia decodes, with its name.
    Symphonia(&'static str),
    /// A sound format without a decoder, with its name.
    Unsupported(&'static str),
}

/// Fixed signatures: offset, bytes, format.
const MAGIC: [(usize, &[u8], Signature); 15] = [
    (0, b".snd", Signature::Au),
    (0, b"fLaC", Signature::Symphonia("FLAC")),
    (0, b"OggS", Signature::Symphonia("OGG")),
    (0, b"ID3", Signature::Symphonia(ID3)),
    (0, b"caff", Signature::Symphonia("CAF")),
    (4, b"ftyp", Signature::Symphonia("MP4")),
    (0, b"\x1a\x45\xdf\xa3", Signature::Symphonia("Matroska")),
    (0, b"RF64", Signature::Unsupported("RF64")),
    (0, b"RIFX", Signature::Unsupported("RIFX")),
    (0, b"\x30\x26\xb2\x75", Signature::Unsupported("WMA")),
    (0, b"wvpk", Signature::Unsupported("WavPack")),
    (0, b"MAC ", Signature::Unsupported("Monkey's Audio")),
    (0, b"MPCK", Signature::Unsupported("Musepack")),
    (0, b"MP+", Signature::Unsupported("Musepack")),
    (0, b"MThd", Signature::Unsupported("MIDI")),
];

/// The format of a file by its first [`HEAD_BYTES`] bytes (or all of a shorter file).
///
/// MPEG streams have no signature but a 12-bit pattern that is frequent in random samples, so a second
/// frame must start where the first one ends.
pub(crate) fn sniff(head: &[u8]) -> Option<Signature> {
    let at = |offset: usize, magic: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    if at(0, b"RIFF") && at(8, b"WAVE") {
        return Some(Signature::Wav);
    }
    if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) {
        return Some(Signature::Symphonia("AIFF"));
    }
    for (offset, magic, signature) in MAGIC {
        if at(offset, magic) {
            return Some(signature);
        }
    }
    if two_frames(head, mpeg_frame_bytes) {
        return Some(Signature::Symphonia("MP3"));
    }
    if two_frames(head, adts_frame_bytes) {
        return Some(Signature::Symphonia("AAC"));
    }
    None
}

/// Up to 12 bytes as hexadecimal and as text, for the message about an unknown format.
pub(crate) fn describe(head: &[u8]) -> String {
    let shown = &head[..head.len().min(12)];
    let hex: Vec<String> = shown.iter().map(|b| format!("{b:02x}")).collect();
    let text: String = shown
        .iter()
        .map(|&b| match b {
            b' '..=b'~' => char::from(b),
            _ => '.',
        })
        .collect();
    format!("{} \"{text}\"", hex.join(" "))
}

/// Whether a frame starts at 0 and another where it ends, or the file ends exactly there.
fn two_frames(head: &[u8], frame_bytes: fn(&[u8]) -> Option<usize>) -> bool {
    let Some(n) = frame_bytes(head) else {
        return false;
    };
    match head.get(n..) {
        Some([]) => head.len() < HEAD_BYTES,
        Some(rest) => frame_bytes(rest).is_some(),
        None => false,
    }
}

/// Length of the MPEG audio layer II or III frame at the start of `b` (ISO 11172-3, 13818-3).
fn mpeg_frame_bytes(b: &[u8]) -> Option<usize> {
    const V1_L2: [usize; 15] = [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    ];
    const V1_L3: [usize; 15] = [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];
    const V2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let [b0, b1, b2, _] = *b.first_chunk::<4>()?;
    if b0 != 0xff || b1 & 0xe0 != 0xe0 {
        return None;
    }
    let version = (b1 >> 3) & 3; // 0: MPEG 2.5, 2: MPEG 2, 3: MPEG 1
    let layer = (b1 >> 1) & 3; // 1: III, 2: II
    let (kbit, samples_per_frame) = match (version, layer) {
        (3, 2) => (V1_L2, 1152),
        (3, 1) => (V1_L3, 1152),
        (0 | 2, 2) => (V2, 1152),
        (0 | 2, 1) => (V2, 576),
        _ => return None,
    };
    let bits_per_second = 1000 * *kbit.get(usize::from(b2 >> 4)).filter(|k| **k > 0)?;
    let rate = *[44_100, 48_000, 32_000].get(usize::from((b2 >> 2) & 3))?
        / match version {
            3 => 1,
            2 => 2,
            _ => 4,
        };
    let padding = usize::from((b2 >> 1) & 1);
    Some(samples_per_frame / 8 * bits_per_second / rate + padding)
}

/// Length of the ADTS frame at the start of `b` (ISO 13818-7).
fn adts_frame_bytes(b: &[u8]) -> Option<usize> {
    let [b0, b1, b2, b3, b4, b5] = *b.first_chunk::<6>()?;
    let sync = b0 == 0xff && b1 & 0xf6 == 0xf0;
    let rate_known = (b2 >> 2) & 15 < 13;
    let bytes = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
    (sync && rate_known && bytes > 7).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_need_all_their_bytes() {
        assert_eq!(sniff(b"RIFF\0\0\0\0WAVE"), Some(Signature::Wav));
        assert_eq!(sniff(b"RIFF\0\0\0\0AVI "), None);
        assert_eq!(sniff(b".snd"), Some(Signature::Au));
        assert_eq!(sniff(b".sn"), None);
        assert_eq!(
            sniff(b"\0\0\0\x20ftypM4A "),
            Some(Signature::Symphonia("MP4"))
        );
        assert_eq!(sniff(b"wvpk"), Some(Signature::Unsupported("WavPack")));
        assert_eq!(sniff(b""), None);
    }

    #[test]
    fn an_mpeg_stream_is_recognised_by_two_frames() {
        // MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 144 * 128000 / 44100 = 417 bytes.
        let header = [0xff, 0xfb, 0x90, 0x00];
        assert_eq!(mpeg_frame_bytes(&header), Some(417));
        let mut head = vec![0; 1000];
        head[..4].copy_from_slice(&header);
        assert_eq!(sniff(&head), None);
        head[417..421].copy_from_slice(&header);
        assert_eq!(sniff(&head), Some(Signature::Symphonia("MP3")));
        assert_eq!(sniff(&head[..417]), Some(Signature::Symphonia("MP3")));
    }

    #[test]
    fn the_description_shows_bytes_and_text() {
        assert_eq!(describe(b"ab\x00"), "61 62 00 \"ab.\"");
    }
}
