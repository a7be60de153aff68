//! Spectra in f32, of the lower bins only.

use pulp::{Simd, WithSimd};
use timbral_core::{LaneFftF32, twiddle};

use super::hop_grid::HopGrid;
use super::stft_params::StftParams;
use crate::frames::Framing;
use crate::simd::{LANES, Lane, arch, dispatch};

/// Longest transform of the lanes.
const LONGEST: usize = 4096;

/// Parts that a transform is split into, at most.
const MAX_PARTS: usize = 16;

/// Planned spectra of 16 frames at a time.
///
/// f32 takes half of the time and of the cache of f64. A bin has an error of about 1e-7 of the largest bin,
/// which is small enough for weighted sums of many bins.
#[derive(Clone)]
pub(crate) struct SpectraF32 {
    framing: Framing,
    layout: HopGrid,
    window: Vec<f32>,
    fft: LaneFftF32,
    /// `exp(-2 pi i r j / parts)` at `r parts + j`, and `exp(-2 pi i r m / half)` at `[r][m]`.
    roots: Vec<(f32, f32)>,
    turns: Vec<Vec<(f32, f32)>>,
    /// `exp(-2 pi i k / n_fft)`.
    split: Vec<(f32, f32)>,
}

/// Working memory of one thread, for any plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpectraF32Scratch {
    line: Vec<f32>,
    grid: Vec<f32>,
    work: [Vec<f32>; 2],
    bins: [Vec<f32>; 2],
}

impl SpectraF32 {
    /// The first `n_bins` bins of transforms of `n_fft` values, a power of two from 8 to 131072; `None` for others.
    pub(crate) fn new(params: &StftParams, n_bins: usize) -> Option<Self> {
        let n_fft = params.n_fft;
        let half = n_fft / 2;
        let parts = half.div_ceil(LONGEST);
        if !n_fft.is_power_of_two() || parts > MAX_PARTS || n_bins > half + 1 {
            return None;
        }
        let round = |w: (f64, f64)| (w.0 as f32, w.1 as f32);
        let length = half / parts;
        let window = params.padded_window();
        Some(Self {
            framing: params.framing(),
            fft: LaneFftF32::new(length)?,
            roots: (0..parts * parts)
                .map(|i| round(twiddle(i / parts * (i % parts), parts)))
                .collect(),
            turns: (0..parts)
                .map(|r| (0..length).map(|m| round(twiddle(r * m, half))).collect())
                .collect(),
            split: (0..n_bins).map(|k| round(twiddle(k, n_fft))).collect(),
            window: window.iter().map(|w| *w as f32).collect(),
            layout: HopGrid::new(window, params.hop_length),
        })
    }

    pub(crate) fn n_bins(&self) -> usize {
        self.split.len()
    }

    pub(crate) fn framing(&self) -> &Framing {
        &self.framing
    }

    /// Fills `re` and `im`, `n_bins()` long, with the spectra of the `used` frames from frame `first` on. Other
    /// lanes have unspecified finite values.
    pub(crate) fn tile(
        &self,
        y: &[f32],
        first: usize,
        used: usize,
        [re, im]: [&mut [Lane]; 2],
        scratch: &mut SpectraF32Scratch,
    ) {
        let SpectraF32Scratch {
            line,
            grid,
            work,
            bins,
        } = scratch;
        let n_fft = self.layout.n_fft;
        grid.resize(self.layout.len(), 0.0);
        for work in work.iter_mut() {
            work.resize(self.fft.work_len() * LANES, 0.0);
        }
        for bins in bins.iter_mut() {
            bins.resize(n_fft / 2 * LANES, 0.0);
        }
        let line = self.framing.samples(y, first, used, line);
        dispatch(
            #[inline(always)]
            || self.layout.to_grid(line, grid),
        );
        arch().dispatch(Forward {
            plan: self,
            grid,
            work,
            bins,
            re,
            im,
        });
    }

    /// The windowed samples `n` and `n + 1` of the frames from `first` on.
    #[inline(always)]
    fn pair<S: Simd>(&self, simd: S, grid: &[f32], n: usize, first: usize) -> (S::f32s, S::f32s) {
        let sample = |n: usize| {
            let at = self.layout.places[n] + first;
            let (v, _) = S::as_simd_f32s(&grid[at..at + S::F32_LANES]);
            simd.mul_f32s(v[0], simd.splat_f32s(self.window[n]))
        };
        (sample(n), sample(n + 1))
    }
}

