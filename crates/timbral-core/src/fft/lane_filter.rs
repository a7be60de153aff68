//! Filters in the frequency domain: forward transform, multiplication and inverse transform as one.
//!
//! Both transforms take two sweeps (see `lane_fft`). The second sweep of the forward one yields every
//! R-th bin, and these are what the first sweep of the inverse one needs, so the spectrum never
//! leaves the first-level cache. Short transforms read their input and write their output
//! where it lies, in two passes of radix 8 or 4.

use super::butterflies::{short_twiddles, single as short, twiddle};
use pulp::Simd;

type Factor = (f32, f32);
type Pair<V> = (V, V);

/// A planned filter of complex values with n inputs and m outputs, for several signals side by side.
#[derive(Debug, Clone)]
pub struct LaneFilterF32 {
    /// n = shared * columns, m = shared * rows.
    shared: usize,
    columns: usize,
    rows: usize,
    short_shared: Vec<Factor>,
    short_columns: Vec<Factor>,
    short_rows: Vec<Factor>,
    /// `exp(-2 pi i c k / n)` at `c shared + k`, and `exp(-2 pi i k c / m)` at `k rows + c`.
    middle: [Vec<Factor>; 2],
}

impl LaneFilterF32 {
    /// Makes the plan for n inputs and m outputs, which are powers of two from 256 to 4096 and differ at most
    /// by a factor of 4; `None` for other numbers.
    #[must_use]
    pub fn new(n: usize, m: usize) -> Option<Self> {
        let fits = |x: usize| matches!(x, 16 | 32 | 64);
        let shared = [32, 64, 16]
            .into_iter()
            .find(|r| n.is_multiple_of(*r) && m.is_multiple_of(*r) && fits(n / r) && fits(m / r))?;
        let round = |w: (f64, f64)| (w.0 as f32, w.1 as f32);
        let shorts = |n| short_twiddles(n).into_iter().map(round).collect();
        let middle = |a: usize, b: usize| {
            let all = (0..a).flat_map(|c| (0..b).map(move |k| round(twiddle(c * k, a * b))));
            all.collect::<Vec<_>>()
        };
        Some(Self {
            shared,
            columns: n / shared,
            rows: m / shared,
            short_shared: shorts(shared),
            short_columns: shorts(n / shared),
            short_rows: shorts(m / shared),
            middle: [middle(n / shared, shared), middle(shared, m / shared)],
        })
    }

    /// Rows that each of the two arrays of `work` needs.
    #[must_use]
    pub fn work_len(&self) -> usize {
        // One extra per sweep keeps neighbouring sweeps apart in the cache.
        self.shared * (self.columns + 1) + self.rows * (self.shared + 1)
    }

