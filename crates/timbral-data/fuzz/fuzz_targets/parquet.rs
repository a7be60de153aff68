//! Tables as Parquet files.

#![no_main]

#[allow(dead_code, reason = "other doors are in the same file")]
#[path = "../../../../tests/campaign/doors/tables.rs"]
mod tables;

use libfuzzer_sys::fuzz_target;

// Panics of the crate `parquet` are caught by timbral-data; the fuzzer must not end the process for them. Others
// it sees when they arrive.
fuzz_target!(
    init: std::panic::set_hook(Box::new(record)),
    |bytes: &[u8]| tables::parquet(bytes)
);

fn record(info: &std::panic::PanicHookInfo<'_>) {
    if info.location().is_some_and(|at| at.file().contains("timbral")) {
        eprintln!("{info}");
    }
}
