//! Makes checkpoints for tests, in the format that TensorFlow writes.

use super::crc32c::masked_crc32c;

/// A tensor of a checkpoint, with everything that its entry says.
#[derive(Debug, Clone)]
pub(super) struct TestTensor {
    pub(super) name: &'static str,
    pub(super) dtype: u64,
    pub(super) shape: Vec<u64>,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) crc32c: u32,
}

pub(super) fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

fn field(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

fn bytes_field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [
        varint(number << 3 | 2),
        varint(bytes.len() as u64),
        bytes.to_vec(),
    ]
    .concat()
}

/// The tensors of numbers, one after the other, and the file of the numbers.
pub(super) fn tensors(named: &[(&'static str, &[u64], &[f32])]) -> (Vec<TestTensor>, Vec<u8>) {
    let mut data = Vec::new();
    let tensors = named.iter().map(|(name, shape, values)| {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let tensor = TestTensor {
            name,
            dtype: 1,
            shape: shape.to_vec(),
            offset: data.len() as u64,
            size: bytes.len() as u64,
            crc32c: masked_crc32c(&[&bytes]),
        };
        data.extend(bytes);
        tensor
    });
    (tensors.collect(), data)
}

/// Keys and values of the index, sorted by key.
pub(super) fn entries(tensors: &[TestTensor]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let header = [field(1, 1), bytes_field(3, &[8, 1])].concat();
    let mut entries = vec![(Vec::new(), header)];
    for tensor in tensors {
        let axes: Vec<u8> = tensor
            .shape
            .iter()
            .flat_map(|n| bytes_field(2, &field(1, *n)))
            .collect();
        let value = [
            field(1, tensor.dtype),
            bytes_field(2, &axes),
            field(4, tensor.offset),
            field(5, tensor.size),
            varint(6 << 3 | 5),
            tensor.crc32c.to_le_bytes().to_vec(),
        ];
        entries.push((tensor.name.into(), value.concat()));
    }
    entries.sort();
    entries
}

/// A block of entries, whose keys leave out what they share with the one before.
pub(super) fn block(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let (mut block, mut last) = (Vec::new(), &Vec::new());
    for (key, value) in entries {
        let shared = key.iter().zip(last).take_while(|(a, b)| a == b).count();
        for n in [shared, key.len() - shared, value.len()] {
            block.extend(varint(n as u64));
        }
        block.extend(&key[shared..]);
        block.extend(value);
        last = key;
    }
    block.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    block
}

/// An index of blocks of entries; the index block points to each of them in turn.
pub(super) fn index(blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut handles = Vec::new();
    for block in blocks {
        handles.push((vec![b'k'], handle(&mut file, block)));
    }
    table(file, &block(&handles))
}

/// Appends the index block and the footer.
pub(super) fn table(mut file: Vec<u8>, index: &[u8]) -> Vec<u8> {
    let meta = handle(&mut file, &block(&[]));
    let index = handle(&mut file, index);
    let mut footer = [meta, index].concat();
    footer.resize(40, 0);
    file.extend(footer);
    file.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
    file
}

/// Appends a block with its checksum, and returns its handle.
pub(super) fn handle(file: &mut Vec<u8>, block: &[u8]) -> Vec<u8> {
    let handle = [varint(file.len() as u64), varint(block.len() as u64)].concat();
    file.extend(block);
    file.push(0);
    file.extend(masked_crc32c(&[block, &[0]]).to_le_bytes());
    handle
}
