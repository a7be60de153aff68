//! The autocorrelations of all windows of an envelope.

use ndarray::{Array2, s};

use super::autocorrelation::Autocorrelation;
use crate::simd::dispatch;
use crate::transform::{Correlated, CorrelationScratch, Correlations, PAIRS};

/// Columns that are transformed side by side, and stored together, so that rows are written in whole cache lines.
pub(super) const COLUMNS: usize = 8;

/// How the lags are computed.
#[derive(Clone)]
pub(super) enum WindowLags {
    Short(Correlations),
    /// For windows of more than 2048 values.
    Long(Autocorrelation<COLUMNS>),
}

impl WindowLags {
    pub(super) fn new(win_length: usize) -> Self {
        match Correlations::new(2 * win_length, Correlated::EachWithItself) {
            Some(correlations) => Self::Short(correlations),
            None => Self::Long(Autocorrelation::new(win_length)),
        }
    }

    /// Fills column `t` of `out` with the lags of the values from `t` on times the window, each column divided by its
    /// largest magnitude.
    pub(super) fn process(&self, padded: &[f64], window: &[f64], out: &mut Array2<f64>) {
        let n_columns = out.ncols();
        match self {
            Self::Short(correlations) => {
                let mut tile = vec![[[0.0; PAIRS]; 2]; correlations.n()];
                let mut scratch = CorrelationScratch::default();
                for start in (0..n_columns).step_by(2 * PAIRS) {
                    tile[window.len()..].fill([[0.0; PAIRS]; 2]);
                    let frames: &mut [[f64; 2 * PAIRS]] =
                        tile.as_flattened_mut().as_flattened_mut().as_chunks_mut().0;
                    windowed(&padded[start..], window, frames);
                    let silent = scale_alike(frames);
                    correlations.process(&mut tile, &mut scratch);
                    let lags: &[[f64; 2 * PAIRS]] = tile[..window.len()]
                        .as_flattened()
                        .as_flattened()
                        .as_chunks()
                        .0;
                    store_scaled(lags, silent, start, out);
                }
            }
            Self::Long(autocorrelation) => {
                let mut work = autocorrelation.work();
                for start in (0..n_columns).step_by(COLUMNS) {
                    windowed(&padded[start..], window, &mut work.padded);
                    let lags = autocorrelation.process(&mut work);
                    store_scaled(lags, [false; COLUMNS], start, out);
                }
            }
        }
    }
}

/// Scales every column by a power of two, so that its largest magnitude is in 1..2. Two columns use the same
/// transform, and the rounding of a loud one could be larger than a quiet one. Returns which columns are zero.
fn scale_alike<const L: usize>(frames: &mut [[f64; L]]) -> [bool; L] {
    dispatch(
        #[inline(always)]
        || {
            let mut factors = largest_magnitudes(frames);
            let silent = factors.map(|largest| largest == 0.0);
            for factor in &mut factors {
                // Envelopes are f32: exponents of f64 are far from both ends. Of 0 it is 0, and 0 stays 0.
                let exponent = factor.to_bits() >> 52;
                *factor = f64::from_bits((2046 - exponent) << 52);
            }
            for frame in &mut *frames {
                frame
                    .iter_mut()
                    .zip(&factors)
                    .for_each(|(v, factor)| *v *= factor);
            }
            silent
        },
    )
}

/// The largest magnitude of every column.
#[inline(always)]
fn largest_magnitudes<const L: usize>(rows: &[[f64; L]]) -> [f64; L] {
    let mut largest = [0.0f64; L];
    for row in rows {
        for (largest, v) in largest.iter_mut().zip(row) {
            *largest = if v.abs() > *largest {
                v.abs()
            } else {
                *largest
            };
        }
    }
    largest
}

/// Stores the columns from `start` on, each divided by its largest magnitude; silent ones are 0.
fn store_scaled<const L: usize>(
    lags: &[[f64; L]],
    silent: [bool; L],
    start: usize,
    out: &mut Array2<f64>,
) {
    let mut norms = dispatch(
        #[inline(always)]
        || largest_magnitudes(lags),
    );
    for (norm, silent) in norms.iter_mut().zip(silent) {
        if silent {
            *norm = f64::INFINITY;
        } else if *norm < f64::MIN_POSITIVE {
            *norm = 1.0;
        }
    }
    let end = (start + L).min(out.ncols());
    let mut columns = out.slice_mut(s![.., start..end]);
    for (mut to, row) in columns.outer_iter_mut().zip(lags) {
        let values = row.iter().zip(&norms);
        to.iter_mut()
            .zip(values)
            .for_each(|(to, (v, norm))| *to = v / norm);
    }
}

/// `frames[m][column] = padded[column + m] window[m]`; beyond the end 0.
pub(super) fn windowed<const L: usize>(padded: &[f64], window: &[f64], frames: &mut [[f64; L]]) {
    dispatch(
        #[inline(always)]
        || {
            for (m, (frame, w)) in frames.iter_mut().zip(window).enumerate() {
                match padded[m..].first_chunk::<L>() {
                    Some(near) => {
                        for (to, x) in frame.iter_mut().zip(near) {
                            *to = x * w;
                        }
                    }
                    None => {
                        *frame = [0.0; L];
                        for (to, x) in frame.iter_mut().zip(&padded[m..]) {
                            *to = x * w;
                        }
                    }
                }
            }
        },
    );
}
