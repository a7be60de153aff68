//! Running medians along one axis, the core of HPSS.
//!
//! # The 31-wide median
//!
//! HPSS computes two medians of 31 values for each cell of a spectrogram: 2.6 million medians for
//! 30 s of music. Sixteen neighbouring windows share their 16 middle values, eight of them share
//! 24, four 28, two 30. A block of 16 outputs is therefore computed as a tree:
//!
//! 1. the 16 common values are sorted once, by Batcher's odd-even merges of pairs, fours and
//!    eights. The neighbouring blocks use these partial sorts as their additional values;
//! 2. at each fork, the additional values of one half (8, then 4, then 2 sorted values) are merged,
//!    and only the values that can still become the median are kept (8, then 4, then 2): with `r`
//!    values still to come, the middle `r + 1`. Two rows of `min` and `max` (the halves of a
//!    bitonic merge) select them without a full merge;
//! 3. the last value `x` of a window gives the median, `max(a, min(b, x))`.
//!
//! These are 126 + 224 = 350 `min` / `max` operations for 16 windows, 22 per median, without branches
//! and data-dependent addresses, so it runs on as many columns at once as a register has lanes. A
//! sorted window updated by binary insertion (the usual running median) takes about 31 moves and
//! unpredictable branches per median; a selection network for each window alone takes about 290
//! operations. Measured with `cargo bench --bench dsp -- hpss` on one core with AVX-512: both
//! masks of 1025 x 64 cells, including copies and divisions, take 0.16 ms, and 53 ms if each window
//! is sorted. The masks of a 30-s clip (1025 x 1293) take 5.9 ms, mostly for copies of the arrays;
//! `librosa.decompose.hpss` takes a second.

use pulp::{Simd, WithSimd};

use crate::simd::{LANES, Lane, arch};

/// The width with an algorithm of its own; librosa's default for HPSS.
const WIDE: usize = 31;

/// `out[i]` = median of the `width` values of `line` around `i`, lane by lane. Beyond its ends the
/// line is mirrored with the end values repeated (`scipy.ndimage.median_filter`, mode `reflect`).
///
/// For an even width, as in SciPy, the window reaches one value further back and the upper of the two
/// middle values is taken. `padded` is working memory for widths other than 31.
pub(super) fn median_lines(line: &[Lane], width: usize, padded: &mut Vec<Lane>, out: &mut [Lane]) {
    let (n, before) = (line.len(), width / 2);
    if n == 0 {
        return;
    }
    if width == WIDE {
        return arch().dispatch(Median31 { line, out });
    }
    padded.clear();
    let mirrored = |i: usize| line[mirror(i as isize - before as isize, n)];
    padded.extend((0..n + width - 1).map(mirrored));
    median_any(padded, width, out);
}

/// Index of the value at `position` of a line of `n`, mirrored with its ends repeated.
fn mirror(position: isize, n: usize) -> usize {
    let n = n as isize;
    let folded = position.rem_euclid(2 * n);
    folded.min(2 * n - 1 - folded) as usize
}

/// Any width: a sorted window per lane, updated by binary search.
fn median_any(padded: &[Lane], width: usize, out: &mut [Lane]) {
    let mut window = Vec::with_capacity(width);
    for lane in 0..LANES {
        window.clear();
        window.extend(padded[..width].iter().map(|row| row[lane]));
        window.sort_unstable_by(f32::total_cmp);
        for (i, out) in out.iter_mut().enumerate() {
            out[lane] = window[width / 2];
            let (Some(new), old) = (padded.get(i + width), padded[i][lane]) else {
                break;
            };
            let place = window.partition_point(|v| v.total_cmp(&old).is_lt());
            window.remove(place);
            let place = window.partition_point(|v| v.total_cmp(&new[lane]).is_lt());
            window.insert(place, new[lane]);
        }
    }
}

struct Median31<'a> {
    line: &'a [Lane],
    out: &'a mut [Lane],
}

impl WithSimd for Median31<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (line, _) = S::as_simd_f32s(self.line.as_flattened());
        let (out, _) = S::as_mut_simd_f32s(self.out.as_flattened_mut());
        let stride = LANES / S::F32_LANES;
        for column in 0..stride {
            run(simd, &line[column..], &mut out[column..], stride);
        }
    }
}

/// 16 neighbouring rows, sorted within each pair, each four, each eight, and all.
struct Runs<V> {
    raw: [V; 16],
    pairs: [V; 16],
    fours: [V; 16],
    eights: [V; 16],
    all: [V; 16],
}

