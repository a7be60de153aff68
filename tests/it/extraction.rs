//! What holds for every extraction, whatever the features are.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use timbral::data::{FeatureTable, groups_without_copies};
use timbral::dsp::FeatureParams;
use timbral::{Extraction, ExtractionReport, Extractor, Inputs, Progress, Segmentation};

use crate::support::clips_with_bad_files;

const PARTS: Segmentation = Segmentation::Parts {
    length: 30_000,
    stride: 40_000,
};

fn extract(extraction: Extraction, files: &[PathBuf], table: &Path) -> ExtractionReport {
    extraction.run(files, table, &mut ()).unwrap()
}

#[test]
fn the_table_does_not_depend_on_the_number_of_threads() {
    let folder = clips_with_bad_files();
    let files = Inputs::find([folder.path()]).unwrap().files;
    let out = tempfile::tempdir().unwrap();
    for segments in [Segmentation::Whole, PARTS] {
        let mut tables = Vec::new();
        for threads in [1, 2, 7] {
            let table = out.path().join(format!("{threads}.csv"));
            let extraction = Extraction {
                segments,
                ..Default::default()
            };
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            let report = pool.install(|| extract(extraction, &files, &table));
            assert_eq!(report.files, 10, "{report}");
            assert_eq!((report.skipped.len(), report.stopped), (2, false));
            tables.push(std::fs::read_to_string(table).unwrap());
        }
        assert!(
            tables[0] == tables[1] && tables[1] == tables[2],
            "{segments:?}"
        );
        // 6 s are 132 300 samples: three full segments of 30 000 samples, one every 40 000.
        let rows = if segments == Segmentation::Whole {
            10
        } else {
            30
        };
        assert_eq!(tables[0].lines().count(), 1 + rows);
    }
}

#[test]
fn a_recording_is_a_file_and_its_copies() {
    let folder = clips_with_bad_files();
    let sounds: Vec<PathBuf> = Inputs::find([folder.path()]).unwrap().files;
    let sounds: Vec<&PathBuf> = sounds
        .iter()
        .filter(|path| path.to_string_lossy().contains(".00000."))
        .collect();
    let music = tempfile::tempdir().unwrap();
    let copies = [
        (0, "jazz/01.wav"),
        (1, "rock/01.wav"),
        (2, "rock/rock.1.wav"),
        (3, "rock/rock.2.wav"),
        (0, "jazz/copy of 01.wav"),
    ];
    for (sound, name) in copies {
        let path = music.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(sounds[sound], path).unwrap();
    }
    let files = Inputs::find([music.path()]).unwrap().files;
    let out = music.path().join("table.csv");
    let extraction = Extraction {
        segments: PARTS,
        ..Default::default()
    };
    extract(extraction.clone(), &files, &out);
    let table = FeatureTable::read(&out).unwrap();
    assert_eq!((table.n_rows(), table.n_groups()), (15, 5));
    assert!(table.group_names().contains(&"jazz/01".to_owned()));
    let mut different = groups_without_copies(&table);
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), 4);
    let (in_memory, _) = extraction.table(&files, &mut ()).unwrap();
    assert_eq!(in_memory.group_names(), table.group_names());
}

#[test]
fn bad_files_are_named_in_order_with_their_reason() {
    let folder = clips_with_bad_files();
    let files = Inputs::find([folder.path()]).unwrap().files;
    let out = tempfile::tempdir().unwrap();
    let report = extract(Extraction::default(), &files, &out.path().join("t.csv"));
    let reasons: Vec<String> = report.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].contains("cut.wav: "), "{}", reasons[0]);
    assert!(
        reasons[1].contains("text.wav: not a sound file"),
        "{}",
        reasons[1]
    );
}

