//! The published tables, if they are present.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use timbral_data::gtzan::{Artists, Index};
use timbral_data::{
    FeatureTable, KNearestParams, LeakReport, ScalerParams, SplitMethod, duplicate_files,
    duplicate_rows, near_copies,
};

/// Real data below `TIMBRAL_DATA`, or below a folder `shared` next to the checkout. If there is none,
/// `None`, and a line that says so.
fn real_data(what: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("TIMBRAL_DATA").map_or(default, PathBuf::from);
    let path = folder.join("data/gtzan").join(what);
    if path.exists() {
        return Some(path);
    }
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: no {}; set TIMBRAL_DATA to the folder of the data",
        path.display()
    );
    None
}

fn table(name: &str) -> Option<FeatureTable> {
    real_data(name).map(|path| FeatureTable::read_csv(path).unwrap())
}

/// Number of test rows whose nearest training row has the right label, and number of test rows.
fn nearest_neighbour(table: &FeatureTable, train: &[usize], test: &[usize]) -> (usize, usize) {
    let scaler = ScalerParams::default().fit(table, train).unwrap();
    let scaled = scaler.transform(table).unwrap();
    let (train, test) = (scaled.select(train).unwrap(), scaled.select(test).unwrap());
    let model = KNearestParams {
        k: 1,
        ..KNearestParams::default()
    }
    .fit(train.features(), train.labels().unwrap());
    let predicted = model.unwrap().predict(test.features()).unwrap();
    let right = predicted.iter().zip(test.labels().unwrap());
    (right.filter(|(a, b)| a == b).count(), predicted.len())
}

#[test]
fn fourteen_pairs_of_clips_repeat() {
    let Some(table) = table("features_30_sec.csv") else {
        return;
    };
    let sets = duplicate_rows(&table);
    assert_eq!(sets.len(), 14);
    assert!(sets.iter().all(|set| set.len() == 2));
    let labels = table.labels().unwrap();
    let conflicting: Vec<_> = sets
        .iter()
        .filter(|s| labels[s[0]] != labels[s[1]])
        .collect();
    let [pair] = conflicting[..] else {
        panic!("{conflicting:?}");
    };
    let ids: Vec<&str> = pair.iter().map(|row| table.ids()[*row].as_str()).collect();
    assert_eq!(ids, ["metal.00058.wav", "rock.00016.wav"]);
}

#[test]
fn near_copies_are_those_that_are_known() {
    let Some(table) = table("features_30_sec.csv") else {
        return;
    };
    let pairs = near_copies(&table).unwrap();
    let pairs = pairs.iter().map(|(a, b)| {
        let [a, b] = [a, b].map(|group| table.group_names()[*group].as_str());
        (a, b)
    });
    let pairs: BTreeSet<_> = pairs.collect();
    assert_eq!(pairs.len(), 34);
    // Repetitions of a recording that Sturm (2013) lists; their tables differ.
    for (a, b) in [
        ("jazz.00033", "jazz.00051"),
        ("jazz.00042", "jazz.00068"),
        ("pop.00015", "pop.00022"),
    ] {
        assert!(pairs.contains(&(a, b)), "{a} {b}");
    }
}

#[test]
fn a_random_split_of_segments_leaks() {
    let Some(table) = table("features_3_sec.csv") else {
        return;
    };
    let split = SplitMethod::Random.split(&table, 0).unwrap();
    let report = LeakReport::new(&table, &split.train, &split.test).unwrap();
    assert!(report.shared_fraction() > 0.99, "{report}");
    assert!(report.nearest_fraction() > 0.5, "{report}");
    let (right, n) = nearest_neighbour(&table, &split.train, &split.test);
    assert!(right as f64 > 0.85 * n as f64, "{right} of {n}");

    let grouped = SplitMethod::Grouped.split(&table, 0).unwrap();
    let report = LeakReport::new(&table, &grouped.train, &grouped.test).unwrap();
    assert_eq!((report.test_rows_shared, report.test_rows_nearest), (0, 0));
}

#[test]
fn the_fault_filtered_split_does_not_leak() {
    let Some(table) = table("features_3_sec.csv") else {
        return;
    };
    let split = SplitMethod::FaultFiltered.split(&table, 0).unwrap();
    let train = [&split.train[..], &split.valid[..]].concat();
    let report = LeakReport::new(&table, &train, &split.test).unwrap();
    assert!(report.shared_groups.is_empty());
    assert_eq!((report.test_rows_shared, report.test_rows_nearest), (0, 0));
    assert_eq!(report.test_rows_repeated, 0);
    // scikit-learn's, by tests/golden/nearest.py.
    assert_eq!(
        nearest_neighbour(&table, &split.train, &split.test),
        (1024, 2666)
    );
    assert_eq!(nearest_neighbour(&table, &train, &split.test), (1079, 2666));
}

#[test]
fn artists_are_in_one_part_of_the_fault_filtered_split() {
    let (Some(table), Some(index)) = (table("features_30_sec.csv"), real_data("artists_sturm.txt"))
    else {
        return;
    };
    let artists = Artists::read(index).unwrap();
    assert_eq!(artists.get("disco.00057".parse().unwrap()), None);
    let table = artists.group(table).unwrap();
    let split = SplitMethod::FaultFiltered.split(&table, 0).unwrap();
    let of = |rows: &[usize]| -> BTreeSet<usize> {
        rows.iter().map(|row| table.groups()[*row]).collect()
    };
    let parts = [of(&split.train), of(&split.valid), of(&split.test)];
    let all: BTreeSet<usize> = parts.iter().flatten().copied().collect();
    assert_eq!(all.len(), parts.iter().map(BTreeSet::len).sum::<usize>());
    // Far fewer artists than clips.
    assert!(table.n_groups() < 400, "{}", table.n_groups());
}

#[test]
fn a_folder_with_some_of_the_clips_is_an_index() {
    let Some(clips) = real_data("clips") else {
        return;
    };
    let index = Index::read(&clips).unwrap();
    assert!(!index.tracks.is_empty());
    assert_eq!(index.tracks.len() + index.missing.len(), 1000);
    let paths: Vec<&PathBuf> = index.tracks.iter().map(|t| &t.path).collect();
    eprintln!(
        "{} {:?} {:?}",
        paths.len(),
        index.surplus,
        duplicate_files(&paths)
    );
}