struct Forward<'a> {
    plan: &'a SpectraF32,
    grid: &'a [f32],
    work: &'a mut [Vec<f32>; 2],
    bins: &'a mut [Vec<f32>; 2],
    re: &'a mut [Lane],
    im: &'a mut [Lane],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            plan,
            grid,
            work: [work_re, work_im],
            bins: [bins_re, bins_im],
            re: out_re,
            im: out_im,
        } = self;
        let half = plan.layout.n_fft / 2;
        let parts = plan.turns.len();
        let length = half / parts;
        let (work_re, _) = S::as_mut_simd_f32s(work_re);
        let (work_im, _) = S::as_mut_simd_f32s(work_im);
        let (bins_re, _) = S::as_mut_simd_f32s(bins_re);
        let (bins_im, _) = S::as_mut_simd_f32s(bins_im);
        let stride = LANES / S::F32_LANES;
        let (out_re, _) = S::as_mut_simd_f32s(out_re.as_flattened_mut());
        let (out_im, _) = S::as_mut_simd_f32s(out_im.as_flattened_mut());
        let one_half = simd.splat_f32s(0.5);
        for column in 0..stride {
            let first = column * S::F32_LANES;
            // Even samples are the real, odd ones the imaginary parts of a transform of half of the length. Its bins
            // `parts k + r` are a transform of the sums over the parts of the signal, turned by `r`.
            for r in 0..parts {
                let roots = &plan.roots[r * parts..][..parts];
                let turns = &plan.turns[r];
                plan.fft.run(
                    simd,
                    #[inline(always)]
                    |m| {
                        let mut sum = plan.pair(simd, grid, 2 * m, first);
                        let mut j = 1;
                        while j < parts {
                            let n = 2 * (m + j * length);
                            let part = plan.pair(simd, grid, n, first);
                            let part = times(simd, part, roots[j]);
                            sum = (simd.add_f32s(sum.0, part.0), simd.add_f32s(sum.1, part.1));
                            j += 1;
                        }
                        if r == 0 {
                            sum
                        } else {
                            times(simd, sum, turns[m])
                        }
                    },
                    (&mut *work_re, &mut *work_im),
                    #[inline(always)]
                    |k, v| (bins_re[parts * k + r], bins_im[parts * k + r]) = v,
                );
            }
            for (k, w) in plan.split.iter().enumerate() {
                let (i, j) = (k & (half - 1), (half - k) & (half - 1));
                let (a, b) = ((bins_re[i], bins_im[i]), (bins_re[j], bins_im[j]));
                let even = (simd.add_f32s(a.0, b.0), simd.sub_f32s(a.1, b.1));
                let odd = (simd.add_f32s(a.1, b.1), simd.sub_f32s(b.0, a.0));
                let odd = times(simd, odd, *w);
                let re = simd.mul_f32s(one_half, simd.add_f32s(even.0, odd.0));
                let im = simd.mul_f32s(one_half, simd.add_f32s(even.1, odd.1));
                out_re[k * stride + column] = re;
                out_im[k * stride + column] = im;
            }
        }
    }
}

/// `a w`.
#[inline(always)]
fn times<S: Simd>(simd: S, a: (S::f32s, S::f32s), w: (f32, f32)) -> (S::f32s, S::f32s) {
    let (c, s) = (simd.splat_f32s(w.0), simd.splat_f32s(w.1));
    (
        simd.sub_f32s(simd.mul_f32s(a.0, c), simd.mul_f32s(a.1, s)),
        simd.add_f32s(simd.mul_f32s(a.0, s), simd.mul_f32s(a.1, c)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::PadMode;
    use crate::simd::ZERO;
    use crate::transform::Stft;

    #[test]
    fn spectra_are_those_of_the_stft() {
        let y: Vec<f32> = (0..40_000usize)
            .map(|n| ((n * n * 7) % 101) as f32 / 50.0 - 1.0)
            .collect();
        let params = |n_fft, hop_length| StftParams {
            n_fft,
            hop_length,
            pad_mode: PadMode::Edge,
            ..StftParams::default()
        };
        let mut scratch = SpectraF32Scratch::default();
        for (n_fft, hop) in [
            (8, 3),
            (1024, 300),
            (8192, 512),
            (16_384, 512),
            (32_768, 1000),
        ] {
            let params = params(n_fft, hop);
            let exact = Stft::new(params).unwrap().process(&y).unwrap();
            let largest = exact.iter().map(|z| z.norm()).fold(0.0, f32::max);
            let n_bins = n_fft / 2 + 1;
            let plan = SpectraF32::new(&params, n_bins).unwrap();
            let (mut re, mut im) = (vec![ZERO; n_bins], vec![ZERO; n_bins]);
            for first in (0..exact.ncols()).step_by(LANES) {
                let used = (exact.ncols() - first).min(LANES);
                plan.tile(&y, first, used, [&mut re, &mut im], &mut scratch);
                for (k, (re, im)) in re.iter().zip(&im).enumerate() {
                    for l in 0..used {
                        let exact = exact[[k, first + l]];
                        // The roundings of a dozen passes, of the largest bin.
                        let off = (exact.re - re[l]).hypot(exact.im - im[l]);
                        assert!(off < 1e-6 * largest, "{n_fft} {off} {largest}");
                    }
                }
            }
        }
        assert!(SpectraF32::new(&params(100, 10), 3).is_none());
        assert!(SpectraF32::new(&params(1 << 18, 10), 3).is_none());
    }
}
