//! Sound files to tables of features and to spectrograms.

pub(crate) mod columns;
pub(crate) mod encoded;
pub(crate) mod extractor;
pub(crate) mod file_texts;
pub(crate) mod in_order;
pub(crate) mod inputs;
pub(crate) mod labels;
pub(crate) mod mel_images;
pub(crate) mod paths;
pub(crate) mod recordings;
pub(crate) mod sound;
pub(crate) mod sound_files;
pub(crate) mod sound_rows;
pub(crate) mod table;
