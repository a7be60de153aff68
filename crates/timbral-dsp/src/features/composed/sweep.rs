//! The spectra of a signal, computed once for all features that need them.

use super::kernels::KernelRows;
use super::sources::Shares;
use crate::constant_q::CqtScratch;
use crate::error::Result;
use crate::features::columns::FeatureSetParams;
use crate::simd::{LANES, Lane, Tiles, ZERO, dispatch, magnitudes, multiply};
use crate::spectral::{PiptrackParams, Pitch, find_peaks};
use crate::transform::{Stft, StftParams, StftScratch};

/// Most tiles of a signal whose power spectra are kept; of longer ones they are computed twice.
const KEPT: usize = 96;

/// The plans that features share.
#[derive(Debug, Clone)]
pub(super) struct Transforms {
    pub(super) stft: Stft,
    pub(super) shares: Shares,
    pub(super) sample_rate: u32,
    frequencies: Vec<f64>,
    needs: Needs,
}

/// What the sweep over the spectra has to collect.
#[derive(Debug, Clone, Copy)]
struct Needs {
    any: bool,
    /// The peaks of the powers, for the tuning of `chroma_stft`, and the powers.
    power_peaks: bool,
    /// The peaks of the magnitudes, for the tuning of constant-Q transforms.
    magnitude_peaks: bool,
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct ComposedScratch {
    /// The samples of a signal that arrives in blocks.
    pub(in crate::features) samples: Vec<f32>,
    pub(super) stft: StftScratch,
    pub(super) cqt: CqtScratch,
    pub(super) power: Tiles,
    /// Of each bank: powers, later decibels.
    pub(super) mels: Vec<Tiles>,
    pub(super) power_peaks: Vec<Pitch>,
    pub(super) magnitude_peaks: Vec<Pitch>,
}

impl Transforms {
    /// Of a set of these frequencies of bins.
    pub(super) fn new(
        params: &FeatureSetParams,
        shares: Shares,
        frequencies: Vec<f64>,
    ) -> Result<Self> {
        // librosa's value for the tuning of a signal.
        let same = params.stft() == StftParams::default();
        let untuned = shares.constant_qs.iter();
        let tunes = untuned.into_iter().any(|c| c.params().tuning.is_none());
        let power_peaks = !shares.chromas.is_empty();
        let needs = Needs {
            any: power_peaks || !shares.kernels.is_empty() || !shares.mels.is_empty(),
            power_peaks,
            magnitude_peaks: same && tunes,
        };
        Ok(Self {
            stft: Stft::new(params.stft())?,
            shares,
            sample_rate: params.sample_rate,
            frequencies,
            needs,
        })
    }

    /// The sweep over all spectra.
    pub(super) fn sweep(&self, y: &[f32], scratch: &mut ComposedScratch) -> Result<KernelRows> {
        let mut rows = KernelRows::new(&self.shares.kernels);
        let n_frames = self.stft.n_frames(y.len())?;
        scratch.power_peaks.clear();
        scratch.magnitude_peaks.clear();
        if !self.needs.any && !self.needs.magnitude_peaks {
            return Ok(rows);
        }
        let n_bins = self.stft.n_bins();
        let kept = self.needs.power_peaks && n_frames <= KEPT * LANES;
        scratch
            .power
            .reshape(n_bins, if kept { n_frames } else { n_frames.min(LANES) });
        scratch
            .mels
            .resize_with(self.shares.mels.len(), Tiles::default);
        for (bank, tiles) in self.shares.mels.iter().zip(&mut scratch.mels) {
            tiles.reshape(bank.params().n_mels, n_frames);
        }
        let peaks = PiptrackParams {
            sample_rate: self.sample_rate,
            ..PiptrackParams::default()
        };
        let (mut re, mut im) = (vec![ZERO; n_bins], vec![ZERO; n_bins]);
        let mut magnitude = vec![ZERO; n_bins];
        for first in (0..n_frames).step_by(LANES) {
            let used = (n_frames - first).min(LANES);
            let t = first / LANES;
            let stft = &mut scratch.stft;
            self.stft
                .forward_tile(y, first, used, &mut re, &mut im, stft);
            magnitudes(&re, &im, &mut magnitude);
            let power = scratch.power.tile_mut(if kept { t } else { 0 });
            multiply(&magnitude, &magnitude, power);
            let (kernels, f) = (&self.shares.kernels, &self.frequencies);
            rows.tile(kernels, f, (&magnitude, power), used);
            for (bank, tiles) in self.shares.mels.iter().zip(&mut scratch.mels) {
                let bands = tiles.tile_mut(t);
                dispatch(
                    #[inline(always)]
                    || bank.bank().apply(power, bands),
                );
            }
            if self.needs.power_peaks {
                let found = &mut scratch.power_peaks;
                find_peaks(power, first, used, &peaks, |peak| found.push(peak.into()));
            }
            if self.needs.magnitude_peaks {
                let found = &mut scratch.magnitude_peaks;
                find_peaks(&magnitude, first, used, &peaks, |peak| {
                    found.push(peak.into())
                });
            }
        }
        Ok(rows)
    }

    /// Calls `visit(used, powers)` for every 16 frames.
    pub(super) fn for_each_power(
        &self,
        y: &[f32],
        power: &Tiles,
        mut visit: impl FnMut(usize, &[Lane]),
    ) -> Result<()> {
        if power.n_frames() == self.stft.n_frames(y.len())? {
            for t in 0..power.n_tiles() {
                visit(power.used(t), power.tile(t));
            }
            return Ok(());
        }
        self.stft
            .for_each_tile(y, true, |_, used, tile| visit(used, tile))
    }

    /// Whether the sweep finds the peaks for the tuning of constant-Q transforms.
    pub(super) fn has_magnitude_peaks(&self) -> bool {
        self.needs.magnitude_peaks
    }
}
