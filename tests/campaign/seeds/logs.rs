use timbral::boost::BoostParams;
use timbral::data::SplitMethod;
use timbral::{Results, Runner};
use timbral_core::JsonLines;
use timbral_data::TableJournal;

use super::tables::table;
use super::written;
use crate::engine::Form::JsonLines as Lines;
use crate::engine::Seed;

pub(crate) const SETTINGS: &str = "{\"n_fft\":512}";

pub(crate) fn columns() -> Vec<String> {
    ["filename", "x", "label"].map(str::to_owned).to_vec()
}

pub(crate) fn plain() -> Vec<Seed> {
    vec![written(Lines, ".jsonl", |path| {
        let (mut log, _) = JsonLines::open::<(String, f64)>(path, &SETTINGS).unwrap();
        for i in 0..3 {
            log.append(&(format!("trial {i}"), 0.5)).unwrap();
        }
    })]
}

/// What an interrupted extraction leaves.
pub(crate) fn journals() -> Vec<Seed> {
    vec![written(Lines, ".csv.partial", |path| {
        let table = path.with_extension("");
        let mut journal = TableJournal::create(table, &columns(), SETTINGS).unwrap();
        for name in ["a.wav", "b.wav"] {
            let row = [name, "0.5", "jazz"].map(str::to_owned).to_vec();
            journal.append(name, [row.clone(), row]).unwrap();
        }
    })]
}

/// Trees that take no time.
pub(crate) fn recipe() -> BoostParams {
    BoostParams {
        n_rounds: 1,
        max_depth: 2,
        ..BoostParams::default()
    }
}

/// The log of two fits.
pub(crate) fn results() -> Vec<Seed> {
    vec![written(Lines, ".jsonl", |path| {
        let (table, recipe) = (table(), recipe());
        let results = Results::open(path, [&table]).unwrap();
        let runner = Runner::new(&table)
            .recipe(&recipe)
            .splits([SplitMethod::Grouped]);
        let runs = runner.seeds(0..2).results(&results).run(&mut ());
        assert_eq!(runs.unwrap().len(), 2);
    })]
}
