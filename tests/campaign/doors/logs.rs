use timbral::data::SplitMethod;
use timbral::{Results, Runner};
use timbral_core::JsonLines;
use timbral_data::TableJournal;

use super::tables::with_file;
use crate::seeds::logs::{SETTINGS, columns, recipe};
use crate::seeds::tables::table;

/// A log that is opened takes a further entry, and has one more when it is opened again.
pub(crate) fn plain(bytes: &[u8]) {
    with_file(".jsonl", bytes, |path| {
        let open = || JsonLines::open::<(String, f64)>(path, &SETTINGS);
        let Ok((mut log, entries)) = open() else {
            return;
        };
        log.append(&("last", 0.25)).unwrap();
        let (_, again) = open().unwrap_or_else(|e| panic!("it is not opened again: {e}"));
        assert_eq!(again.len(), entries.len() + 1);
        assert_eq!(again[..entries.len()], entries);
    });
}

pub(crate) fn journal(bytes: &[u8]) {
    with_file(".csv.partial", bytes, |path| {
        let table = path.with_extension("");
        let Ok(mut journal) = TableJournal::resume(&table, &columns(), SETTINGS) else {
            return;
        };
        let row = ["c.wav", "1", "pop"].map(str::to_owned).to_vec();
        journal.append("c.wav", [row]).unwrap();
        if bytes.len().is_multiple_of(16) {
            let n = journal.finish(["a.wav", "b.wav", "c.wav"]);
            let read = std::fs::read_to_string(&table);
            // A row of the wrong length is an error, never a table that is not rectangular.
            if let (Ok(n), Ok(read)) = (n, read) {
                assert!(n >= 1 && read.starts_with("filename,x,label\n"), "{read}");
                std::fs::remove_file(table).unwrap();
            }
        }
    });
}

/// Fits are taken from the log or computed; either way they can be evaluated.
pub(crate) fn results(bytes: &[u8]) {
    with_file(".jsonl", bytes, |path| {
        let (table, recipe) = (table(), recipe());
        let Ok(results) = Results::open(path, [&table]) else {
            return;
        };
        let runner = Runner::new(&table)
            .recipe(&recipe)
            .splits([SplitMethod::Grouped]);
        for run in runner
            .seeds(0..1)
            .results(&results)
            .run(&mut ())
            .into_iter()
            .flatten()
        {
            let _ = run.evaluate();
        }
    });
}
