/// Extensions of file names that [`recording_of`] removes.
const EXTENSIONS: [&str; 15] = [
    "wav", "wave", "au", "snd", "aif", "aiff", "aifc", "mp3", "flac", "ogg", "oga", "opus", "m4a",
    "mp4", "aac",
];

/// The recording that a row is a segment of, derived from the name of the row.
///
/// Removes the extension of a sound file (in upper or lower case) and then the number of a segment: a
/// point and one to four digits without leading zeros. If the rest is a GTZAN name (a genre, a point and
/// five digits), folders are removed as well, so that a recording has the same name in every copy of the
/// data set. Any other name keeps its folders.
///
/// ```
/// use timbral_data::recording_of;
/// assert_eq!(recording_of("blues.00000.3.wav"), "blues.00000");
/// assert_eq!(recording_of("genres/blues/blues.00000.AU"), "blues.00000");
/// assert_eq!(recording_of("disc 1/take.12.flac"), "disc 1/take");
/// assert_eq!(recording_of("row 7"), "row 7");
/// ```
pub fn recording_of(id: &str) -> &str {
    let stem = match id.rsplit_once('.') {
        Some((stem, end)) if EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(end)) => stem,
        _ => id,
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let segment = |s: &str| digits(s) && s.len() < 5 && (s == "0" || !s.starts_with('0'));
    let recording = match stem.rsplit_once('.') {
        Some((recording, end)) if segment(end) => recording,
        _ => stem,
    };
    let name = recording.rsplit(['/', '\\']).next().unwrap_or(recording);
    let whole = match name.rsplit_once('.') {
        Some((genre, clip)) if !genre.is_empty() && clip.len() == 5 && digits(clip) => name,
        _ => recording,
    };
    if whole.is_empty() { id } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_extension_and_segment() {
        for (id, recording) in [
            ("blues.00000.wav", "blues.00000"),
            ("blues.00000.0.wav", "blues.00000"),
            ("blues.00000.12.WAV", "blues.00000"),
            ("blues.00000.3", "blues.00000"),
            ("blues.00000", "blues.00000"),
            ("/data/blues/blues.00000.9.au", "blues.00000"),
            ("C:\\gtzan\\blues.00000.9.Wav", "blues.00000"),
            ("take.0.wav", "take"),
            ("take.wav", "take"),
            ("take.3", "take"),
            ("a.b.2.mp3", "a.b"),
            ("disc1/01.wav", "disc1/01"),
            ("disc2/01.wav", "disc2/01"),
            ("track.01.wav", "track.01"),
            ("artist.song", "artist.song"),
            ("17", "17"),
            ("3.7", "3"),
            ("a.12345.wav", "a.12345"),
            (".00001.wav", ".00001"),
            ("x/.wav", "x/"),
            (".wav", ".wav"),
            (".3.wav", ".3.wav"),
            ("", ""),
            ("été.1.flac", "été"),
        ] {
            assert_eq!(recording_of(id), recording, "{id:?}");
        }
    }

    #[test]
    fn a_recording_is_its_own_recording_unless_numbered() {
        for id in ["blues.00000", "disc 1/take", "row 7"] {
            assert_eq!(recording_of(recording_of(id)), recording_of(id));
        }
    }
}
