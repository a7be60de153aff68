use ndarray::ArrayView2;

use crate::error::{Result, check, check_length};
use crate::simd::{LANES, Lane, dispatch, for_each_tile};

/// One f64 per frame of a tile.
pub(crate) type Wide = [f64; LANES];

/// Centre of gravity of each spectrum, in the unit of `frequencies`; equals
/// `librosa.feature.spectral_centroid(S=magnitude, freq=frequencies)`.
///
/// ```text
/// c[t] = sum_k f[k] S[k, t] / sum_k S[k, t]        (0 for a silent frame)
/// ```
///
/// `magnitude` has shape `(n_bins, n_frames)` and must not be negative.
///
/// # Errors
///
/// `frequencies` is not as long as the spectrogram has rows.
///
/// ```
/// use ndarray::array;
///
/// let magnitude = array![[1.0f32, 0.0], [3.0, 0.0]];
/// assert_eq!(timbral_dsp::spectral_centroid(magnitude.view(), &[0.0, 100.0])?, [75.0, 0.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn spectral_centroid(magnitude: ArrayView2<'_, f32>, frequencies: &[f64]) -> Result<Vec<f64>> {
    check_length("frequencies", magnitude.nrows(), frequencies.len())?;
    Ok(per_frame(magnitude, |tile| {
        dispatch(
            #[inline(always)]
            || centroid(tile, frequencies, &sums(tile)),
        )
    }))
}

/// Spread of each spectrum about its centroid, in the unit of `frequencies`; equals
/// `librosa.feature.spectral_bandwidth(S=magnitude, freq=frequencies, p=p)`.
///
/// ```text
/// b[t] = ( sum_k S[k, t] |f[k] - c[t]|^p / sum_k S[k, t] )^(1 / p)
/// ```
///
/// # Errors
///
/// - `frequencies` is not as long as the spectrogram has rows;
/// - `p` is not above 0.
///
/// ```
/// use ndarray::array;
///
/// let magnitude = array![[1.0f32], [0.0], [1.0]];
/// let bandwidth = timbral_dsp::spectral_bandwidth(magnitude.view(), &[0.0, 10.0, 20.0], 2.0)?;
/// assert_eq!(bandwidth, [10.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn spectral_bandwidth(
    magnitude: ArrayView2<'_, f32>,
    frequencies: &[f64],
    p: f64,
) -> Result<Vec<f64>> {
    check_length("frequencies", magnitude.nrows(), frequencies.len())?;
    check_exponent(p)?;
    Ok(per_frame(magnitude, |tile| {
        dispatch(
            #[inline(always)]
            || {
                let sums = sums(tile);
                bandwidth(
                    tile,
                    frequencies,
                    &sums,
                    &centroid(tile, frequencies, &sums),
                    p,
                )
            },
        )
    }))
}

/// The lowest frequency below which at least `roll_percent` of each spectrum lies, in the unit
/// of `frequencies`; equals
/// `librosa.feature.spectral_rolloff(S=magnitude, freq=frequencies, roll_percent=roll_percent)`.
///
/// ```text
/// r[t] = f[min { k : sum_{j <= k} S[j, t] >= roll_percent sum_j S[j, t] }]
/// ```
///
/// The running sums are f32 and have librosa's order, so that frames near the threshold give the same bin.
///
/// # Errors
///
/// - `frequencies` is not as long as the spectrogram has rows, or empty;
/// - `roll_percent` is not between 0 and 1.
///
/// ```
/// use ndarray::array;
///
/// let magnitude = array![[8.0f32], [1.0], [1.0]];
/// let rolloff = timbral_dsp::spectral_rolloff(magnitude.view(), &[0.0, 10.0, 20.0], 0.85)?;
/// assert_eq!(rolloff, [10.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn spectral_rolloff(
    magnitude: ArrayView2<'_, f32>,
    frequencies: &[f64],
    roll_percent: f32,
) -> Result<Vec<f64>> {
    check_length("frequencies", magnitude.nrows().max(1), frequencies.len())?;
    check_roll_percent(roll_percent)?;
    Ok(per_frame(magnitude, |tile| {
        dispatch(
            #[inline(always)]
            || rolloff(tile, frequencies, roll_percent),
        )
    }))
}

