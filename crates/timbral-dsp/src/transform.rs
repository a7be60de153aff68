//! The real transforms behind the STFT, of 16 frames at a time and back.
//!
//! Sample `n` of frame `t` is sample `hop t + n` of the signal. With `n = q hop + m` and the 16
//! frames of a tile in lanes `l`, that is `line[m + hop (q + l)]`: so the samples are turned once
//! into `grid[m][column]`, `column` counting hops, and each window sample reads 16 neighbouring
//! columns from `q` on. Overlap-add is the same backwards.

use std::fmt;
use std::sync::Arc;

use num_complex::Complex;
use pulp::{Simd, WithSimd};
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::fft::{double, single, twiddle};
use crate::simd::{LANES, Lane, ZERO, dispatch, transpose};

/// Frames transformed together: a register of f64 on the widest machines.
const HALF: usize = 8;

/// Forward in f64, inverse in f32, unscaled both; each a window and a transform.
#[derive(Clone)]
pub(crate) struct Transform {
    n_fft: usize,
    hop: usize,
    window: Vec<f64>,
    /// The window over `n_fft`.
    synthesis: Vec<f32>,
    /// Where sample `n` of frame 0 stands in the grid.
    places: Vec<usize>,
    /// Place and window of each even sample and the odd one after it.
    pairs: Vec<[(usize, f64); 2]>,
    engine: Engine,
}

/// How the transforms are done.
#[derive(Clone)]
enum Engine {
    /// Powers of two from 8 to 8192: frames side by side.
    Lanes(Box<Lanes>),
    /// Other lengths: one frame after the other.
    Frames {
        forward: Arc<dyn RealToComplex<f64>>,
        inverse: Arc<dyn ComplexToReal<f32>>,
    },
}

#[derive(Clone)]
struct Lanes {
    double: double::LaneFft,
    single: single::LaneFft,
    /// `exp(-2 pi i k / n_fft)`, `k = 0 ..= n_fft / 2`, for the step between the transform of
    /// `n_fft` real and `n_fft / 2` complex values.
    split: Vec<(f64, f64)>,
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transform")
            .field("n_fft", &self.n_fft)
            .finish_non_exhaustive()
    }
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct TransformScratch {
    line: Vec<f32>,
    grid: Vec<f64>,
    sums: Vec<f32>,
    work: [Vec<f64>; 2],
    work_single: [Vec<f32>; 2],
    frame: Vec<f64>,
    frame_single: Vec<f32>,
    spectrum: Vec<Complex<f64>>,
    spectrum_single: Vec<Complex<f32>>,
    fft: Vec<Complex<f64>>,
    fft_single: Vec<Complex<f32>>,
}

impl Transform {
    pub(crate) fn new(window: Vec<f64>, hop: usize) -> Self {
        let n_fft = window.len();
        let half = n_fft / 2;
        let lanes = match (double::LaneFft::new(half), single::LaneFft::new(half)) {
            (Some(double), Some(single)) if n_fft.is_multiple_of(2) => {
                let split = (0..=half).map(|k| twiddle(k, n_fft)).collect();
                Some(Box::new(Lanes {
                    double,
                    single,
                    split,
                }))
            }
            _ => None,
        };
        let engine = lanes.map_or_else(
            || Engine::Frames {
                forward: RealFftPlanner::new().plan_fft_forward(n_fft),
                inverse: RealFftPlanner::new().plan_fft_inverse(n_fft),
            },
            Engine::Lanes,
        );
        let synthesis = window.iter().map(|w| (w / n_fft as f64) as f32).collect();
        let mut plan = Self {
            n_fft,
            hop,
            window,
            synthesis,
            places: Vec::new(),
            pairs: Vec::new(),
            engine,
        };
        let width = plan.width();
        plan.places = (0..n_fft).map(|n| n % hop * width + n / hop).collect();
        let windowed = |n: usize| (plan.places[n], plan.window[n]);
        plan.pairs = (0..n_fft / 2)
            .map(|m| [windowed(2 * m), windowed(2 * m + 1)])
            .collect();
        plan
    }

