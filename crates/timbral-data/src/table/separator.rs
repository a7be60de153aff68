/// The separators that are looked for, the most usual first.
const SEPARATORS: [u8; 4] = *b",\t;|";

/// The separator of the cells of a CSV text, from its beginning: the one that appears most often in the
/// first line, outside of quotes; among them those that appear as often in the second line. A comma where
/// none appears.
pub(super) fn separator(start: &[u8]) -> u8 {
    let lines = lines(start);
    let counts = |separator: &u8| {
        let count = |line: &Vec<u8>| line.iter().filter(|b| *b == separator).count();
        let first = lines.first().map_or(0, count);
        let is_same = lines.get(1).is_none_or(|line| count(line) == first);
        (first > 0, is_same, first)
    };
    let best = SEPARATORS.iter().rev().max_by_key(|s| counts(s));
    best.copied().unwrap_or(b',')
}

/// The first two lines that are not empty, without what is in quotes.
fn lines(start: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = vec![Vec::new()];
    let mut quoted = false;
    for &byte in start {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => {
                if lines.last().is_some_and(|line| !line.is_empty()) {
                    if lines.len() == 2 {
                        return lines;
                    }
                    lines.push(Vec::new());
                }
            }
            _ if quoted => {}
            _ => lines.last_mut().into_iter().for_each(|l| l.push(byte)),
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_one_is_found() {
        for (text, expected) in [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b;c\n1,5;2,5;3,5\n", b';'),
            ("a\tb\r\n1\t2\r\n", b'\t'),
            ("a|b\n1|2", b'|'),
            ("\n\n\"a,b,c\";d\n1;2", b';'),
            ("a;b;c,d\n1,2", b','),
            ("x, y;z;w\n1;2;3", b';'),
            ("a\n1\n", b','),
            ("", b','),
        ] {
            assert_eq!(
                char::from(separator(text.as_bytes())),
                char::from(expected),
                "{text:?}"
            );
        }
    }
}
