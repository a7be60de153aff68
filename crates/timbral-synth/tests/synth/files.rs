//! Writing a corpus.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use timbral_synth::{Error, Progress, SynthCorpus};

use crate::corpus;

/// Every file of a folder by its path.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner = contents(&path).into_iter();
            files.extend(inner.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else {
            files.insert(name, fs::read(path).unwrap());
        }
    }
    files
}

/// Writes a corpus with a number of threads (0 for one per core) and returns the number of reports.
fn write(corpus: &SynthCorpus, folder: &Path, threads: usize) -> usize {
    let mut reports = 0;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let written = pool.unwrap().install(|| {
        corpus.write(folder, &mut |progress: &Progress| {
            reports += 1;
            assert_eq!(progress.done, reports);
            assert_eq!(
                (progress.total, progress.unit),
                (corpus.len(), "recordings")
            );
            ControlFlow::Continue(())
        })
    });
    written.unwrap();
    reports
}

#[test]
fn files_are_the_samples_whatever_the_number_of_threads() {
    let corpus = corpus(2, 0.5, 9);
    let folders = [1, 2, 5, 0, 32].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(write(&corpus, folder.path(), threads), 20);
        contents(folder.path())
    });
    assert!(folders.iter().all(|f| *f == folders[0]));
    assert_eq!(folders[0].len(), 21);
    for i in 0..20 {
        let recording = corpus.recording(i).unwrap();
        let bytes = &folders[0][&format!("{}/{}.wav", recording.genre, recording.name)];
        let mut wav = hound::WavReader::new(bytes.as_slice()).unwrap();
        let spec = wav.spec();
        assert_eq!(
            (spec.channels, spec.sample_rate, spec.bits_per_sample),
            (1, SynthCorpus::SAMPLE_RATE, 16)
        );
        let read: Vec<i16> = wav.samples().map(Result::unwrap).collect();
        assert_eq!(read.len(), recording.samples.len());
        for (read, sample) in read.into_iter().zip(recording.samples) {
            // Half a step of 16 bits, and the rounding of f32.
            let off = f32::from(read) - sample * 32_767.0;
            assert!(off.abs() <= 0.501, "{off}");
        }
    }
}

#[test]
fn a_stopped_run_continues_and_keeps_its_files() {
    let corpus = corpus(1, 0.5, 0);
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    let stopped = corpus.write(folder.path(), &mut |progress: &Progress| {
        written = progress.done;
        match written >= 3 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    assert!((3..10).contains(&written), "{written}");
    // One file is truncated, another has different samples of the same length.
    let before = contents(folder.path());
    let mut sounds = before.keys().filter(|name| name.ends_with("wav"));
    let (cut, kept) = (sounds.next().unwrap(), sounds.next().unwrap());
    let mut marked = before[kept].clone();
    marked[1000] ^= 1;
    fs::write(folder.path().join(kept), &marked).unwrap();
    fs::write(folder.path().join(cut), &before[cut][..500]).unwrap();
    assert_eq!(write(&corpus, folder.path(), 2), 10);
    let whole = tempfile::tempdir().unwrap();
    write(&corpus, whole.path(), 1);
    let mut expected = contents(whole.path());
    expected.insert(kept.clone(), marked);
    assert!(contents(folder.path()) == expected);
}

#[test]
fn files_without_a_manifest_are_not_trusted() {
    let corpus = corpus(1, 0.5, 0);
    let folder = tempfile::tempdir().unwrap();
    write(&corpus, folder.path(), 2);
    let expected = contents(folder.path());
    let path = folder.path().join("synth-riff/synth-riff.00000.wav");
    let mut bytes = fs::read(&path).unwrap();
    bytes[1000] ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::remove_file(folder.path().join("corpus.json")).unwrap();
    write(&corpus, folder.path(), 2);
    assert!(contents(folder.path()) == expected);
}

#[test]
fn another_corpus_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    write(&corpus(1, 0.5, 0), folder.path(), 2);
    let before = contents(folder.path());
    for other in [corpus(2, 0.5, 0), corpus(1, 0.6, 0), corpus(1, 0.5, 1)] {
        match other.write(folder.path(), &mut ()) {
            Err(Error::OtherCorpus {
                found, expected, ..
            }) => assert_ne!(found, expected),
            other => panic!("{other:?}"),
        }
    }
    assert!(contents(folder.path()) == before);
    // A file that is not a manifest, and a long one.
    for text in ["notes\n", &"x".repeat(1 << 20)] {
        fs::write(folder.path().join("corpus.json"), text).unwrap();
        let got = corpus(1, 0.5, 0).write(folder.path(), &mut ());
        let error = got.unwrap_err().to_string();
        assert!(error.contains("another corpus") && error.len() < 2000);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let got = corpus(1, 0.5, 0).write(&file, &mut ());
    assert!(got.unwrap_err().to_string().contains("file: "));
    // The folder of one genre is a file.
    fs::write(folder.path().join("synth-glow"), "").unwrap();
    let got = corpus(1, 0.5, 0).write(folder.path(), &mut ());
    assert!(got.unwrap_err().to_string().contains("synth-glow"));
}
