use super::track::{GENRES, TrackId};
use crate::error::Result;
use crate::split::Split;
use crate::table::FeatureTable;

/// A part of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// Training.
    Train,
    /// Validation.
    Valid,
    /// Test.
    Test,
}

/// The numbers of the training, validation and test clips of each genre, as inclusive ranges.
#[rustfmt::skip]
const PARTS: [[&str; 3]; GENRES.len()] = [
    ["29-49 73-97", "0-11 50-60", "12-28 61-72 98-99"],
    ["30-33 43-48 50-67 80-99", "0-10 68-76", "11-29 34-41 49 77-79"],
    ["19-26 28-29 65-99", "0-7 9-18 27 41-42 45 49", "30-40 43-44 46-48 50-51 53-64"],
    ["5 15-20 22-37 39-45 47 49 53-54 56-57 59 61 70 73-74 89", "0 2-4 6-14 46 48 52 67-68 72 75 90 95", "1 21 58 62-66 69 76-88 91-94 96-97 99"],
    ["2-25 28-29 31-38 41-42 55-61 77-80", "81-98", "0 26-27 30 40 43-45 51-54 62-75 99"],
    ["0-1 11-24 41 47-72", "2-10 25-32", "73-99"],
    ["2-3 5 21 24 35 46-57 59-66 69 71-72 79-80 84 86 89-99", "0-1 6-11 16-20 36-37 68 76-77 81-82", "12-15 22-23 25-33 38-39 67 70 73-75 78 83 85 87-88"],
    ["2-9 11-12 16-20 23-29 31-36 38-42 44 46 49-50 80 97-99", "10 53 55 58-62 81 83-86", "0-1 13-14 43 63-66 69-79 82 88-96"],
    ["0-2 4 6 9 11-12 14-32 42-45 49-51 54-60 63 69", "61-62 70 72 74 76-78 85 92-99", "34-40 46-48 52-53 64-68 71 79 82-84 87-90"],
    ["0-9 16-26 57-70 91-99", "38 49-56 71-85", "10-15 27-37 39-48 86-90"],
];

/// The part of a clip in the fault-filtered partition; `None` for the 70 clips that it leaves out.
///
/// It has 443 training, 197 validation and 290 test clips, without repeats and distorted clips and
/// with no artist in two parts (Kereliuk, Sturm and Larsen 2015, "Deep learning and music
/// adversaries").
///
/// ```
/// use timbral_data::gtzan::{Part, TrackId, fault_filtered};
///
/// let count = |part| TrackId::all().filter(|t| fault_filtered(*t) == part).count();
/// assert_eq!(count(Some(Part::Train)), 443);
/// assert_eq!(count(None), 70);
/// ```
pub fn fault_filtered(track: TrackId) -> Option<Part> {
    let [train, valid, test] = PARTS[track.label()];
    let parts = [
        (train, Part::Train),
        (valid, Part::Valid),
        (test, Part::Test),
    ];
    let holds = |runs| numbers(runs).any(|n| n == track.number());
    parts
        .into_iter()
        .find(|(runs, _)| holds(runs))
        .map(|(_, part)| part)
}

/// The numbers in `"5 15-20"`.
fn numbers(runs: &str) -> impl Iterator<Item = u8> {
    runs.split(' ').flat_map(|run| {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        let number = |digits: &str| digits.parse().unwrap_or(u8::MAX);
        number(first)..=number(last)
    })
}

/// The [`fault_filtered`] partition of the rows of a table, which are identified by their ids. Rows of
/// clips that it leaves out are in no part.
///
/// # Errors
///
/// [`Error::NotATrack`](crate::Error::NotATrack) for an id that is not the name of a clip.
///
/// ```
/// use timbral_data::{FeatureTable, gtzan};
///
/// let ids = ["blues.00029.0.wav", "blues.00012.0.wav", "rock.00016.0.wav", "pop.00015.0.wav"];
/// let ids = ids.map(str::to_owned).to_vec();
/// let table = FeatureTable::new(vec![], ndarray::Array2::zeros((4, 0)), ids)?;
/// let split = gtzan::fault_filtered_split(&table)?;
/// assert_eq!((split.train, split.test), (vec![0, 2], vec![1]));
/// # Ok::<(), timbral_data::Error>(())
/// ```
pub fn fault_filtered_split(table: &FeatureTable) -> Result<Split> {
    let mut split = Split::default();
    for (row, id) in table.ids().iter().enumerate() {
        match fault_filtered(id.parse()?) {
            Some(Part::Train) => split.train.push(row),
            Some(Part::Valid) => split.valid.push(row),
            Some(Part::Test) => split.test.push(row),
            None => {}
        }
    }
    Ok(split)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn part(part: Option<Part>) -> Vec<TrackId> {
        TrackId::all()
            .filter(|t| fault_filtered(*t) == part)
            .collect()
    }

    /// SHA-256 of the names of the clips, sorted, a line feed after each, as in the lists that
    /// other libraries of music data carry.
    #[test]
    fn the_parts_are_the_published_ones() {
        for (which, size, digest) in [
            (
                Part::Train,
                443,
                "45b0559cf45903ec086b2574c90b25a7c13afe8a745b3e0a75c88cf638f9a3f6",
            ),
            (
                Part::Valid,
                197,
                "c34d8571b9faa99824e24ba03f148896c214edb2d45c9dba9e5aa4e00d61c6ab",
            ),
            (
                Part::Test,
                290,
                "3cf8153aadb753633149901616416027ba4fd03b91ad5fdf7bed687398dc226a",
            ),
        ] {
            let tracks = part(Some(which));
            assert_eq!(tracks.len(), size, "{which:?}");
            let lines: String = tracks.iter().map(|t| format!("{t}\n")).collect();
            let found: String = Sha256::digest(lines)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            assert_eq!(found, digest, "{which:?}");
        }
        assert_eq!(part(None).len(), 70);
    }

    #[test]
    fn every_genre_has_the_published_counts() {
        let counts =
            |which| GENRES.map(|genre| part(which).iter().filter(|t| t.genre() == genre).count());
        let train = [46, 48, 45, 42, 47, 43, 44, 41, 43, 44];
        let valid = [23, 20, 23, 22, 18, 17, 20, 13, 17, 24];
        let test = [31, 31, 30, 29, 27, 27, 27, 30, 26, 32];
        assert_eq!(counts(Some(Part::Train)), train);
        assert_eq!(counts(Some(Part::Valid)), valid);
        assert_eq!(counts(Some(Part::Test)), test);
    }

    #[test]
    fn no_clip_is_named_twice() {
        for (genre, parts) in GENRES.iter().zip(PARTS) {
            let mut named: Vec<u8> = parts.into_iter().flat_map(numbers).collect();
            let n = named.len();
            named.sort_unstable();
            named.dedup();
            assert_eq!(named.len(), n, "{genre}");
            assert!(named.iter().all(|number| *number < 100), "{genre}");
        }
    }
}
