/// Extensions of sound files, also of formats that nothing here decodes.
const EXTENSIONS: [&str; 65] = [
    "wav", "wave", "au", "snd", "flac", "fla", "mp3", "mp2", "mp1", "mpa", "ogg", "oga", "ogx",
    "opus", "spx", "m4a", "m4b", "m4p", "m4r", "mp4", "aac", "adts", "aif", "aiff", "aifc", "afc",
    "caf", "mkv", "mka", "webm", "weba", "mov", "qt", "alac", "wma", "asf", "ape", "wv", "mpc",
    "mp+", "mpp", "tta", "tak", "shn", "ofr", "dsf", "dff", "dts", "ac3", "eac3", "ec3", "ra",
    "rm", "ram", "amr", "awb", "3gp", "3ga", "aa", "aax", "gsm", "voc", "w64", "rf64", "bwf",
];

/// Whether an extension, without its point, is that of a sound file, in upper or lower case.
///
/// The result does not depend on whether the format can be decoded.
///
/// ```
/// use timbral_data::is_sound_extension;
///
/// assert!(is_sound_extension("opus") && is_sound_extension("WAV"));
/// assert!(!is_sound_extension("jpg"));
/// ```
pub fn is_sound_extension(extension: &str) -> bool {
    EXTENSIONS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(extension))
}
