//! Complex Fourier transforms of several signals side by side.
//!
//! Lane `l` of every row belongs to signal `l`, so butterflies work on whole registers with no
//! shuffles, and every instruction set adds in the same order. A transform of `n = r c` rows is
//! done in two sweeps over memory (Bailey's four steps): `c` transforms of the `r` rows that lie
//! `c` apart, a twiddle, then `r` transforms of `c` neighbouring rows. Each of these short
//! transforms (Stockham's, radix 4 with a last radix 2) stays in the first-level cache.

use std::f64::consts::TAU;

/// Longest short transform.
const MAX_SHORT: usize = 64;

/// Lengths of complex transforms that are supported: powers of two from 4 up to this.
pub(crate) const MAX_LENGTH: usize = MAX_SHORT * MAX_SHORT;

/// `exp(-2 pi i k / n)`.
pub(crate) fn twiddle(k: usize, n: usize) -> (f64, f64) {
    let (sin, cos) = (TAU * (k % n) as f64 / n as f64).sin_cos();
    (cos, -sin)
}

/// Factors of each radix-4 pass of a short transform of `n` rows, in the order of their use:
/// the first, second and third power for each butterfly.
fn short_twiddles(mut n: usize) -> Vec<[(f64, f64); 3]> {
    let mut factors = Vec::new();
    while n >= 4 {
        factors.extend((0..n / 4).map(|p| [twiddle(p, n), twiddle(2 * p, n), twiddle(3 * p, n)]));
        n /= 4;
    }
    factors
}

