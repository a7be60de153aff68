//! Checksums are written anew, so that a mutant gets past them.

/// The checksums of all pages of an OGG file (RFC 3533, polynomial 0x04c11db7).
pub(crate) fn ogg(file: &mut [u8]) {
    let mut at = 0;
    while at + 27 <= file.len() {
        if !file[at..].starts_with(b"OggS") {
            at += 1;
            continue;
        }
        let n_segments = usize::from(file[at + 26]);
        let head = at + 27 + n_segments;
        let body: usize = file
            .iter()
            .take(head)
            .skip(at + 27)
            .map(|n| usize::from(*n))
            .sum();
        let Some(page) = file.get_mut(at..head + body) else {
            return;
        };
        page[22..26].fill(0);
        let sum = page.iter().fold(0u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
                sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
            })
        });
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        at = head + body;
    }
}

/// The checksums of all frames of a FLAC file (RFC 9639): of the header, polynomial 0x07, and of the frame,
/// polynomial 0x8005.
pub(crate) fn flac(file: &mut [u8]) {
    let is_start = |i: &usize| file[*i] == 0xff && file[*i + 1] & 0xfe == 0xf8;
    let mut starts: Vec<usize> = (0..file.len().saturating_sub(1)).filter(is_start).collect();
    starts.push(file.len());
    for piece in starts.windows(2) {
        frame(&mut file[piece[0]..piece[1]]);
    }
}

fn frame(frame: &mut [u8]) {
    if frame.len() < 12 {
        return;
    }
    let number = match frame[4] {
        byte if byte < 0xc0 => 1,
        byte => byte.leading_ones() as usize,
    };
    let size = match frame[2] >> 4 {
        6 => 1,
        7 => 2,
        _ => 0,
    };
    let rate = match frame[2] & 15 {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    let end = 4 + number + size + rate;
    let sum = |bytes: &[u8], polynomial: u32, bits: u32| {
        bytes.iter().fold(0u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte) << (bits - 8), |sum, _| {
                let carry = sum >> (bits - 1) & 1;
                ((sum << 1) ^ (carry * polynomial)) & ((1 << bits) - 1)
            })
        })
    };
    if end + 3 > frame.len() {
        return;
    }
    frame[end] = sum(&frame[..end], 0x07, 8) as u8;
    let last = frame.len() - 2;
    let whole = sum(&frame[..last], 0x8005, 16) as u16;
    frame[last..].copy_from_slice(&whole.to_be_bytes());
}
