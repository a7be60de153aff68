//! The format of a file by its first bytes.

use super::{aac, mpeg, wav};

/// Bytes that [`sniff`] examines: enough for several of the longest MPEG frames.
pub(crate) const HEAD_BYTES: usize = 8192;

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// RIFF WAVE, RIFX, RF64, W64.
    Wav,
    /// Sun / NeXT audio.
    Au,
    /// AIFF and AIFC.
    Aiff,
    /// Core Audio.
    Caf,
    /// FLAC.
    Flac,
    /// OGG.
    Ogg,
    /// MP4, QuickTime.
    Mp4,
    /// Matroska, WebM.
    Matroska,
    /// MPEG audio.
    Mpeg,
    /// AAC in ADTS.
    Adts,
}

impl Format {
    /// The name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Au => "AU",
            Self::Aiff => "AIFF",
            Self::Caf => "CAF",
            Self::Flac => "FLAC",
            Self::Ogg => "OGG",
            Self::Mp4 => "MP4",
            Self::Matroska => "Matroska",
            Self::Mpeg => "MP3",
            Self::Adts => "AAC",
        }
    }
}

/// What the first bytes indicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// A format that is read.
    Known(Format),
    /// A sound format without a decoder, with its name.
    Unsupported(&'static str),
}

/// Signatures of formats that are read: offset, bytes, format.
const KNOWN: [(usize, &[u8], Format); 14] = [
    (0, b".snd", Format::Au),
    (0, b"dns.", Format::Au),
    (0, b"fLaC", Format::Flac),
    (0, b"OggS", Format::Ogg),
    (0, b"caff", Format::Caf),
    (0, b"\x1a\x45\xdf\xa3", Format::Matroska),
    (4, b"ftyp", Format::Mp4),
    // Boxes that older files begin with, or that are left when `ftyp` is lost.
    (4, b"moov", Format::Mp4),
    (4, b"mdat", Format::Mp4),
    (4, b"wide", Format::Mp4),
    (4, b"free", Format::Mp4),
    (4, b"skip", Format::Mp4),
    (4, b"pnot", Format::Mp4),
    (4, b"styp", Format::Mp4),
];

/// Signatures of sound formats without a decoder.
const UNSUPPORTED: [(usize, &[u8], &str); 25] = [
    (
        0,
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        "Windows Media Audio",
    ),
    (0, b"wvpk", "WavPack"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"MPCK", "Musepack"),
    (0, b"MP+", "Musepack"),
    (0, b"TTA1", "True Audio"),
    (0, b"TTA2", "True Audio"),
    (0, b"OFR ", "OptimFROG"),
    (0, b"tBaK", "TAK"),
    (0, b"ajkg", "Shorten"),
    (0, b"LA0", "Lossless Audio"),
    (0, b"DSD ", "DSD"),
    (0, b"FRM8", "DSD"),
    (0, b"#!AMR", "AMR"),
    (0, b"#!SILK", "SILK"),
    (0, b"MThd", "MIDI"),
    (0, b".RMF", "RealMedia"),
    (0, b".ra\xfd", "RealAudio"),
    (0, b"Creative Voice File", "Creative Voice"),
    (0, b"NIST_1A", "NIST SPHERE"),
    (0, b"\x0b\x77", "Dolby AC-3"),
    (0, b"\x7f\xfe\x80\x01", "DTS"),
    (0, b"FLV\x01", "Flash Video"),
    (0, b"Extended Module: ", "Extended Module"),
    (0, b"IMPM", "Impulse Tracker"),
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
    let riff = at(0, b"RIFF") || at(0, b"RIFX") || at(0, b"RF64") || at(0, b"BW64");
    if riff && at(8, b"WAVE") || wav::is_w64(head) {
        return Some(Signature::Known(Format::Wav));
    }
    if at(0, b"RIFF") && at(8, b"AVI ") {
        return Some(Signature::Unsupported("AVI"));
    }
    if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) {
        return Some(Signature::Known(Format::Aiff));
    }
    if at(0, b"FORM") && (at(8, b"8SVX") || at(8, b"16SV")) {
        return Some(Signature::Unsupported("IFF 8SVX"));
    }
    for (offset, magic, format) in KNOWN {
        if at(offset, magic) {
            return Some(Signature::Known(format));
        }
    }
    let whole = head.len() < HEAD_BYTES;
    if mpeg::two_frames(head, whole) {
        return Some(Signature::Known(Format::Mpeg));
    }
    if aac::two_frames(head, whole) {
        return Some(Signature::Known(Format::Adts));
    }
    for (offset, magic, name) in UNSUPPORTED {
        if at(offset, magic) {
            return Some(Signature::Unsupported(name));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_need_all_their_bytes() {
        let known = |f| Some(Signature::Known(f));
        assert_eq!(sniff(b"RIFF\0\0\0\0WAVE"), known(Format::Wav));
        assert_eq!(sniff(b"RIFF\0\0\0\0ABCD"), None);
        assert_eq!(sniff(b".snd"), known(Format::Au));
        assert_eq!(sniff(b".sn"), None);
        assert_eq!(sniff(b"\0\0\0\x20ftypM4A "), known(Format::Mp4));
        assert_eq!(sniff(b"wvpk"), Some(Signature::Unsupported("WavPack")));
        assert_eq!(sniff(b""), None);
    }

    #[test]
    fn an_mpeg_stream_is_recognised_by_two_frames() {
        // MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 144 * 128000 / 44100 = 417 bytes.
        let header = [0xff, 0xfb, 0x90, 0x00];
        let mut head = vec![0; 1000];
        head[..4].copy_from_slice(&header);
        assert_eq!(sniff(&head), None);
        head[417..421].copy_from_slice(&header);
        assert_eq!(sniff(&head), Some(Signature::Known(Format::Mpeg)));
        assert_eq!(sniff(&head[..417]), Some(Signature::Known(Format::Mpeg)));
    }

    #[test]
    fn the_description_shows_bytes_and_text() {
        assert_eq!(describe(b"ab\x00"), "61 62 00 \"ab.\"");
    }
}