macro_rules! lane_fft {
    ($module:ident, $float:ty, $vector:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident) => {
        pub(crate) mod $module {
            use super::{MAX_LENGTH, MAX_SHORT, short_twiddles, twiddle};
            use pulp::Simd;

            type Factor = ($float, $float);

            /// A planned transform.
            #[derive(Debug, Clone)]
            pub(crate) struct LaneFft {
                rows: usize,
                columns: usize,
                short_rows: Vec<[Factor; 3]>,
                short_columns: Vec<[Factor; 3]>,
                /// `exp(-2 pi i c k / n)` at `c rows + k`.
                middle: Vec<Factor>,
            }

            struct Short<V> {
                re: [V; MAX_SHORT],
                im: [V; MAX_SHORT],
            }

            /// A complex value in registers.
            type Pair<V> = (V, V);

            #[inline(always)]
            fn times<S: Simd>(simd: S, a: Pair<S::$vector>, w: Factor) -> Pair<S::$vector> {
                let (c, s) = (simd.$splat(w.0), simd.$splat(w.1));
                (
                    simd.$sub(simd.$mul(a.0, c), simd.$mul(a.1, s)),
                    simd.$add(simd.$mul(a.0, s), simd.$mul(a.1, c)),
                )
            }

            #[inline(always)]
            fn plus<S: Simd>(
                simd: S,
                a: Pair<S::$vector>,
                b: Pair<S::$vector>,
            ) -> Pair<S::$vector> {
                (simd.$add(a.0, b.0), simd.$add(a.1, b.1))
            }

            #[inline(always)]
            fn minus<S: Simd>(
                simd: S,
                a: Pair<S::$vector>,
                b: Pair<S::$vector>,
            ) -> Pair<S::$vector> {
                (simd.$sub(a.0, b.0), simd.$sub(a.1, b.1))
            }

            impl<V: Copy> Short<V> {
                #[inline(always)]
                fn new(zero: V) -> Self {
                    Self {
                        re: [zero; MAX_SHORT],
                        im: [zero; MAX_SHORT],
                    }
                }

                // The masks change nothing; they show the compiler that the index is in range.
                #[inline(always)]
                fn at(&self, i: usize) -> Pair<V> {
                    (self.re[i & (MAX_SHORT - 1)], self.im[i & (MAX_SHORT - 1)])
                }

                #[inline(always)]
                fn set(&mut self, i: usize, v: Pair<V>) {
                    self.re[i & (MAX_SHORT - 1)] = v.0;
                    self.im[i & (MAX_SHORT - 1)] = v.1;
                }
            }

            /// Transforms the first `n` rows of `x`; the result is in `x`.
            #[inline(always)]
            fn short<'a, S: Simd>(
                simd: S,
                n: usize,
                mut factors: &[[Factor; 3]],
                mut x: &'a mut Short<S::$vector>,
                mut y: &'a mut Short<S::$vector>,
            ) -> &'a Short<S::$vector> {
                let (mut length, mut stride) = (n, 1);
                while length >= 4 {
                    let quarter = length / 4;
                    for (p, w) in factors[..quarter].iter().enumerate() {
                        for q in 0..stride {
                            let at = |j: usize| x.at(q + stride * (p + j * quarter));
                            let (a, b, c, d) = (at(0), at(1), at(2), at(3));
                            let (ac, bd) = (plus(simd, a, c), plus(simd, b, d));
                            let (amc, bmd) = (minus(simd, a, c), minus(simd, b, d));
                            // -i (b - d)
                            let (up, down) = (
                                (simd.$add(amc.0, bmd.1), simd.$sub(amc.1, bmd.0)),
                                (simd.$sub(amc.0, bmd.1), simd.$add(amc.1, bmd.0)),
                            );
                            let half = minus(simd, ac, bd);
                            let to = q + stride * 4 * p;
                            y.set(to, plus(simd, ac, bd));
                            if p == 0 {
                                y.set(to + stride, up);
                                y.set(to + 2 * stride, half);
                                y.set(to + 3 * stride, down);
                            } else {
                                y.set(to + stride, times(simd, up, w[0]));
                                y.set(to + 2 * stride, times(simd, half, w[1]));
                                y.set(to + 3 * stride, times(simd, down, w[2]));
                            }
                        }
                    }
                    factors = &factors[quarter..];
                    (x, y) = (y, x);
                    length = quarter;
                    stride *= 4;
                }
                if length == 2 {
                    for q in 0..stride {
                        let (a, b) = (x.at(q), x.at(q + stride));
                        y.set(q, plus(simd, a, b));
                        y.set(q + stride, minus(simd, a, b));
                    }
                    x = y;
                }
                x
            }

            impl LaneFft {
                /// Plans for a power of two in `4..=MAX_LENGTH`.
                pub(crate) fn new(n: usize) -> Option<Self> {
                    if !n.is_power_of_two() || !(4..=MAX_LENGTH).contains(&n) {
                        return None;
                    }
                    let rows = 1 << (n.trailing_zeros() / 2);
                    let columns = n / rows;
                    let round = |w: (f64, f64)| (w.0 as $float, w.1 as $float);
                    let shorts = |n| {
                        short_twiddles(n)
                            .into_iter()
                            .map(|w| w.map(round))
                            .collect()
                    };
                    let middle = (0..columns)
                        .flat_map(|c| (0..rows).map(move |k| round(twiddle(c * k, n))))
                        .collect();
                    Some(Self {
                        rows,
                        columns,
                        short_rows: shorts(rows),
                        short_columns: shorts(columns),
                        middle,
                    })
                }

                /// Rows that `work` needs, real and imaginary each: one a row of the transform and
                /// one to spare each sweep, so that rows a sweep apart are not a power of two
                /// apart, which would make them compete for the same cache lines.
                pub(crate) fn work_len(&self) -> usize {
                    self.rows * (self.columns + 1)
                }

                /// The first sweep, over `load(m)`, `m < n`, into `work`.
                #[inline(always)]
                fn sweep<S: Simd>(
                    &self,
                    simd: S,
                    load: impl Fn(usize) -> Pair<S::$vector>,
                    work: &mut (&mut [S::$vector], &mut [S::$vector]),
                    x: &mut Short<S::$vector>,
                    y: &mut Short<S::$vector>,
                ) {
                    let (rows, columns) = (self.rows, self.columns);
                    for (c, middle) in self.middle.chunks_exact(rows).enumerate() {
                        for r in 0..rows {
                            x.set(r, load(r * columns + c));
                        }
                        let z = short(simd, rows, &self.short_rows, x, y);
                        for (k, w) in middle.iter().enumerate() {
                            let at = k * (columns + 1) + c;
                            (work.0[at], work.1[at]) = times(simd, z.at(k), *w);
                        }
                    }
                }

                /// One transform of the second sweep: `out[k + rows j]` is the result at `j`.
                #[inline(always)]
                fn row<'a, S: Simd>(
                    &self,
                    simd: S,
                    k: usize,
                    work: &(&mut [S::$vector], &mut [S::$vector]),
                    x: &'a mut Short<S::$vector>,
                    y: &'a mut Short<S::$vector>,
                ) -> &'a Short<S::$vector> {
                    let from = k * (self.columns + 1)..k * (self.columns + 1) + self.columns;
                    let (re, im) = (&work.0[from.clone()], &work.1[from]);
                    for (c, v) in re.iter().zip(im).enumerate() {
                        x.set(c, (*v.0, *v.1));
                    }
                    short(simd, self.columns, &self.short_columns, x, y)
                }

                /// Calls `store(k, out[k])` for all `k < n`, with
                /// `out[k] = sum_m load(m) exp(-2 pi i k m / n)`.
                #[allow(dead_code, reason = "each of the two types needs one of the two")]
                #[inline(always)]
                pub(crate) fn run<S: Simd>(
                    &self,
                    simd: S,
                    load: impl Fn(usize) -> Pair<S::$vector>,
                    mut work: (&mut [S::$vector], &mut [S::$vector]),
                    mut store: impl FnMut(usize, Pair<S::$vector>),
                ) {
                    let zero = simd.$splat(0.0);
                    let (mut x, mut y) = (Short::new(zero), Short::new(zero));
                    self.sweep(simd, load, &mut work, &mut x, &mut y);
                    for k in 0..self.rows {
                        let z = self.row(simd, k, &work, &mut x, &mut y);
                        for j in 0..self.columns {
                            store(k + self.rows * j, z.at(j));
                        }
                    }
                }

                /// As [`LaneFft::run`], with `store(k, out[k], out[(n - k) % n])` for one of each
                /// such pair.
                #[allow(dead_code, reason = "each of the two types needs one of the two")]
                #[inline(always)]
                pub(crate) fn run_pairs<S: Simd>(
                    &self,
                    simd: S,
                    load: impl Fn(usize) -> Pair<S::$vector>,
                    mut work: (&mut [S::$vector], &mut [S::$vector]),
                    mut store: impl FnMut(usize, Pair<S::$vector>, Pair<S::$vector>),
                ) {
                    let (rows, columns) = (self.rows, self.columns);
                    let zero = simd.$splat(0.0);
                    let (mut x, mut y) = (Short::new(zero), Short::new(zero));
                    let (mut u, mut v) = (Short::new(zero), Short::new(zero));
                    self.sweep(simd, load, &mut work, &mut x, &mut y);
                    // Rows 0 and rows / 2 hold their own mirror images, the others each other's.
                    for k in 0..=rows / 2 {
                        let z = self.row(simd, k, &work, &mut x, &mut y);
                        let (mirror, pairs) = if k == 0 {
                            (z, columns / 2 + 1)
                        } else if 2 * k == rows {
                            (z, columns / 2)
                        } else {
                            (self.row(simd, rows - k, &work, &mut u, &mut v), columns)
                        };
                        let last = if k == 0 { columns } else { columns - 1 };
                        for j in 0..pairs {
                            store(k + rows * j, z.at(j), mirror.at((last - j) % columns));
                        }
                    }
                }
            }
        }
    };
}

