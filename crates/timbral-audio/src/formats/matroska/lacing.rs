//! Several frames in one block (RFC 9559, 10.3).

/// Offset and length of each frame of a block, none if it is not one of the track `number`; `None` if it is not
/// valid.
pub(super) fn frames(block: &[u8], number: u64) -> Option<Vec<(usize, usize)>> {
    let mut at = 0;
    let (track, _) = size(block, &mut at)?;
    if track != number {
        return Some(Vec::new());
    }
    // A time stamp of two bytes, then flags.
    let flags = *block.get(at + 2)?;
    at += 3;
    let lacing = flags >> 1 & 3;
    if lacing == 0 {
        return Some(vec![(at, block.len() - at)]);
    }
    let count = usize::from(*block.get(at)?) + 1;
    at += 1;
    let mut sizes = Vec::with_capacity(count);
    match lacing {
        // Xiph: sums of bytes up to one below 255.
        1 => {
            for _ in 1..count {
                let mut n = 0;
                loop {
                    let byte = *block.get(at)?;
                    at += 1;
                    n += usize::from(byte);
                    if byte < 255 {
                        break;
                    }
                }
                sizes.push(n);
            }
        }
        // EBML: the first size, then differences.
        3 => {
            let (mut n, _) = size(block, &mut at)?;
            sizes.push(usize::try_from(n).ok()?);
            for _ in 2..count {
                let (raw, length) = size(block, &mut at)?;
                let bias = (1i64 << (7 * length - 1)) - 1;
                n = n.checked_add_signed(raw as i64 - bias)?;
                sizes.push(usize::try_from(n).ok()?);
            }
        }
        _ => {
            let each = (block.len() - at.min(block.len())) / count;
            sizes.resize(count - 1, each);
        }
    }
    sizes.truncate(count - 1);
    let mut out = Vec::with_capacity(count);
    for n in sizes {
        block.get(at..at.checked_add(n)?)?;
        out.push((at, n));
        at += n;
    }
    out.push((at, block.len().checked_sub(at)?));
    Some(out)
}

/// A number of EBML and its length in bytes.
fn size(block: &[u8], at: &mut usize) -> Option<(u64, u32)> {
    let first = *block.get(*at)?;
    let length = first.leading_zeros() + 1;
    if length > 8 {
        return None;
    }
    let rest = block.get(*at + 1..*at + length as usize)?;
    *at += length as usize;
    let x = u64::from(first) & ((1 << (8 - length)) - 1);
    Some((rest.iter().fold(x, |x, y| x << 8 | u64::from(*y)), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_each_lacing() {
        assert_eq!(frames(b"\x81\0\0\x80abc", 1), Some(vec![(4, 3)]));
        assert_eq!(frames(b"\x82\0\0\x80abc", 1), Some(vec![]));
        assert_eq!(
            frames(b"\x81\0\0\x82\x02\x01\x02abbccc", 1),
            Some(vec![(7, 1), (8, 2), (10, 3)])
        );
        assert_eq!(
            frames(b"\x81\0\0\x84\x01abcd", 1),
            Some(vec![(5, 2), (7, 2)])
        );
        // Sizes 1, 1 + 1 = 2, and the rest.
        assert_eq!(
            frames(b"\x81\0\0\x86\x02\x81\xc0abbccc", 1),
            Some(vec![(7, 1), (8, 2), (10, 3)])
        );
        assert_eq!(frames(b"\x81\0\0\x82\x02\xff", 1), None);
    }
}
