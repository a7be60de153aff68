//! Short Fourier transforms in registers, Stockham's of radix 8 and 4, for up to 64 rows.

use std::f64::consts::TAU;

/// Longest short transform.
pub(super) const MAX_SHORT: usize = 64;

/// `exp(-2 pi i k / n)` as real and imaginary part, the same bits on every machine.
#[must_use]
pub fn twiddle(k: usize, n: usize) -> (f64, f64) {
    let (sin, cos) = libm::sincos(TAU * (k % n) as f64 / n as f64);
    (cos, -sin)
}

/// The radices of the passes of a short transform; together they give its length.
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
pub(super) fn short_twiddles(n: usize) -> Vec<(f64, f64)> {
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

macro_rules! short_fft {
    ($module:ident, $float:ty, $vector:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident) => {
        pub(super) mod $module {
            use super::MAX_SHORT;
            use pulp::Simd;

            pub(crate) type Factor = ($float, $float);

            /// The rows of a short transform.
            pub(crate) struct Short<V> {
                re: [V; MAX_SHORT],
                im: [V; MAX_SHORT],
            }

            /// A complex value in registers.
            pub(crate) type Pair<V> = (V, V);

            #[inline(always)]
            pub(crate) fn times<S: Simd>(
                simd: S,
                a: Pair<S::$vector>,
                w: Factor,
            ) -> Pair<S::$vector> {
                let (c, s) = (simd.$splat(w.0), simd.$splat(w.1));
                (
                    simd.$sub(simd.$mul(a.0, c), simd.$mul(a.1, s)),
                    simd.$add(simd.$mul(a.0, s), simd.$mul(a.1, c)),
                )
            }

            #[inline(always)]
            pub(crate) fn plus<S: Simd>(
                simd: S,
                a: Pair<S::$vector>,
                b: Pair<S::$vector>,
            ) -> Pair<S::$vector> {
                (simd.$add(a.0, b.0), simd.$add(a.1, b.1))
            }

            #[inline(always)]
            pub(crate) fn minus<S: Simd>(
                simd: S,
                a: Pair<S::$vector>,
                b: Pair<S::$vector>,
            ) -> Pair<S::$vector> {
                (simd.$sub(a.0, b.0), simd.$sub(a.1, b.1))
            }

            impl<V: Copy> Short<V> {
                #[inline(always)]
                pub(crate) fn new(zero: V) -> Self {
                    Self {
                        re: [zero; MAX_SHORT],
                        im: [zero; MAX_SHORT],
                    }
                }

                // The masks change nothing; they show the compiler that the index is in range.
                #[inline(always)]
                pub(crate) fn at(&self, i: usize) -> Pair<V> {
                    (self.re[i & (MAX_SHORT - 1)], self.im[i & (MAX_SHORT - 1)])
                }

                #[inline(always)]
                pub(crate) fn set(&mut self, i: usize, v: Pair<V>) {
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
            pub(crate) fn two<S: Simd>(simd: S, a: [Pair<S::$vector>; 2]) -> [Pair<S::$vector>; 2] {
                [plus(simd, a[0], a[1]), minus(simd, a[0], a[1])]
            }

            /// The transform of four values.
            #[inline(always)]
            pub(crate) fn four<S: Simd>(
                simd: S,
                a: [Pair<S::$vector>; 4],
            ) -> [Pair<S::$vector>; 4] {
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
            pub(crate) fn eight<S: Simd>(
                simd: S,
                a: [Pair<S::$vector>; 8],
            ) -> [Pair<S::$vector>; 8] {
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
            /// lengths are written out so that the compiler knows every index.
            #[inline(always)]
            pub(crate) fn short<'a, S: Simd>(
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
        }
    };
}

short_fft!(double, f64, f64s, splat_f64s, add_f64s, sub_f64s, mul_f64s);
short_fft!(single, f32, f32s, splat_f32s, add_f32s, sub_f32s, mul_f32s);