/// Compare and exchange: the smaller value to `$i`.
macro_rules! exchange {
    ($simd:ident, $v:ident; $($i:literal $j:literal),+) => {
        $(
            let (a, b) = ($v[$i], $v[$j]);
            $v[$i] = $simd.min_f32s(a, b);
            $v[$j] = $simd.max_f32s(a, b);
        )+
    };
}

#[inline(always)]
fn sort_runs<S: Simd>(simd: S, raw: [S::f32s; 16]) -> Runs<S::f32s> {
    let mut v = raw;
    exchange!(simd, v; 0 1, 2 3, 4 5, 6 7, 8 9, 10 11, 12 13, 14 15);
    let pairs = v;
    exchange!(simd, v; 0 2, 1 3, 4 6, 5 7, 8 10, 9 11, 12 14, 13 15);
    exchange!(simd, v; 1 2, 5 6, 9 10, 13 14);
    let fours = v;
    exchange!(simd, v; 0 4, 1 5, 2 6, 3 7, 8 12, 9 13, 10 14, 11 15);
    exchange!(simd, v; 2 4, 3 5, 10 12, 11 13);
    exchange!(simd, v; 1 2, 3 4, 5 6, 9 10, 11 12, 13 14);
    let eights = v;
    exchange!(simd, v; 0 8, 1 9, 2 10, 3 11, 4 12, 5 13, 6 14, 7 15);
    exchange!(simd, v; 4 8, 5 9, 6 10, 7 11);
    exchange!(simd, v; 2 4, 3 5, 6 8, 7 9, 10 12, 11 13);
    exchange!(simd, v; 1 2, 3 4, 5 6, 7 8, 9 10, 11 12, 13 14);
    Runs {
        raw,
        pairs,
        fours,
        eights,
        all: v,
    }
}

/// The middle `N` of `2 N` sorted values and `N` sorted additional ones, as a bitonic sequence.
///
/// `min(kept[N + i], more[N - 1 - i])` with `kept[..N]` are the `2 N` smallest of the `3 N`; the
/// larger of each pair `N` apart are the `N` largest of those.
#[inline(always)]
fn middle<S: Simd, const N: usize>(simd: S, kept: &[S::f32s], more: &[S::f32s]) -> [S::f32s; N] {
    let mut v = [kept[0]; N];
    for i in 0..N {
        v[i] = simd.max_f32s(kept[i], simd.min_f32s(kept[N + i], more[N - 1 - i]));
    }
    v
}

/// The middle 8 of 16 sorted values and 8 additional ones, sorted.
#[inline(always)]
fn keep_eight<S: Simd>(simd: S, kept: &[S::f32s; 16], more: &[S::f32s]) -> [S::f32s; 8] {
    let mut v: [S::f32s; 8] = middle(simd, kept, more);
    exchange!(simd, v; 0 4, 1 5, 2 6, 3 7);
    exchange!(simd, v; 0 2, 1 3, 4 6, 5 7);
    exchange!(simd, v; 0 1, 2 3, 4 5, 6 7);
    v
}

/// The middle 4 of 8 sorted values and 4 additional ones, sorted.
#[inline(always)]
fn keep_four<S: Simd>(simd: S, kept: &[S::f32s; 8], more: &[S::f32s]) -> [S::f32s; 4] {
    let mut v: [S::f32s; 4] = middle(simd, kept, more);
    exchange!(simd, v; 0 2, 1 3);
    exchange!(simd, v; 0 1, 2 3);
    v
}

/// The middle 2 of 4 sorted values and 2 additional ones, sorted.
#[inline(always)]
fn keep_two<S: Simd>(simd: S, kept: &[S::f32s; 4], more: &[S::f32s]) -> [S::f32s; 2] {
    let mut v: [S::f32s; 2] = middle(simd, kept, more);
    exchange!(simd, v; 0 1);
    v
}

/// The middle of two sorted values and one additional one.
#[inline(always)]
fn keep_one<S: Simd>(simd: S, kept: &[S::f32s; 2], x: S::f32s) -> S::f32s {
    simd.max_f32s(kept[0], simd.min_f32s(kept[1], x))
}

