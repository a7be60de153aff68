//! Which files are of one recording.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use timbral_data::{duplicate_files, recording_of};

use super::extractor::{Segmentation, file_name};
use super::paths::below_common_folder;

/// The recording of each file, known from where the file is: its path below the folder that all files are
/// in, without the extension. Files with the published names of segments (`blues.00000.3.wav`) in one
/// folder are one recording.
pub(crate) fn recordings(files: &[PathBuf]) -> Vec<String> {
    let below = below_common_folder(files);
    below
        .iter()
        .map(|name| recording_of(name).to_owned())
        .collect()
}

/// As [`recordings`]; files with the same bytes are one recording, too. Files that cannot be read are
/// recordings of their own.
pub(crate) fn recordings_without_copies(files: &[PathBuf]) -> Vec<String> {
    let mut names = recordings(files);
    let is_readable = |file: &Path| {
        let is_file = std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
        is_file && std::fs::File::open(file).is_ok()
    };
    let readable: Vec<usize> = (0..files.len())
        .filter(|i| is_readable(&files[*i]))
        .collect();
    let paths: Vec<&PathBuf> = readable.iter().map(|i| &files[*i]).collect();
    for copies in duplicate_files(&paths).unwrap_or_default() {
        // All files of their recordings go with them.
        let first = names[readable[copies[0]]].clone();
        for copy in &copies[1..] {
            let other = names[readable[*copy]].clone();
            for name in &mut names {
                if *name == other {
                    name.clone_from(&first);
                }
            }
        }
    }
    names
}

/// Whether the names of the rows of a table give the recordings of their files, so that it needs no column
/// for them.
pub(crate) fn names_tell_recordings(
    files: &[PathBuf],
    recordings: &[String],
    segments: Segmentation,
) -> bool {
    let is_whole = segments == Segmentation::Whole;
    let (mut of_name, mut of_recording) = (HashMap::new(), HashMap::new());
    files.iter().zip(recordings).all(|(file, recording)| {
        let [first, second] = [0, 1].map(|i| file_name(file, (!is_whole).then_some(i)));
        let name = recording_of(&first).to_owned();
        name == recording_of(&second)
            && of_name.entry(name.clone()).or_insert(recording) == &recording
            && *of_recording
                .entry(recording)
                .or_insert_with(|| name.clone())
                == name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_recording_is_a_file_not_a_name() {
        let files = paths(&[
            "music/jazz/01.wav",
            "music/rock/01.wav",
            "music/jazz/jazz.1.wav",
            "music/jazz/jazz.12.wav",
            "music/jazz/Vol.1.wav",
            "music/rock/Vol.1.wav",
            "music/rock/take.00001.wav",
            "music/jazz/take.00001.wav",
        ]);
        let names = recordings(&files);
        let different: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(different.len(), files.len(), "{names:?}");
        assert_eq!(names[..2], ["jazz/01", "rock/01"]);
        let segments = paths(&[
            "x/blues.00000.0.wav",
            "x/blues.00000.1.wav",
            "x/blues.00001.0.wav",
        ]);
        assert_eq!(
            recordings(&segments),
            ["blues.00000", "blues.00000", "blues.00001"]
        );
        assert_eq!(recordings(&paths(&["été/ö.wav", "été/ü.wav"])), ["ö", "ü"]);
        assert!(recordings(&[]).is_empty());
    }

    #[test]
    fn a_table_has_a_column_where_names_do_not_suffice() {
        let tell = |names: &[&str], segments| {
            let files = paths(names);
            names_tell_recordings(&files, &recordings(&files), segments)
        };
        let (whole, parts) = (Segmentation::Whole, Segmentation::gtzan());
        let published = ["blues/blues.00000.wav", "blues/blues.00001.wav"];
        assert!(tell(&published, whole) && tell(&published, parts));
        let songs = ["a/one.wav", "b/two.wav"];
        assert!(tell(&songs, whole) && !tell(&songs, parts));
        let same = ["a/01.wav", "b/01.wav"];
        assert!(!tell(&same, whole) && !tell(&same, parts));
        let same = ["a/take.00001.wav", "b/take.00001.wav"];
        assert!(!tell(&same, whole) && !tell(&same, parts));
    }

    #[test]
    fn copies_are_one_recording() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "a.wav",
            "b.wav",
            "c.wav",
            "take.00001.0.wav",
            "take.00001.1.wav",
        ];
        let mut files: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
        for (file, bytes) in files.iter().zip(["one", "two", "one", "one", "six"]) {
            std::fs::write(file, bytes).unwrap();
        }
        files.push(folder.path().join("missing.wav"));
        assert_eq!(
            recordings_without_copies(&files),
            ["a", "b", "a", "a", "a", "missing"]
        );
    }
}
