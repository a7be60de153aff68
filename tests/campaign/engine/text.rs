use std::ops::Range;

use timbral_core::Rng;

/// What is written in place of numbers.
pub(super) const NUMBERS: [&str; 26] = [
    "NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "1e999",
    "-1e999",
    "1e39",
    "1e-999",
    "-1",
    "0",
    "-0",
    "1",
    "0.5",
    "1000000000",
    "2147483647",
    "-2147483648",
    "4294967295",
    "3000000000",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999999",
    "",
    "x",
    "1,5",
];

/// Alters a text at one to three places: numbers, separators, lines.
pub(super) fn edit(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=rng.below(3) {
        change(&mut text, rng);
    }
    text
}

fn change(text: &mut Vec<u8>, rng: &mut Rng) {
    if text.is_empty() {
        return;
    }
    let at = rng.below(text.len());
    let line = line_at(text, at);
    match rng.below(12) {
        0..=4 => {
            if let Some(number) = number_from(text, at) {
                let new = NUMBERS[rng.below(NUMBERS.len())];
                text.splice(number, new.bytes());
            }
        }
        5 => drop(text.drain(line)),
        6 => {
            let copy = text[line.clone()].to_vec();
            text.splice(line.start..line.start, copy);
        }
        7 => {
            const MARKS: &[u8] = b",;\t|\"'\n\r:#\\ \0\xff";
            text[at] = MARKS[rng.below(MARKS.len())];
        }
        8 => {
            const MARKS: &[&[u8]] = &[
                b",",
                b";",
                b"\"",
                b"\"\"",
                b"\n",
                b"\r\n",
                b"\xef\xbb\xbf",
                b"\xc3\xa9",
                b":::",
            ];
            let mark = MARKS[rng.below(MARKS.len())];
            text.splice(at..at, mark.iter().copied());
        }
        9 => {
            // One separator for another, in the whole text.
            const SEPARATORS: &[u8] = b",;\t| ";
            let [from, to] = [(); 2].map(|()| SEPARATORS[rng.below(SEPARATORS.len())]);
            text.iter_mut()
                .filter(|b| **b == from)
                .for_each(|b| *b = to);
        }
        10 => {
            // A long cell, or many.
            let piece = text[at..(at + 1 + rng.below(40)).min(text.len())].to_vec();
            let many = piece.repeat(1 << rng.below(10));
            text.splice(at..at, many);
        }
        _ => text.truncate(at),
    }
}

/// The line around a place, with its end.
fn line_at(text: &[u8], at: usize) -> Range<usize> {
    let start = text[..at]
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |i| i + 1);
    let end = text[at..]
        .iter()
        .position(|b| *b == b'\n')
        .map_or(text.len(), |i| at + i + 1);
    start..end
}

/// The next number from a place on.
fn number_from(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + text[at..].iter().position(u8::is_ascii_digit)?;
    let is_part = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
    let end = text[start..].iter().position(|b| !is_part(b));
    Some(start..end.map_or(text.len(), |i| start + i))
}
