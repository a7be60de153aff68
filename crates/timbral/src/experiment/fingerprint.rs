use std::fmt;

use ndarray::ArrayView3;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use timbral_data::{FeatureTable, Split};

/// Bytes that are hashed at a time.
const BUFFER: usize = 1 << 16;

/// The first 128 bits of a SHA-256 hash of the content of data, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fingerprint(String);

impl Fingerprint {
    /// Of a table's ids, groups, labels, features and classes.
    pub(crate) fn of_table(table: &FeatureTable) -> Self {
        let mut hash = Hash::default();
        let groups = table.groups().iter().map(|g| &table.group_names()[*g]);
        hash.texts(table.ids());
        hash.texts(groups);
        if table.split_groups() != table.groups() {
            hash.numbers(table.split_groups());
        }
        hash.texts(table.classes());
        hash.texts(table.feature_names());
        hash.numbers(table.labels().unwrap_or_default());
        hash.floats(table.features().iter());
        hash.finish()
    }

    /// Of the rows of a split.
    pub(crate) fn of_split(split: &Split) -> Self {
        let mut hash = Hash::default();
        for part in [&split.train, &split.valid, &split.test] {
            hash.numbers(part);
        }
        hash.finish()
    }

    /// Of images, `(n, height, width)`.
    pub(crate) fn of_images(images: ArrayView3<'_, f32>) -> Self {
        let mut hash = Hash::default();
        hash.numbers(images.shape());
        hash.floats(images.iter());
        hash.finish()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every list is preceded by its length, so that items cannot move from one list to the next.
#[derive(Default)]
struct Hash(Sha256);

impl Hash {
    fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }

    fn numbers(&mut self, numbers: &[usize]) {
        self.number(numbers.len());
        numbers.iter().for_each(|number| self.number(*number));
    }

    fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t String>) {
        let texts: Vec<&String> = texts.into_iter().collect();
        self.number(texts.len());
        for text in texts {
            self.number(text.len());
            self.0.update(text);
        }
    }

    fn floats<'x>(&mut self, floats: impl ExactSizeIterator<Item = &'x f32>) {
        self.number(floats.len());
        let mut buffer = Vec::with_capacity(BUFFER);
        for x in floats {
            buffer.extend(x.to_bits().to_le_bytes());
            if buffer.len() >= BUFFER {
                self.0.update(&buffer);
                buffer.clear();
            }
        }
        self.0.update(&buffer);
    }

    fn finish(self) -> Fingerprint {
        let bytes = self.0.finalize();
        let hex = bytes.iter().take(16).map(|byte| format!("{byte:02x}"));
        Fingerprint(hex.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_of_a_table_changes_its_fingerprint() {
        let table = |x: f32, ids: [&str; 2], groups: [&str; 2], labels: [&str; 2]| {
            let x = ndarray::array![[x], [1.0]];
            let ids = ids.map(str::to_owned).to_vec();
            let table = FeatureTable::new(vec!["x".into()], x, ids)
                .and_then(|t| t.with_groups(groups))
                .and_then(|t| t.with_labels(labels));
            Fingerprint::of_table(&table.unwrap())
        };
        let first = table(0.0, ["a", "b"], ["a", "b"], ["jazz", "rock"]);
        assert_eq!(first, table(0.0, ["a", "b"], ["a", "b"], ["jazz", "rock"]));
        for other in [
            table(-0.0, ["a", "b"], ["a", "b"], ["jazz", "rock"]),
            table(0.0, ["a", "c"], ["a", "b"], ["jazz", "rock"]),
            table(0.0, ["ab", ""], ["a", "b"], ["jazz", "rock"]),
            table(0.0, ["a", "b"], ["a", "a"], ["jazz", "rock"]),
            table(0.0, ["a", "b"], ["a", "b"], ["rock", "jazz"]),
            table(0.0, ["a", "b"], ["a", "b"], ["jazz", "soul"]),
        ] {
            assert_ne!(first, other);
        }
    }
}
