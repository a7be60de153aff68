mod archive;
mod cache;
mod checkpoint;
mod crc32c;
mod find;
mod layout;
mod proto;
mod published;
mod sorted_table;
mod stored;
mod tensors;
#[cfg(test)]
mod test_checkpoint;

pub(crate) use find::{find, from_slice};
pub(crate) use layout::TensorSpec;
pub(crate) use published::{CheckpointFiles, Published};
pub use tensors::Weights;
