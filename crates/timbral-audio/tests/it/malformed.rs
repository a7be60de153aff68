use std::collections::BTreeSet;
use std::io::Cursor;

use timbral_audio::{Error, decode, decode_reader};

use crate::data;

/// Every file of `tests/data/malformed` and a part of its error message.
const MALFORMED: &[(&str, &str)] = &[
    ("beyond_f32.au", "frame 1, channel 0 is inf"),
    ("bits_0.wav", "bits per sample is 0"),
    ("bits_12.wav", "bits per sample is not a multiple of 8"),
    ("channels_259.wav", "malformed WAV file"),
    ("codec_unknown.wav", "neither integer nor float PCM samples"),
    (
        "cut_tone.m4a",
        "malformed MP4 file: isomp4: missing moov atom",
    ),
    ("cut_tone.mp3", "declares 6615 frames, the file has 2351"),
    (
        "cut_tone16.flac",
        "malformed FLAC file: the file ends too early",
    ),
    ("empty.wav", "the file is empty (0 bytes)"),
    ("encoding_99.au", "encoding 99"),
    ("found_adpcm_predictor.wav", "WAV file"),
    ("found_frame_bytes.aiff", "AIFF file"),
    (
        "found_many_channels.aiff",
        "channels = 28930, accepted are 1 to 1024",
    ),
    ("found_packet_bytes.caf", "malformed CAF file"),
    ("found_vorbis_codebook.mka", "the decoder panicked"),
    ("found_vorbis_floor.mka", "the decoder panicked"),
    (
        "half_frame.au",
        "39 bytes of samples are not a whole number of 2-byte frames",
    ),
    (
        "half_frame.wav",
        "malformed WAV file: invalid data chunk length",
    ),
    ("header_cut.au", "the file ends inside its 24-byte header"),
    ("header_cut.wav", "the file ends before its data chunk"),
    (
        "huge_length.wav",
        "declares 1073741823 frames, the file has 10",
    ),
    ("id3_only.mp3", "malformed ID3-tagged file"),
    ("infinite.wav", "frame 0, channel 1 is -inf"),
    (
        "magic_only.flac",
        "malformed FLAC file: the file ends too early",
    ),
    (
        "magic_only.mkv",
        "malformed Matroska file: the file ends too early",
    ),
    ("magic_only.mp4", "malformed MP4 file"),
    (
        "magic_only.ogg",
        "malformed OGG file: the file ends too early",
    ),
    (
        "many_channels.au",
        "channels = 4294967295, accepted are 1 to 1024",
    ),
    (
        "many_channels.wav",
        "channels = 65535, accepted are 1 to 1024",
    ),
    ("nan.au", "frame 3, channel 1 is NaN"),
    ("nan.wav", "frame 3, channel 1 is NaN"),
    ("no_channel.au", "channels = 0, accepted are 1 to 1024"),
    ("no_channel.wav", "file contains zero channels"),
    ("no_data.wav", "the file ends before its data chunk"),
    ("no_fmt.wav", "missing fmt chunk"),
    ("no_samples.au", "AU file without samples"),
    ("no_samples.wav", "WAV file without samples"),
    (
        "offset_beyond.au",
        "data offset 4000000000 is beyond the end of the file at 64",
    ),
    (
        "offset_inside.au",
        "data offset 8 is inside the 24-byte header",
    ),
    ("opus.ogg", "OGG file not supported"),
    ("other_riff.wav", "not a sound file"),
    ("rate_0.au", "sample_rate = 0, accepted are 1000 to 768000"),
    ("rate_0.wav", "sample_rate = 0, accepted are 1000 to 768000"),
    (
        "rate_huge.wav",
        "sample_rate = 900000000, accepted are 1000 to 768000",
    ),
    (
        "raw_samples.wav",
        "not a sound file: no known format signature (first bytes 68 c5",
    ),
    ("rf64.wav", "RF64 file not supported"),
    ("riff_only.wav", "not a sound file"),
    (
        "text.mp3",
        "not a sound file: no known format signature (first bytes 44 65 61 72",
    ),
    ("text.wav", "\"Dear listene\""),
    ("truncated.au", "declares 200 frames, the file has 20"),
    ("truncated.wav", "declares 100 frames, the file has 10"),
    ("unknown_size_no_samples.au", "AU file without samples"),
    ("wavpack.wv", "WavPack file not supported"),
];

/// Extensions of files that only Symphonia decodes; without it they all have the same error.
const SYMPHONIA_ONLY: [&str; 9] = [
    "aiff", "caf", "flac", "m4a", "mka", "mkv", "mp3", "mp4", "ogg",
];

#[test]
fn the_error_of_every_malformed_file_has_its_reason() {
    let on_disk: BTreeSet<String> = std::fs::read_dir(data("malformed"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "make.py")
        .collect();
    let listed: BTreeSet<String> = MALFORMED
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(on_disk, listed, "tests/data/malformed and the list differ");
    for (name, expected) in MALFORMED {
        let path = data("malformed").join(name);
        let message = match decode(&path) {
            Ok(clip) => panic!("{name} decoded to {} frames", clip.frames()),
            Err(e) => e.to_string(),
        };
        assert!(message.contains(name), "{name}: no file name in: {message}");
        let symphonia_only = SYMPHONIA_ONLY.iter().any(|ext| name.ends_with(ext));
        if cfg!(feature = "symphonia") || !symphonia_only {
            assert!(message.contains(expected), "{name}: {message}");
        }
    }
}

#[test]
fn folders_and_missing_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(decode(folder.path()), Err(Error::NotAFile { .. })));
    let missing = folder.path().join("missing.wav");
    match decode(&missing) {
        Err(Error::Io { file, reason }) => {
            assert!(file.ends_with("missing.wav"), "{file}");
            assert_eq!(reason.kind(), std::io::ErrorKind::NotFound);
        }
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[test]
fn permission_denied_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.wav");
    std::fs::write(&path, b"RIFF").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        eprintln!("SKIPPED: this user can read every file");
        return;
    }
    match decode(&path) {
        Err(Error::Io { reason, .. }) => {
            assert_eq!(reason.kind(), std::io::ErrorKind::PermissionDenied);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_label_of_a_reader_is_in_the_message() {
    let e = decode_reader(Cursor::new(b"nothing".to_vec()), "<upload 7>").unwrap_err();
    assert_eq!(
        e.to_string(),
        "<upload 7>: not a sound file: no known format signature \
         (first bytes 6e 6f 74 68 69 6e 67 \"nothing\"); if it is one, convert it to WAV"
    );
}

/// The format is that of the bytes, whatever the extension.
#[test]
fn names_do_not_decide_the_format() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.mp3", "a.au", "a.txt", "a"] {
        let path = folder.path().join(name);
        std::fs::write(&path, crate::wav(crate::int_spec(1, 8000, 16), &[1, 2])).unwrap();
        assert_eq!(decode(&path).unwrap().frames(), 2, "{name}");
    }
}
