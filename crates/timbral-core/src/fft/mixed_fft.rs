//! Complex Fourier transforms of several signals side by side, of lengths with the factors 2, 3, 5 and 7.
//!
//! Two sweeps over memory as in `lane_fft`; the short transforms of a sweep have two passes of radices from 2
//! to 9, which read their input and write their output where it lies.

use pulp::Simd;

use super::butterflies::MAX_SHORT;
use super::butterflies::single::{Factor, Pair, Short, times};
use super::butterflies::twiddle;
use super::radices::{Radix, Transform};

/// A planned Fourier transform of n complex values, of several signals side by side.
#[derive(Debug, Clone)]
pub struct MixedFftF32 {
    rows: Passes,
    columns: Passes,
    /// `exp(-2 pi i c k / n)` at `c rows + k`.
    middle: Vec<Factor>,
}

/// A short transform in two passes.
#[derive(Debug, Clone)]
struct Passes {
    radices: [usize; 2],
    /// `exp(-2 pi i p r / n)` at `p (radix - 1) + r - 1`, of the first pass.
    factors: Vec<Factor>,
}

fn round(w: (f64, f64)) -> Factor {
    (w.0 as f32, w.1 as f32)
}

/// Two radices whose product is n.
fn radices(n: usize) -> Option<[usize; 2]> {
    let fits = |a: &usize| n.is_multiple_of(*a) && (2..=*a).contains(&(n / a));
    let a = (2..=9).rfind(fits).filter(|_| n <= MAX_SHORT)?;
    Some([a, n / a])
}

/// The radices of two short transforms whose product is n, and which are nearest to each other.
fn split(n: usize) -> Option<[[usize; 2]; 2]> {
    (4..=MAX_SHORT).rev().find_map(|rows| {
        let fits = n.is_multiple_of(rows) && n >= rows * rows;
        fits.then(|| Some([radices(rows)?, radices(n / rows)?]))?
    })
}

impl Passes {
    fn new([a, b]: [usize; 2]) -> Self {
        let factors = (0..b).flat_map(|p| (1..a).map(move |r| round(twiddle(p * r, a * b))));
        Self {
            radices: [a, b],
            factors: factors.collect(),
        }
    }

    fn len(&self) -> usize {
        self.radices[0] * self.radices[1]
    }

    /// `store(k, out[k])` of the transform of `load(i)`.
    #[inline(always)]
    fn run<S: Simd>(
        &self,
        simd: S,
        y: &mut Short<S::f32s>,
        load: impl Fn(usize) -> Pair<S::f32s>,
        mut store: impl FnMut(usize, Pair<S::f32s>),
    ) {
        let [a, b] = self.radices;
        let factors = &self.factors;
        match a {
            2 => first::<S, 2>(simd, b, factors, y, load),
            3 => first::<S, 3>(simd, b, factors, y, load),
            4 => first::<S, 4>(simd, b, factors, y, load),
            5 => first::<S, 5>(simd, b, factors, y, load),
            6 => first::<S, 6>(simd, b, factors, y, load),
            7 => first::<S, 7>(simd, b, factors, y, load),
            8 => first::<S, 8>(simd, b, factors, y, load),
            _ => first::<S, 9>(simd, b, factors, y, load),
        }
        match b {
            2 => second::<S, 2>(simd, a, y, &mut store),
            3 => second::<S, 3>(simd, a, y, &mut store),
            4 => second::<S, 4>(simd, a, y, &mut store),
            5 => second::<S, 5>(simd, a, y, &mut store),
            6 => second::<S, 6>(simd, a, y, &mut store),
            7 => second::<S, 7>(simd, a, y, &mut store),
            8 => second::<S, 8>(simd, a, y, &mut store),
            _ => second::<S, 9>(simd, a, y, &mut store),
        }
    }
}

/// The first pass of a transform of `A b` values, of radix A.
#[inline(always)]
fn first<S: Simd, const A: usize>(
    simd: S,
    b: usize,
    factors: &[Factor],
    y: &mut Short<S::f32s>,
    load: impl Fn(usize) -> Pair<S::f32s>,
) where
    Transform: Radix<A>,
{
    let mut p = 0;
    while p < b {
        let mut v = [(simd.splat_f32s(0.0), simd.splat_f32s(0.0)); A];
        let mut j = 0;
        while j < A {
            v[j] = load(p + j * b);
            j += 1;
        }
        let v = Transform::transform(simd, v);
        let factors = &factors[p * (A - 1)..][..A - 1];
        y.set(A * p, v[0]);
        let mut r = 1;
        while r < A {
            // The factor 1 of p = 0 is exact.
            y.set(A * p + r, times(simd, v[r], factors[r - 1]));
            r += 1;
        }
        p += 1;
    }
}

/// The second pass of a transform of `a B` values, of radix B.
#[inline(always)]
fn second<S: Simd, const B: usize>(
    simd: S,
    a: usize,
    y: &Short<S::f32s>,
    store: &mut impl FnMut(usize, Pair<S::f32s>),
) where
    Transform: Radix<B>,
{
    let mut q = 0;
    while q < a {
        let mut v = [(simd.splat_f32s(0.0), simd.splat_f32s(0.0)); B];
        let mut j = 0;
        while j < B {
            v[j] = y.at(q + a * j);
            j += 1;
        }
        let v = Transform::transform(simd, v);
        let mut r = 0;
        while r < B {
            store(q + a * r, v[r]);
            r += 1;
        }
        q += 1;
    }
}

