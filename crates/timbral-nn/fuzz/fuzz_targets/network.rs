//! Networks, as safetensors.

#![no_main]

#[path = "../../../../tests/campaign/doors/networks.rs"]
mod networks;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| networks::classifier(bytes));