#[test]
fn a_damaged_file_is_skipped_or_filled_and_a_cut_one_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/timbral-audio/tests/data");
    let whole = std::fs::read(data.join("tone16.flac")).unwrap();
    let mut damaged = whole.clone();
    // In the second of three packets.
    let n = damaged.len();
    damaged[n - 2000] ^= 0x55;
    let cut = whole[..n - 100].to_vec();
    for (name, bytes) in [("a.flac", &whole), ("b.flac", &damaged), ("c.flac", &cut)] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let files = Inputs::find([folder.path()]).unwrap().files;
    let table = folder.path().join("t.csv");
    let mut extraction = Extraction::default();
    let report = extract(extraction.clone(), &files, &table);
    assert_eq!((report.rows, report.skipped.len()), (2, 1), "{report}");
    let reason = report.skipped[0].to_string();
    assert!(
        reason.contains("b.flac: damaged FLAC file") && reason.contains("--lenient"),
        "{reason}"
    );
    assert_eq!(report.damaged.len(), 1, "{report}");
    assert!(
        report.to_string().contains("c.flac: ends early, at 0.2"),
        "{report}"
    );
    extraction.open.lenient = true;
    let report = extract(extraction, &files, &table);
    assert_eq!((report.rows, report.skipped.len()), (3, 0), "{report}");
    let damaged: Vec<String> = report.damaged.iter().map(ToString::to_string).collect();
    assert_eq!(damaged.len(), 2, "{report}");
    assert!(
        damaged[0].ends_with("b.flac: 1 gap filled with silence, the first at 0.104 s"),
        "{report}"
    );
}

#[test]
fn no_readable_file_leaves_no_table() {
    let folder = clips_with_bad_files();
    let out = tempfile::tempdir().unwrap();
    let files = [folder.path().join("synth-snap/text.wav")];
    let report = extract(Extraction::default(), &files, &out.path().join("t.csv"));
    assert_eq!((report.rows, report.stopped), (0, false));
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn a_recording_shorter_than_a_segment_is_skipped() {
    let folder = clips_with_bad_files();
    let out = tempfile::tempdir().unwrap();
    let segments = Segmentation::Parts {
        length: 200_000,
        stride: 200_000,
    };
    let files = [folder.path().join("synth-pulse/synth-pulse.00000.wav")];
    let report = extract(
        Extraction {
            segments,
            ..Default::default()
        },
        &files,
        &out.path().join("t.csv"),
    );
    let reason = report.skipped[0].to_string();
    assert!(
        reason.contains("132300 samples are less than one segment of 200000"),
        "{reason}"
    );
}

#[test]
fn segments_that_overlap_more_than_64_times_are_refused() {
    let new = |length, stride| {
        Extractor::new(
            FeatureParams::default(),
            Segmentation::Parts { length, stride },
        )
    };
    for (length, stride) in [(0, 1), (1, 0), (66_149, 1), (6_500, 100)] {
        let message = new(length, stride).unwrap_err().to_string();
        assert!(message.contains("a 64th of the length"), "{message}");
    }
    for (length, stride) in [(1, 1), (6_400, 100), (66_149, 66_150)] {
        assert!(new(length, stride).is_ok());
    }
}

#[test]
fn a_resumed_run_gives_the_same_table() {
    let folder = clips_with_bad_files();
    let files = Inputs::find([folder.path()]).unwrap().files;
    let out = tempfile::tempdir().unwrap();
    let (whole, parted) = (out.path().join("whole.csv"), out.path().join("parted.csv"));
    let one = Extraction {
        segments: PARTS,
        resume: true,
        ..Default::default()
    };
    extract(one.clone(), &files, &whole);
    // Every run is stopped after three files, of which at most two are bad ones that are tried again.
    let mut runs = 0;
    loop {
        let mut first = None;
        let mut stop = |progress: &Progress| {
            let before = *first.get_or_insert(progress.done);
            match progress.done > before + 2 {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
        let pool = pool.build().unwrap();
        let report = pool
            .install(|| one.run(&files, &parted, &mut stop))
            .unwrap();
        runs += 1;
        assert!(runs < 20, "it never ends");
        assert_eq!(report.stopped, !parted.exists());
        if !report.stopped {
            assert_eq!(report.skipped.len(), 2);
            break;
        }
    }
    assert!(runs > 1, "it was never stopped");
    assert_eq!(
        std::fs::read(whole).unwrap(),
        std::fs::read(parted).unwrap()
    );
}

#[test]
fn resuming_with_other_settings_is_refused() {
    let folder = clips_with_bad_files();
    let files = Inputs::find([folder.path()]).unwrap().files;
    let out = tempfile::tempdir().unwrap();
    let table = out.path().join("t.csv");
    let resume = Extraction {
        resume: true,
        ..Default::default()
    };
    let mut stop = |_: &Progress| ControlFlow::Break(());
    let report = resume.run(&files, &table, &mut stop).unwrap();
    assert!(report.stopped);
    let other = Extraction {
        segments: PARTS,
        ..resume.clone()
    };
    let error = other.run(&files, &table, &mut ()).unwrap_err();
    assert!(
        error.to_string().contains("made with other settings"),
        "{error}"
    );
}
