pub(crate) mod analyzer;
mod columns;
mod tagger;
#[cfg(test)]
mod test_network;

pub use columns::{EmbeddingColumns, EmbeddingParams};
pub use tagger::{TagProbability, TaggedWindow, Tagger, Tagging};