    pub(crate) fn window(&self) -> &[f64] {
        &self.window
    }

    /// Samples that the frames of a tile span.
    pub(crate) fn span(&self) -> usize {
        self.columns() * self.hop
    }

    /// Hops of a tile, whole ones: 16 and those that the last frame reaches further.
    fn columns(&self) -> usize {
        LANES - 1 + self.n_fft.div_ceil(self.hop)
    }

    /// Row length of the grid: the columns in whole blocks of 16, for the transposition.
    fn width(&self) -> usize {
        self.columns().next_multiple_of(LANES)
    }

    /// The samples of a tile, to be filled before [`Transform::forward`]: `span()` of them.
    pub(crate) fn line<'a>(&self, scratch: &'a mut TransformScratch) -> &'a mut [f32] {
        scratch.line.resize(self.span(), 0.0);
        &mut scratch.line
    }

    /// The spectra of the 16 frames that start `hop` apart in the line; all lanes are filled.
    pub(crate) fn forward(&self, scratch: &mut TransformScratch, re: &mut [Lane], im: &mut [Lane]) {
        match &self.engine {
            Engine::Lanes(lanes) => self.forward_lanes(lanes, scratch, re, im),
            Engine::Frames { forward, .. } => {
                scratch.frame.resize(self.n_fft, 0.0);
                scratch
                    .spectrum
                    .resize(self.n_fft / 2 + 1, Complex::default());
                scratch
                    .fft
                    .resize(forward.get_scratch_len(), Complex::default());
                for lane in 0..LANES {
                    let samples = &scratch.line[lane * self.hop..];
                    for ((to, y), w) in scratch.frame.iter_mut().zip(samples).zip(&self.window) {
                        *to = f64::from(*y) * w;
                    }
                    // The lengths are the plan's, so this cannot fail.
                    let done = forward.process_with_scratch(
                        &mut scratch.frame,
                        &mut scratch.spectrum,
                        &mut scratch.fft,
                    );
                    debug_assert!(done.is_ok());
                    for ((re, im), z) in re.iter_mut().zip(im.iter_mut()).zip(&scratch.spectrum) {
                        re[lane] = z.re as f32;
                        im[lane] = z.im as f32;
                    }
                }
            }
        }
    }

    /// Windowed inverse transforms of 16 spectra, overlapped and added: `span()` samples. What
    /// the imaginary parts of the first (and for even `n_fft` the last) bin hold is passed over.
    pub(crate) fn inverse<'a>(
        &self,
        re: &[Lane],
        im: &mut [Lane],
        scratch: &'a mut TransformScratch,
    ) -> &'a [f32] {
        im[0] = ZERO;
        if self.n_fft.is_multiple_of(2) {
            im[self.n_fft / 2] = ZERO;
        }
        scratch.line.resize(self.span(), 0.0);
        scratch.line.fill(0.0);
        match &self.engine {
            Engine::Lanes(lanes) => self.inverse_lanes(lanes, re, im, scratch),
            Engine::Frames { inverse, .. } => {
                scratch.frame_single.resize(self.n_fft, 0.0);
                scratch
                    .spectrum_single
                    .resize(self.n_fft / 2 + 1, Complex::default());
                scratch
                    .fft_single
                    .resize(inverse.get_scratch_len(), Complex::default());
                for lane in 0..LANES {
                    for ((z, re), im) in scratch.spectrum_single.iter_mut().zip(re).zip(&*im) {
                        *z = Complex::new(re[lane], im[lane]);
                    }
                    let done = inverse.process_with_scratch(
                        &mut scratch.spectrum_single,
                        &mut scratch.frame_single,
                        &mut scratch.fft_single,
                    );
                    debug_assert!(done.is_ok());
                    let samples = &mut scratch.line[lane * self.hop..];
                    for ((y, x), w) in samples
                        .iter_mut()
                        .zip(&scratch.frame_single)
                        .zip(&self.synthesis)
                    {
                        *y += x * w;
                    }
                }
            }
        }
        &scratch.line
    }

    fn forward_lanes(
        &self,
        lanes: &Lanes,
        scratch: &mut TransformScratch,
        re: &mut [Lane],
        im: &mut [Lane],
    ) {
        let (hop, width) = (self.hop, self.width());
        let TransformScratch {
            line, grid, work, ..
        } = scratch;
        grid.resize(hop * width, 0.0);
        for rows in work.iter_mut() {
            rows.resize(lanes.double.work_len() * HALF, 0.0);
        }
        dispatch(
            #[inline(always)]
            || to_grid(line, hop, width, grid),
        );
        for first in [0, HALF] {
            let (plan, re, im) = (self, &mut *re, &mut *im);
            pulp::Arch::new().dispatch(Forward {
                plan,
                lanes,
                grid,
                first,
                work,
                re,
                im,
            });
        }
    }

    fn inverse_lanes(
        &self,
        lanes: &Lanes,
        re: &[Lane],
        im: &[Lane],
        scratch: &mut TransformScratch,
    ) {
        let (hop, width) = (self.hop, self.width());
        let TransformScratch {
            line,
            sums,
            work_single,
            ..
        } = scratch;
        sums.resize(hop * width, 0.0);
        sums.fill(0.0);
        for rows in work_single.iter_mut() {
            rows.resize(lanes.single.work_len() * LANES, 0.0);
        }
        let work = work_single;
        pulp::Arch::new().dispatch(Inverse {
            plan: self,
            lanes,
            re,
            im,
            sums,
            work,
        });
        dispatch(
            #[inline(always)]
            || from_grid(sums, hop, width, line),
        );
    }
}

