use super::shared::Shared;
use super::sources::{Shares, Source};
use super::summary::Rows;
use super::sweep::{ComposedScratch, Transforms};
use crate::error::{Error, Result, check_columns, check_finite};
use crate::features::check_frames;
use crate::features::columns::{ColumnLayout, FeatureColumns, FeatureSetParams};
use crate::spectral::fft_frequencies;

/// Longest signal in samples: 101 minutes at 22 050 Hz, half a gigabyte.
const MAX_SAMPLES: usize = 1 << 27;

/// Most numbers in the arrays of all features of a signal.
const MAX_CELLS: usize = 1 << 27;

/// The plan of any set.
#[derive(Debug, Clone)]
pub(crate) struct Composed {
    layout: ColumnLayout,
    items: Vec<(FeatureColumns, Source)>,
    transforms: Transforms,
    max_samples: usize,
}

impl Composed {
    /// The plan of valid parameters.
    pub(crate) fn new(params: &FeatureSetParams) -> Result<Self> {
        check_frames(params.n_fft, params.hop_length)?;
        let frequencies = fft_frequencies(params.sample_rate, params.n_fft);
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
        Ok(Self {
            layout: params.layout,
            items,
            transforms: Transforms::new(params, shares, frequencies)?,
            max_samples,
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
        let kernels = self.transforms.sweep(y, scratch)?;
        let mut shared = Shared::new(&self.transforms, y, scratch, kernels);
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
        shared.convert_mels();
        take(&mut shared, false)?;
        let values = columns.concat();
        check_columns(values)
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
}
