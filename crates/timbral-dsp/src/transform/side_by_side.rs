//! Transforms of 16 frames at once, one frame per lane.

use pulp::{Simd, WithSimd};
use timbral_core::{LaneFftF32, LaneFftF64, twiddle};

use super::hop_grid::HopGrid;
use crate::simd::{LANES, Lane, arch, dispatch};

/// Frames transformed together in the forward direction: one register of f64 on the widest machines.
const HALF: usize = 8;

/// Plans for powers of two from 8 to 8192.
#[derive(Clone)]
pub(super) struct SideBySide {
    double: LaneFftF64,
    single: LaneFftF32,
    /// `exp(-2 pi i k / n_fft)`, `k = 0 ..= n_fft / 2`, for the step between the transform of
    /// `n_fft` real and `n_fft / 2` complex values.
    split: Vec<(f64, f64)>,
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct SideBySideScratch {
    grid: Vec<f64>,
    sums: Vec<f32>,
    work: [Vec<f64>; 2],
    work_single: [Vec<f32>; 2],
    windowed: Windowed,
}

/// Windowed samples of 16 frames, in the order in which the transform gives them.
#[derive(Debug, Clone, Default)]
struct Windowed {
    values: Vec<f32>,
    /// Index in the grid of the first frame's.
    places: Vec<usize>,
}

impl SideBySide {
    /// `None` for other lengths.
    pub(super) fn new(n_fft: usize) -> Option<Self> {
        let half = n_fft / 2;
        if !n_fft.is_multiple_of(2) {
            return None;
        }
        Some(Self {
            double: LaneFftF64::new(half)?,
            single: LaneFftF32::new(half)?,
            split: (0..=half).map(|k| twiddle(k, n_fft)).collect(),
        })
    }

    /// The windowed spectra of the 16 frames in `line`, beyond whose end are zeros.
    pub(super) fn forward(
        &self,
        layout: &HopGrid,
        line: &[f32],
        scratch: &mut SideBySideScratch,
        re: &mut [Lane],
        im: &mut [Lane],
    ) {
        let SideBySideScratch { grid, work, .. } = scratch;
        grid.resize(layout.len(), 0.0);
        for work in work.iter_mut() {
            work.resize(self.double.work_len() * HALF, 0.0);
        }
        dispatch(
            #[inline(always)]
            || layout.to_grid(line, grid),
        );
        for first in [0, HALF] {
            let (re, im) = (&mut *re, &mut *im);
            arch().dispatch(Forward {
                fft: self,
                layout,
                grid,
                first,
                work,
                re,
                im,
            });
        }
    }

