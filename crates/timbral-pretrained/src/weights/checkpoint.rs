//! Checkpoints of TensorFlow, version 2: an index, and the numbers of all tensors in one file.

use std::collections::HashMap;

use super::crc32c::masked_crc32c;
use super::layout::TensorSpec;
use super::proto::{Bytes, Value};
use super::sorted_table::for_each_entry;

/// The number of TensorFlow's type of 32-bit floats.
const DT_FLOAT: u64 = 1;
/// Most axes of a tensor.
const MAX_AXES: usize = 8;

/// What the index has about a tensor.
#[derive(Debug, Default)]
struct Entry {
    dtype: u64,
    shape: Vec<u64>,
    shard: u64,
    offset: u64,
    size: u64,
    crc32c: u64,
    is_sliced: bool,
}

/// The tensors of a network in a checkpoint, in the order of `layout` and of a safetensors file.
///
/// Only what the layout names is read, and nothing is allocated for sizes that the files declare.
///
/// # Errors
///
/// A sentence: what is wrong with the files, or which tensor is missing or different.
pub(super) fn read(
    index: &[u8],
    data: &[u8],
    layout: &[TensorSpec],
) -> Result<Vec<Vec<f32>>, String> {
    let wanted: HashMap<&[u8], usize> = layout
        .iter()
        .enumerate()
        .map(|(i, spec)| (spec.source.as_bytes(), i))
        .collect();
    let mut found: Vec<Option<Entry>> = layout.iter().map(|_| None).collect();
    for_each_entry(index, |key, value| {
        if key.is_empty() {
            return check_header(value);
        }
        if let Some(i) = wanted.get(key) {
            let name = &layout[*i].source;
            let entry = entry(value).ok_or_else(|| format!("{name}: its entry is damaged"))?;
            found[*i] = Some(entry);
        }
        Ok(())
    })?;
    let tensor = |(spec, entry): (&TensorSpec, Option<Entry>)| {
        let entry = entry.ok_or_else(|| "is not in the checkpoint".to_owned());
        let values = entry.and_then(|entry| values(&entry, data, spec));
        values.map_err(|reason| format!("{}: {reason}", spec.source))
    };
    layout.iter().zip(found).map(tensor).collect()
}

fn check_header(message: &[u8]) -> Result<(), String> {
    let (mut rest, mut n_shards) = (Bytes(message), 0);
    while !rest.is_empty() {
        match rest.field().ok_or("the header of the index is damaged")? {
            (1, Value::Number(n)) => n_shards = n,
            (2, Value::Number(1)) => return Err("the checkpoint is big-endian".to_owned()),
            _ => {}
        }
    }
    match n_shards {
        1 => Ok(()),
        n => Err(format!("the checkpoint has {n} files of numbers, not 1")),
    }
}

fn entry(message: &[u8]) -> Option<Entry> {
    let (mut rest, mut entry) = (Bytes(message), Entry::default());
    while !rest.is_empty() {
        match rest.field()? {
            (1, Value::Number(n)) => entry.dtype = n,
            (2, Value::Bytes(message)) => entry.shape = shape(message)?,
            (3, Value::Number(n)) => entry.shard = n,
            (4, Value::Number(n)) => entry.offset = n,
            (5, Value::Number(n)) => entry.size = n,
            (6, Value::Number(n)) => entry.crc32c = n,
            (7, _) => entry.is_sliced = true,
            _ => {}
        }
    }
    Some(entry)
}

/// The lengths of the axes; `None` if there are too many.
fn shape(message: &[u8]) -> Option<Vec<u64>> {
    let (mut rest, mut shape) = (Bytes(message), Vec::new());
    while !rest.is_empty() {
        if let (2, Value::Bytes(axis)) = rest.field()? {
            let (mut axis, mut len) = (Bytes(axis), 0);
            while !axis.is_empty() {
                if let (1, Value::Number(n)) = axis.field()? {
                    len = n;
                }
            }
            if shape.len() == MAX_AXES {
                return None;
            }
            shape.push(len);
        }
    }
    Some(shape)
}

fn values(entry: &Entry, data: &[u8], spec: &TensorSpec) -> Result<Vec<f32>, String> {
    let expected: Vec<u64> = spec.source_shape().iter().map(|n| *n as u64).collect();
    if entry.shape != expected {
        return Err(format!(
            "expected the shape {expected:?}, got {:?}",
            entry.shape
        ));
    }
    if entry.dtype != DT_FLOAT || entry.is_sliced || entry.shard != 0 {
        return Err("it is not one piece of 32-bit floats".to_owned());
    }
    let size = 4 * spec.len() as u64;
    if entry.size != size {
        return Err(format!("expected {size} bytes, got {}", entry.size));
    }
    let beyond = || {
        format!(
            "its {size} bytes at {} are beyond the end of the file of numbers, which has {}",
            entry.offset,
            data.len()
        )
    };
    let start = usize::try_from(entry.offset).map_err(|_| beyond())?;
    let end = start.checked_add(4 * spec.len()).ok_or_else(beyond)?;
    let bytes = data.get(start..end).ok_or_else(beyond)?;
    if u64::from(masked_crc32c(&[bytes])) != entry.crc32c {
        return Err("its checksum is wrong".to_owned());
    }
    let (numbers, _) = bytes.as_chunks::<4>();
    let numbers: Vec<f32> = numbers.iter().map(|x| f32::from_le_bytes(*x)).collect();
    Ok(spec.permute(&numbers))
}

#[cfg(test)]
mod tests {
    use super::super::test_checkpoint::{self as made, TestTensor};
    use super::*;
    use proptest::prelude::*;