/// Ratio of the geometric to the arithmetic mean of each spectrum: 1 for a flat one, near 0 for a
/// tone; equals `librosa.feature.spectral_flatness(S=magnitude, amin=amin, power=power)`.
///
/// ```text
/// x = max(S^power, amin),   flatness[t] = exp(mean_k ln x[k, t]) / mean_k x[k, t]
/// ```
///
/// # Errors
///
/// `amin` or `power` is not above 0.
///
/// ```
/// use ndarray::array;
///
/// let magnitude = array![[1.0f32, 1.0], [1.0, 2.0]];
/// let flatness = timbral_dsp::spectral_flatness(magnitude.view(), 1e-10, 2.0)?;
/// assert!((flatness[0] - 1.0).abs() < 1e-12);
/// assert!((flatness[1] - 0.8).abs() < 1e-12);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn spectral_flatness(
    magnitude: ArrayView2<'_, f32>,
    amin: f32,
    power: f32,
) -> Result<Vec<f64>> {
    check(amin > 0.0, "amin", amin, "must be above 0")?;
    check(power > 0.0, "power", power, "must be above 0")?;
    Ok(per_frame(magnitude, |tile| flatness(tile, amin, power)))
}

/// The rule for the exponent of the bandwidth.
pub(crate) fn check_exponent(p: f64) -> Result<()> {
    check(p > 0.0 && p.is_finite(), "p", p, "must be above 0")?;
    Ok(())
}

/// The rule for the fraction below the rolloff frequency.
pub(crate) fn check_roll_percent(roll_percent: f32) -> Result<()> {
    let inside = roll_percent > 0.0 && roll_percent < 1.0;
    let rule = "must be between 0 and 1";
    check(inside, "roll_percent", roll_percent, rule)?;
    Ok(())
}

/// [`spectral_flatness`] of a tile.
pub(crate) fn flatness(tile: &[Lane], amin: f32, power: f32) -> Wide {
    std::array::from_fn(|l| {
        let (mut logs, mut sum) = (0.0, 0.0);
        for bin in tile {
            let x = if power == 2.0 {
                bin[l] * bin[l]
            } else {
                libm::powf(bin[l], power)
            };
            let x = f64::from(x.max(amin));
            logs += libm::log(x);
            sum += x;
        }
        let n = tile.len() as f64;
        libm::exp(logs / n) / (sum / n)
    })
}

/// Collects one value per frame.
fn per_frame(magnitude: ArrayView2<'_, f32>, mut kernel: impl FnMut(&[Lane]) -> Wide) -> Vec<f64> {
    let mut out = Vec::with_capacity(magnitude.ncols());
    for_each_tile(magnitude, |_, used, tile| {
        out.extend_from_slice(&kernel(tile)[..used])
    });
    out
}

/// The sum of each spectrum.
#[inline(always)]
pub(crate) fn sums(tile: &[Lane]) -> Wide {
    let mut sum = [0.0; LANES];
    for bin in tile {
        for l in 0..LANES {
            sum[l] += f64::from(bin[l]);
        }
    }
    sum
}

/// The divisor of a spectrum: its sum, or 1 where librosa's `normalize` does not divide.
#[inline(always)]
fn divisor(sum: f64) -> f64 {
    if sum < f64::from(f32::MIN_POSITIVE) {
        1.0
    } else {
        sum
    }
}

#[inline(always)]
pub(crate) fn centroid(tile: &[Lane], frequencies: &[f64], sums: &Wide) -> Wide {
    let mut weighted = [0.0; LANES];
    for (bin, f) in tile.iter().zip(frequencies) {
        for l in 0..LANES {
            weighted[l] += f * f64::from(bin[l]);
        }
    }
    std::array::from_fn(|l| weighted[l] / divisor(sums[l]))
}

#[inline(always)]
pub(crate) fn bandwidth(
    tile: &[Lane],
    frequencies: &[f64],
    sums: &Wide,
    centroid: &Wide,
    p: f64,
) -> Wide {
    let mut weighted = [0.0; LANES];
    if p == 2.0 {
        for (bin, f) in tile.iter().zip(frequencies) {
            for l in 0..LANES {
                let d = f - centroid[l];
                weighted[l] += f64::from(bin[l]) * (d * d);
            }
        }
        return std::array::from_fn(|l| (weighted[l] / divisor(sums[l])).sqrt());
    }
    for (bin, f) in tile.iter().zip(frequencies) {
        for l in 0..LANES {
            weighted[l] += f64::from(bin[l]) * libm::pow((f - centroid[l]).abs(), p);
        }
    }
    std::array::from_fn(|l| libm::pow(weighted[l] / divisor(sums[l]), 1.0 / p))
}

#[inline(always)]
pub(crate) fn rolloff(tile: &[Lane], frequencies: &[f64], roll_percent: f32) -> Wide {
    let mut total = [0.0f32; LANES];
    for bin in tile {
        for l in 0..LANES {
            total[l] += bin[l];
        }
    }
    let threshold: Lane = std::array::from_fn(|l| roll_percent * total[l]);
    let mut running = [0.0f32; LANES];
    let mut below = [0u32; LANES];
    for bin in tile {
        for l in 0..LANES {
            running[l] += bin[l];
            below[l] += u32::from(running[l] < threshold[l]);
        }
    }
    let last = frequencies.len() - 1;
    std::array::from_fn(|l| frequencies[(below[l] as usize).min(last)])
}
