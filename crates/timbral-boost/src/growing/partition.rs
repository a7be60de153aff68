use timbral_core::parallel;

use crate::data::{Bin, Column};
use crate::model::CategorySet;

/// Rows per task.
const CHUNK: usize = 1 << 15;

/// Stable partition: puts the rows that go left first; returns their number.
pub(crate) fn partition(
    rows: &mut [u32],
    scratch: &mut [u32],
    left: impl Fn(u32) -> bool + Sync,
) -> usize {
    if rows.len() <= CHUNK {
        return partition_chunk(rows, scratch, left);
    }
    let chunks = rows.chunks_mut(CHUNK).zip(scratch.chunks_mut(CHUNK));
    let lefts = parallel::map_each(chunks, 1, &|_, (rows, scratch)| {
        let n_left = partition_chunk(rows, scratch, &left);
        scratch.copy_from_slice(rows);
        n_left
    });
    let n_left = lefts.iter().sum();
    let (mut to_left, mut to_right) = rows.split_at_mut(n_left);
    let mut moves = Vec::with_capacity(lefts.len());
    for (chunk, &n) in scratch.chunks(CHUNK).zip(&lefts) {
        let (left, rest) = to_left.split_at_mut(n);
        let (right, others) = to_right.split_at_mut(chunk.len() - n);
        (to_left, to_right) = (rest, others);
        moves.push((chunk, left, right));
    }
    parallel::for_each(moves, 1, &|_, (chunk, left, right)| {
        let (from_left, from_right) = chunk.split_at(left.len());
        left.copy_from_slice(from_left);
        right.copy_from_slice(from_right);
    });
    n_left
}

/// Puts the rows first whose category is not in a set; `missing` is the bin of missing values, and whether they go
/// left.
#[cold]
pub(super) fn partition_by<B: Bin>(
    set: &CategorySet,
    column: Column<'_, B>,
    (missing, default_left): (usize, bool),
    rows: &mut [u32],
    scratch: &mut [u32],
) -> usize {
    let mut goes_left = vec![true; missing + 1];
    goes_left[missing] = default_left;
    for &category in set.members() {
        goes_left[category as usize] = false;
    }
    partition(rows, scratch, |row| goes_left[column.bin(row)])
}

/// The same for one chunk: the left part moves forward in place.
fn partition_chunk(rows: &mut [u32], scratch: &mut [u32], left: impl Fn(u32) -> bool) -> usize {
    let (mut n_left, mut n_right) = (0, 0);
    for i in 0..rows.len() {
        let row = rows[i];
        // Written to both sides without a branch.
        (rows[n_left], scratch[n_right]) = (row, row);
        let goes_left = usize::from(left(row));
        n_left += goes_left;
        n_right += 1 - goes_left;
    }
    rows[n_left..].copy_from_slice(&scratch[..n_right]);
    n_left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_keep_their_order() {
        for n in [0, 1, 2, 1000, 3 * CHUNK + 17] {
            let rows: Vec<u32> = (0..n as u32).map(|i| i * 3).collect();
            for left in [|row: u32| row % 7 < 3, |_| true, |_| false] {
                let mut parted = rows.clone();
                let n_left = partition(&mut parted, &mut vec![0; n], left);
                let (lefts, rights): (Vec<u32>, Vec<u32>) = rows.iter().partition(|r| left(**r));
                assert_eq!(n_left, lefts.len());
                assert_eq!(parted, [lefts, rights].concat());
            }
        }
    }
}
