use super::sound_name::is_sound_extension;

/// The recording of which a row is a segment, derived from the name of the row.
///
/// The function removes the extension of a sound file ([`is_sound_extension`]). If the name has the form of the
/// published tables (a genre, a point and five digits), it also removes the number of a segment: a point and one to
/// four digits without leading zeros. Any other name is that of a recording of its own, so that `jazz.1.wav` and
/// `jazz.12.wav` are two recordings. Folders are kept.
///
/// ```
/// use timbral_data::recording_of;
/// assert_eq!(recording_of("blues.00000.3.wav"), "blues.00000");
/// assert_eq!(recording_of("genres/blues/blues.00000.AU"), "genres/blues/blues.00000");
/// assert_eq!(recording_of("disc 1/take.12.flac"), "disc 1/take.12");
/// assert_eq!(recording_of("row 7"), "row 7");
/// ```
pub fn recording_of(id: &str) -> &str {
    let stem = match id.rsplit_once('.') {
        Some((stem, end)) if is_sound_extension(end) => stem,
        _ => id,
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let is_segment = |s: &str| digits(s) && s.len() < 5 && (s == "0" || !s.starts_with('0'));
    let recording = match stem.rsplit_once('.') {
        Some((recording, end)) if is_segment(end) && is_published(recording) => recording,
        _ => stem,
    };
    if recording.is_empty() { id } else { recording }
}

/// Whether the name, without its folders, is a genre, a point and five digits.
fn is_published(name: &str) -> bool {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.rsplit_once('.').is_some_and(|(genre, clip)| {
        !genre.is_empty() && clip.len() == 5 && clip.bytes().all(|b| b.is_ascii_digit())
    })
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
            ("/data/blues/blues.00000.9.au", "/data/blues/blues.00000"),
            ("C:\\gtzan\\blues.00000.9.Wav", "C:\\gtzan\\blues.00000"),
            ("take.0.wav", "take.0"),
            ("take.wav", "take"),
            ("take.opus", "take"),
            ("take.WMA", "take"),
            ("take.3", "take.3"),
            ("a.b.2.mp3", "a.b.2"),
            ("disc1/01.wav", "disc1/01"),
            ("disc2/01.wav", "disc2/01"),
            ("track.01.wav", "track.01"),
            ("artist.song", "artist.song"),
            ("17", "17"),
            ("3.7", "3.7"),
            ("a.12345.wav", "a.12345"),
            (".00001.wav", ".00001"),
            ("x/.wav", "x/"),
            (".wav", ".wav"),
            (".3.wav", ".3"),
            ("", ""),
            ("été.1.flac", "été.1"),
            ("été.00001.1.flac", "été.00001"),
            ("jazz.12345.07.wav", "jazz.12345.07"),
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
