//! Transforms of 2 to 9 values in registers.

use pulp::Simd;

use super::butterflies::single::{Pair, eight, four, minus, plus, times, two};

/// `c a`.
#[inline(always)]
fn scaled<S: Simd>(simd: S, c: f32, a: Pair<S::f32s>) -> Pair<S::f32s> {
    let c = simd.splat_f32s(c);
    (simd.mul_f32s(c, a.0), simd.mul_f32s(c, a.1))
}

/// `sum_i c[i] a[i]`.
#[inline(always)]
fn sum<S: Simd, const N: usize>(simd: S, c: [f32; N], a: [Pair<S::f32s>; N]) -> Pair<S::f32s> {
    let mut all = scaled(simd, c[0], a[0]);
    let mut i = 1;
    while i < N {
        all = plus(simd, all, scaled(simd, c[i], a[i]));
        i += 1;
    }
    all
}

/// `a - i b` and `a + i b`.
#[inline(always)]
fn turned<S: Simd>(simd: S, a: Pair<S::f32s>, b: Pair<S::f32s>) -> [Pair<S::f32s>; 2] {
    [
        (simd.add_f32s(a.0, b.1), simd.sub_f32s(a.1, b.0)),
        (simd.sub_f32s(a.0, b.1), simd.add_f32s(a.1, b.0)),
    ]
}

/// Two values that mirror each other: `a + sum_i (c[i] t[i] - i d[i] u[i])` and the same with `+ i`.
#[inline(always)]
fn mirrored<S: Simd, const N: usize>(
    simd: S,
    a: Pair<S::f32s>,
    (c, t): ([f32; N], [Pair<S::f32s>; N]),
    (d, u): ([f32; N], [Pair<S::f32s>; N]),
) -> [Pair<S::f32s>; 2] {
    turned(simd, plus(simd, a, sum(simd, c, t)), sum(simd, d, u))
}

/// The cosine and sine of a third of a turn.
const THIRD: (f32, f32) = (-0.5, 0.866_025_4);

/// The transform of three values.
#[inline(always)]
pub(super) fn three<S: Simd>(simd: S, a: [Pair<S::f32s>; 3]) -> [Pair<S::f32s>; 3] {
    let (t, u) = (plus(simd, a[1], a[2]), minus(simd, a[1], a[2]));
    let [b, c] = mirrored(simd, a[0], ([THIRD.0], [t]), ([THIRD.1], [u]));
    [plus(simd, a[0], t), b, c]
}

/// The transform of five values, from the sums and differences of those that mirror each other.
#[inline(always)]
pub(super) fn five<S: Simd>(simd: S, a: [Pair<S::f32s>; 5]) -> [Pair<S::f32s>; 5] {
    // Cosines and sines of one and two fifths of a turn.
    const C: [f32; 2] = [0.309_017, -0.809_017];
    const D: [f32; 2] = [0.951_056_5, 0.587_785_25];
    let t = [plus(simd, a[1], a[4]), plus(simd, a[2], a[3])];
    let u = [minus(simd, a[1], a[4]), minus(simd, a[2], a[3])];
    let [b, e] = mirrored(simd, a[0], (C, t), (D, u));
    let [c, d] = mirrored(simd, a[0], ([C[1], C[0]], t), ([D[1], -D[0]], u));
    [plus(simd, a[0], plus(simd, t[0], t[1])), b, c, d, e]
}

/// The transform of seven values, as [`five`].
#[inline(always)]
pub(super) fn seven<S: Simd>(simd: S, a: [Pair<S::f32s>; 7]) -> [Pair<S::f32s>; 7] {
    // Cosines and sines of one, two and three sevenths of a turn.
    const C: [f32; 3] = [0.623_489_8, -0.222_520_93, -0.900_968_85];
    const D: [f32; 3] = [0.781_831_5, 0.974_927_9, 0.433_883_73];
    let t = [
        plus(simd, a[1], a[6]),
        plus(simd, a[2], a[5]),
        plus(simd, a[3], a[4]),
    ];
    let u = [
        minus(simd, a[1], a[6]),
        minus(simd, a[2], a[5]),
        minus(simd, a[3], a[4]),
    ];
    let (c2, d2) = ([C[1], C[2], C[0]], [D[1], -D[2], -D[0]]);
    let (c3, d3) = ([C[2], C[0], C[1]], [D[2], -D[0], D[1]]);
    let [b, g] = mirrored(simd, a[0], (C, t), (D, u));
    let [c, f] = mirrored(simd, a[0], (c2, t), (d2, u));
    let [d, e] = mirrored(simd, a[0], (c3, t), (d3, u));
    let all = plus(simd, t[0], plus(simd, t[1], t[2]));
    [plus(simd, a[0], all), b, c, d, e, f, g]
}

/// The transform of six values, which the Chinese remainder theorem makes one of 2 times 3 without
/// factors between.
#[inline(always)]
pub(super) fn six<S: Simd>(simd: S, a: [Pair<S::f32s>; 6]) -> [Pair<S::f32s>; 6] {
    let u = two(simd, [a[0], a[3]]);
    let v = two(simd, [a[2], a[5]]);
    let w = two(simd, [a[4], a[1]]);
    let even = three(simd, [u[0], v[0], w[0]]);
    let odd = three(simd, [u[1], v[1], w[1]]);
    [even[0], odd[1], even[2], odd[0], even[1], odd[2]]
}

/// The transform of nine values, as one of 3 times 3.
#[inline(always)]
pub(super) fn nine<S: Simd>(simd: S, a: [Pair<S::f32s>; 9]) -> [Pair<S::f32s>; 9] {
    // `exp(-2 pi i k / 9)` for k = 1, 2, 4.
    const W: [(f32, f32); 3] = [
        (0.766_044_44, -0.642_787_6),
        (0.173_648_18, -0.984_807_7),
        (-0.939_692_6, -0.342_020_15),
    ];
    let u = three(simd, [a[0], a[3], a[6]]);
    let v = three(simd, [a[1], a[4], a[7]]);
    let w = three(simd, [a[2], a[5], a[8]]);
    let first = three(simd, [u[0], v[0], w[0]]);
    let second = three(
        simd,
        [u[1], times(simd, v[1], W[0]), times(simd, w[1], W[1])],
    );
    let third = three(
        simd,
        [u[2], times(simd, v[2], W[1]), times(simd, w[2], W[2])],
    );
    [
        first[0], second[0], third[0], first[1], second[1], third[1], first[2], second[2], third[2],
    ]
}

/// Transforms of R values, R from 2 to 9.
pub(super) trait Radix<const R: usize> {
    fn transform<S: Simd>(simd: S, a: [Pair<S::f32s>; R]) -> [Pair<S::f32s>; R];
}

/// The type that has the transforms of all radices.
pub(super) struct Transform;

macro_rules! radix {
    ($($radix:literal $name:ident),*) => {
        $(impl Radix<$radix> for Transform {
            #[inline(always)]
            fn transform<S: Simd>(
                simd: S,
                a: [Pair<S::f32s>; $radix],
            ) -> [Pair<S::f32s>; $radix] {
                $name(simd, a)
            }
        })*
    };
}

radix!(2 two, 3 three, 4 four, 5 five, 6 six, 7 seven, 8 eight, 9 nine);
