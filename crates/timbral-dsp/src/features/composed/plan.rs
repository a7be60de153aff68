use super::kernels::KernelRows;
use super::shared::Shared;
use super::sources::{Shares, Source};
use super::summary::Rows;
use crate::constant_q::CqtScratch;
use crate::error::{Error, Result, check, check_finite};
use crate::features::columns::{ColumnLayout, FeatureColumns, FeatureSetParams};
use crate::simd::{LANES, Tiles, ZERO, dispatch, magnitudes, multiply};
use crate::spectral::{PiptrackParams, Pitch, fft_frequencies, find_peaks};
use crate::transform::{Stft, StftParams, StftScratch};

/// Longest signal in samples: 101 minutes at 22 050 Hz, half a gigabyte.
const MAX_SAMPLES: usize = 1 << 27;

/// Most numbers in the arrays of all features of a signal.
const MAX_CELLS: usize = 1 << 27;

/// Longest transform of such sets: files that describe them are read from anywhere, and a plan has several arrays of
/// this length.
const MAX_N_FFT: usize = 1 << 20;

/// Most tiles of a signal whose power spectra are kept; of longer ones they are computed twice.
const KEPT: usize = 96;

/// The plan of any set.
#[derive(Debug, Clone)]
pub(crate) struct Composed {
    layout: ColumnLayout,
    items: Vec<(FeatureColumns, Source)>,
    pub(super) frequencies: Vec<f64>,
    pub(super) stft: Stft,
    pub(super) shares: Shares,
    max_samples: usize,
    pub(super) sample_rate: u32,
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

impl Composed {
    /// The plan of valid parameters.
    pub(crate) fn new(params: &FeatureSetParams) -> Result<Self> {
        let n_fft = params.n_fft;
        check(n_fft <= MAX_N_FFT, "n_fft", n_fft, "must be at most 2^20")?;
        let frequencies = fft_frequencies(params.sample_rate, n_fft);
        let mut shares = Shares::default();
        let mut items = Vec::new();
        for item in &params.features {
            let source = shares.source(&item.feature, params, &frequencies)?;
            items.push((item.clone(), source));
        }
        let rows = |(item, source): &(FeatureColumns, Source)| match source {
            // Both spectra, their magnitudes and medians.
            Source::Waveform { .. } => 5 * frequencies.len(),
            Source::Tempogram(_, p)
            | Source::FourierTempogram(_, p)
            | Source::HybridTempogram(_, p)
            | Source::TempogramRatio(_, p, _)
            | Source::Metrogram(_, p) => 3 * p.win_length,
            _ => 2 * item.feature.n_rows(),
        };
        let largest = items.iter().map(rows).max().unwrap_or(1);
        let max_frames = MAX_CELLS / (largest + shares.rows()).max(1);
        let max_samples = MAX_SAMPLES.min(max_frames.saturating_mul(params.hop_length));
        // That of librosa for the tuning of a signal.
        let same = params.stft() == StftParams::default();
        let tunes = shares
            .constant_qs
            .iter()
            .any(|c| c.params().tuning.is_none());
        let power_peaks = !shares.chromas.is_empty();
        let needs = Needs {
            any: power_peaks || !shares.kernels.is_empty() || !shares.mels.is_empty(),
            power_peaks,
            magnitude_peaks: same && tunes,
        };
        Ok(Self {
            layout: params.layout,
            items,
            frequencies,
            stft: Stft::new(params.stft())?,
            shares,
            max_samples,
            sample_rate: params.sample_rate,
            needs,
        })
    }

    /// The error of more samples than fit.
    pub(crate) fn check_samples(&self, n: usize) -> Result<()> {
        match n <= self.max_samples {
            true => Ok(()),
            false => Err(Error::TooLong {
                name: "signal",
                limit: self.max_samples,
                got: n,
            }),
        }
    }

    /// The columns of a signal.
    pub(crate) fn process(&self, y: &[f32], scratch: &mut ComposedScratch) -> Result<Vec<f64>> {
        check_finite("signal", y)?;
        self.check_samples(y.len())?;
        let kernels = self.sweep(y, scratch)?;
        let mut shared = Shared::new(self, y, scratch, kernels);
        // First what needs the mel bands as powers, then the rest, which needs decibels.
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); self.items.len()];
        let mut take = |shared: &mut Shared<'_>, of_powers: bool| -> Result<()> {
            for ((item, source), columns) in self.items.iter().zip(&mut columns) {
                if matches!(source, Source::Mel(_)) == of_powers {
                    *columns = self.columns(item, shared.rows(source)?)?;
                }
            }
            Ok(())
        };
        take(&mut shared, true)?;
        shared.to_decibels();
        take(&mut shared, false)?;
        let values = columns.concat();
        match values.iter().position(|v| !v.is_finite()) {
            Some(index) => Err(Error::NotFinite {
                name: "features",
                index,
                value: values[index] as f32,
            }),
            None => Ok(values),
        }
    }

    /// The columns of one feature.
    fn columns(&self, item: &FeatureColumns, rows: Rows) -> Result<Vec<f64>> {
        if item.statistics.is_empty() {
            return Ok(rows.rows.concat());
        }
        let rows = if item.pooled { rows.pooled() } else { rows };
        let values = rows.summarise(&item.statistics)?;
        Ok(match self.layout {
            ColumnLayout::ByStatistic => {
                let statistics = 0..item.statistics.len();
                let column = |i: usize| values.iter().map(move |row| row[i]);
                statistics.flat_map(column).collect()
            }
            _ => values.concat(),
        })
    }

    /// The sweep over all spectra.
    fn sweep(&self, y: &[f32], scratch: &mut ComposedScratch) -> Result<KernelRows> {
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
        mut visit: impl FnMut(usize, &[crate::simd::Lane]),
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
