//! Complex Fourier transforms of several signals side by side.
//!
//! Lane `l` of every row belongs to signal `l`, so butterflies work on whole registers with no
//! shuffles, and every instruction set adds in the same order. A transform of `n = r c` rows is
//! done in two sweeps over memory (Bailey's four steps): `c` transforms of the `r` rows that lie
//! `c` apart, a twiddle, then `r` transforms of `c` neighbouring rows. Each of these short
//! transforms (Stockham's, of radix 8 and 4) stays in the first-level cache.

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

/// The radices of the passes of a short transform; there is no other way to its length.
fn radices(n: usize) -> &'static [usize] {
    match n {
        2 => &[2],
        4 => &[4],
        8 => &[8],
        16 => &[4, 4],
        32 => &[8, 4],
        _ => &[8, 8],
    }
}

/// Factors of the passes of a short transform of `n` rows, in the order of their use: for each
/// butterfly the powers `1 .. radix`.
fn short_twiddles(n: usize) -> Vec<(f64, f64)> {
    let mut factors = Vec::new();
    let mut length = n;
    for radix in radices(n) {
        for p in 0..length / radix {
            factors.extend((1..*radix).map(|r| twiddle(r * p, length)));
        }
        length /= radix;
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
                short_rows: Vec<Factor>,
                short_columns: Vec<Factor>,
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

            /// `-i a`.
            #[inline(always)]
            fn turn<S: Simd>(simd: S, a: Pair<S::$vector>) -> Pair<S::$vector> {
                (a.1, simd.$sub(simd.$splat(0.0), a.0))
            }

            /// The transform of two values.
            #[inline(always)]
            fn two<S: Simd>(simd: S, a: [Pair<S::$vector>; 2]) -> [Pair<S::$vector>; 2] {
                [plus(simd, a[0], a[1]), minus(simd, a[0], a[1])]
            }

            /// The transform of four values.
            #[inline(always)]
            fn four<S: Simd>(simd: S, a: [Pair<S::$vector>; 4]) -> [Pair<S::$vector>; 4] {
                let (ac, bd) = (plus(simd, a[0], a[2]), plus(simd, a[1], a[3]));
                let (amc, bmd) = (minus(simd, a[0], a[2]), minus(simd, a[1], a[3]));
                [
                    plus(simd, ac, bd),
                    (simd.$add(amc.0, bmd.1), simd.$sub(amc.1, bmd.0)),
                    minus(simd, ac, bd),
                    (simd.$sub(amc.0, bmd.1), simd.$add(amc.1, bmd.0)),
                ]
            }

            /// The transform of eight values: of the even results from the sums of opposite
            /// values, of the odd ones from their differences, turned by eighths.
            #[inline(always)]
            fn eight<S: Simd>(simd: S, a: [Pair<S::$vector>; 8]) -> [Pair<S::$vector>; 8] {
                let root = simd.$splat(std::f64::consts::FRAC_1_SQRT_2 as $float);
                let sum = |i: usize| plus(simd, a[i], a[i + 4]);
                let difference = |i: usize| minus(simd, a[i], a[i + 4]);
                let (d1, d2, d3) = (difference(1), difference(2), difference(3));
                let d1 = (
                    simd.$mul(root, simd.$add(d1.0, d1.1)),
                    simd.$mul(root, simd.$sub(d1.1, d1.0)),
                );
                let d3 = turn(
                    simd,
                    (
                        simd.$mul(root, simd.$add(d3.0, d3.1)),
                        simd.$mul(root, simd.$sub(d3.1, d3.0)),
                    ),
                );
                let even = four(simd, [sum(0), sum(1), sum(2), sum(3)]);
                let odd = four(simd, [difference(0), d1, turn(simd, d2), d3]);
                [
                    even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3],
                ]
            }

            /// One pass over the first `length stride` rows.
            #[inline(always)]
            fn pass<S: Simd, const R: usize>(
                simd: S,
                length: usize,
                stride: usize,
                factors: &[Factor],
                x: &Short<S::$vector>,
                y: &mut Short<S::$vector>,
                butterfly: impl Fn([Pair<S::$vector>; R]) -> [Pair<S::$vector>; R],
            ) {
                let apart = length / R;
                for p in 0..apart {
                    let factors = &factors[p * (R - 1)..][..R - 1];
                    for q in 0..stride {
                        let mut v = [(simd.$splat(0.0), simd.$splat(0.0)); R];
                        for (j, v) in v.iter_mut().enumerate() {
                            *v = x.at(q + stride * (p + j * apart));
                        }
                        let v = butterfly(v);
                        y.set(q + stride * R * p, v[0]);
                        for r in 1..R {
                            let v = if p == 0 {
                                v[r]
                            } else {
                                times(simd, v[r], factors[r - 1])
                            };
                            y.set(q + stride * (R * p + r), v);
                        }
                    }
                }
            }

            /// Transforms the first `n` rows of `x`; both are overwritten, one is the result. The
            /// lengths are spelt out so that the compiler knows every index.
            #[inline(always)]
            fn short<'a, S: Simd>(
                simd: S,
                n: usize,
                factors: &[Factor],
                x: &'a mut Short<S::$vector>,
                y: &'a mut Short<S::$vector>,
            ) -> &'a Short<S::$vector> {
                match n {
                    2 => pass::<S, 2>(
                        simd,
                        2,
                        1,
                        &factors[0..],
                        x,
                        y,
                        #[inline(always)]
                        |v| two(simd, v),
                    ),
                    4 => pass::<S, 4>(
                        simd,
                        4,
                        1,
                        &factors[0..],
                        x,
                        y,
                        #[inline(always)]
                        |v| four(simd, v),
                    ),
                    8 => pass::<S, 8>(
                        simd,
                        8,
                        1,
                        &factors[0..],
                        x,
                        y,
                        #[inline(always)]
                        |v| eight(simd, v),
                    ),
                    16 => {
                        pass::<S, 4>(
                            simd,
                            16,
                            1,
                            &factors[0..],
                            x,
                            y,
                            #[inline(always)]
                            |v| four(simd, v),
                        );
                        pass::<S, 4>(
                            simd,
                            4,
                            4,
                            &factors[12..],
                            y,
                            x,
                            #[inline(always)]
                            |v| four(simd, v),
                        );
                        return x;
                    }
                    32 => {
                        pass::<S, 8>(
                            simd,
                            32,
                            1,
                            &factors[0..],
                            x,
                            y,
                            #[inline(always)]
                            |v| eight(simd, v),
                        );
                        pass::<S, 4>(
                            simd,
                            4,
                            8,
                            &factors[28..],
                            y,
                            x,
                            #[inline(always)]
                            |v| four(simd, v),
                        );
                        return x;
                    }
                    _ => {
                        pass::<S, 8>(
                            simd,
                            64,
                            1,
                            &factors[0..],
                            x,
                            y,
                            #[inline(always)]
                            |v| eight(simd, v),
                        );
                        pass::<S, 8>(
                            simd,
                            8,
                            8,
                            &factors[56..],
                            y,
                            x,
                            #[inline(always)]
                            |v| eight(simd, v),
                        );
                        return x;
                    }
                }
                y
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
                    let shorts = |n| short_twiddles(n).into_iter().map(round).collect();
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
            for (k, output) in output.iter().enumerate() {
                for l in [0, 7] {
                    let term = |m: usize| {
                        let w = twiddle(k * m, n);
                        (input[m][l] * w.0, input[m][l] * w.1)
                    };
                    let exact = (0..n)
                        .map(term)
                        .fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
                    let error = (output[0][l] - exact.0).hypot(output[1][l] - exact.1);
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
