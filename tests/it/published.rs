//! The features of real clips against the published GTZAN tables; skipped with a message without them.

use std::path::Path;

use timbral::dsp::{FeatureParams, FeatureSetParams};
use timbral::{Extraction, Extractor, Inputs, Segmentation};

use crate::support::{Table, real_data};

/// A cell agrees if it differs by at most this fraction of its value ...
const RELATIVE: f64 = 1e-4;
/// ... or this fraction of its column's standard deviation: means of high MFCCs are near zero.
const OF_DEVIATION: f64 = 1e-5;

/// Extracts the features of `inputs` and compares every cell with the published table.
fn check(inputs: &Path, published: &Path, segments: Segmentation, n_rows: usize) {
    let published = Table::read(published);
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t.csv");
    let files = Inputs::find([inputs]).unwrap().files;
    let features = FeatureSetParams::gtzan();
    let extraction = Extraction {
        features,
        segments,
        ..Default::default()
    };
    let report = extraction.run(&files, &table, &mut ()).unwrap();
    assert_eq!(report.skipped.len(), 1, "{report}");
    assert!(
        report
            .to_string()
            .contains("jazz.00054.wav: not a sound file"),
        "{report}"
    );
    let ours = Table::read(&table);
    assert_eq!(ours.columns, published.columns);
    assert_eq!(ours.rows.len(), n_rows);
    let (mut cells, mut close) = (0, 0);
    for (name, row) in &ours.rows {
        // The 3-s table may lack rows.
        let Some(expected) = published.rows.get(name) else {
            continue;
        };
        assert_eq!((&row[1], &row[59]), (&expected[1], &expected[59]), "{name}");
        for column in 2..59 {
            let number = |row: &[String]| row[column].parse::<f64>().unwrap();
            let (got, want) = (number(row), number(expected));
            let relative = (got - want).abs() / (RELATIVE * want.abs());
            let of_deviation = (got - want).abs() / (OF_DEVIATION * published.deviation(column));
            let error = relative.min(of_deviation);
            let place = format!("{name}, {}: {got} for {want}", ours.columns[column]);
            // Tempi are quotients of integers; the tables round the last bit differently.
            let bound = if ours.columns[column] == "tempo" {
                1e-10
            } else {
                1.0
            };
            assert!(error <= bound, "{place}");
            cells += 1;
            close += usize::from(error <= 0.1);
        }
    }
    assert!(cells >= 57 * 20, "only {cells} cells compared");
    assert!(
        close * 100 >= cells * 99,
        "{close} of {cells} cells within a tenth of the tolerance"
    );
}

#[test]
fn whole_clips_have_the_published_features() {
    if let (Some(clips), Some(table)) = (
        real_data("data/gtzan/clips"),
        real_data("data/gtzan/features_30_sec.csv"),
    ) {
        check(&clips, &table, Segmentation::Whole, 24);
    }
}

#[test]
fn three_second_segments_have_the_published_features() {
    if let (Some(clips), Some(table)) = (
        real_data("data/gtzan/clips"),
        real_data("data/gtzan/features_3_sec.csv"),
    ) {
        check(&clips, &table, Segmentation::gtzan(), 240);
    }
}

#[test]
fn au_files_have_the_features_of_the_same_clips_as_wav() {
    let (Some(clips), Some(au)) = (real_data("data/gtzan/clips"), real_data("data/gtzan/au"))
    else {
        return;
    };
    let extractor = Extractor::new(FeatureParams::gtzan(), Segmentation::Whole).unwrap();
    let files = Inputs::find([au]).unwrap().files;
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let twin = clips
            .join(name.split('.').next().unwrap())
            .join(format!("{name}.wav"));
        let rows = |path: &Path| extractor.rows(path).unwrap();
        let (a, b) = (rows(&file), rows(&twin));
        assert_eq!(
            (&a[0].values, a[0].length),
            (&b[0].values, b[0].length),
            "{name}"
        );
    }
}
