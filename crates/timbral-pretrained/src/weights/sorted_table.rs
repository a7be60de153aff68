//! The index of a TensorFlow checkpoint: a table of keys and values in the format of LevelDB.

use super::crc32c::masked_crc32c;
use super::proto::Bytes;

const MAGIC: [u8; 8] = 0xdb47_7524_8b80_fb57_u64.to_le_bytes();
const FOOTER: usize = 48;
/// Longest key, in bytes. A key is stored without the prefix that it has in common with the previous key, so that a
/// small file could have long keys.
const MAX_KEY: usize = 1 << 12;

/// Calls `take` with every key and value of a table.
///
/// # Errors
///
/// A sentence: what is wrong with the table, or what `take` returns.
pub(super) fn for_each_entry(
    table: &[u8],
    mut take: impl FnMut(&[u8], &[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let no_footer = || "the index has no footer of a checkpoint's".to_owned();
    let footer = table.len().checked_sub(FOOTER).ok_or_else(no_footer)?;
    let (blocks, footer) = table.split_at(footer);
    let handles = footer.strip_suffix(&MAGIC).ok_or_else(no_footer)?;
    let mut handles = Bytes(handles);
    let _meta = handle(&mut handles).ok_or_else(no_footer)?;
    let index = handle(&mut handles).ok_or_else(no_footer)?;
    // Blocks do not overlap: that bounds the time, whatever the index says.
    let mut left = blocks.len();
    entries(block(blocks, index)?, |_, value| {
        let at = handle(&mut Bytes(value)).ok_or("the index has an incomplete handle")?;
        let data = block(blocks, at)?;
        left = (left.checked_sub(data.len()))
            .ok_or_else(|| "blocks of the index overlap".to_owned())?;
        entries(data, &mut take)
    })
}

/// Offset and length of a block.
type Handle = (usize, usize);

fn handle(bytes: &mut Bytes<'_>) -> Option<Handle> {
    Some((bytes.length()?, bytes.length()?))
}

/// The contents of a block, whose checksum is verified.
fn block(blocks: &[u8], (offset, len): Handle) -> Result<&[u8], String> {
    let beyond = || format!("the index has a block of {len} bytes at {offset}, beyond its end");
    let mut rest = Bytes(blocks.get(offset..).ok_or_else(beyond)?);
    let contents = rest.take(len).ok_or_else(beyond)?;
    let kind = rest.take(1).ok_or_else(beyond)?;
    let crc = rest.take(4).ok_or_else(beyond)?;
    if kind != [0] {
        return Err("the index is compressed".to_owned());
    }
    match masked_crc32c(&[contents, kind]).to_le_bytes() == crc {
        true => Ok(contents),
        false => Err(format!(
            "the checksum of the block at {offset} of the index is wrong"
        )),
    }
}

/// Calls `take` with the entries of a block.
fn entries(
    block: &[u8],
    mut take: impl FnMut(&[u8], &[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let incomplete = || "the index has an incomplete block".to_owned();
    let (rest, n_restarts) = block.split_last_chunk::<4>().ok_or_else(incomplete)?;
    let n_restarts = u32::from_le_bytes(*n_restarts) as usize;
    let restarts = n_restarts.checked_mul(4).ok_or_else(incomplete)?;
    let end = rest.len().checked_sub(restarts).ok_or_else(incomplete)?;
    let mut rest = Bytes(&rest[..end]);
    let mut key = Vec::new();
    while !rest.is_empty() {
        let mut entry = || {
            let (shared, own, len) = (rest.length()?, rest.length()?, rest.length()?);
            Some((shared, rest.take(own)?, rest.take(len)?))
        };
        let (shared, own, value) = entry().ok_or_else(incomplete)?;
        if shared > key.len() {
            return Err("the index has a key that shares more than the one before has".to_owned());
        }
        key.truncate(shared);
        key.extend_from_slice(own);
        if key.len() > MAX_KEY {
            return Err(format!("the index has a key of more than {MAX_KEY} bytes"));
        }
        take(&key, value)?;
    }
    Ok(())
}
