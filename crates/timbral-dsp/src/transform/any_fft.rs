//! Complex Fourier transforms of any length, in f64, with the same bits on every processor.
//!
//! Fast transform libraries choose their algorithm by the instruction set and take their factors
//! from the sine of the operating system, so their last bits differ between machines. Here the
//! operations and their order depend on the length only. Lengths without a prime factor above 13 take
//! Stockham's passes; others are turned into a convolution (Bluestein 1970). Several signals side by side take the same
//! operations, whole registers at a time.

use crate::simd::dispatch;
use timbral_core::twiddle;

/// Radices of the passes, in the order in which they are tried.
const RADICES: [usize; 7] = [4, 2, 3, 5, 7, 11, 13];

/// Transforms of a pass that are computed together.
const WIDE: usize = 8;

/// A planned transform of some signals side by side.
#[derive(Debug, Clone)]
pub(super) struct AnyFft {
    n: usize,
    /// Signals: value `m` of signal `l` is at `m lanes + l`.
    lanes: usize,
    algorithm: Algorithm,
}

#[derive(Debug, Clone)]
enum Algorithm {
    Passes(Vec<Pass>),
    Chirp(Box<Chirp>),
}

/// One pass of Stockham's algorithm: `stride groups` transforms of length `radix`.
#[derive(Debug, Clone)]
struct Pass {
    radix: usize,
    groups: usize,
    stride: usize,
    /// `exp(-2 pi i p k / (radix groups))` at `p radix + k`.
    twiddles: Vec<(f64, f64)>,
    /// `exp(-2 pi i j / radix)`.
    roots: Vec<(f64, f64)>,
}

/// `X[k] = c[k] sum_m (x[m] c[m]) conj(c[k - m])` with `c[k] = exp(-pi i k^2 / n)`.
#[derive(Debug, Clone)]
struct Chirp {
    inner: AnyFft,
    chirp: Vec<(f64, f64)>,
    /// The transform of `conj(c)`, divided by its length.
    filter: (Vec<f64>, Vec<f64>),
}

/// Values in transformation and the working memory for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnyWork {
    pub(super) re: Vec<f64>,
    pub(super) im: Vec<f64>,
    other: (Vec<f64>, Vec<f64>),
    inner: Option<Box<AnyWork>>,
}

impl AnyFft {
    /// Plans for `n` values of each of `lanes` signals, both at least 1.
    pub(super) fn new(n: usize, lanes: usize) -> Self {
        let algorithm = match passes(n, lanes) {
            Some(passes) => Algorithm::Passes(passes),
            None => Algorithm::Chirp(Box::new(Chirp::new(n, lanes))),
        };
        Self {
            n,
            lanes,
            algorithm,
        }
    }

    /// Replaces `work.re + i work.im`, the first `n lanes` of each, by the transforms.
    pub(super) fn process(&self, work: &mut AnyWork) {
        let n = self.n * self.lanes;
        match &self.algorithm {
            Algorithm::Passes(passes) => {
                work.other.0.resize(n, 0.0);
                work.other.1.resize(n, 0.0);
                for pass in passes {
                    let AnyWork { re, im, other, .. } = work;
                    pass.run((&re[..n], &im[..n]), (&mut other.0, &mut other.1));
                    std::mem::swap(re, &mut other.0);
                    std::mem::swap(im, &mut other.1);
                    other.0.resize(n, 0.0);
                    other.1.resize(n, 0.0);
                }
            }
            Algorithm::Chirp(chirp) => chirp.process(work),
        }
    }
}

/// The passes for a length, or `None` if it has a prime factor above 13.
fn passes(n: usize, lanes: usize) -> Option<Vec<Pass>> {
    let (mut rest, mut stride, mut passes) = (n, lanes, Vec::new());
    while rest > 1 {
        let radix = *RADICES.iter().find(|r| rest.is_multiple_of(**r))?;
        let groups = rest / radix;
        passes.push(Pass {
            radix,
            groups,
            stride,
            twiddles: (0..groups)
                .flat_map(|p| (0..radix).map(move |k| twiddle(p * k, rest)))
                .collect(),
            roots: (0..radix).map(|j| twiddle(j, radix)).collect(),
        });
        (rest, stride) = (groups, stride * radix);
    }
    Some(passes)
}

type Parts<'a> = (&'a [f64], &'a [f64]);
type PartsMut<'a> = (&'a mut [f64], &'a mut [f64]);

