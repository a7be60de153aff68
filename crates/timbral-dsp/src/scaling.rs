//! Columns of an array scaled to a common size.

use ndarray::Array2;

/// The norm to which a vector is scaled, named as `norm` in `librosa.util.normalize`.
///
/// A vector whose norm is below the smallest normal f32 keeps its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Norm {
    /// Not scaled (`None`).
    None,
    /// The sum of magnitudes becomes 1 (`1`).
    L1,
    /// The root of the sum of squares becomes 1 (`2`).
    L2,
    /// The largest magnitude becomes 1 (`np.inf`); the default.
    #[default]
    Max,
}

impl Norm {
    /// The norm of a vector of magnitudes, or 1 where librosa does not divide.
    pub(crate) fn length(self, magnitudes: impl Iterator<Item = f64>) -> f64 {
        let length = match self {
            Self::None => return 1.0,
            Self::L1 => magnitudes.sum(),
            Self::L2 => magnitudes.map(|v| v * v).sum::<f64>().sqrt(),
            Self::Max => magnitudes.fold(0.0, f64::max),
        };
        if length < f64::from(f32::MIN_POSITIVE) {
            1.0
        } else {
            length
        }
    }
}

/// Scales every column.
pub(crate) fn normalize_columns(array: &mut Array2<f32>, norm: Norm) {
    if norm == Norm::None {
        return;
    }
    let mut lengths = vec![0.0f64; array.ncols()];
    for row in array.outer_iter() {
        for (length, v) in lengths.iter_mut().zip(row) {
            let v = f64::from(v.abs());
            *length = match norm {
                Norm::L2 => *length + v * v,
                Norm::Max => length.max(v),
                _ => *length + v,
            };
        }
    }
    for length in &mut lengths {
        if norm == Norm::L2 {
            *length = length.sqrt();
        }
        *length = Norm::Max.length(std::iter::once(*length));
    }
    for mut row in array.outer_iter_mut() {
        for (v, length) in row.iter_mut().zip(&lengths) {
            *v = (f64::from(*v) / length) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn columns_get_the_asked_length_and_silence_stays() {
        let given = array![[3.0f32, 0.0], [-4.0, 0.0]];
        for (norm, expected) in [
            (Norm::None, [3.0, -4.0]),
            (Norm::L1, [3.0 / 7.0, -4.0 / 7.0]),
            (Norm::L2, [0.6, -0.8]),
            (Norm::Max, [0.75, -1.0]),
        ] {
            let mut got = given.clone();
            normalize_columns(&mut got, norm);
            assert_eq!(got, array![[expected[0], 0.0], [expected[1], 0.0]]);
        }
    }
}