lane_fft!(double, f64, f64s, splat_f64s, add_f64s, sub_f64s, mul_f64s);
lane_fft!(single, f32, f32s, splat_f32s, add_f32s, sub_f32s, mul_f32s);

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::{Simd, WithSimd};

    struct Forward<'a> {
        fft: &'a double::LaneFft,
        input: &'a [[f64; 8]],
        output: &'a mut [[[f64; 8]; 2]],
    }

    impl WithSimd for Forward<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let zero = simd.splat_f64s(0.0);
            let rows = self.fft.work_len();
            let (mut re, mut im) = (vec![zero; rows], vec![zero; rows]);
            for column in 0..8 / S::F64_LANES {
                let (input, _) = S::as_simd_f64s(self.input.as_flattened());
                let stride = 8 / S::F64_LANES;
                let (output, _) =
                    S::as_mut_simd_f64s(self.output.as_flattened_mut().as_flattened_mut());
                self.fft.run(
                    simd,
                    |m| (input[m * stride + column], zero),
                    (&mut re, &mut im),
                    |k, v| {
                        output[2 * k * stride + column] = v.0;
                        output[(2 * k + 1) * stride + column] = v.1;
                    },
                );
            }
        }
    }

    #[test]
    fn every_length_is_the_textbook_sum_on_every_instruction_set() {
        for log in 2..=9 {
            let n = 1usize << log;
            let input: Vec<[f64; 8]> = (0..n)
                .map(|m| std::array::from_fn(|l| ((m * 37 + l * 11) % 23) as f64 / 11.0 - 1.0))
                .collect();
            let fft = double::LaneFft::new(n).unwrap();
            let mut output = vec![[[0.0; 8]; 2]; n];
            let mut twin = output.clone();
            pulp::Arch::new().dispatch(Forward {
                fft: &fft,
                input: &input,
                output: &mut output,
            });
            Forward {
                fft: &fft,
                input: &input,
                output: &mut twin,
            }
            .with_simd(pulp::Scalar);
            assert_eq!(output, twin, "n {n}");
            for k in 0..n {
                for l in [0, 7] {
                    let term = |m: usize| {
                        let w = twiddle(k * m, n);
                        (input[m][l] * w.0, input[m][l] * w.1)
                    };
                    let exact = (0..n)
                        .map(term)
                        .fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
                    let error = (output[k][0][l] - exact.0).hypot(output[k][1][l] - exact.1);
                    // Rounding of n terms of size 1, mostly of the sum that checks.
                    assert!(
                        error < 1e-15 * n as f64 * 4.0,
                        "n {n} k {k} lane {l}: {error}"
                    );
                }
            }
        }
    }

    #[test]
    fn other_lengths_have_no_plan() {
        for n in [0, 1, 2, 3, 6, 100, 8192] {
            assert!(double::LaneFft::new(n).is_none(), "{n}");
        }
    }
}