impl MixedFftF32 {
    /// Makes the plan for a length n in 16..=4096 that is the product of four numbers from 2 to 9; `None` for
    /// other lengths, and for a few of those near 4096.
    #[must_use]
    pub fn new(n: usize) -> Option<Self> {
        let [rows, columns] = split(n)?.map(Passes::new);
        let middle = (0..columns.len())
            .flat_map(|c| (0..rows.len()).map(move |k| (c, k)))
            .map(|(c, k)| round(twiddle(c * k, n)));
        Some(Self {
            middle: middle.collect(),
            rows,
            columns,
        })
    }

    /// Whether there is a plan for n, in a few hundred operations.
    #[must_use]
    pub fn fits(n: usize) -> bool {
        split(n).is_some()
    }

    /// Rows that `work` needs, for real and imaginary parts each.
    #[must_use]
    pub fn work_len(&self) -> usize {
        // One extra per sweep keeps neighbouring sweeps apart in the cache.
        self.rows.len() * (self.columns.len() + 1)
    }

    /// Calls `store(k, out[k])` for all `k < n`, with `out[k] = sum_m load(m) exp(-2 pi i k m / n)`.
    #[inline(always)]
    pub fn run<S: Simd>(
        &self,
        simd: S,
        load: impl Fn(usize) -> Pair<S::f32s>,
        work: (&mut [S::f32s], &mut [S::f32s]),
        mut store: impl FnMut(usize, Pair<S::f32s>),
    ) {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let (re, im) = work;
        let mut y = Short::new(simd.splat_f32s(0.0));
        let mut c = 0;
        while c < columns {
            let middle = &self.middle[c * rows..][..rows];
            self.rows.run(
                simd,
                &mut y,
                #[inline(always)]
                |r| load(r * columns + c),
                #[inline(always)]
                |k, v| {
                    let at = k * (columns + 1) + c;
                    (re[at], im[at]) = times(simd, v, middle[k]);
                },
            );
            c += 1;
        }
        let mut k = 0;
        while k < rows {
            let re = &re[k * (columns + 1)..][..columns];
            let im = &im[k * (columns + 1)..][..columns];
            self.columns.run(
                simd,
                &mut y,
                #[inline(always)]
                |c| (re[c], im[c]),
                #[inline(always)]
                |j, v| store(k + rows * j, v),
            );
            k += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::{Scalar, WithSimd};

    struct Run<'a>(&'a MixedFftF32, usize, &'a mut Vec<[f32; 2]>);

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
            let Self(fft, n, out) = self;
            let first = |v: S::f32s| {
                let mut all = [0.0f32; 16];
                S::as_mut_simd_f32s(&mut all).0[0] = v;
                all[0]
            };
            let mut re = vec![simd.splat_f32s(0.0); fft.work_len()];
            let mut im = re.clone();
            out.resize(n, [0.0; 2]);
            fft.run(
                simd,
                |i| {
                    let v = input(i);
                    (simd.splat_f32s(v.0), simd.splat_f32s(v.1))
                },
                (&mut re, &mut im),
                |k, v| out[k] = [first(v.0), first(v.1)],
            );
        }
    }

    #[test]
    fn every_radix_gives_the_textbook_sum_on_every_instruction_set() {
        // 2 3 4 5, 7 squared, 9 8 7 7, 6 6 5 5, 9 4 8 5.
        for n in [16, 36, 120, 196, 900, 1280, 1440, 2401, 3528, 3969, 4096] {
            let fft = MixedFftF32::new(n).unwrap();
            let (mut best, mut scalar) = (Vec::new(), Vec::new());
            pulp::Arch::new().dispatch(Run(&fft, n, &mut best));
            Run(&fft, n, &mut scalar).with_simd(Scalar::new());
            assert_eq!(best, scalar, "{n}");
            let largest = best.iter().flatten().fold(0.0f32, |a, v| a.max(v.abs()));
            let size = f64::from(largest);
            let w: Vec<_> = (0..n).map(|k| twiddle(k, n)).collect();
            for (k, y) in best
                .iter()
                .enumerate()
                .step_by(if n > 1000 { 17 } else { 1 })
            {
                let (mut re, mut im) = (0.0, 0.0);
                for i in 0..n {
                    let (x, w) = (input(i), w[k * i % n]);
                    re += f64::from(x.0) * w.0 - f64::from(x.1) * w.1;
                    im += f64::from(x.0) * w.1 + f64::from(x.1) * w.0;
                }
                // Rounding of four passes, of the largest value.
                let most = 3e-7 * size;
                assert!((f64::from(y[0]) - re).abs() < most, "{n} {k}: {y:?} {re}");
                assert!((f64::from(y[1]) - im).abs() < most, "{n} {k}: {y:?} {im}");
            }
        }
    }

    #[test]
    fn other_lengths_have_no_plan() {
        for n in [0, 1, 2, 8, 11, 44, 3840, 5292, 8192] {
            assert!(MixedFftF32::new(n).is_none(), "{n}");
        }
    }
}