impl Pass {
    fn run(&self, from: Parts<'_>, to: PartsMut<'_>) {
        dispatch(
            #[inline(always)]
            || match self.radix {
                2 => self.run_with(from, to, two),
                4 => self.run_with(from, to, four),
                3 => self.run_with(from, to, |a| by_definition::<3>(a, &self.roots)),
                5 => self.run_with(from, to, |a| by_definition::<5>(a, &self.roots)),
                7 => self.run_with(from, to, |a| by_definition::<7>(a, &self.roots)),
                11 => self.run_with(from, to, |a| by_definition::<11>(a, &self.roots)),
                _ => self.run_with(from, to, |a| by_definition::<13>(a, &self.roots)),
            },
        );
    }

    /// `to[q + stride (R p + k)] = w^(p k) sum_j from[q + stride (p + groups j)] exp(-2 pi i j k / R)`
    #[inline(always)]
    fn run_with<const R: usize>(
        &self,
        from: Parts<'_>,
        to: PartsMut<'_>,
        butterfly: impl Fn([(f64, f64); R]) -> [(f64, f64); R],
    ) {
        match self.stride.is_multiple_of(WIDE) {
            true => self.run_side_by_side::<R, WIDE>(from, to, butterfly),
            false => self.run_side_by_side::<R, 1>(from, to, butterfly),
        }
    }

    /// The same for strides that are multiples of `W`, `W` transforms at a time.
    #[inline(always)]
    fn run_side_by_side<const R: usize, const W: usize>(
        &self,
        from: Parts<'_>,
        to: PartsMut<'_>,
        butterfly: impl Fn([(f64, f64); R]) -> [(f64, f64); R],
    ) {
        let (stride, groups) = (self.stride / W, self.groups);
        let (re, im) = (from.0.as_chunks::<W>().0, from.1.as_chunks::<W>().0);
        let outputs = to.0.as_chunks_mut::<W>().0.chunks_exact_mut(R * stride);
        let outputs = outputs.zip(to.1.as_chunks_mut::<W>().0.chunks_exact_mut(R * stride));
        let factors = self.twiddles.as_chunks::<R>().0;
        for (p, ((to_re, to_im), factors)) in outputs.zip(factors).enumerate() {
            for q in 0..stride {
                let at = |j: usize| stride * (p + groups * j) + q;
                let re: [[f64; W]; R] = std::array::from_fn(|j| re[at(j)]);
                let im: [[f64; W]; R] = std::array::from_fn(|j| im[at(j)]);
                let mut out = [([0.0; W], [0.0; W]); R];
                for l in 0..W {
                    let sums = butterfly(std::array::from_fn(|j| (re[j][l], im[j][l])));
                    for k in 0..R {
                        let (a, b) = times(sums[k], factors[k]);
                        (out[k].0[l], out[k].1[l]) = (a, b);
                    }
                }
                for (k, (a, b)) in out.into_iter().enumerate() {
                    (to_re[k * stride + q], to_im[k * stride + q]) = (a, b);
                }
            }
        }
    }
}

#[inline(always)]
fn times(a: (f64, f64), w: (f64, f64)) -> (f64, f64) {
    (a.0 * w.0 - a.1 * w.1, a.0 * w.1 + a.1 * w.0)
}

#[inline(always)]
fn plus(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 + b.0, a.1 + b.1)
}

#[inline(always)]
fn minus(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 - b.0, a.1 - b.1)
}

#[inline(always)]
fn two(a: [(f64, f64); 2]) -> [(f64, f64); 2] {
    [plus(a[0], a[1]), minus(a[0], a[1])]
}

#[inline(always)]
fn four(a: [(f64, f64); 4]) -> [(f64, f64); 4] {
    let (even, even_difference) = (plus(a[0], a[2]), minus(a[0], a[2]));
    let (odd, (re, im)) = (plus(a[1], a[3]), minus(a[1], a[3]));
    // -i (re + i im)
    let turned = (im, -re);
    [
        plus(even, odd),
        plus(even_difference, turned),
        minus(even, odd),
        minus(even_difference, turned),
    ]
}

#[inline(always)]
fn by_definition<const R: usize>(a: [(f64, f64); R], roots: &[(f64, f64)]) -> [(f64, f64); R] {
    std::array::from_fn(|k| {
        let mut sum = a[0];
        for (j, value) in a.iter().enumerate().skip(1) {
            sum = plus(sum, times(*value, roots[j * k % R]));
        }
        sum
    })
}

impl Chirp {
    fn new(n: usize, lanes: usize) -> Self {
        let length = (2 * n - 1).next_power_of_two();
        // k^2 modulo 2 n, in steps that do not overflow.
        let mut square = 0;
        let mut chirp = Vec::with_capacity(n);
        for k in 0..n {
            chirp.push(twiddle(square, 2 * n));
            square = (square + 2 * k + 1) % (2 * n);
        }
        let mut work = AnyWork {
            re: vec![0.0; length],
            im: vec![0.0; length],
            ..Default::default()
        };
        for (k, c) in chirp.iter().enumerate() {
            for at in [k, (length - k) % length] {
                (work.re[at], work.im[at]) = (c.0 / length as f64, -c.1 / length as f64);
            }
        }
        AnyFft::new(length, 1).process(&mut work);
        Self {
            inner: AnyFft::new(length, lanes),
            chirp,
            filter: (work.re, work.im),
        }
    }

