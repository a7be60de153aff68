//! Files as other programs write them, against what ffmpeg or libsndfile decodes (`tests/data/hard_audio.txt`, made
//! by `tests/scripts/against_judges.py --golden`).

use std::io::Write as _;
use std::path::{Path, PathBuf};

use timbral_audio::decode;

/// The folder of the files; `None`, with a message, if there is none.
fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("TIMBRAL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = root.join("data/hard_audio");
    if folder.is_dir() {
        return Some(folder);
    }
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: no hard_audio at {}; set TIMBRAL_DATA to the folder that holds data/hard_audio",
        folder.display()
    );
    None
}

/// Rate, channels, number of frames, and the RMS of each channel.
#[test]
fn every_file_is_decoded_as_by_ffmpeg_or_libsndfile() {
    let Some(folder) = folder() else { return };
    let mut seen = 0;
    for line in include_str!("../data/hard_audio.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (name, rms) = (fields[0], &fields[4..]);
        let clip = decode(folder.join(name)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(clip.sample_rate().to_string(), fields[2], "{name}");
        assert_eq!(usize::from(clip.channels()), rms.len(), "{name}");
        assert_eq!(clip.frames().to_string(), fields[3], "{name}");
        for (c, expected) in rms.iter().enumerate() {
            let channel = clip.samples().iter().skip(c).step_by(rms.len());
            let sum: f64 = channel.map(|x| f64::from(*x).powi(2)).sum();
            let got = (sum / clip.frames() as f64).sqrt();
            let expected: f64 = expected.parse().unwrap();
            // Rounded to six digits; where the channels of an MP3 change, the decoders' overlap differs.
            let tolerance = if name.starts_with("17_") { 1e-4 } else { 2e-6 };
            let error = (got - expected).abs();
            assert!(
                error <= tolerance,
                "{name} channel {c}: {got}, not {expected}"
            );
        }
        seen += 1;
    }
    assert_eq!(seen, 32);
    // Neither decodes this one, whose header says 4 294 967 232 frames per packet. Its packets are intact.
    let clip = decode(folder.join("19_frames_per_packet.caf")).unwrap();
    assert_eq!(
        (clip.sample_rate(), clip.channels(), clip.frames()),
        (48_000, 2, 48_000)
    );
}
