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

/// Exchanges rows and columns, by four times placing the values of the upper eight rows between those of
/// the lower eight.
#[inline(always)]
pub(super) fn transpose(rows: &mut [Lane; LANES]) {
    let mut round = 0;
    while round < 4 {
        let old = *rows;
        let mut i = 0;
        while i < 8 {
            let (a, b) = (&old[i], &old[i + 8]);
            rows[2 * i] = [
                a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3], a[4], b[4], a[5], b[5], a[6], b[6],
                a[7], b[7],
            ];
            rows[2 * i + 1] = [
                a[8], b[8], a[9], b[9], a[10], b[10], a[11], b[11], a[12], b[12], a[13], b[13],
                a[14], b[14], a[15], b[15],
            ];
            i += 1;
        }
        round += 1;
    }
}