    fn process(&self, work: &mut AnyWork) {
        let AnyWork { re, im, inner, .. } = work;
        let inner = inner.get_or_insert_default();
        let lanes = self.inner.lanes;
        inner.re.clear();
        inner.im.clear();
        let values = re.chunks_exact(lanes).zip(im.chunks_exact(lanes));
        for ((re, im), c) in values.zip(&self.chirp) {
            for (re, im) in re.iter().zip(im) {
                let (re, im) = times((*re, *im), *c);
                inner.re.push(re);
                inner.im.push(im);
            }
        }
        inner.re.resize(self.filter.0.len() * lanes, 0.0);
        inner.im.resize(self.filter.0.len() * lanes, 0.0);
        self.inner.process(inner);
        let values = inner.re.chunks_exact_mut(lanes);
        let values = values.zip(inner.im.chunks_exact_mut(lanes));
        let filter = self.filter.0.iter().zip(&self.filter.1);
        for ((re, im), f) in values.zip(filter) {
            for (re, im) in re.iter_mut().zip(im) {
                // Real and imaginary parts exchanged: the next transform is then the inverse.
                (*im, *re) = times((*re, *im), (*f.0, *f.1));
            }
        }
        self.inner.process(inner);
        let sums = inner
            .im
            .chunks_exact(lanes)
            .zip(inner.re.chunks_exact(lanes));
        let values = re.chunks_exact_mut(lanes).zip(im.chunks_exact_mut(lanes));
        for (((re, im), sums), c) in values.zip(sums).zip(&self.chirp) {
            let sums = sums.0.iter().zip(sums.1);
            for ((re, im), sum) in re.iter_mut().zip(im).zip(sums) {
                (*re, *im) = times((*sum.0, *sum.1), *c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_the_textbook_sum() {
        for n in (1..=70).chain([97, 100, 169, 256, 343, 360, 509]) {
            let re: Vec<f64> = (0..n)
                .map(|m| f64::from((m * m * 31 + 7) as u32 % 23) - 11.0)
                .collect();
            let im: Vec<f64> = (0..n)
                .map(|m| f64::from((m * m * 17 + 3) as u32 % 19) - 9.0)
                .collect();
            let mut work = AnyWork {
                re: re.clone(),
                im: im.clone(),
                ..Default::default()
            };
            let plan = AnyFft::new(n, 1);
            // The working memory keeps nothing of the transform before.
            plan.process(&mut work);
            work.re[..n].copy_from_slice(&re);
            work.im[..n].copy_from_slice(&im);
            plan.process(&mut work);
            for k in 0..n {
                let mut exact = (0.0, 0.0);
                for m in 0..n {
                    exact = plus(exact, times((re[m], im[m]), twiddle(m * k, n)));
                }
                // 11 sqrt(n) is the size of the sums; a hundred roundings of it.
                let tolerance = 100.0 * f64::EPSILON * 11.0 * (n as f64).sqrt();
                let error = (work.re[k] - exact.0)
                    .abs()
                    .max((work.im[k] - exact.1).abs());
                assert!(error < tolerance, "n {n}, k {k}: {error:e}");
            }
        }
    }

    #[test]
    fn signals_side_by_side_have_the_bits_of_one() {
        for n in [1, 2, 12, 34, 96, 101] {
            let value = |m: usize, l: usize| ((m * m * 31 + l * 7) % 23) as f64 - 11.0;
            let mut side_by_side = AnyWork {
                re: (0..n * 3).map(|i| value(i / 3, i % 3)).collect(),
                im: (0..n * 3).map(|i| value(i % 3, i / 3)).collect(),
                ..Default::default()
            };
            AnyFft::new(n, 3).process(&mut side_by_side);
            for l in 0..3 {
                let mut one = AnyWork {
                    re: (0..n).map(|m| value(m, l)).collect(),
                    im: (0..n).map(|m| value(l, m)).collect(),
                    ..Default::default()
                };
                AnyFft::new(n, 1).process(&mut one);
                for k in 0..n {
                    let at = k * 3 + l;
                    assert_eq!(
                        (side_by_side.re[at], side_by_side.im[at]),
                        (one.re[k], one.im[k]),
                        "{n} {l} {k}"
                    );
                }
            }
        }
    }
}
