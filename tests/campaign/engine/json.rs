use serde_json::{Value, json};
use timbral_core::Rng;

use super::text;

/// Around a word that is no JSON, such as NaN, until the tree is a text. A character of private use.
const MARK: char = '\u{e000}';

/// Alters a JSON text at one to three nodes of its tree: other numbers, other types, missing and repeated
/// parts, nesting. `None` if it is no JSON.
pub(super) fn edit(text: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    let mut tree: Value = serde_json::from_slice(text).ok()?;
    for _ in 0..=rng.below(3) {
        let mut n = rng.below(size(&tree));
        if let Some(node) = nth(&mut tree, &mut n) {
            change(node, rng);
        }
    }
    let text = tree.to_string();
    let text = text.replace(&format!("\"{MARK}"), "");
    Some(text.replace(&format!("{MARK}\""), "").into_bytes())
}

/// The same for one line of several.
pub(super) fn edit_line(text: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = text
        .split_inclusive(|b| *b == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    if lines.is_empty() {
        return None;
    }
    let i = rng.below(lines.len());
    match rng.below(8) {
        0 => drop(lines.remove(i)),
        1 => {
            let copy = lines[i].clone();
            lines.push(copy);
        }
        2 => {
            let j = rng.below(lines.len());
            lines.swap(i, j);
        }
        _ => {
            let mut line = edit(&lines[i], rng)?;
            line.push(b'\n');
            lines[i] = line;
        }
    }
    Some(lines.concat())
}

/// Number of nodes.
fn size(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(items) => items.values().map(size).sum(),
        _ => 0,
    }
}

/// The node that comes `n` after the root.
fn nth<'v>(tree: &'v mut Value, n: &mut usize) -> Option<&'v mut Value> {
    if *n == 0 {
        return Some(tree);
    }
    *n -= 1;
    match tree {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, n)),
        Value::Object(items) => items.values_mut().find_map(|item| nth(item, n)),
        _ => None,
    }
}

fn change(node: &mut Value, rng: &mut Rng) {
    match (&mut *node, rng.below(8)) {
        (_, 0) => *node = other(rng),
        (_, 1) => {
            // Deeper; parsers have a limit.
            let most = 1 << rng.below(9);
            for _ in 0..=rng.below(most) {
                *node = match rng.below(2) {
                    0 => json!([node.take()]),
                    _ => json!({"a": node.take()}),
                };
            }
        }
        (Value::Array(items), k) if !items.is_empty() => {
            let i = rng.below(items.len());
            match k {
                2 => drop(items.remove(i)),
                3 => items.truncate(i),
                4 => items.clear(),
                5 => {
                    let item = items[i].clone();
                    items.extend(std::iter::repeat_n(item, 1 << rng.below(8)));
                }
                _ => {
                    let j = rng.below(items.len());
                    items.swap(i, j);
                }
            }
        }
        (Value::Object(items), k) if !items.is_empty() => {
            let key = items
                .keys()
                .nth(rng.below(items.len()))
                .cloned()
                .unwrap_or_default();
            match k {
                2..=4 => drop(items.remove(&key)),
                5 => drop(items.insert("unknown".to_owned(), other(rng))),
                6 => drop(items.insert(key, other(rng))),
                _ => {
                    let value = items.remove(&key).unwrap_or_default();
                    items.insert(key + "x", value);
                }
            }
        }
        // Numbers in strings, and JSON in strings.
        (Value::String(inner), k) if k < 6 => {
            let edited =
                edit(inner.as_bytes(), rng).unwrap_or_else(|| text::edit(inner.as_bytes(), rng));
            *inner = String::from_utf8_lossy(&edited).into_owned();
        }
        _ => *node = other(rng),
    }
}

fn other(rng: &mut Rng) -> Value {
    match rng.below(12) {
        0 => Value::Null,
        1 => json!(rng.below(2) == 0),
        2 => json!([]),
        3 => json!({}),
        4 => json!("x"),
        5 => json!(rng.next_u64() as i64 >> rng.below(64)),
        _ => {
            let number = text::NUMBERS[rng.below(text::NUMBERS.len())];
            match rng.below(8) {
                0 => json!(number),
                _ => json!(format!("{MARK}{number}{MARK}")),
            }
        }
    }
}
