use std::io::Write as _;
use std::path::{Path, PathBuf};

use timbral_audio::{Error, decode};

/// The folder of the GTZAN files; `None`, with a message, if there is none.
fn gtzan() -> Option<PathBuf> {
    let root = std::env::var_os("TIMBRAL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = root.join("data/gtzan");
    if folder.is_dir() {
        return Some(folder);
    }
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: no GTZAN at {}; set TIMBRAL_DATA to the folder that holds data/gtzan",
        folder.display()
    );
    None
}

/// The files below `folder` with an extension, in order of their paths.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn au_files_equal_the_same_clips_as_wav() {
    let Some(folder) = gtzan() else { return };
    let mut pairs = 0;
    for au in files(&folder.join("au"), "au") {
        let name = au.file_stem().unwrap().to_str().unwrap();
        let genre = name.split('.').next().unwrap();
        let wav = folder.join(format!("clips/{genre}/{name}.wav"));
        if !wav.is_file() {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: {} has no WAV file",
                au.display()
            );
            continue;
        }
        assert_eq!(decode(&au).unwrap(), decode(&wav).unwrap(), "{name}");
        pairs += 1;
    }
    assert!(pairs > 0, "no pair in {}", folder.display());
}

/// All clips decode except the one that has no header in the usual distribution.
#[test]
fn all_clips_decode_except_jazz_54() {
    let Some(folder) = gtzan() else { return };
    for path in files(&folder.join("clips"), "wav") {
        match decode(&path) {
            Ok(clip) => {
                assert_eq!(
                    (clip.sample_rate(), clip.channels()),
                    (22_050, 1),
                    "{path:?}"
                );
                assert!((29.0..31.0).contains(&clip.duration()), "{path:?}");
            }
            Err(e) => {
                assert!(path.ends_with("jazz.00054.wav"), "{e}");
                assert!(matches!(e, Error::UnknownFormat { .. }), "{e}");
            }
        }
    }
    assert!(decode(folder.join("clips/jazz/jazz.00054.wav")).is_err());
}

#[cfg(feature = "symphonia")]
#[test]
fn the_flac_clips_decode() {
    let Some(folder) = gtzan() else { return };
    let paths = files(&folder.join("prefix_clips"), "flac");
    assert!(!paths.is_empty(), "no FLAC file in {}", folder.display());
    for path in paths {
        let clip = decode(&path).unwrap();
        assert_eq!(clip.sample_rate(), 22_050, "{path:?}");
        assert!(clip.frames() > 0);
    }
}
