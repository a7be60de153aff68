//! Complex Fourier transforms of several signals side by side.
//!
//! Lane `l` of every row belongs to signal `l`, so butterflies work on whole registers without
//! shuffles, and every instruction set adds in the same order. A transform of `n = r c` rows takes
//! two sweeps over memory (Bailey's four steps): `c` transforms of the `r` rows that lie `c` apart,
//! a multiplication by twiddle factors, then `r` transforms of `c` neighbouring rows. Each of these
//! short transforms stays in the first-level cache.

use super::butterflies::MAX_SHORT;

/// Supported lengths of complex transforms: powers of two from 4 to this.
const MAX_ROWS: usize = MAX_SHORT * MAX_SHORT;

macro_rules! lane_fft {
    ($module:ident, $about:literal, $float:ty, $vector:ident, $splat:ident) => {
        #[doc = $about]
        pub(super) mod $module {
            use super::MAX_ROWS;
            use crate::fft::butterflies::$module::{Factor, Short, short, times};

            /// Real and imaginary parts, one signal per lane.
            pub(crate) type Pair<V> = (V, V);
            use crate::fft::butterflies::{short_twiddles, twiddle};
            use pulp::Simd;

            /// A planned Fourier transform of a power of two of complex values, of several signals side by
            /// side.
            #[derive(Debug, Clone)]
            pub struct LaneFft {
                rows: usize,
                columns: usize,
                short_rows: Vec<Factor>,
                short_columns: Vec<Factor>,
                /// `exp(-2 pi i c k / n)` at `c rows + k`.
                middle: Vec<Factor>,
            }

            impl LaneFft {
                /// Makes the plan for a power of two in 4..=4096; `None` for other lengths.
                #[must_use]
                pub fn new(n: usize) -> Option<Self> {
                    if !n.is_power_of_two() || !(4..=MAX_ROWS).contains(&n) {
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

                /// Rows that `work` needs, for real and imaginary parts each: one per row of the transform, and
                /// one extra per sweep. Without the extra rows, rows of neighbouring sweeps would be a power of
                /// two apart and compete for the same cache lines.
                #[must_use]
                pub fn work_len(&self) -> usize {
                    self.rows * (self.columns + 1)
                }

                /// The first sweep, over `load(m)`, `m < n`, into `work`.
                #[inline(always)]
                fn sweep<S: Simd>(
                    &self,
                    simd: S,
                    load: impl Fn(usize) -> Pair<S::$vector>,
                    work: &mut (&mut [S::$vector], &mut [S::$vector]),
                    y: &mut Short<S::$vector>,
                ) {
                    let (rows, columns) = (self.rows, self.columns);
                    for (c, middle) in self.middle.chunks_exact(rows).enumerate() {
                        short(
                            simd,
                            rows,
                            &self.short_rows,
                            y,
                            #[inline(always)]
                            |r| load(r * columns + c),
                            #[inline(always)]
                            |k, v| {
                                let at = k * (columns + 1) + c;
                                (work.0[at], work.1[at]) = times(simd, v, middle[k]);
                            },
                        );
                    }
                }

                /// One transform of the second sweep: `store(j, out[k + rows j])` for all j.
                #[inline(always)]
                fn row<S: Simd>(
                    &self,
                    simd: S,
                    k: usize,
                    work: &(&mut [S::$vector], &mut [S::$vector]),
                    y: &mut Short<S::$vector>,
                    store: impl FnMut(usize, Pair<S::$vector>),
                ) {
                    let from = k * (self.columns + 1)..k * (self.columns + 1) + self.columns;
                    let (re, im) = (&work.0[from.clone()], &work.1[from]);
                    short(
                        simd,
                        self.columns,
                        &self.short_columns,
                        y,
                        #[inline(always)]
                        |c| (re[c], im[c]),
                        store,
                    );
                }

                /// The same, with the results in `x`.
                #[inline(always)]
                fn keep_row<S: Simd>(
                    &self,
                    simd: S,
                    k: usize,
                    work: &(&mut [S::$vector], &mut [S::$vector]),
                    y: &mut Short<S::$vector>,
                    x: &mut Short<S::$vector>,
                ) {
                    self.row(
                        simd,
                        k,
                        work,
                        y,
                        #[inline(always)]
                        |j, v| x.set(j, v),
                    );
                }

                /// Calls `store(k, out[k])` for all `k < n`, with
                /// `out[k] = sum_m load(m) exp(-2 pi i k m / n)`.
                #[inline(always)]
                pub fn run<S: Simd>(
                    &self,
                    simd: S,
                    load: impl Fn(usize) -> Pair<S::$vector>,
                    mut work: (&mut [S::$vector], &mut [S::$vector]),
                    mut store: impl FnMut(usize, Pair<S::$vector>),
                ) {
                    let zero = simd.$splat(0.0);
                    let (mut x, mut y) = (Short::new(zero), Short::new(zero));
                    self.sweep(simd, load, &mut work, &mut y);
                    for k in 0..self.rows {
                        self.keep_row(simd, k, &work, &mut y, &mut x);
                        for j in 0..self.columns {
                            store(k + self.rows * j, x.at(j));
                        }
                    }
                }

                /// As [`LaneFft::run`], with `store(k, out[k], out[(n - k) % n])` for one of each
                /// such pair, in any order.
                #[inline(always)]
                pub fn run_pairs<S: Simd>(
                    &self,
                    simd: S,
                    load: impl Fn(usize) -> Pair<S::$vector>,
                    mut work: (&mut [S::$vector], &mut [S::$vector]),
                    mut store: impl FnMut(usize, Pair<S::$vector>, Pair<S::$vector>),
                ) {
                    let (rows, columns) = (self.rows, self.columns);
                    let zero = simd.$splat(0.0);
                    let (mut x, mut y) = (Short::new(zero), Short::new(zero));
                    self.sweep(simd, load, &mut work, &mut y);
                    // Rows 0 and rows / 2 hold their own mirror images, the others each other's.
                    for k in 0..=rows / 2 {
                        self.keep_row(simd, k, &work, &mut y, &mut x);
                        let pairs = if k == 0 {
                            columns / 2 + 1
                        } else if 2 * k == rows {
                            columns / 2
                        } else {
                            self.row(
                                simd,
                                rows - k,
                                &work,
                                &mut y,
                                #[inline(always)]
                                |i, mirror| {
                                    let j = columns - 1 - i;
                                    store(k + rows * j, x.at(j), mirror);
                                },
                            );
                            0
                        };
                        let last = if k == 0 { columns } else { columns - 1 };
                        for j in 0..pairs {
                            store(k + rows * j, x.at(j), x.at((last - j) % columns));
                        }
                    }
                }
            }
        }
    };
}

lane_fft!(double, "Transforms in f64.", f64, f64s, splat_f64s);
lane_fft!(single, "Transforms in f32.", f32, f32s, splat_f32s);

#[cfg(test)]
mod tests {
    use super::super::butterflies::twiddle;
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
            let mut scalar = output.clone();
            pulp::Arch::new().dispatch(Forward {
                fft: &fft,
                input: &input,
                output: &mut output,
            });
            Forward {
                fft: &fft,
                input: &input,
                output: &mut scalar,
            }
            .with_simd(pulp::Scalar);
            assert_eq!(output, scalar, "n {n}");
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
                    // Rounding of n terms of size 1, mostly in the reference sum.
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