/// `grid[m][column] = line[m + hop column]`.
#[inline(always)]
fn to_grid(line: &[f32], hop: usize, width: usize, grid: &mut [f64]) {
    let columns = line.len() / hop;
    let mut from = [ZERO; LANES];
    let mut to = [ZERO; LANES];
    for first in (0..columns).step_by(LANES) {
        let used = (columns - first).min(LANES);
        for m in (0..hop).step_by(LANES) {
            let rows = (hop - m).min(LANES);
            for (c, from) in from.iter_mut().enumerate().take(used) {
                let samples = &line[m + hop * (first + c)..];
                if rows == LANES {
                    from.copy_from_slice(&samples[..LANES]);
                } else {
                    from[..rows].copy_from_slice(&samples[..rows]);
                }
            }
            transpose(&from, &mut to);
            let wide = to.as_flattened();
            for (r, row) in wide.chunks_exact(LANES).enumerate().take(rows) {
                let out = &mut grid[(m + r) * width + first..][..LANES];
                for (out, v) in out.iter_mut().zip(row) {
                    *out = f64::from(*v);
                }
            }
        }
    }
}

/// `line[m + hop column] = grid[m][column]`.
#[inline(always)]
fn from_grid(grid: &[f32], hop: usize, width: usize, line: &mut [f32]) {
    let columns = line.len() / hop;
    let mut from = [ZERO; LANES];
    let mut to = [ZERO; LANES];
    for first in (0..columns).step_by(LANES) {
        let used = (columns - first).min(LANES);
        for m in (0..hop).step_by(LANES) {
            let rows = (hop - m).min(LANES);
            for (r, from) in from.iter_mut().enumerate().take(rows) {
                from.copy_from_slice(&grid[(m + r) * width + first..][..LANES]);
            }
            transpose(&from, &mut to);
            for (c, to) in to.iter().enumerate().take(used) {
                line[m + hop * (first + c)..][..rows].copy_from_slice(&to[..rows]);
            }
        }
    }
}

