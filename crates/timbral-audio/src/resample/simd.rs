//! The choice of the instruction set, and 16 numbers at a time.

#[cfg(test)]
mod instruction_sets;

/// Numbers that are computed at once.
pub(super) const LANES: usize = 16;

pub(super) type Lane = [f32; LANES];

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
    for (i, to) in tile.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let mut from = [[0.0; LANES]; LANES];
        for (l, row) in from.iter_mut().enumerate() {
            let rest = x.get(l * hop + i * LANES..).unwrap_or(&[]);
            match rest.first_chunk() {
                Some(block) => *row = *block,
                None => row[..rest.len()].copy_from_slice(rest),
            }
        }
        transpose(&from, to);
    }
}

/// Copies the lanes to blocks that begin `hop` apart: `out[l hop + i] = tile[i][l]`; lanes without a place in
/// `out` are left out.
#[inline(always)]
pub(super) fn from_lanes(tile: &[Lane], hop: usize, out: &mut [f32]) {
    let mut to = [[0.0; LANES]; LANES];
    let (whole, rest) = tile.as_chunks::<LANES>();
    for (i, from) in whole.iter().enumerate() {
        transpose(from, &mut to);
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

#[inline(always)]
fn transpose(from: &[Lane; LANES], to: &mut [Lane; LANES]) {
    for (i, row) in from.iter().enumerate() {
        for j in 0..LANES {
            to[j][i] = row[j];
        }
    }
}