    fn layout() -> Vec<TensorSpec> {
        vec![
            TensorSpec::vector("norm.weight".into(), 3, "norm/gamma".into()),
            TensorSpec::permuted("conv.weight".into(), &[2, 3], "norm/kernel".into(), &[1, 0]),
        ]
    }

    fn checkpoint() -> (Vec<TestTensor>, Vec<u8>) {
        made::tensors(&[
            ("norm/gamma", &[3], &[1.0, 2.0, 3.0]),
            ("norm/kernel", &[3, 2], &[0.0, 1.0, 10.0, 11.0, 20.0, 21.0]),
            ("norm/kernel/Adam", &[1], &[7.0]),
        ])
    }

    fn read_all(tensors: &[TestTensor], data: &[u8]) -> Result<Vec<Vec<f32>>, String> {
        let index = made::index(&[made::block(&made::entries(tensors))]);
        read(&index, data, &layout())
    }

    #[test]
    fn the_tensors_of_the_layout_are_read() {
        let (tensors, data) = checkpoint();
        let expected = [vec![1.0, 2.0, 3.0], vec![0.0, 10.0, 20.0, 1.0, 11.0, 21.0]];
        assert_eq!(read_all(&tensors, &data).unwrap(), expected);
        // The same with every entry in a block of its own.
        let blocks: Vec<_> = made::entries(&tensors).chunks(1).map(made::block).collect();
        assert_eq!(
            read(&made::index(&blocks), &data, &layout()).unwrap(),
            expected
        );
    }

    /// A change of a tensor's entry.
    type Change = fn(&mut TestTensor);

    #[test]
    fn absurd_entries_are_named() {
        let cases: [(Change, &str); 8] = [
            (
                |t| t.shape = vec![1 << 40, 1 << 40],
                "expected the shape [3, 2], got [1099511627776, 1099511627776]",
            ),
            (
                |t| t.shape = vec![u64::MAX],
                "expected the shape [3, 2], got [18446744073709551615]",
            ),
            (|t| t.shape = vec![1; 100], "its entry is damaged"),
            (
                |t| t.size = u64::MAX,
                "expected 24 bytes, got 18446744073709551615",
            ),
            (
                |t| t.offset = u64::MAX,
                "its 24 bytes at 18446744073709551615 are beyond the end of the file of numbers, which has 40",
            ),
            (
                |t| t.offset = 17,
                "its 24 bytes at 17 are beyond the end of the file of numbers, which has 40",
            ),
            (|t| t.dtype = 2, "it is not one piece of 32-bit floats"),
            (|t| t.crc32c ^= 1, "its checksum is wrong"),
        ];
        for (change, expected) in cases {
            let (mut tensors, data) = checkpoint();
            change(&mut tensors[1]);
            let error = read_all(&tensors, &data).unwrap_err();
            assert_eq!(error, format!("norm/kernel: {expected}"));
        }
        let (tensors, data) = checkpoint();
        let error = read_all(&tensors[1..], &data).unwrap_err();
        assert_eq!(error, "norm/gamma: is not in the checkpoint");
    }

    #[test]
    fn a_damaged_index_is_named() {
        let (tensors, data) = checkpoint();
        let block = made::block(&made::entries(&tensors));
        let whole = made::index(std::slice::from_ref(&block));
        let read = |index: &[u8]| read(index, &data, &layout()).unwrap_err();
        for n in 0..whole.len() {
            assert!(read(&whole[..n]).contains("the index"), "{n}");
        }
        // Every bit of the blocks is under a checksum, every one of the footer decides.
        for place in 0..whole.len() - 48 {
            let mut changed = whole.clone();
            changed[place] ^= 4;
            if changed != whole {
                let result = super::read(&changed, &data, &layout());
                assert!(result.is_err() || place >= block.len() + 5, "{place}");
            }
        }
        // One block, a hundred times.
        let mut file = Vec::new();
        let handle = made::handle(&mut file, &block);
        let handles = vec![(vec![b'k'], handle); 100];
        let index = made::table(file, &made::block(&handles));
        assert_eq!(read(&index), "blocks of the index overlap");
        let beyond = [made::varint(1 << 60), made::varint(u64::MAX >> 1)].concat();
        let index = made::table(Vec::new(), &made::block(&[(vec![], beyond)]));
        assert!(read(&index).contains("beyond its end"), "{}", read(&index));
        // Keys that grow by sharing.
        let mut entries = vec![0, 1, 0, b'a'];
        for n in 1..5000u64 {
            entries.extend([made::varint(n), vec![1, 0, b'a']].concat());
        }
        entries.extend([0; 4]);
        assert!(read(&made::index(&[entries])).contains("a key of more than 4096 bytes"));
        let shares = [made::varint(9), vec![0, 0], vec![0; 4]].concat();
        assert!(read(&made::index(&[shares])).contains("shares more"));
    }

    proptest! {
        /// With right checksums, so that the changed bytes are read.
        #[test]
        fn no_bytes_of_a_block_cause_a_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            n_index: bool,
        ) {
            let (tensors, data) = checkpoint();
            let mut block = made::block(&made::entries(&tensors));
            let mut file = Vec::new();
            let mut index = if n_index {
                made::block(&[(vec![b'k'], made::handle(&mut file, &block))])
            } else {
                Vec::new()
            };
            let changed = if n_index { &mut index } else { &mut block };
            for (place, byte) in &changes {
                let place = place.index(changed.len());
                changed[place] = *byte;
            }
            let table = if n_index { made::table(file, &index) } else { made::index(&[block]) };
            if let Ok(values) = read(&table, &data, &layout()) {
                prop_assert_eq!(values.iter().map(Vec::len).collect::<Vec<_>>(), [3, 6]);
            }
        }

        #[test]
        fn no_bytes_cause_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&bytes, &bytes, &layout()).is_err());
        }
    }
}
