//! Files in files: taken apart, one part altered, and put together again with the right lengths and
//! checksums.

use std::io::{Cursor, Read, Write};

use timbral_core::Rng;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Form, bytes, edited, json, text};

/// A zip archive with an altered entry; all are stored without compression.
pub(super) fn zip(file: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    let mut entries = entries(file)?;
    if entries.is_empty() {
        return None;
    }
    let i = rng.below(entries.len());
    match rng.below(12) {
        0 => drop(entries.remove(i)),
        1 => {
            let other = entries[rng.below(entries.len())].1.clone();
            entries[i].1 = other;
        }
        _ => {
            let (name, content) = &mut entries[i];
            let form = match name.rsplit('.').next() {
                Some("json") => Form::Json,
                Some("safetensors") => Form::Safetensors,
                _ => Form::Binary,
            };
            match edited(form, content, rng) {
                Some(new) => *content = new,
                // The header of an array is text.
                None if rng.below(2) == 0 => *content = text::edit(content, rng),
                None => bytes::change(content, &[], rng),
            }
        }
    }
    pack(&entries)
}

fn entries(file: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut archive = ZipArchive::new(Cursor::new(file)).ok()?;
    let n = archive.len();
    let entry = |i| {
        let mut entry = archive.by_index(i).ok()?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content).ok()?;
        Some((entry.name().ok()?.into_owned(), content))
    };
    (0..n).map(entry).collect()
}

fn pack(entries: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in entries {
        archive.start_file(name.as_str(), options).ok()?;
        archive.write_all(content).ok()?;
    }
    Some(archive.finish().ok()?.into_inner())
}

/// A safetensors file with an altered header.
pub(super) fn safetensors(file: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let (header, data) =
        rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let header = json::edit(header, rng)?;
    let length = (header.len() as u64).to_le_bytes();
    Some([&length[..], &header, data].concat())
}

/// A gzip file with an altered text.
pub(super) fn gzip(file: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut content)
        .ok()?;
    Some(compressed(&text::edit(&content, rng)))
}

/// A text compressed by gzip.
pub(crate) fn compressed(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing to memory cannot fail.
    let _ = packed.write_all(text);
    packed.finish().unwrap_or_default()
}
