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

            /// Calls `store(k, out[k])` for all `k < n`, with the transform `out` of `load(m)`, `m < n`.
            ///
            /// Values are loaded where they are and stored where they belong; only what lies between two
            /// passes is in `y`. The lengths are written out so that the compiler knows every index.
            #[inline(always)]
            pub(crate) fn short<S: Simd>(
                simd: S,
                n: usize,
                factors: &[Factor],
                y: &mut Short<S::$vector>,
                load: impl Fn(usize) -> Pair<S::$vector>,
                mut store: impl FnMut(usize, Pair<S::$vector>),
            ) {
                macro_rules! one_pass {
                    ($radix:literal, $butterfly:ident) => {{
                        let mut v = [(simd.$splat(0.0), simd.$splat(0.0)); $radix];
                        for (j, v) in v.iter_mut().enumerate() {
                            *v = load(j);
                        }
                        for (k, v) in $butterfly(simd, v).into_iter().enumerate() {
                            store(k, v);
                        }
                    }};
                }
                macro_rules! two_passes {
                    ($first:literal, $one:ident, $second:literal, $other:ident) => {{
                        first::<S, $first, $second>(
                            simd,
                            factors,
                            y,
                            load,
                            #[inline(always)]
                            |v| $one(simd, v),
                        );
                        second::<S, $first, $second>(
                            simd,
                            y,
                            #[inline(always)]
                            |v| $other(simd, v),
                            store,
                        );
                    }};
                }
                match n {
                    2 => one_pass!(2, two),
                    4 => one_pass!(4, four),
                    8 => one_pass!(8, eight),
                    16 => two_passes!(4, four, 4, four),
                    32 => two_passes!(8, eight, 4, four),
                    _ => two_passes!(8, eight, 8, eight),
                }
            }

            /// The first pass of a transform of `A B` values, of radix A.
            #[inline(always)]
            fn first<S: Simd, const A: usize, const B: usize>(
                simd: S,
                factors: &[Factor],
                y: &mut Short<S::$vector>,
                load: impl Fn(usize) -> Pair<S::$vector>,
                butterfly: impl Fn([Pair<S::$vector>; A]) -> [Pair<S::$vector>; A],
            ) {
                let factors = &factors[..B * (A - 1)];
                let mut p = 0;
                while p < B {
                    let mut v = [(simd.$splat(0.0), simd.$splat(0.0)); A];
                    let mut j = 0;
                    while j < A {
                        v[j] = load(p + j * B);
                        j += 1;
                    }
                    let v = butterfly(v);
                    y.set(A * p, v[0]);
                    let mut r = 1;
                    while r < A {
                        let v = if p == 0 {
                            v[r]
                        } else {
                            times(simd, v[r], factors[p * (A - 1) + r - 1])
                        };
                        y.set(A * p + r, v);
                        r += 1;
                    }
                    p += 1;
                }
            }

            /// The second pass, of radix B.
            #[inline(always)]
            fn second<S: Simd, const A: usize, const B: usize>(
                simd: S,
                y: &Short<S::$vector>,
                butterfly: impl Fn([Pair<S::$vector>; B]) -> [Pair<S::$vector>; B],
                mut store: impl FnMut(usize, Pair<S::$vector>),
            ) {
                let mut q = 0;
                while q < A {
                    let mut v = [(simd.$splat(0.0), simd.$splat(0.0)); B];
                    let mut j = 0;
                    while j < B {
                        v[j] = y.at(q + A * j);
                        j += 1;
                    }
                    let v = butterfly(v);
                    let mut r = 0;
                    while r < B {
                        store(q + A * r, v[r]);
                        r += 1;
                    }
                    q += 1;
                }
            }
        }
    };
}

short_fft!(double, f64, f64s, splat_f64s, add_f64s, sub_f64s, mul_f64s);
short_fft!(single, f32, f32s, splat_f32s, add_f32s, sub_f32s, mul_f32s);
