//! The choice of the instruction set, and 16 numbers at a time.

#[cfg(test)]
mod instruction_sets;

pub(super) use timbral_core::{LANES, Lane};
use timbral_core::{rows_at, transpose};

/// The best instruction set of this machine, detected at run time.
pub(super) fn arch() -> pulp::Arch {
    #[cfg(test)]
    if let Some(chosen) = instruction_sets::chosen() {
        return chosen;
    }
    pulp::Arch::new()
}

/// Copies 16 blocks that begin `hop` apart into the lanes: `tile[i][l] = x[l hop + i]`, 0 beyond the end of x.
/// The tile has a multiple of 16 rows.
#[inline(always)]
pub(super) fn into_lanes(x: &[f32], hop: usize, tile: &mut [Lane]) {
    let mut ends = [[0.0; LANES]; LANES];
    for (i, to) in tile.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        transpose(&rows_at(x, |l| l * hop + i * LANES, &mut ends), to);
    }
}

/// Copies the lanes to blocks that begin `hop` apart: `out[l hop + i] = tile[i][l]`; lanes without a place in
/// `out` are left out.
#[inline(always)]
pub(super) fn from_lanes(tile: &[Lane], hop: usize, out: &mut [f32]) {
    let mut to = [[0.0; LANES]; LANES];
    let (whole, rest) = tile.as_chunks::<LANES>();
    for (i, from) in whole.iter().enumerate() {
        transpose(&from.each_ref(), &mut to);
        for (l, block) in to.iter().enumerate() {
            let place = out.get_mut(l * hop + i * LANES..);
            if let Some(out) = place.and_then(|rest| rest.first_chunk_mut()) {
                *out = *block;
            }
        }
    }
    let first = LANES * whole.len();
    for (l, block) in out.chunks_mut(hop).take(LANES).enumerate() {
        for (row, out) in rest.iter().zip(block.iter_mut().skip(first)) {
            *out = row[l];
        }
    }
}