struct Forward<'a> {
    plan: &'a Transform,
    lanes: &'a Lanes,
    grid: &'a [f64],
    first: usize,
    work: &'a mut [Vec<f64>; 2],
    re: &'a mut [Lane],
    im: &'a mut [Lane],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            plan,
            lanes,
            grid,
            first,
            work: [work_re, work_im],
            re,
            im,
        } = self;
        let half = plan.n_fft / 2;
        let (work_re, _) = S::as_mut_simd_f64s(work_re);
        let (work_im, _) = S::as_mut_simd_f64s(work_im);
        let one_half = simd.splat_f64s(0.5);
        for first in (first..first + HALF).step_by(S::F64_LANES) {
            // X[k] = E + exp(-2 pi i k / n) O, with E, O of the even and odd samples; the same
            // two values give X[half - k].
            lanes.double.run_pairs(
                simd,
                #[inline(always)]
                |m| {
                    // Even samples as real, odd ones as imaginary parts.
                    let [even, odd] = plan.pairs[m].map(
                        #[inline(always)]
                        |(place, w)| {
                            let at = place + first;
                            let (v, _) = S::as_simd_f64s(&grid[at..at + S::F64_LANES]);
                            simd.mul_f64s(v[0], simd.splat_f64s(w))
                        },
                    );
                    (even, odd)
                },
                (&mut *work_re, &mut *work_im),
                #[inline(always)]
                |k, a, b| {
                    let (w, s) = lanes.split[k];
                    let (w, s) = (simd.splat_f64s(w), simd.splat_f64s(s));
                    let e = (
                        simd.mul_f64s(one_half, simd.add_f64s(a.0, b.0)),
                        simd.mul_f64s(one_half, simd.sub_f64s(a.1, b.1)),
                    );
                    let o = (
                        simd.mul_f64s(one_half, simd.add_f64s(a.1, b.1)),
                        simd.mul_f64s(one_half, simd.sub_f64s(b.0, a.0)),
                    );
                    let t = (
                        simd.sub_f64s(simd.mul_f64s(w, o.0), simd.mul_f64s(s, o.1)),
                        simd.add_f64s(simd.mul_f64s(w, o.1), simd.mul_f64s(s, o.0)),
                    );
                    round_to(simd, simd.sub_f64s(e.0, t.0), &mut re[half - k][first..]);
                    round_to(simd, simd.sub_f64s(t.1, e.1), &mut im[half - k][first..]);
                    round_to(simd, simd.add_f64s(e.0, t.0), &mut re[k][first..]);
                    round_to(simd, simd.add_f64s(e.1, t.1), &mut im[k][first..]);
                },
            );
        }
    }
}

/// Rounds a register of f64 to the first f32s of `out`.
#[inline(always)]
fn round_to<S: Simd>(_: S, v: S::f64s, out: &mut [f32]) {
    let mut wide = [0.0f64; HALF];
    S::as_mut_simd_f64s(&mut wide).0[0] = v;
    for (out, v) in out[..S::F64_LANES].iter_mut().zip(wide) {
        *out = v as f32;
    }
}

struct Inverse<'a> {
    plan: &'a Transform,
    lanes: &'a Lanes,
    re: &'a [Lane],
    im: &'a [Lane],
    sums: &'a mut [f32],
    work: &'a mut [Vec<f32>; 2],
}

