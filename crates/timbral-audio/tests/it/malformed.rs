use std::collections::BTreeSet;
use std::io::Cursor;

use timbral_audio::{Error, decode, decode_reader};

use crate::data;

/// Every file of `tests/data/malformed` and a part of its error message.
const MALFORMED: &[(&str, &str)] = &[
    ("beyond_f32.au", "frame 1, channel 0 is inf"),
    ("channels_259.wav", "WAV file without samples"),
    ("codec_unknown.wav", "format tag 0x1234"),
    ("cut_tone.m4a", "malformed MP4 file: no moov box"),
    ("cut_tone16.flac", "declares 6615 frames, the file has 0"),
    ("empty.wav", "the file is empty (0 bytes)"),
    ("encoding_99.au", "encoding 99"),
    ("found_adpcm_predictor.wav", "WAV file"),
    ("found_frame_bytes.aiff", "channels = 52994"),
    (
        "found_many_channels.aiff",
        "channels = 28930, accepted are 1 to 1024",
    ),
    ("found_packet_bytes.caf", "malformed CAF file"),
    ("found_vorbis_codebook.mka", "the setup header is not valid"),
    ("found_vorbis_floor.mka", "malformed Matroska file: Vorbis"),
    ("header_cut.au", "the file ends inside its 24-byte header"),
    ("header_cut.wav", "the file ends too early"),
    ("id3_only.mp3", "malformed ID3-tagged file"),
    ("infinite.wav", "frame 0, channel 1 is -inf"),
    (
        "magic_only.flac",
        "malformed FLAC file: the file ends too early",
    ),
    (
        "magic_only.mkv",
        "malformed Matroska file: the file ends before its tracks",
    ),
    ("magic_only.mp4", "malformed MP4 file"),
    (
        "magic_only.ogg",
        "malformed OGG file: no stream of Vorbis, Opus or FLAC",
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
    ("no_channel.wav", "channels = 0, accepted are 1 to 1024"),
    ("no_data.wav", "the file ends before its data chunk"),
    ("no_fmt.wav", "no fmt chunk"),
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
    ("other_riff.wav", "AVI file not supported"),
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
    ("riff_only.wav", "not a sound file"),
    (
        "text.mp3",
        "not a sound file: no known format signature (first bytes 44 65 61 72",
    ),
    ("text.wav", "\"Dear listene\""),
    ("unknown_size_no_samples.au", "AU file without samples"),
    ("wavpack.wv", "WavPack file not supported"),
];

/// Files of the same folder whose end is missing, and the frames that are there.
const CUT: [(&str, usize); 3] = [
    ("cut_tone.mp3", 2351),
    ("truncated.au", 20),
    ("truncated.wav", 10),
];

/// Files whose codec only the feature `symphonia` decodes; without it they have another error.
const SYMPHONIA_ONLY: [&str; 5] = [
    "cut_tone16.flac",
    "found_adpcm_predictor.wav",
    "found_vorbis_codebook.mka",
    "found_vorbis_floor.mka",
    "id3_only.mp3",
];

#[test]
fn the_error_of_every_malformed_file_has_its_reason() {
    let on_disk: BTreeSet<String> = std::fs::read_dir(data("malformed"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "make.py")
        .collect();
    let names = MALFORMED.iter().map(|(name, _)| *name);
    let names = names.chain(CUT.iter().map(|(name, _)| *name));
    let listed: BTreeSet<String> = names.map(str::to_owned).collect();
    assert_eq!(on_disk, listed, "tests/data/malformed and the list differ");
    for (name, expected) in MALFORMED {
        let path = data("malformed").join(name);
        let message = match decode(&path) {
            Ok(clip) => panic!("{name} decoded to {} frames", clip.frames()),
            Err(e) => e.to_string(),
        };
        assert!(message.contains(name), "{name}: no file name in: {message}");
        let symphonia_only = SYMPHONIA_ONLY.contains(name);
        if cfg!(feature = "symphonia") || !symphonia_only {
            assert!(message.contains(expected), "{name}: {message}");
        }
    }
}

#[test]
fn files_are_read_as_far_as_they_go() {
    for (name, frames) in CUT {
        if name.ends_with("mp3") && !cfg!(feature = "symphonia") {
            continue;
        }
        let clip = decode(data("malformed").join(name)).unwrap();
        assert_eq!(clip.frames(), frames, "{name}");
    }
}

/// Headers off the book that are read as ffmpeg and libsndfile read them.
#[test]
fn unusual_files_are_read() {
    for (name, frames) in [
        ("bits_0.wav", 10),
        ("bits_12.wav", 10),
        ("half_frame.au", 19),
        ("half_frame.wav", 9),
        ("huge_length.wav", 10),
        ("rf64.wav", 10),
    ] {
        let clip = decode(data("unusual").join(name)).unwrap();
        assert_eq!(clip.frames(), frames, "{name}");
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
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.wav");
    std::fs::write(&path, b"RIFF").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: this user can read every file");
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
