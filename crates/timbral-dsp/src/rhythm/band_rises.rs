//! How much the bands of a spectrogram rise, pooled over bands.

use pulp::{Simd, WithSimd};

use crate::simd::{LANES, Lane, ZERO, arch};

/// The two spectrograms that are compared, as rows of `n_frames` values.
pub(super) struct Bands<'a> {
    pub(super) s: &'a [f32],
    pub(super) reference: &'a [f32],
    pub(super) n_frames: usize,
    pub(super) lag: usize,
}

impl Bands<'_> {
    /// `(later, earlier)` values of every band, `n_rises` each.
    fn rows(&self) -> impl Iterator<Item = (&[f32], &[f32])> {
        let s = self.s.chunks_exact(self.n_frames);
        let reference = self.reference.chunks_exact(self.n_frames);
        let n_rises = self.n_frames - self.lag;
        s.zip(reference)
            .map(move |(s, r)| (&s[self.lag..], &r[..n_rises]))
    }

    /// The mean rise of each frame, added band after band as in NumPy.
    pub(super) fn mean(&self, n_rises: usize) -> Vec<f32> {
        let mut sum = vec![0.0; n_rises];
        for (later, earlier) in self.rows() {
            for ((sum, a), b) in sum.iter_mut().zip(later).zip(earlier) {
                *sum += rise(*a, *b);
            }
        }
        let n_mels = self.s.len() / self.n_frames;
        for sum in &mut sum {
            *sum /= n_mels as f32;
        }
        sum
    }

    /// The median rise of each frame, for 16 frames at a time.
    pub(super) fn median(&self, n_rises: usize) -> Vec<f32> {
        let mut medians = vec![0.0; n_rises];
        let mut tile = vec![[0i32; LANES]; self.s.len() / self.n_frames];
        for (i, out) in medians.chunks_mut(LANES).enumerate() {
            for (lane, (later, earlier)) in tile.iter_mut().zip(self.rows()) {
                let (later, earlier) = (load(&later[i * LANES..]), load(&earlier[i * LANES..]));
                for i in 0..LANES {
                    lane[i] = rise(later[i], earlier[i]).to_bits() as i32;
                }
            }
            let [lower, upper] = arch().dispatch(Middle { tile: &tile });
            for (out, (lower, upper)) in out.iter_mut().zip(lower.iter().zip(upper)) {
                *out = (f32::from_bits(*lower as u32) + f32::from_bits(upper as u32)) / 2.0;
            }
        }
        medians
    }
}

/// The first 16 values of a row, with zeros after its end.
fn load(row: &[f32]) -> Lane {
    if let Some(lane) = row.first_chunk() {
        return *lane;
    }
    let mut lane = ZERO;
    lane[..row.len()].copy_from_slice(row);
    lane
}

fn rise(later: f32, earlier: f32) -> f32 {
    let difference = later - earlier;
    if difference > 0.0 { difference } else { 0.0 }
}

/// The lower and upper middle value of each lane over all rows; for an odd number of rows they are
/// the same. The values are the bits of non-negative floats, which are ordered as integers are.
struct Middle<'a> {
    tile: &'a [[i32; LANES]],
}

impl WithSimd for Middle<'_> {
    type Output = [[i32; LANES]; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let (rows, _) = S::as_simd_i32s(self.tile.as_flattened());
        let mut out = [[0; LANES]; 2];
        let [lower, upper] = &mut out;
        let lower = S::as_mut_simd_i32s(lower).0.iter_mut();
        let upper = S::as_mut_simd_i32s(upper).0.iter_mut();
        for (column, (lower, upper)) in lower.zip(upper).enumerate() {
            (*lower, *upper) = middle(simd, &rows[column..], self.tile.len());
        }
        out
    }
}

/// The lower middle value is found bit by bit from the top, by counting the values below a
/// candidate. The upper one is either equal to it or the smallest larger value.
#[inline(always)]
fn middle<S: Simd>(simd: S, column: &[S::i32s], n: usize) -> (S::i32s, S::i32s) {
    let rank = (n as i32 - 1) / 2;
    let mut lower = simd.splat_i32s(0);
    for bit in (0..31).rev() {
        let candidate = simd.or_i32s(lower, simd.splat_i32s(1 << bit));
        let below = count(simd, column, |v| simd.less_than_i32s(v, candidate));
        let reached = simd.less_than_or_equal_i32s(below, simd.splat_i32s(rank));
        lower = simd.select_i32s(reached, candidate, lower);
    }
    if n % 2 == 1 {
        return (lower, lower);
    }
    let up_to = count(simd, column, |v| simd.less_than_or_equal_i32s(v, lower));
    let most = simd.splat_i32s(i32::MAX);
    let mut above = most;
    for v in column.iter().step_by(LANES / S::I32_LANES) {
        let larger = simd.select_i32s(simd.greater_than_i32s(*v, lower), *v, most);
        above = simd.min_i32s(above, larger);
    }
    let again = simd.greater_than_i32s(up_to, simd.splat_i32s(rank + 1));
    (lower, simd.select_i32s(again, lower, above))
}

/// The number of rows for which `holds`, lane by lane.
#[inline(always)]
fn count<S: Simd>(simd: S, column: &[S::i32s], holds: impl Fn(S::i32s) -> S::m32s) -> S::i32s {
    let (zero, one) = (simd.splat_i32s(0), simd.splat_i32s(1));
    column
        .iter()
        .step_by(LANES / S::I32_LANES)
        .fold(zero, |count, v| {
            simd.add_i32s(count, simd.select_i32s(holds(*v), one, zero))
        })
}