/// Medians `16 b .. 16 b + 16` of a line. All their windows contain `core`; window `16 b + j` also
/// contains `left[j + 1 ..]` and `right[.. j]`.
#[inline(always)]
fn block<S: Simd>(
    simd: S,
    left: &Runs<S::f32s>,
    core: &Runs<S::f32s>,
    right: &Runs<S::f32s>,
) -> [S::f32s; 16] {
    let mut out = core.raw;
    for half in 0..2 {
        let more = if half == 0 {
            &left.eights[8..]
        } else {
            &right.eights[..8]
        };
        let kept8 = keep_eight(simd, &core.all, more);
        for quarter in 0..2 {
            let at = 8 * half + 4 * quarter;
            let more = if quarter == 0 {
                &left.fours[at + 4..at + 8]
            } else {
                &right.fours[at - 4..at]
            };
            let kept4 = keep_four(simd, &kept8, more);
            for pair in 0..2 {
                let at = at + 2 * pair;
                let more = if pair == 0 {
                    &left.pairs[at + 2..at + 4]
                } else {
                    &right.pairs[at - 2..at]
                };
                let kept2 = keep_two(simd, &kept4, more);
                out[at] = keep_one(simd, &kept2, left.raw[at + 1]);
                out[at + 1] = keep_one(simd, &kept2, right.raw[at]);
            }
        }
    }
    out
}

/// The medians of a whole line.
#[inline(always)]
fn run<S: Simd>(simd: S, line: &[S::f32s], out: &mut [S::f32s], stride: usize) {
    let n = out.len().div_ceil(stride);
    // The first value before the line is in no window.
    let mut left = sort_runs(simd, sixteen(simd, line, -16, n, stride));
    let mut core = sort_runs(simd, sixteen(simd, line, 0, n, stride));
    for b in (0..n).step_by(16) {
        let right = sort_runs(simd, sixteen(simd, line, b as isize + 16, n, stride));
        let medians = block(simd, &left, &core, &right);
        for (i, median) in medians.into_iter().enumerate().take(n - b) {
            out[(b + i) * stride] = median;
        }
        left = core;
        core = right;
    }
}

/// The values of a line of `n` from `first` on.
#[inline(always)]
fn sixteen<S: Simd>(
    simd: S,
    line: &[S::f32s],
    first: isize,
    n: usize,
    stride: usize,
) -> [S::f32s; 16] {
    let mut values = [simd.splat_f32s(0.0); 16];
    if first >= 0 && first as usize + 16 <= n {
        let line = &line[first as usize * stride..][..15 * stride + 1];
        for (i, value) in values.iter_mut().enumerate() {
            *value = line[i * stride];
        }
    } else {
        for (i, value) in values.iter_mut().enumerate() {
            *value = line[mirror(first + i as isize, n) * stride];
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::ZERO;
    use proptest::prelude::*;

    /// The definition: sort each window.
    fn naive(line: &[f32], width: usize) -> Vec<f32> {
        let window = |i: usize| {
            let from = i as isize - (width / 2) as isize;
            let at = |k: usize| line[mirror(from + k as isize, line.len())];
            let mut window: Vec<f32> = (0..width).map(at).collect();
            window.sort_unstable_by(f32::total_cmp);
            window[width / 2]
        };
        (0..line.len()).map(window).collect()
    }

    fn lanes(columns: &[Vec<f32>; LANES]) -> Vec<Lane> {
        (0..columns[0].len())
            .map(|i| std::array::from_fn(|l| columns[l][i]))
            .collect()
    }

    fn check(columns: &[Vec<f32>; LANES], width: usize) {
        let line = lanes(columns);
        let mut out = vec![ZERO; line.len()];
        median_lines(&line, width, &mut Vec::new(), &mut out);
        for (lane, column) in columns.iter().enumerate() {
            let got: Vec<f32> = out.iter().map(|row| row[lane]).collect();
            assert_eq!(
                got,
                naive(column, width),
                "width {width}, lane {lane}, {column:?}"
            );
        }
        if width == WIDE {
            // The fast algorithm without SIMD, and the general algorithm.
            let mut scalar = vec![ZERO; line.len()];
            Median31 {
                line: &line,
                out: &mut scalar,
            }
            .with_simd(pulp::Scalar);
            assert_eq!(scalar, out);
            let mirrored = |i: usize| line[mirror(i as isize - (WIDE / 2) as isize, line.len())];
            let padded: Vec<Lane> = (0..line.len() + WIDE - 1).map(mirrored).collect();
            median_any(&padded, width, &mut scalar);
            assert_eq!(scalar, out);
        }
    }

    proptest! {
        #[test]
        fn medians_equal_those_of_sorted_windows(
            n in 1usize..150,
            seed in any::<u64>(),
            levels in prop_oneof![Just(2u64), Just(5), Just(1 << 40)],
            width in prop_oneof![Just(31usize), 1usize..64],
        ) {
            let mut state = seed;
            let columns = std::array::from_fn(|_| (0..n).map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                ((state >> 20) % levels) as f32
            }).collect());
            check(&columns, width);
        }
    }

    #[test]
    fn mirror_repeats_the_ends() {
        let got: Vec<usize> = (-4..7).map(|i| mirror(i, 3)).collect();
        assert_eq!(got, [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
    }
}
