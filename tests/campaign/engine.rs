//! Mutants: damaged and altered forms of valid files, the same for the same seed on every machine.

mod bytes;
mod checksums;
mod containers;
mod json;
mod text;

pub(crate) use containers::compressed;
use timbral_core::Rng;

/// The longest mutant, in bytes.
const LONGEST: usize = 1 << 20;

/// How a file is built, so that mutants get past checksums and lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Binary,
    /// Lines of cells or words.
    Text,
    Json,
    /// One JSON value per line.
    JsonLines,
    /// A zip archive; its entries have forms of their own.
    Zip,
    /// A length, a header in JSON, numbers.
    Safetensors,
    /// Pages with checksums.
    Ogg,
    /// Frames with checksums.
    Flac,
    /// Text compressed by gzip.
    Gzip,
}

/// A valid file to start from.
#[derive(Debug, Clone)]
pub(crate) struct Seed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) form: Form,
}

impl Seed {
    pub(crate) fn new(form: Form, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { bytes, form }
    }
}

/// The mutant of `seeds` that the random numbers choose.
pub(crate) fn mutant(seeds: &[Seed], rng: &mut Rng) -> Vec<u8> {
    let seed = &seeds[rng.below(seeds.len())];
    let other = &seeds[rng.below(seeds.len())].bytes;
    let edited = match rng.below(3) {
        0 => None,
        _ => edited(seed.form, &seed.bytes, rng),
    };
    let is_edited = edited.is_some();
    let mut mutant = edited.unwrap_or_else(|| seed.bytes.clone());
    // Few changes find what one wrong field does; many what nobody thought of.
    if !is_edited || rng.below(4) == 0 {
        let most = 1 << rng.below(5);
        for _ in 0..=rng.below(most) {
            bytes::change(&mut mutant, other, rng);
        }
    }
    mutant.truncate(LONGEST);
    if rng.below(4) > 0 {
        match seed.form {
            Form::Ogg => checksums::ogg(&mut mutant),
            Form::Flac => checksums::flac(&mut mutant),
            _ => {}
        }
    }
    mutant
}

/// An edit that the form allows; `None` where it has none of its own, or the file cannot be taken apart.
fn edited(form: Form, file: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    match form {
        Form::Binary | Form::Ogg | Form::Flac => None,
        Form::Text => Some(text::edit(file, rng)),
        Form::Json => json::edit(file, rng),
        Form::JsonLines => json::edit_line(file, rng),
        Form::Zip => containers::zip(file, rng),
        Form::Safetensors => containers::safetensors(file, rng),
        Form::Gzip => containers::gzip(file, rng),
    }
}
