//! A folder of short sound files, one in twenty of them damaged, with other files between them.

use std::path::Path;
use std::time::Instant;

use timbral_core::Rng;

use crate::program::run;
use crate::seeds::audio::simple_wav;

/// One file in so many is damaged.
const DAMAGED: usize = 20;

/// The length of a file, in samples at 22 050 Hz.
const SAMPLES: usize = 3000;

const GENRES: [&str; 10] = [
    "blues",
    "classical",
    "country",
    "disco",
    "hiphop",
    "jazz",
    "metal",
    "pop",
    "reggae",
    "rock",
];

pub(crate) fn short() {
    check(400);
}

pub(crate) fn long(files: usize) {
    let begun = Instant::now();
    let (rows, skipped) = check(files);
    let seconds = begun.elapsed().as_secs_f64();
    println!("{rows} rows, {skipped} files skipped and named, in {seconds:.0} s");
}

/// The features of a folder with so many files, and the numbers of rows and of files that were skipped.
fn check(n_files: usize) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad, other) = write(&folder.path().join("music"), n_files);
    let output = run(folder.path(), "extract-features music --out t.csv", 2);
    let stderr = String::from_utf8(output.stderr).unwrap();

    let table = std::fs::read_to_string(folder.path().join("t.csv")).unwrap();
    let mut names: Vec<&str> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    names.sort_unstable();
    let mut expected: Vec<&str> = good.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert!(
        names == expected,
        "{} rows for {} good files",
        names.len(),
        good.len()
    );

    for name in &bad {
        let lines = stderr.lines().filter(|line| line.contains(&**name)).count();
        assert_eq!(lines, 1, "{name} is named {lines} times:\n{stderr}");
    }
    for name in &good {
        assert!(!stderr.contains(&**name), "{name}: {stderr}");
    }
    let (n_good, n_bad) = (good.len(), bad.len());
    let counts = format!("{n_good} rows of {n_good} files, {n_bad} skipped\n");
    assert!(stderr.ends_with(&counts), "{counts}: {stderr}");
    assert!(
        stderr.contains(&format!("passing over {other} files")),
        "{stderr}"
    );
    (n_good, n_bad)
}

/// Writes the files. Returns the names of good ones and of those that cannot be read, and the number of files
/// that do not look like sound.
fn write(music: &Path, n_files: usize) -> (Vec<String>, Vec<String>, usize) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for genre in GENRES {
        let folder = music.join(genre);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("notes.txt"), "bought at the market").unwrap();
        std::fs::write(folder.join("cover.jpg"), [0xff, 0xd8, 0xff]).unwrap();
    }
    for i in 0..n_files {
        let name = format!("{}.{i:05}.wav", GENRES[i % 10]);
        let path = music.join(GENRES[i % 10]).join(&name);
        // In every folder.
        match i % DAMAGED == i / DAMAGED % DAMAGED {
            true => {
                damaged(i / DAMAGED, &path);
                bad.push(name);
            }
            false => {
                std::fs::write(path, sound(i)).unwrap();
                good.push(name);
            }
        }
    }
    for i in 0..3 {
        let name = format!("song{i}.wma");
        let header = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c";
        std::fs::write(music.join(&name), header).unwrap();
        bad.push(name);
    }
    (good, bad, 2 * GENRES.len())
}

/// Noise, another one for each number.
fn sound(number: usize) -> Vec<u8> {
    let mut rng = Rng::stream(3, number as u64);
    let samples: Vec<u8> = (0..2 * SAMPLES).map(|_| rng.next_u64() as u8).collect();
    simple_wav(1, 1, 16, &samples)
}

/// A file that cannot be read, of one kind after the other.
fn damaged(number: usize, path: &Path) {
    let mut bytes = sound(number);
    match number % 10 {
        0 => bytes.clear(),
        1 => bytes.truncate(20),
        // All of the header, none of the sound.
        2 => bytes.truncate(44),
        3 => bytes = b"Dear listener, this is no sound.".to_vec(),
        // Not a number, as a sample.
        4 => bytes = simple_wav(3, 1, 32, &[0xff; 400]),
        5 => bytes[20..22].copy_from_slice(&[0x34, 0x12]),
        6 => bytes[22..24].fill(0),
        7 => bytes = bytes[44..].to_vec(),
        8 => bytes[24..28].fill(0),
        _ => {
            #[cfg(unix)]
            return std::os::unix::fs::symlink("nowhere.wav", path).unwrap();
        }
    }
    std::fs::write(path, bytes).unwrap();
}
