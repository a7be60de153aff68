//! The doors: every function through which bytes of a user come in. A door returns, whatever the bytes; what it
//! takes is valid, and stays the same when it is written and read again.

mod audio;
mod checkpoints;
mod classifiers;
mod features;
mod logs;
mod networks;
mod tables;
mod trees;

use crate::engine::Seed;
use crate::seeds;

/// A function that reads bytes, with valid files to damage.
pub(crate) struct Door {
    pub(crate) name: &'static str,
    pub(crate) seeds: fn() -> Vec<Seed>,
    /// Panics if something is wrong.
    pub(crate) open: fn(&[u8]),
    /// Endings of the files of a data folder that can be further seeds.
    pub(crate) endings: &'static [&'static str],
}

const fn door(
    name: &'static str,
    seeds: fn() -> Vec<Seed>,
    open: fn(&[u8]),
    endings: &'static [&'static str],
) -> Door {
    Door {
        name,
        seeds,
        open,
        endings,
    }
}

/// All of them.
pub(crate) static DOORS: [Door; 32] = [
    door("wav", seeds::audio::wav, audio::open, &[".wav"]),
    door("aiff", seeds::audio::aiff, audio::open, &[".aiff", ".aifc"]),
    door("au", seeds::audio::au, audio::open, &[".au"]),
    door("caf", seeds::audio::caf, audio::open, &[".caf"]),
    door("flac", seeds::audio::flac, audio::open, &[".flac"]),
    door("vorbis", seeds::audio::vorbis, audio::open, &[".ogg"]),
    door("opus", seeds::audio::opus, audio::open, &[".opus"]),
    door("mp3", seeds::audio::mp3, audio::open, &[".mp3"]),
    door("adts", seeds::audio::adts, audio::open, &[".aac"]),
    door(
        "mp4",
        seeds::audio::mp4,
        audio::open,
        &[".m4a", ".mov", ".mp4"],
    ),
    door(
        "matroska",
        seeds::audio::matroska,
        audio::open,
        &[".mka", ".webm"],
    ),
    door("csv", seeds::tables::csv, tables::csv, &[".csv", ".tsv"]),
    door(
        "csv-gz",
        seeds::tables::csv_gz,
        tables::csv_gz,
        &[".csv.gz"],
    ),
    door(
        "parquet",
        seeds::tables::parquet,
        tables::parquet,
        &[".parquet"],
    ),
    door("npz", seeds::tables::npz, tables::npz, &[".npz"]),
    door(
        "spectrograms",
        seeds::tables::spectrograms,
        tables::spectrograms,
        &[],
    ),
    door(
        "test-rows",
        seeds::tables::test_rows,
        tables::test_rows,
        &[],
    ),
    door("artists", seeds::tables::artists, tables::artists, &[]),
    door("trees-json", seeds::models::json, trees::open, &[".json"]),
    door(
        "trees-ubjson",
        seeds::models::ubjson,
        trees::open,
        &[".ubj"],
    ),
    door(
        "network",
        seeds::networks::classifiers,
        networks::classifier,
        &[],
    ),
    door(
        "checkpoint",
        seeds::networks::checkpoints,
        checkpoints::open,
        &[],
    ),
    door("dense", seeds::networks::dense, classifiers::dense, &[]),
    door(
        "classifier",
        seeds::classifiers::genres,
        classifiers::genres,
        &[],
    ),
    door(
        "index",
        seeds::classifiers::indices,
        classifiers::index,
        &[],
    ),
    door("features", seeds::features::files, features::json, &[]),
    door("features-text", seeds::features::texts, features::text, &[]),
    door("log", seeds::logs::plain, logs::plain, &[]),
    door("journal", seeds::logs::journals, logs::journal, &[]),
    door("results", seeds::logs::results, logs::results, &[]),
    door(
        "table-model",
        seeds::models::json,
        classifiers::table_model,
        &[".json"],
    ),
    door(
        "probabilities",
        seeds::tables::csv,
        classifiers::probabilities,
        &[".csv"],
    ),
];

/// The door of a name.
pub(crate) fn find(name: &str) -> Option<&'static Door> {
    DOORS.iter().find(|door| door.name == name)
}
