//! Models of XGBoost, as JSON and UBJSON.

#![no_main]

#[path = "../../../../tests/campaign/doors/trees.rs"]
mod trees;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| trees::open(bytes));
