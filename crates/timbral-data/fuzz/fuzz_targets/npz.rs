//! Tables as NumPy archives. The input is the arrays, one after the other, each after its length in 16 bits: the
//! fuzzer cannot guess the checksums of an archive.

#![no_main]

#[allow(dead_code, reason = "other doors are in the same file")]
#[path = "../../../../tests/campaign/doors/tables.rs"]
mod tables;

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const TABLE: [&str; 6] = ["features", "feature_names", "ids", "groups", "lengths", "labels"];
const IMAGES: [&str; 4] = ["levels", "names", "labels", "groups"];

fuzz_target!(|bytes: &[u8]| {
    tables::npz(&archive(&TABLE, bytes));
    tables::spectrograms(&archive(&IMAGES, bytes));
});

fn archive(names: &[&str], mut bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for name in names {
        let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
            break;
        };
        let (array, rest) = rest.split_at(rest.len().min(u16::from_le_bytes(*length).into()));
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(array).unwrap();
        bytes = rest;
    }
    zip.finish().unwrap().into_inner()
}
