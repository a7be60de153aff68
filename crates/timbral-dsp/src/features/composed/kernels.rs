//! Features of single spectra, computed while a tile of them is in the cache.

use crate::error::Result;
use crate::features::columns::Feature;
use crate::simd::{LANES, Lane, dispatch};
use crate::spectral::{ContrastBands, ContrastParams, poly_weights, shapes};

/// What is computed of every tile.
#[derive(Debug, Clone)]
pub(super) enum Kernel {
    /// With the length of the transform.
    RmsOfSpectrum(usize),
    Centroid,
    Bandwidth(f64),
    /// The rows of the valleys, then those of the peaks.
    Contrast(ContrastBands),
    Flatness,
    Rolloff(f32),
    Poly(Vec<Vec<f64>>),
}

impl Kernel {
    /// The kernel of a feature of single spectra; `None` for another feature.
    pub(super) fn new(
        feature: &Feature,
        frequencies: &[f64],
        n_fft: usize,
    ) -> Result<Option<Self>> {
        Ok(Some(match *feature {
            Feature::Rms { spectrum: true } => Self::RmsOfSpectrum(n_fft),
            Feature::SpectralCentroid => Self::Centroid,
            Feature::SpectralBandwidth { p } => {
                shapes::check_exponent(p)?;
                Self::Bandwidth(p)
            }
            Feature::SpectralContrast {
                n_bands,
                fmin,
                quantile,
            } => Self::Contrast(ContrastBands::new(
                frequencies,
                &ContrastParams {
                    n_bands,
                    fmin,
                    quantile,
                    ..ContrastParams::default()
                },
            )?),
            Feature::SpectralFlatness => Self::Flatness,
            Feature::SpectralRolloff { roll_percent } => {
                shapes::check_roll_percent(roll_percent as f32)?;
                Self::Rolloff(roll_percent as f32)
            }
            Feature::PolyFeatures { order } => Self::Poly(poly_weights(frequencies, order)?),
            _ => return Ok(None),
        }))
    }

    /// Rows of the series it makes.
    pub(super) fn n_rows(&self) -> usize {
        match self {
            Self::Contrast(bands) => 2 * bands.n_bands(),
            Self::Poly(weights) => weights.len(),
            _ => 1,
        }
    }
}

/// The kernels of a set and the series they have made.
#[derive(Debug)]
pub(super) struct KernelRows {
    /// For each kernel its rows.
    pub(super) series: Vec<Vec<Vec<f64>>>,
}

impl KernelRows {
    pub(super) fn new(kernels: &[(Feature, Kernel)]) -> Self {
        let rows = |(_, kernel): &(Feature, Kernel)| vec![Vec::new(); kernel.n_rows()];
        Self {
            series: kernels.iter().map(rows).collect(),
        }
    }

    /// Takes the magnitudes and powers of the next `used` frames.
    pub(super) fn tile(
        &mut self,
        kernels: &[(Feature, Kernel)],
        frequencies: &[f64],
        (magnitude, power): (&[Lane], &[Lane]),
        used: usize,
    ) {
        let needs_centroid = |k: &Kernel| matches!(k, Kernel::Centroid | Kernel::Bandwidth(_));
        let moments = kernels.iter().any(|(_, k)| needs_centroid(k)).then(|| {
            dispatch(
                #[inline(always)]
                || {
                    let sums = shapes::sums(magnitude);
                    (sums, shapes::centroid(magnitude, frequencies, &sums))
                },
            )
        });
        let (sums, centroid) = moments.unwrap_or_default();
        for ((_, kernel), rows) in kernels.iter().zip(&mut self.series) {
            let one = match kernel {
                Kernel::Centroid => centroid,
                Kernel::Bandwidth(p) => dispatch(
                    #[inline(always)]
                    || shapes::bandwidth(magnitude, frequencies, &sums, &centroid, *p),
                ),
                Kernel::Rolloff(fraction) => dispatch(
                    #[inline(always)]
                    || shapes::rolloff(magnitude, frequencies, *fraction),
                ),
                Kernel::Flatness => shapes::flatness(magnitude, 1e-10, 2.0),
                Kernel::RmsOfSpectrum(n_fft) => rms_of_spectrum(power, *n_fft),
                Kernel::Contrast(bands) => {
                    let (valleys, peaks) = rows.split_at_mut(bands.n_bands());
                    bands.tile(magnitude, |band, valley, peak| {
                        valleys[band].extend_from_slice(&valley[..used]);
                        peaks[band].extend_from_slice(&peak[..used]);
                    });
                    continue;
                }
                Kernel::Poly(weights) => {
                    for (weights, row) in weights.iter().zip(rows) {
                        row.extend_from_slice(&weighted(magnitude, weights)[..used]);
                    }
                    continue;
                }
            };
            rows[0].extend_from_slice(&one[..used]);
        }
    }
}

/// `librosa.feature.rms(S=S)`: bin 0, and the last one of an even length, have no mirror image.
fn rms_of_spectrum(power: &[Lane], n_fft: usize) -> shapes::Wide {
    let last = power.len() - 1;
    let half = if n_fft.is_multiple_of(2) { 0.5 } else { 0.0 };
    let size = n_fft as f64 * n_fft as f64;
    dispatch(
        #[inline(always)]
        || {
            let sums = shapes::sums(power);
            std::array::from_fn(|l| {
                let ends = 0.5 * f64::from(power[0][l]) + half * f64::from(power[last][l]);
                (2.0 * (sums[l] - ends).max(0.0) / size).sqrt()
            })
        },
    )
}

/// `sum_k weights[k] tile[k]`.
fn weighted(tile: &[Lane], weights: &[f64]) -> shapes::Wide {
    dispatch(
        #[inline(always)]
        || {
            let mut sum = [0.0; LANES];
            for (bin, w) in tile.iter().zip(weights) {
                for l in 0..LANES {
                    sum[l] += w * f64::from(bin[l]);
                }
            }
            sum
        },
    )
}