    /// Fills `line` with the sum of the 16 windowed inverse transforms.
    pub(super) fn inverse(
        &self,
        layout: &HopGrid,
        re: &[Lane],
        im: &[Lane],
        scratch: &mut SideBySideScratch,
        line: &mut [f32],
    ) {
        let SideBySideScratch {
            sums,
            work_single,
            windowed,
            ..
        } = scratch;
        sums.resize(layout.len(), 0.0);
        sums.fill(0.0);
        for rows in work_single.iter_mut() {
            rows.resize(self.single.work_len() * LANES, 0.0);
        }
        let work = work_single;
        arch().dispatch(Inverse {
            fft: self,
            layout,
            re,
            im,
            sums,
            work,
            windowed,
        });
        dispatch(
            #[inline(always)]
            || layout.to_line(sums, line),
        );
    }
}

struct Forward<'a> {
    fft: &'a SideBySide,
    layout: &'a HopGrid,
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
            fft,
            layout,
            grid,
            first,
            work: [work_re, work_im],
            re,
            im,
        } = self;
        let half = layout.n_fft / 2;
        let (work_re, _) = S::as_mut_simd_f64s(work_re);
        let (work_im, _) = S::as_mut_simd_f64s(work_im);
        let one_half = simd.splat_f64s(0.5);
        for first in (first..first + HALF).step_by(S::F64_LANES) {
            // X[k] = E + exp(-2 pi i k / n) O, with E, O of the even and odd samples; the same
            // two values give X[half - k].
            fft.double.run_pairs(
                simd,
                #[inline(always)]
                |m| {
                    // Even samples as real, odd ones as imaginary parts.
                    let [even, odd] = layout.pairs[m].map(
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
                    let (w, s) = fft.split[k];
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

/// Where the samples that the inverse transforms give are windowed and added.
struct Overlap<'a> {
    layout: &'a HopGrid,
    sums: &'a mut [f32],
    windowed: &'a mut Windowed,
    /// Which of the registers that make up 16 frames is transformed.
    column: usize,
    /// Place of its next samples in `windowed`.
    next: usize,
}

impl Overlap<'_> {
    /// Takes sample `n` of the frames of one register.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, n: usize, v: S::f32s) {
        let v = simd.mul_f32s(v, simd.splat_f32s(self.layout.synthesis[n]));
        let at = self.layout.places[n];
        if S::F32_LANES == LANES {
            let (sum, _) = S::as_mut_simd_f32s(&mut self.sums[at..at + LANES]);
            sum[0] = simd.add_f32s(sum[0], v);
            return;
        }
        if self.column == 0 {
            self.windowed.places.push(at);
        }
        let values = &mut self.windowed.values[self.next..self.next + S::F32_LANES];
        S::as_mut_simd_f32s(values).0[0] = v;
        self.next += LANES;
    }
}

struct Inverse<'a> {
    fft: &'a SideBySide,
    layout: &'a HopGrid,
    re: &'a [Lane],
    im: &'a [Lane],
    sums: &'a mut [f32],
    work: &'a mut [Vec<f32>; 2],
    windowed: &'a mut Windowed,
}

impl WithSimd for Inverse<'_> {
    type Output = ();

    /// The sums of overlapping frames must be added in the same order on registers of any width: sample by
    /// sample, all frames at once. Registers of 16 frames can add the results of the transform at once.
    /// Narrower ones transform some frames after the others, and add at the end.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            fft,
            layout,
            re,
            im,
            sums,
            work: [work_re, work_im],
            windowed,
        } = self;
        let half = layout.n_fft / 2;
        let stride = LANES / S::F32_LANES;
        let (re, _) = S::as_simd_f32s(re.as_flattened());
        let (im, _) = S::as_simd_f32s(im.as_flattened());
        let (work_re, _) = S::as_mut_simd_f32s(work_re);
        let (work_im, _) = S::as_mut_simd_f32s(work_im);
        windowed.places.clear();
        if stride > 1 {
            windowed.values.resize(layout.n_fft * LANES, 0.0);
        }
        let mut overlap = Overlap {
            layout,
            sums,
            windowed,
            column: 0,
            next: 0,
        };
        for column in 0..stride {
            overlap.column = column;
            overlap.next = column * S::F32_LANES;
            // Z = E + i O of the even and odd samples. Swapping real and imaginary parts before and
            // after turns the forward transform into the inverse.
            fft.single.run(
                simd,
                #[inline(always)]
                |k| {
                    let (i, j) = (k * stride + column, (half - k) * stride + column);
                    let e = (simd.add_f32s(re[i], re[j]), simd.sub_f32s(im[i], im[j]));
                    let d = (simd.sub_f32s(re[i], re[j]), simd.add_f32s(im[i], im[j]));
                    let (w, s) = fft.split[k];
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
                    overlap.add(simd, 2 * m, even);
                    overlap.add(simd, 2 * m + 1, odd);
                },
            );
        }
        let Overlap { sums, windowed, .. } = overlap;
        let frames = windowed.values.chunks_exact(LANES);
        for (at, values) in windowed.places.iter().zip(frames) {
            for (sum, value) in sums[*at..at + LANES].iter_mut().zip(values) {
                *sum += value;
            }
        }
    }
}
