//! Sixteen signals side by side, one per lane.

/// Number of lanes, the numbers that are computed at once: one register of AVX-512, two of AVX2, four of SSE2
/// or NEON.
pub const LANES: usize = 16;

/// One number of each of the signals.
pub type Lane = [f32; LANES];

/// Transposes a block: `to[j][i] = from[i][j]`.
///
/// It is fastest inside a function that is compiled for AVX2 or AVX-512, e.g. by `pulp::Arch::dispatch`.
///
/// ```
/// use timbral_core::{LANES, transpose};
///
/// let from: [[f32; LANES]; LANES] = std::array::from_fn(|i| std::array::from_fn(|j| (16 * i + j) as f32));
/// let mut to = [[0.0; LANES]; LANES];
/// transpose(&from.each_ref(), &mut to);
/// assert_eq!(to[3][5], 83.0);
/// ```
#[inline(always)]
pub fn transpose(from: &[&Lane; LANES], to: &mut [Lane; LANES]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx) = pulp::core_arch::x86::Avx::try_new() {
        return x86::transpose(avx, from, to);
    }
    for (i, row) in from.iter().enumerate() {
        for j in 0..LANES {
            to[j][i] = row[j];
        }
    }
}

/// For every lane `l`, 16 numbers of `x` from index `start(l)` on; numbers beyond the end of `x` are 0. `ends`
/// is memory for the rows that contain such zeros.
///
/// ```
/// use timbral_core::{LANES, rows_at};
///
/// let mut ends = [[0.0; LANES]; LANES];
/// let rows = rows_at(&[1.0; 40], |l| 3 * l, &mut ends);
/// assert_eq!((rows[8], rows[9][12], rows[9][13]), (&[1.0; LANES], 1.0, 0.0));
/// ```
#[inline(always)]
pub fn rows_at<'a>(
    x: &'a [f32],
    start: impl Fn(usize) -> usize,
    ends: &'a mut [Lane; LANES],
) -> [&'a Lane; LANES] {
    const NONE: &Lane = &[0.0; LANES];
    let mut rows = [NONE; LANES];
    for (l, (row, end)) in rows.iter_mut().zip(ends).enumerate() {
        let rest = x.get(start(l)..).unwrap_or(&[]);
        *row = match rest.first_chunk() {
            Some(row) => row,
            None => {
                *end = *NONE;
                end[..rest.len()].copy_from_slice(rest);
                end
            }
        };
    }
    rows
}

/// A transposition with shuffles of registers. The compiler turns the loop above into moves of single numbers,
/// which take four times as long.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::__m256;

    use pulp::core_arch::x86::Avx;
    use pulp::{cast, f32x8};

    use super::{LANES, Lane};

    /// Numbers of a register.
    const WIDTH: usize = 8;

    #[inline(always)]
    pub(super) fn transpose(avx: Avx, from: &[&Lane; LANES], to: &mut [Lane; LANES]) {
        for (j, to) in to.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
            for (i, from) in from.as_chunks::<WIDTH>().0.iter().enumerate() {
                let rows = from.map(|row| load(row, j));
                for (to, column) in to.iter_mut().zip(columns(avx, rows)) {
                    let column: [f32; WIDTH] = cast(column);
                    to.as_chunks_mut::<WIDTH>().0[i] = column;
                }
            }
        }
    }

    #[inline(always)]
    fn load(row: &Lane, part: usize) -> __m256 {
        let [a, b, c, d, e, f, g, h] = row.as_chunks::<WIDTH>().0[part];
        cast(f32x8(a, b, c, d, e, f, g, h))
    }

    /// The columns of a block of 8 rows.
    #[inline(always)]
    fn columns(avx: Avx, r: [__m256; WIDTH]) -> [__m256; WIDTH] {
        // Pairs of rows, then fours, then the halves of the registers.
        let pairs = |a, b| [avx._mm256_unpacklo_ps(a, b), avx._mm256_unpackhi_ps(a, b)];
        let [[a, b], [c, d]] = [pairs(r[0], r[1]), pairs(r[2], r[3])];
        let [[e, f], [g, h]] = [pairs(r[4], r[5]), pairs(r[6], r[7])];
        let low = |a, b| avx._mm256_shuffle_ps::<0b01_00_01_00>(a, b);
        let high = |a, b| avx._mm256_shuffle_ps::<0b11_10_11_10>(a, b);
        let upper = [low(a, c), high(a, c), low(b, d), high(b, d)];
        let lower = [low(e, g), high(e, g), low(f, h), high(f, h)];
        let first = |k: usize| avx._mm256_permute2f128_ps::<0x20>(upper[k], lower[k]);
        let second = |k: usize| avx._mm256_permute2f128_ps::<0x31>(upper[k], lower[k]);
        let [a, b, c, d] = [0, 1, 2, 3].map(first);
        let [e, f, g, h] = [0, 1, 2, 3].map(second);
        [a, b, c, d, e, f, g, h]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let from: [Lane; LANES] =
            std::array::from_fn(|i| std::array::from_fn(|j| (LANES * i + j) as f32));
        let mut to = [[0.0; LANES]; LANES];
        pulp::Arch::new().dispatch(|| transpose(&from.each_ref(), &mut to));
        for i in 0..LANES {
            for j in 0..LANES {
                assert_eq!(to[j][i], from[i][j]);
            }
        }
    }
}
