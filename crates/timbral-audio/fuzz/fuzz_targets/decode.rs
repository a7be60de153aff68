//! Sound files of any format; the checksums of OGG and FLAC are made right first, as the fuzzer cannot guess
//! them.

#![no_main]

#[path = "../../../../tests/campaign/doors/audio.rs"]
mod audio;
#[path = "../../../../tests/campaign/engine/checksums.rs"]
mod checksums;

use libfuzzer_sys::fuzz_target;

// Panics of the decoders of other crates are caught by timbral-audio; the fuzzer must not end the process for
// them. Others it sees when they arrive.
fuzz_target!(init: std::panic::set_hook(Box::new(record)), |bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    if bytes.starts_with(b"OggS") {
        checksums::ogg(&mut bytes);
    }
    if bytes.starts_with(b"fLaC") {
        checksums::flac(&mut bytes);
    }
    audio::open(&bytes);
});

fn record(info: &std::panic::PanicHookInfo<'_>) {
    if info.location().is_some_and(|at| at.file().contains("timbral")) {
        eprintln!("{info}");
    }
}
