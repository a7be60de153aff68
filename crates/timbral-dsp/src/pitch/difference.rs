//! The cumulative mean normalised difference of a frame and its shifted self (de Cheveigné and Kawahara 2002).
//!
//! ```text
//! d[l] = sum_n (x[n] - x[n + l])^2 over the samples of the frame, D[l] = l d[l] / sum_{j = 1 ..= l} d[j]
//! ```
//!
//! As in librosa, samples beyond the frame count as zero in the products, and the energy of the shifted frame is
//! that of the first samples: `d[l] = 2 (a[0] - a[l]) - sum_{n < l} x[n]^2` with the autocorrelation `a`.

use super::lags::HopLags;
use super::yin_params::YinParams;
use crate::error::{Result, check_finite};
use crate::frames::Framing;
use crate::rhythm::Autocorrelation;
use crate::simd::dispatch;

/// The comparison of frames for the periods of valid parameters.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    framing: Framing,
    /// The period of the first value.
    pub(super) shortest: usize,
    longest: usize,
    /// For frames of whole hops; for other ones the transforms of whole frames.
    hops: Option<HopLags>,
    autocorrelation: Autocorrelation<1>,
}

/// The differences of a frame for all periods, and the offsets of their troughs.
#[derive(Debug, Clone, Default)]
pub(super) struct Periods {
    pub(super) values: Vec<f64>,
    /// The sums up to each of them.
    sums: Vec<f64>,
}

/// Frames whose lags are in memory together.
const CHUNK: usize = 128;

impl Difference {
    pub(super) fn new(params: &YinParams) -> Self {
        let (shortest, longest) = params.periods();
        let whole = params.frame_length.is_multiple_of(params.hop_length);
        Self {
            framing: params.framing(),
            shortest,
            longest,
            hops: whole
                .then(|| HopLags::new(params.hop_length, longest + 1))
                .flatten(),
            autocorrelation: Autocorrelation::new(params.frame_length),
        }
    }

    /// Calls `visit` with the differences of every frame.
    pub(super) fn for_each_frame(
        &self,
        y: &[f32],
        mut visit: impl FnMut(usize, &Periods),
    ) -> Result<()> {
        check_finite("signal", y)?;
        let n_frames = self.framing.n_frames(y.len())?;
        let mut periods = Periods::default();
        if let Some(hops) = &self.hops {
            self.by_hops(hops, y, n_frames, |t, frame, lags| {
                self.compare(frame, lags, &mut periods);
                visit(t, &periods);
            });
            return Ok(());
        }
        let mut work = self.autocorrelation.work();
        let mut frame = vec![0.0f32; self.framing.frame_length];
        for t in 0..n_frames {
            self.framing.copy_frame(y, t, &mut frame);
            for (to, y) in work.padded.iter_mut().zip(&frame) {
                *to = [f64::from(*y)];
            }
            let lags = self.autocorrelation.process(&mut work);
            self.compare(&frame, lags.as_flattened(), &mut periods);
            visit(t, &periods);
        }
        Ok(())
    }

    /// Calls `visit` with every frame and its lags, from those of its hops.
    fn by_hops(
        &self,
        hops: &HopLags,
        y: &[f32],
        n_frames: usize,
        mut visit: impl FnMut(usize, &[f32], &[f64]),
    ) {
        let Framing {
            frame_length,
            hop_length,
            ..
        } = self.framing;
        let (per_frame, n_lags) = (frame_length / hop_length, self.longest + 1);
        let mut lags = vec![0.0; n_lags];
        let mut work = self.autocorrelation.work();
        let mut energies = Vec::new();
        for first in (0..n_frames).step_by(CHUNK) {
            let used = (n_frames - first).min(CHUNK);
            let n_hops = used + per_frame - 1;
            let mut samples = vec![0.0f32; n_hops * hop_length + n_lags];
            self.framing.copy_samples(y, first, &mut samples);
            // Of all samples before one.
            energies.clear();
            energies.push(0.0);
            let mut energy = 0.0;
            energies.extend(samples.iter().map(|v| {
                energy += f64::from(v * v);
                energy
            }));
            let parts = hops.process(&samples, n_hops);
            for t in 0..used {
                let (start, end) = (t * hop_length, t * hop_length + frame_length);
                let frame = &samples[start..end];
                // The rounding of loud samples after a silent frame would be larger than the frame.
                let next = energies[end + n_lags] - energies[end];
                if energies[end] - energies[start] <= 1e-6 * next {
                    for (to, y) in work.padded.iter_mut().zip(frame) {
                        *to = [f64::from(*y)];
                    }
                    let lags = self.autocorrelation.process(&mut work);
                    visit(first + t, frame, lags.as_flattened());
                    continue;
                }
                let part = |hop: usize| &parts[(t + hop) * n_lags..][..n_lags];
                for (to, [_, within]) in lags.iter_mut().zip(part(per_frame - 1)) {
                    *to = *within;
                }
                for hop in 0..per_frame - 1 {
                    for (to, [with_next, _]) in lags.iter_mut().zip(part(hop)) {
                        *to += with_next;
                    }
                }
                visit(first + t, frame, &lags);
            }
        }
    }

    fn compare(&self, frame: &[f32], lags: &[f64], periods: &mut Periods) {
        let Periods { values, sums } = periods;
        values.clear();
        sums.clear();
        let (mut energy, mut sum) = (0.0, 0.0);
        for ((l, lag), y) in (1..).zip(&lags[1..=self.longest]).zip(frame) {
            energy += f64::from(*y) * f64::from(*y);
            let d = 2.0 * (lags[0] - lag) - energy;
            sum += d;
            if l >= self.shortest {
                values.push(d);
                sums.push(sum);
            }
        }
        dispatch(
            #[inline(always)]
            || {
                for (i, (d, sum)) in values.iter_mut().zip(sums).enumerate() {
                    let mean = *sum / (self.shortest + i) as f64;
                    *d /= mean + f64::from(f32::MIN_POSITIVE);
                }
            },
        );
    }
}

impl Periods {
    /// Whether value `i` is smaller than its neighbours.
    pub(super) fn is_trough(&self, i: usize) -> bool {
        let v = &self.values;
        let falls = i == 0 || v[i] < v[i - 1];
        let rises = match v.get(i + 1) {
            Some(next) if i == 0 => v[i] < *next,
            Some(next) => v[i] <= *next,
            None => i > 0,
        };
        falls && rises
    }

    /// The offset of the vertex of the parabola through value `i` and its neighbours.
    pub(super) fn shift(&self, i: usize) -> f64 {
        let v = &self.values;
        if i == 0 || i + 1 >= v.len() {
            return 0.0;
        }
        let a = v[i + 1] + v[i - 1] - 2.0 * v[i];
        let b = (v[i + 1] - v[i - 1]) / 2.0;
        if b.abs() >= a.abs() { 0.0 } else { -b / a }
    }

    /// The first of the smallest values.
    pub(super) fn smallest(&self) -> usize {
        let mut best = 0;
        for (i, v) in self.values.iter().enumerate() {
            if *v < self.values[best] {
                best = i;
            }
        }
        best
    }
}
