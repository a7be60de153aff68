use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result, check, check_length};

/// The coefficients of the polynomial that is fitted to each spectrum by least squares; equals
/// `librosa.feature.poly_features(S=spectrogram, freq=frequencies, order=order)`.
///
/// ```text
/// S[k, t] ~ sum_i out[i, t] f[k]^(order - i)
/// ```
///
/// - `spectrogram`: shape `(n_bins, n_frames)`, at least `order + 1` bins; `frequencies`: those of its rows,
///   distinct;
/// - `order`: `0..=8`; librosa's default is 1;
/// - result: shape `(order + 1, n_frames)`, the highest power first.
///
/// Computed in f64 by orthogonal columns.
///
/// # Errors
///
/// - an `order` above 8, fewer bins than coefficients, or a number of frequencies that differs from the number
///   of rows;
/// - frequencies that do not determine the polynomial, or a value that is not finite.
///
/// ```
/// use ndarray::array;
///
/// let spectrogram = array![[1.0f32], [3.0], [5.0]];
/// let poly = timbral_dsp::poly_features(spectrogram.view(), &[0.0, 10.0, 20.0], 1)?;
/// assert!((poly[[0, 0]] - 0.2).abs() < 1e-12 && (poly[[1, 0]] - 1.0).abs() < 1e-12);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn poly_features(
    spectrogram: ArrayView2<'_, f32>,
    frequencies: &[f64],
    order: usize,
) -> Result<Array2<f64>> {
    let (n_bins, n_frames) = spectrogram.dim();
    check_length("frequencies", n_bins, frequencies.len())?;
    let weights = poly_weights(frequencies, order)?;
    if let Some((index, value)) = spectrogram.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Error::NotFinite {
            name: "spectrogram",
            index,
            value: *value,
        });
    }
    let mut out = Array2::zeros((order + 1, n_frames));
    for (k, row) in spectrogram.outer_iter().enumerate() {
        for (i, weights) in weights.iter().enumerate() {
            let w = weights[k];
            for (to, s) in out.row_mut(i).iter_mut().zip(row) {
                *to += w * f64::from(*s);
            }
        }
    }
    Ok(out)
}

/// The weight of each value in each coefficient, for a valid order.
pub(crate) fn poly_weights(frequencies: &[f64], order: usize) -> Result<Vec<Vec<f64>>> {
    check(order <= 8, "order", order, "must be at most 8")?;
    if frequencies.len() < order + 1 {
        return Err(Error::TooShort {
            name: "spectrogram rows",
            needed: order + 1,
            got: frequencies.len(),
        });
    }
    pseudo_inverse(frequencies, order)
}

/// The weight of each value in each coefficient: `(V^T V)^-1 V^T` by Gram and Schmidt, twice for the rounding.
fn pseudo_inverse(frequencies: &[f64], order: usize) -> Result<Vec<Vec<f64>>> {
    let n = order + 1;
    let largest = frequencies.iter().fold(0.0f64, |a, f| a.max(f.abs()));
    let distinct = largest > 0.0 || order == 0;
    let rule = "must be finite, and more distinct ones than the order";
    check(distinct, "frequencies", largest, rule)?;
    let unit = if largest > 0.0 { largest } else { 1.0 };
    // Powers of numbers up to 1, from the constant on.
    let mut columns: Vec<Vec<f64>> = (0..n)
        .map(|p| {
            frequencies
                .iter()
                .map(|f| (f / unit).powi(p as i32))
                .collect()
        })
        .collect();
    // columns = orthonormal ones times `upper`.
    let mut upper = vec![vec![0.0; n]; n];
    #[allow(clippy::needless_range_loop, reason = "j also splits the columns")]
    for j in 0..n {
        let (before, rest) = columns.split_at_mut(j);
        let column = &mut rest[0];
        let start = dot(column, column).sqrt();
        for _ in 0..2 {
            for (i, q) in before.iter().enumerate() {
                let part = dot(q, column);
                upper[i][j] += part;
                column.iter_mut().zip(q).for_each(|(c, q)| *c -= part * q);
            }
        }
        let length = dot(column, column).sqrt();
        let independent = length > 1e-12 * start;
        check(independent, "frequencies", largest, rule)?;
        upper[j][j] = length;
        column.iter_mut().for_each(|c| *c /= length);
    }
    // Back substitution, column by column of the transposed result.
    let mut weights = columns;
    for i in (0..n).rev() {
        let (head, tail) = weights.split_at_mut(i + 1);
        for (offset, later) in tail.iter().enumerate() {
            let factor = upper[i][i + 1 + offset];
            head[i]
                .iter_mut()
                .zip(later)
                .for_each(|(w, l)| *w -= factor * l);
        }
        head[i].iter_mut().for_each(|w| *w /= upper[i][i]);
    }
    for (p, weights) in weights.iter_mut().enumerate() {
        let scale = unit.powi(p as i32);
        weights.iter_mut().for_each(|w| *w /= scale);
    }
    weights.reverse();
    Ok(weights)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
