use std::collections::BTreeSet;
use std::io::Cursor;

use timbral_audio::{Error, decode, decode_reader};

use crate::data;

/// Every file of `tests/data/bad` and what its error message must say.
const BAD: &[(&str, &str)] = &[
    ("beyond_f32.au", "frame 1, channel 0 is inf"),
    ("bits_0.wav", "bits per sample is 0"),
    ("bits_12.wav", "bits per sample is not a multiple of 8"),
    ("channels_259.wav", "malformed WAV file"),
    ("codec_unknown.wav", "neither integer nor float PCM samples"),
    (
        "cut_tone.m4a",
        "malformed MP4 file: isomp4: missing moov atom",
    ),
    ("cut_tone.mp3", "promises 6615 frames, found 2351"),
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
    ("found_vorbis_codebook.mka", "the decoder panicked on it"),
    ("found_vorbis_floor.mka", "the decoder panicked on it"),
    (
        "half_frame.au",
        "39 bytes of samples are no whole frames of 2 bytes",
    ),
    (
        "half_frame.wav",
        "malformed WAV file: invalid data chunk length",
    ),
    ("header_cut.au", "the file ends inside its 24-byte header"),
    ("header_cut.wav", "the file ends before its data chunk"),
    ("huge_promise.wav", "promises 1073741823 frames, found 10"),
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
    ("no_samples.au", "AU file without a single sample"),
    ("no_samples.wav", "WAV file without a single sample"),
    (
        "offset_beyond.au",
        "data offset 4000000000 lies beyond the file's end at 64",
    ),
    (
        "offset_inside.au",
        "data offset 8 lies inside the 24-byte header",
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
    ("truncated.au", "promises 200 frames, found 20"),
    ("truncated.wav", "promises 100 frames, found 10"),
    (
        "unknown_size_no_samples.au",
        "AU file without a single sample",
    ),
    ("wavpack.wv", "WavPack file not supported"),
];

/// Files for the codec library; without it all say the same.
const CODED: [&str; 9] = [
    "aiff", "caf", "flac", "m4a", "mka", "mkv", "mp3", "mp4", "ogg",
];

#[test]
fn every_malformed_file_is_an_error_that_says_why() {
    let on_disk: BTreeSet<String> = std::fs::read_dir(data("bad"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "make.py")
        .collect();
    let listed: BTreeSet<String> = BAD.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(on_disk, listed, "tests/data/bad and the list here differ");
    for (name, expected) in BAD {
        let path = data("bad").join(name);
        let message = match decode(&path) {
            Ok(clip) => panic!("{name} decoded to {} frames", clip.frames()),
            Err(e) => e.to_string(),
        };
        assert!(message.contains(name), "{name}: no file name in: {message}");
        let coded = CODED.iter().any(|ext| name.ends_with(ext));
        if cfg!(feature = "symphonia") || !coded {
            assert!(message.contains(expected), "{name}: {message}");
        }
    }
}

#[test]
fn what_is_no_file() {
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
fn permission_denied_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.wav");
    std::fs::write(&path, b"RIFF").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        eprintln!("SKIPPED: this user may read everything");
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
         (first bytes 6e 6f 74 68 69 6e 67 \"nothing\")"
    );
}

/// The extension is no evidence: each of these is what its bytes say.
#[test]
fn names_do_not_decide() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.mp3", "a.au", "a.txt", "a"] {
        let path = folder.path().join(name);
        std::fs::write(&path, crate::wav(crate::int_spec(1, 8000, 16), &[1, 2])).unwrap();
        assert_eq!(decode(&path).unwrap().frames(), 2, "{name}");
    }
}