impl WithSimd for Inverse<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            plan,
            lanes,
            re,
            im,
            sums,
            work: [work_re, work_im],
        } = self;
        let half = plan.n_fft / 2;
        let stride = LANES / S::F32_LANES;
        let (re, _) = S::as_simd_f32s(re.as_flattened());
        let (im, _) = S::as_simd_f32s(im.as_flattened());
        let (work_re, _) = S::as_mut_simd_f32s(work_re);
        let (work_im, _) = S::as_mut_simd_f32s(work_im);
        for column in 0..stride {
            let mut add = |n: usize, v: S::f32s| {
                let at = plan.places[n] + column * S::F32_LANES;
                let (sum, _) = S::as_mut_simd_f32s(&mut sums[at..at + S::F32_LANES]);
                let v = simd.mul_f32s(v, simd.splat_f32s(plan.synthesis[n]));
                sum[0] = simd.add_f32s(sum[0], v);
            };
            // Z = E + i O of the even and odd samples; real and imaginary part change places
            // before and after, which turns the forward transform into the inverse.
            lanes.single.run(
                simd,
                #[inline(always)]
                |k| {
                    let (i, j) = (k * stride + column, (half - k) * stride + column);
                    let e = (simd.add_f32s(re[i], re[j]), simd.sub_f32s(im[i], im[j]));
                    let d = (simd.sub_f32s(re[i], re[j]), simd.add_f32s(im[i], im[j]));
                    let (w, s) = lanes.split[k];
                    let (w, s) = (simd.splat_f32s(w as f32), simd.splat_f32s(-s as f32));
                    let o = (
                        simd.sub_f32s(simd.mul_f32s(w, d.0), simd.mul_f32s(s, d.1)),
                        simd.add_f32s(simd.mul_f32s(w, d.1), simd.mul_f32s(s, d.0)),
                    );
                    (simd.add_f32s(e.1, o.0), simd.sub_f32s(e.0, o.1))
                },
                (&mut *work_re, &mut *work_im),
                #[inline(always)]
                |m, (odd, even)| {
                    add(2 * m, even);
                    add(2 * m + 1, odd);
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize) -> Vec<f32> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    /// The textbook transform in f64.
    fn naive(frame: &[f32], window: &[f64], k: usize) -> (f64, f64) {
        let term = |(n, (y, w)): (usize, (&f32, &f64))| {
            let t = twiddle(n * k, frame.len());
            (f64::from(*y) * w * t.0, f64::from(*y) * w * t.1)
        };
        let add = |a: (f64, f64), b: (f64, f64)| (a.0 + b.0, a.1 + b.1);
        frame
            .iter()
            .zip(window)
            .enumerate()
            .map(term)
            .fold((0.0, 0.0), add)
    }

    #[test]
    fn forward_is_the_textbook_sum_for_every_length_and_hop() {
        for n_fft in [2, 3, 7, 8, 12, 16, 64, 100, 128] {
            for hop in [1, 3, 16, 20, n_fft / 2, n_fft, n_fft + 5] {
                let window: Vec<f64> = (0..n_fft).map(|n| 1.0 + (n as f64 * 0.3).cos()).collect();
                let plan = Transform::new(window.clone(), hop.max(1));
                let mut scratch = TransformScratch::default();
                let y = noise(plan.span());
                plan.line(&mut scratch).copy_from_slice(&y);
                let (mut re, mut im) = (vec![ZERO; n_fft / 2 + 1], vec![ZERO; n_fft / 2 + 1]);
                plan.forward(&mut scratch, &mut re, &mut im);
                for lane in [0, 5, 8, 15] {
                    let frame = &y[lane * plan.hop..][..n_fft];
                    for k in 0..=n_fft / 2 {
                        let exact = naive(frame, &window, k);
                        let (a, b) = (f64::from(re[k][lane]), f64::from(im[k][lane]));
                        let error = (a - exact.0).hypot(b - exact.1);
                        // One rounding to f32 of values below n_fft.
                        let tolerance = 6e-8 * exact.0.hypot(exact.1) + 1e-12;
                        assert!(error < tolerance * 1.5, "{n_fft} {hop} {k} {lane}: {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn inverse_undoes_forward_and_adds() {
        for n_fft in [4, 6, 8, 32, 256] {
            let hop = n_fft / 4 + 1;
            let window: Vec<f64> = (0..n_fft).map(|n| 1.0 + (n as f64).sin()).collect();
            let plan = Transform::new(window.clone(), hop);
            let mut scratch = TransformScratch::default();
            let y = noise(plan.span());
            plan.line(&mut scratch).copy_from_slice(&y);
            let (mut re, mut im) = (vec![ZERO; n_fft / 2 + 1], vec![ZERO; n_fft / 2 + 1]);
            plan.forward(&mut scratch, &mut re, &mut im);
            let sums = plan.inverse(&re, &mut im, &mut scratch);
            let mut weight = vec![0.0; y.len()];
            for lane in 0..LANES {
                for (n, w) in window.iter().enumerate() {
                    weight[lane * hop + n] += w * w;
                }
            }
            for ((sum, y), weight) in sums.iter().zip(&y).zip(&weight) {
                let exact = f64::from(*y) * weight;
                // f32 butterflies: a few roundings of values of size `weight`.
                assert!(
                    (f64::from(*sum) - exact).abs() < 5e-6,
                    "{n_fft}: {sum} {exact}"
                );
            }
        }
    }
}
