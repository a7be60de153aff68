use timbral_core::Rng;

/// Numbers at the ends of ranges; what is wider than its field is cut.
const INTEGERS: [u64; 24] = [
    0,
    1,
    2,
    16,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x400,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x00ff_ffff,
    0x1000_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    // The bits of NaN and of infinity.
    0x7ff8_0000_7fc0_0000,
    0x7ff0_0000_7f80_0000,
];

/// Changes some bytes at one place; `other` is a file to take bytes from.
pub(super) fn change(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    if bytes.is_empty() {
        return bytes.extend(random(rng));
    }
    let at = place(bytes.len(), rng);
    let end = (at + length(rng)).min(bytes.len());
    match rng.below(12) {
        0 | 1 => bytes[at] ^= 1 << rng.below(8),
        2 => bytes[at] = rng.next_u64() as u8,
        3 => bytes[at..end].fill([0, 0xff][rng.below(2)]),
        4..=6 => integer(&mut bytes[at..], rng),
        7 => bytes.truncate(at),
        8 => drop(bytes.drain(at..end)),
        9 => {
            let piece = bytes[at..end].to_vec();
            let to = place(bytes.len(), rng);
            bytes.splice(to..to, piece);
        }
        10 => drop(bytes.splice(at..at, random(rng))),
        _ => {
            bytes.truncate(at);
            let from = if other.is_empty() {
                0
            } else {
                place(other.len(), rng)
            };
            bytes.extend(&other[from..]);
        }
    }
}

/// A place in a file; the headers at its start are hit more often than the rest.
fn place(length: usize, rng: &mut Rng) -> usize {
    let most = match rng.below(4) {
        0 => 64,
        1 => 512,
        _ => length,
    };
    rng.below(length.min(most))
}

/// A length: mostly of a field, sometimes of a block.
fn length(rng: &mut Rng) -> usize {
    let most = 1 << rng.below(11);
    1 + rng.below(most)
}

fn random(rng: &mut Rng) -> Vec<u8> {
    (0..=rng.below(12)).map(|_| rng.next_u64() as u8).collect()
}

/// Writes a number of 1, 2, 4 or 8 bytes in either byte order, or adds a little to the one that is there.
fn integer(field: &mut [u8], rng: &mut Rng) {
    let width = (1 << rng.below(4)).min(field.len());
    let field = &mut field[..width];
    let is_big = rng.below(2) == 0;
    if is_big {
        field.reverse();
    }
    let mut wide = [0; 8];
    wide[..width].copy_from_slice(field);
    let value = match rng.below(3) {
        0 => u64::from_le_bytes(wide)
            .wrapping_add(rng.below(17) as u64)
            .wrapping_sub(8),
        _ => INTEGERS[rng.below(INTEGERS.len())],
    };
    field.copy_from_slice(&value.to_le_bytes()[..width]);
    if is_big {
        field.reverse();
    }
}