    /// Calls `store(i, out[i])` for all `i < m`, with `out[i] = sum_k y[k] exp(2 pi i k i / m)`,
    /// `y[k] = gain[k] X[k mod n]` for `m >= n` and `gain[k] X[k] + gain[k + m] X[k + m]` for `n = 2 m`,
    /// X the transform of `load(i)`, `i < n`.
    #[inline(always)]
    pub fn run<S: Simd>(
        &self,
        simd: S,
        gain: &[f32],
        load: impl Fn(usize) -> Pair<S::f32s>,
        work: (&mut [S::f32s], &mut [S::f32s]),
        mut store: impl FnMut(usize, Pair<S::f32s>),
    ) {
        let Self {
            shared,
            columns,
            rows,
            ..
        } = *self;
        let (first_re, second_re) = work.0.split_at_mut(shared * (columns + 1));
        let (first_im, second_im) = work.1.split_at_mut(shared * (columns + 1));
        let zero = simd.splat_f32s(0.0);
        let mut y = short::Short::new(zero);
        let mut bins = short::Short::new(zero);
        let mut c = 0;
        while c < columns {
            let middle = &self.middle[0][c * shared..][..shared];
            short::short(
                simd,
                shared,
                &self.short_shared,
                &mut y,
                #[inline(always)]
                |r| load(r * columns + c),
                #[inline(always)]
                |k, v| {
                    let at = k * (columns + 1) + c;
                    (first_re[at], first_im[at]) = short::times(simd, v, middle[k]);
                },
            );
            c += 1;
        }
        let mut k = 0;
        while k < shared {
            let re = &first_re[k * (columns + 1)..][..columns];
            let im = &first_im[k * (columns + 1)..][..columns];
            short::short(
                simd,
                columns,
                &self.short_columns,
                &mut y,
                #[inline(always)]
                |j| (re[j], im[j]),
                #[inline(always)]
                |j, v| bins.set(j, v),
            );
            let middle = &self.middle[1][k * rows..][..rows];
            let folds = columns > rows;
            short::short(
                simd,
                rows,
                &self.short_rows,
                &mut y,
                // Real and imaginary parts are exchanged before and after, which makes the forward
                // transform the inverse one.
                #[inline(always)]
                |r| {
                    let g = simd.splat_f32s(gain[r * shared + k]);
                    let x = bins.at(r & (columns - 1));
                    let v = (simd.mul_f32s(g, x.1), simd.mul_f32s(g, x.0));
                    if !folds {
                        return v;
                    }
                    let g = simd.splat_f32s(gain[(r + rows) * shared + k]);
                    let x = bins.at(r + rows);
                    (
                        simd.add_f32s(v.0, simd.mul_f32s(g, x.1)),
                        simd.add_f32s(v.1, simd.mul_f32s(g, x.0)),
                    )
                },
                #[inline(always)]
                |r, v| {
                    let at = r * (shared + 1) + k;
                    (second_re[at], second_im[at]) = short::times(simd, v, middle[r]);
                },
            );
            k += 1;
        }
        let mut r = 0;
        while r < rows {
            let re = &second_re[r * (shared + 1)..][..shared];
            let im = &second_im[r * (shared + 1)..][..shared];
            short::short(
                simd,
                shared,
                &self.short_shared,
                &mut y,
                #[inline(always)]
                |j| (re[j], im[j]),
                #[inline(always)]
                |j, v| store(r + rows * j, (v.1, v.0)),
            );
            r += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fft::lane_fft::single::LaneFft;
    use pulp::{Scalar, WithSimd};

    struct Run<'a> {
        n: usize,
        m: usize,
        gain: &'a [f32],
        out: &'a mut Vec<[f32; 2]>,
    }

    fn input(i: usize) -> (f32, f32) {
        (
            (i * 37 % 23) as f32 / 11.0 - 1.0,
            (i * 53 % 29) as f32 / 14.0 - 1.0,
        )
    }

    impl WithSimd for Run<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let splat = |v: (f32, f32)| (simd.splat_f32s(v.0), simd.splat_f32s(v.1));
            let first = |v: S::f32s| {
                let mut all = [0.0f32; 16];
                S::as_mut_simd_f32s(&mut all).0[0] = v;
                all[0]
            };
            let filter = LaneFilterF32::new(self.n, self.m).unwrap();
            let mut re = vec![simd.splat_f32s(0.0); filter.work_len()];
            let mut im = re.clone();
            let out = self.out;
            out.resize(self.m, [0.0; 2]);
            filter.run(
                simd,
                self.gain,
                |i| splat(input(i)),
                (&mut re, &mut im),
                |i, v| out[i] = [first(v.0), first(v.1)],
            );
        }
    }

    /// The same by two transforms.
    fn by_parts(n: usize, m: usize, gain: &[f32]) -> Vec<[f32; 2]> {
        let transform = |x: &[(f32, f32)]| {
            let fft = LaneFft::new(x.len()).unwrap();
            let mut out = vec![(0.0, 0.0); x.len()];
            let (mut re, mut im) = (vec![0.0; fft.work_len()], vec![0.0; fft.work_len()]);
            fft.run(
                Scalar::new(),
                |i| x[i],
                (&mut re, &mut im),
                |k, v| out[k] = v,
            );
            out
        };
        let x = transform(&(0..n).map(input).collect::<Vec<_>>());
        let mut y = vec![(0.0, 0.0); m];
        for (k, g) in gain.iter().enumerate() {
            let (a, b) = x[k % n];
            y[k % m].0 += g * b;
            y[k % m].1 += g * a;
        }
        transform(&y).into_iter().map(|v| [v.1, v.0]).collect()
    }

    #[test]
    fn a_filter_is_two_transforms_and_a_product_on_every_instruction_set() {
        for (n, m) in [
            (2048, 1024),
            (1024, 2048),
            (4096, 4096),
            (512, 2048),
            (256, 512),
        ] {
            let gain: Vec<f32> = (0..n.max(m))
                .map(|k| ((k * 7 % 13) as f32 - 6.0) / 6.0)
                .collect();
            let (mut best, mut scalar) = (Vec::new(), Vec::new());
            let run = |out| Run {
                n,
                m,
                gain: &gain,
                out,
            };
            pulp::Arch::new().dispatch(run(&mut best));
            run(&mut scalar).with_simd(Scalar::new());
            assert_eq!(best, scalar, "{n} {m}");
            let exact = by_parts(n, m, &gain);
            let size = exact.iter().flatten().fold(0.0f32, |a, v| a.max(v.abs()));
            for (i, (a, b)) in scalar.iter().zip(&exact).enumerate() {
                for part in 0..2 {
                    assert!((a[part] - b[part]).abs() < 3e-6 * size, "{n} {m} {i}");
                }
            }
        }
        for (n, m) in [(128, 128), (64, 4096), (8192, 8192), (1000, 1000)] {
            assert!(LaneFilterF32::new(n, m).is_none());
        }
    }
}
